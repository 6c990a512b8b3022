/** What a histogram of counts says: how many, quantiles, and which bars are worth drawing. */
import type { HistogramCounts } from '../../../../schemas/stats.js';

export function total(histogram: HistogramCounts): number {
  let sum = 0;
  for (const count of histogram.counts) sum += count;
  return sum;
}

/**
 * The bucket that holds the quantile `q` of 0 .. 1, as its bounds in seconds: all that counts can
 * say. `to` is infinite above the last bound. Null while nothing was counted.
 */
export function quantile(
  histogram: HistogramCounts,
  q: number,
): { from: number; to: number } | null {
  const n = total(histogram);
  if (n === 0) return null;
  const rank = Math.max(1, Math.ceil(q * n));
  let below = 0;
  for (let at = 0; at < histogram.counts.length; at += 1) {
    below += histogram.counts[at] ?? 0;
    if (below >= rank) {
      return { from: histogram.bounds[at - 1] ?? 0, to: histogram.bounds[at] ?? Infinity };
    }
  }
  return null;
}

export interface Bar {
  /** Bounds in seconds; `to` is infinite for the last. */
  from: number;
  to: number;
  count: number;
  /** Height of 0 .. 1, by the logarithm, so that a single slow one is seen beside a million. */
  height: number;
}

/** From the first bound to the last: always the same bars, so that the picture does not jump. */
export function bars(histogram: HistogramCounts): Bar[] {
  const most = Math.max(1, ...histogram.counts);
  return histogram.counts.map((count, at) => ({
    from: histogram.bounds[at - 1] ?? 0,
    to: histogram.bounds[at] ?? Infinity,
    count,
    height: count === 0 ? 0 : Math.log1p(count) / Math.log1p(most),
  }));
}

/** Where `seconds` lies over the bars, 0 .. 1: within its bar by the logarithm of the bounds. */
export function place(histogram: HistogramCounts, seconds: number): number {
  const { bounds } = histogram;
  const at = bounds.findIndex((bound) => bound >= seconds);
  if (at < 0) return bounds.length / (bounds.length + 1);
  const to = bounds[at] as number;
  const from = at === 0 ? to / 2 : (bounds[at - 1] as number);
  const share = from <= 0 ? 1 : Math.log(Math.max(1, seconds / from)) / Math.log(to / from);
  return (at + Math.min(1, share)) / (bounds.length + 1);
}

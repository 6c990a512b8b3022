/** Numbers of runs: medians, histograms of latencies, and how they are written. */
import { build, type Histogram } from 'hdr-histogram-js';

/** Above a minute a latency is a failure, not a figure. */
const LATENCY_US_MAX = 60_000_000;

export function median(values: readonly number[]): number {
  if (values.length === 0) return Number.NaN;
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Latencies in microseconds, three significant digits. */
export function latencyHistogram(): Histogram {
  return build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: LATENCY_US_MAX,
    numberOfSignificantValueDigits: 3,
  });
}

export function recordMs(histogram: Histogram, ms: number): void {
  const us = Math.round(ms * 1000);
  histogram.recordValue(Math.min(LATENCY_US_MAX, Math.max(0, us)));
}

/** What one run says of its latencies, ms. */
export interface Percentiles {
  n: number;
  p50: number;
  p99: number;
  p999: number;
  max: number;
}

export function percentilesOf(histogram: Histogram): Percentiles {
  const at = (percent: number): number => histogram.getValueAtPercentile(percent) / 1000;
  const n = histogram.totalCount;
  if (n === 0) return { n, p50: Number.NaN, p99: Number.NaN, p999: Number.NaN, max: Number.NaN };
  return { n, p50: at(50), p99: at(99), p999: at(99.9), max: histogram.maxValue / 1000 };
}

/** The median run's percentiles, and the worst there was. */
export function medianOf(runs: readonly Percentiles[]): Percentiles {
  return {
    n: runs.reduce((sum, r) => sum + r.n, 0),
    p50: median(runs.map((r) => r.p50)),
    p99: median(runs.map((r) => r.p99)),
    p999: median(runs.map((r) => r.p999)),
    max: Math.max(...runs.map((r) => r.max)),
  };
}

/** Three significant digits, with thousands apart. */
export function figure(value: number): string {
  if (!Number.isFinite(value)) return '-';
  if (Math.abs(value) >= 1000) return whole(Number(value.toPrecision(3)));
  return String(Number(value.toPrecision(3)));
}

export function whole(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

/** Latencies: two digits below 10 ms, one above. */
export function ms(value: number): string {
  if (!Number.isFinite(value)) return '-';
  return value < 10 ? value.toFixed(2) : value.toFixed(1);
}

/** A histogram with its quantiles in words, and the promised target as a line through the bars. */
import type { HistogramCounts } from '../../../../schemas/stats.js';
import { plain } from '../../format.js';
import { fill } from '../../text/index.js';
import { seconds } from '../format.js';
import { bars, place, quantile, total } from './histogram.js';
import { Section } from './section.js';
import { systemText } from './text.js';

const WIDTH = 400;
const HEIGHT = 96;
const LABELS_MAX = 6;

interface Props {
  id: string;
  title: string;
  lead: string;
  histogram: HistogramCounts | null;
  /** Promised p99, ms. */
  targetMs?: number;
  /** Why there may be nothing yet, where that is not plain. */
  none?: string;
  recent?: { p50Ms: number | null; p99Ms: number | null };
}

export function HistogramView({ id, title, lead, histogram, targetMs, none, recent }: Props) {
  const s = systemText.value;
  const n = histogram === null ? 0 : total(histogram);
  return (
    <Section id={id} title={title} aside={lead}>
      {histogram === null || n === 0 ? (
        <p class="panel-empty">{histogram === null ? s.roleAway : (none ?? s.nothingCounted)}</p>
      ) : (
        <>
          <Quantiles histogram={histogram} {...(targetMs === undefined ? {} : { targetMs })} />
          <Picture
            title={title}
            histogram={histogram}
            {...(targetMs === undefined ? {} : { targetMs })}
          />
          <p class="muted small">
            {fill(s.counted, { n: plain(n) })} · {s.logNote}
            {recent?.p99Ms == null || recent.p50Ms === null
              ? ''
              : ` · ${fill(s.recent, {
                  p50: seconds(recent.p50Ms / 1_000),
                  p99: seconds(recent.p99Ms / 1_000),
                })}`}
          </p>
        </>
      )}
    </Section>
  );
}

function quantileWords(histogram: HistogramCounts, q: number): string {
  const s = systemText.value;
  const bucket = quantile(histogram, q);
  if (bucket === null) return s.unknown;
  return Number.isFinite(bucket.to)
    ? fill(s.atMost, { time: seconds(bucket.to) })
    : fill(s.above, { time: seconds(bucket.from) });
}

const QUANTILES = [
  ['p50', 0.5],
  ['p99', 0.99],
  ['p99.9', 0.999],
] as const;

function Quantiles({ histogram, targetMs }: { histogram: HistogramCounts; targetMs?: number }) {
  const s = systemText.value;
  const p99 = quantile(histogram, 0.99);
  const within = targetMs !== undefined && p99 !== null && p99.to * 1_000 <= targetMs;
  return (
    <dl class="quantiles">
      {QUANTILES.map(([name, q]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{quantileWords(histogram, q)}</dd>
        </div>
      ))}
      {targetMs === undefined ? null : (
        <div class="quantile-target">
          <dt>{fill(s.target, { time: seconds(targetMs / 1_000) })}</dt>
          <dd class={within ? 'good' : 'warning'}>{within ? s.within : s.beyond}</dd>
        </div>
      )}
    </dl>
  );
}

interface PictureProps {
  title: string;
  histogram: HistogramCounts;
  targetMs?: number;
}

function Picture({ title, histogram, targetMs }: PictureProps) {
  const s = systemText.value;
  const list = bars(histogram);
  const step = WIDTH / list.length;
  const words = fill(s.histogramWords, {
    title,
    n: plain(total(histogram)),
    p50: quantileWords(histogram, 0.5),
    p99: quantileWords(histogram, 0.99),
    p999: quantileWords(histogram, 0.999),
  });
  const target = targetMs === undefined ? null : place(histogram, targetMs / 1_000);
  const every = Math.max(1, Math.ceil(histogram.bounds.length / LABELS_MAX));
  return (
    <div class="histogram">
      <svg
        class="histogram-picture"
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={words}
      >
        {list.map((bar, at) => (
          <rect
            key={bar.from}
            x={at * step + 1}
            width={Math.max(1, step - 2)}
            y={HEIGHT - bar.height * (HEIGHT - 4)}
            height={bar.height * (HEIGHT - 4)}
          >
            <title>
              {fill(s.barWords, {
                from: seconds(bar.from),
                to: Number.isFinite(bar.to) ? seconds(bar.to) : '∞',
                n: plain(bar.count),
              })}
            </title>
          </rect>
        ))}
        <path class="axis" d={`M0 ${HEIGHT - 0.5}H${WIDTH}`} />
        {target === null ? null : <path class="target" d={`M${target * WIDTH} 0V${HEIGHT}`} />}
      </svg>
      <div class="histogram-labels" aria-hidden="true">
        {histogram.bounds.map((bound, at) =>
          at % every === every - 1 ? (
            <span key={bound} style={{ left: `${((at + 1) / list.length) * 100}%` }}>
              {seconds(bound)}
            </span>
          ) : null,
        )}
      </div>
    </div>
  );
}

/** A line of the last minute, from zero to its own maximum; gaps where nothing was measured. */
import { useMemo, useState } from 'preact/hooks';
import { fill, text } from '../text/index.js';
import { type Build, PlotHost, token } from './plot.js';

const SPAN_S = 60;
/** A young line stretches, so that the first seconds are seen; a minute is the most. */
const SPAN_S_MIN = 10;
const LINE_WIDTH = 1.25;

interface Props {
  /** Epoch ms of each value, rising. */
  timesMs: readonly number[];
  values: readonly (number | null)[];
  /** What is drawn, in words. */
  label: string;
  /** A value in its unit. */
  format: (value: number) => string;
}

export function Sparkline({ timesMs, values, label, format }: Props) {
  const [at, setAt] = useState<number | null>(null);
  const data = useMemo(
    (): [number[], (number | null)[]] => [timesMs.map((ms) => ms / 1000), [...values]],
    [timesMs, values],
  );
  const build: Build = () => ({
    padding: [2, 2, 1, 2],
    legend: { show: false },
    cursor: {
      x: false,
      y: false,
      drag: { x: false, y: false },
      points: { size: 5, fill: token('--accent') },
    },
    axes: [{ show: false }, { show: false }],
    scales: {
      x: {
        time: false,
        range: (_, min, max) => [Math.min(max - SPAN_S_MIN, Math.max(max - SPAN_S, min)), max],
      },
      y: { range: (_, __, max) => [0, max > 0 ? max * 1.05 : 1] },
    },
    series: [{}, { stroke: token('--accent'), width: LINE_WIDTH, fill: token('--selected') }],
    hooks: { setCursor: [(plot) => setAt(plot.cursor.idx ?? null)] },
  });
  const value = at === null ? null : (values[at] ?? null);
  return (
    <span class="sparkline" role="img" aria-label={summary(values, label, format)}>
      <PlotHost class="sparkline-plot" build={build} data={data} buildKey="" />
      {value === null ? null : <span class="chart-tip">{format(value)}</span>}
    </span>
  );
}

function summary(
  values: readonly (number | null)[],
  label: string,
  format: (value: number) => string,
): string {
  const t = text.value.chart;
  const known = values.filter((value) => value !== null);
  if (known.length === 0) return fill(t.sparkNone, { label });
  return fill(t.spark, {
    label,
    min: format(Math.min(...known)),
    max: format(Math.max(...known)),
  });
}

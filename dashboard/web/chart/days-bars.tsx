/**
 * A customer's days as bars, with one day marked and a stretch shaded. Axes are left out: the first
 * and last day stand below, the value of the day under the pointer in a fixed place, and the same
 * numbers as a table for whoever asks.
 */
import { useMemo, useState } from 'preact/hooks';
import type uPlot from 'uplot';
import type { CustomerDay } from '../../../schemas/history.js';
import { money, plain, roundMoney } from '../format.js';
import { bank } from '../state/session.js';
import { fill, text } from '../text/index.js';
import {
  columns,
  type DaysMeasure,
  filledDays,
  heightOf,
  moneyLines,
  total,
  usualMinor,
} from './days.js';
import { type Build, PlotHost, token } from './plot.js';

interface Props {
  /** Days without payments may be missing. */
  days: readonly CustomerDay[];
  /** YYYY-MM-DD, both inclusive. */
  fromDay: string;
  toDay: string;
  measure: DaysMeasure;
  /** The day that an alert is about. */
  mark?: { day: string; label: string };
  /** The stretch that a rule looked at. */
  shade?: { fromDay: string; toDay: string; label: string };
}

const BAR_SHARE = 0.74;
const BAR_WIDTH_MAX = 12;
const MARK_SIZE = 4;

const LINE_LABEL_PX = 9;
/** Lines closer than this cannot be told apart. */
const LINE_GAP_PX = 11;

type Draw = Pick<Props, 'mark' | 'shade'> & {
  order: readonly string[];
  /** Heights with what they stand for, ascending. */
  lines: readonly { height: number; words: string }[];
};

export function DaysBars({ days, fromDay, toDay, measure, mark, shade }: Props) {
  const t = text.value.chart;
  const [at, setAt] = useState<number | null>(null);
  const filled = useMemo(() => filledDays(days, fromDay, toDay), [days, fromDay, toDay]);
  const data = useMemo(() => columns(filled, measure), [filled, measure]);
  const order = filled.map((each) => each.day);
  const usual = measure === 'amounts' ? usualMinor(filled) : 0;
  const draw: Draw = {
    order,
    lines: (usual > 0 ? moneyLines(filled) : []).map((minor) => ({
      height: heightOf(minor, usual),
      words: roundMoney(minor, bank.value),
    })),
    ...(mark === undefined ? {} : { mark }),
    ...(shade === undefined ? {} : { shade }),
  };
  const key = `${fromDay} ${toDay} ${measure} ${mark?.day ?? ''} ${shade?.fromDay ?? ''} ${usual}`;
  const hovered = at === null ? undefined : filled[at];
  return (
    <figure class="days">
      <div class="days-picture" role="img" aria-label={daysSummary(filled, fromDay, toDay)}>
        <PlotHost
          class="days-plot"
          build={(library) => options(library, draw, setAt)}
          data={data}
          buildKey={key}
        />
      </div>
      <figcaption class="days-caption">
        {hovered === undefined ? (
          <>
            <span>{fromDay}</span>
            <span>{toDay}</span>
          </>
        ) : (
          <span class="days-value">{dayWords(hovered, measure)}</span>
        )}
      </figcaption>
      <ul class="legend">
        {measure === 'activity' ? (
          <li class="key-in">{t.keyActivity}</li>
        ) : (
          <>
            <li class="key-in">{t.keyIn}</li>
            <li class="key-out">{t.keyOut}</li>
          </>
        )}
        {mark === undefined ? null : <li class="key-mark">{mark.label}</li>}
        {shade === undefined ? null : <li class="key-shade">{shade.label}</li>}
      </ul>
      {usual > 0 ? (
        <p class="days-scale">{fill(t.moneyScale, { usual: money(usual, bank.value) })}</p>
      ) : null}
      <DaysTable days={filled} />
    </figure>
  );
}

/** A day in one line: `2026-03-02: in 2, ¥5.00; out 3, ¥9.00`. */
function dayWords(day: CustomerDay, measure: DaysMeasure): string {
  const t = text.value.chart;
  if (measure === 'activity')
    return fill(t.dayActivity, { day: day.day, n: plain(day.customerMade) });
  return fill(t.day, {
    day: day.day,
    inCount: plain(day.inCount),
    inSum: money(day.inMinor, bank.value),
    outCount: plain(day.outCount),
    outSum: money(day.outMinor, bank.value),
  });
}

function daysSummary(days: readonly CustomerDay[], fromDay: string, toDay: string): string {
  const sum = total(days);
  return fill(text.value.chart.days, {
    from: fromDay,
    to: toDay,
    active: plain(sum.daysActive),
    inCount: plain(sum.inCount),
    inSum: money(sum.inMinor, bank.value),
    outCount: plain(sum.outCount),
    outSum: money(sum.outMinor, bank.value),
    made: plain(sum.customerMade),
  });
}

function DaysTable({ days }: { days: readonly CustomerDay[] }) {
  const t = text.value.chart;
  const [open, setOpen] = useState(false);
  const rows = open ? days.filter((day) => day.inCount + day.outCount > 0).reverse() : [];
  return (
    <details class="fold" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{t.asTable}</summary>
      <table class="data">
        <thead>
          <tr>
            <th scope="col">{t.dayColumn}</th>
            <th scope="col" class="number">
              {t.keyIn}
            </th>
            <th scope="col" class="number">
              {t.keyOut}
            </th>
            <th scope="col" class="number">
              {t.keyActivity}
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map((day) => (
            <tr key={day.day}>
              <th scope="row">{day.day}</th>
              <td class="number">
                {plain(day.inCount)} · {money(day.inMinor, bank.value)}
              </td>
              <td class="number">
                {plain(day.outCount)} · {money(day.outMinor, bank.value)}
              </td>
              <td class="number">{plain(day.customerMade)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </details>
  );
}

function options(
  library: Parameters<Build>[0],
  draw: Draw,
  hover: (at: number | null) => void,
): ReturnType<Build> {
  const bars = library.paths.bars?.({ size: [BAR_SHARE, BAR_WIDTH_MAX], align: 0 });
  const series = (colour: string): uPlot.Series => ({
    fill: token(colour),
    width: 0,
    points: { show: false },
    ...(bars === undefined ? {} : { paths: bars }),
  });
  return {
    padding: [MARK_SIZE * 2, MARK_SIZE, 2, MARK_SIZE],
    legend: { show: false },
    cursor: {
      y: false,
      points: { show: false },
      drag: { x: false, y: false },
      // Pictures of the same days, one below the other, show the same day.
      sync: { key: 'days' },
    },
    axes: [{ show: false }, { show: false }],
    scales: {
      x: { time: false, range: (_, min, max) => [min - 0.6, max + 0.6] },
      y: { range: (_, min, max) => (min === 0 && max === 0 ? [0, 1] : [Math.min(0, min), max]) },
    },
    series: [{}, series('--accent'), series('--bar-out')],
    hooks: {
      drawClear: [(plot) => shadeStretch(plot, draw), (plot) => scaleLines(plot, draw)],
      draw: [(plot) => markDay(plot, draw)],
      setCursor: [(plot) => hover(plot.cursor.idx ?? null)],
    },
  };
}

function shadeStretch(plot: uPlot, { shade, order }: Draw): void {
  if (shade === undefined) return;
  const from = order.findIndex((day) => day >= shade.fromDay);
  const to = order.findLastIndex((day) => day <= shade.toDay);
  if (from < 0 || to < from) return;
  const left = plot.valToPos(from - 0.5, 'x', true);
  const right = plot.valToPos(to + 0.5, 'x', true);
  plot.ctx.fillStyle = token('--selected');
  plot.ctx.fillRect(left, plot.bbox.top, right - left, plot.bbox.height);
}

/** Thin lines at round amounts, above and below; labelled on the side with more room. */
function scaleLines(plot: uPlot, { lines }: Draw): void {
  const { ctx, bbox } = plot;
  const scale = devicePixelRatio;
  const zero = plot.valToPos(0, 'y', true);
  const sides = [
    { sign: 1, room: zero - bbox.top },
    { sign: -1, room: bbox.top + bbox.height - zero },
  ].sort((a, b) => b.room - a.room);
  ctx.font = `${LINE_LABEL_PX * scale}px system-ui, sans-serif`;
  ctx.textBaseline = 'middle';
  for (const [at, { sign, room }] of sides.entries()) {
    let last = zero;
    for (const { height, words } of lines) {
      const y = Math.round(plot.valToPos(sign * height, 'y', true));
      const apart = Math.abs(y - last) >= LINE_GAP_PX * scale;
      if (!apart || Math.abs(y - zero) > room) continue;
      last = y;
      ctx.fillStyle = token('--line');
      ctx.fillRect(bbox.left, y, bbox.width, scale);
      if (at > 0) continue;
      const width = ctx.measureText(words).width + 4 * scale;
      ctx.fillStyle = token('--surface');
      ctx.fillRect(bbox.left, y - (LINE_LABEL_PX / 2) * scale, width, LINE_LABEL_PX * scale);
      ctx.fillStyle = token('--text-3');
      ctx.fillText(words, bbox.left, y);
    }
  }
}

/** A triangle above the day and a line through it; and the line from which both sides count. */
function markDay(plot: uPlot, { mark, order }: Draw): void {
  const { ctx, bbox } = plot;
  const scale = devicePixelRatio;
  ctx.fillStyle = token('--line-strong');
  ctx.fillRect(bbox.left, Math.round(plot.valToPos(0, 'y', true)), bbox.width, scale);
  const at = mark === undefined ? -1 : order.indexOf(mark.day);
  if (at < 0) return;
  const x = Math.round(plot.valToPos(at, 'x', true));
  const size = MARK_SIZE * scale;
  ctx.fillStyle = token('--critical');
  ctx.fillRect(x - scale / 2, bbox.top, scale, bbox.height);
  ctx.beginPath();
  ctx.moveTo(x - size, bbox.top - size * 1.6);
  ctx.lineTo(x + size, bbox.top - size * 1.6);
  ctx.lineTo(x, bbox.top);
  ctx.fill();
}

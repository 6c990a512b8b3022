/**
 * Rings of five-day panes that a row has only where some rule reads them: first payments, in and
 * out, and the integral of the balance over time. Like the baselines they stand at the row's bank
 * day; what is older than the ring is gone.
 */
import { balanceTotal } from './balances.js';
import type { BankTime } from './bank-time.js';
import type { Region } from './region.js';
import { BALANCE_PANES_KEPT, NEWCOMER_PANES_KEPT, PANE_DAYS, ROW, type RowLayout } from './row.js';

const DAY_MS = 86_400_000;
/** A mean balance over less than a day says nothing. */
const COVERED_MIN_MS = DAY_MS;
const COUNT_MAX = 65_535;

function paneOf(day: number): number {
  return Math.floor(day / PANE_DAYS);
}

/** Empties the panes that begin between the two bank days; before the row's own day moves on. */
export function advancePanes(region: Region, row: number, layout: RowLayout, day: number): void {
  const { f64, u32, u16 } = region;
  const current = f64[row + ROW.day];
  if (current < 0 || day <= current) return;
  const last = paneOf(day);
  const first = paneOf(current) + 1;
  if (layout.newcomers >= 0) {
    for (let pane = Math.max(first, last - NEWCOMER_PANES_KEPT + 1); pane <= last; pane++) {
      const at = newcomersAt(row, layout, pane);
      u16[at] = 0;
      u16[at + 1] = 0;
    }
  }
  if (layout.balancePanes >= 0) {
    for (let pane = Math.max(first, last - BALANCE_PANES_KEPT + 1); pane <= last; pane++) {
      f64[integralAt(row, layout, pane)] = 0;
      u32[coveredAt(row, layout, pane)] = 0;
    }
  }
}

/** u16 index of a pane's first payments out; those in stand behind it. */
function newcomersAt(row: number, layout: RowLayout, pane: number): number {
  return (row + layout.newcomers) * 4 + (pane % NEWCOMER_PANES_KEPT) * 2;
}

/** Counts a first payment of `day` (sign 1), or takes a reversed one out (-1). */
export function countNewcomer(
  region: Region,
  row: number,
  layout: RowLayout,
  day: number,
  side: number,
  sign: number,
): void {
  if (layout.newcomers < 0) return;
  const pane = paneOf(day);
  if (paneOf(region.f64[row + ROW.day]) - pane >= NEWCOMER_PANES_KEPT) return;
  const at = newcomersAt(row, layout, pane) + side;
  region.u16[at] = Math.max(0, Math.min(COUNT_MAX, region.u16[at] + sign));
}

/** See `new-counterparties`. `side` 0 = out, 1 = in. */
export function newCounterparties(
  region: Region,
  row: number,
  layout: RowLayout,
  asOfDay: number,
  side: number,
  days: number,
  before: number,
): number {
  const current = paneOf(region.f64[row + ROW.day]);
  const end = paneOf(asOfDay) - before / PANE_DAYS;
  const from = Math.max(end - days / PANE_DAYS, current - NEWCOMER_PANES_KEPT + 1, 0);
  let count = 0;
  for (let pane = from; pane < end && pane <= current; pane++) {
    count += region.u16[newcomersAt(row, layout, pane) + side];
  }
  return count;
}

function integralAt(row: number, layout: RowLayout, pane: number): number {
  return row + layout.balancePanes + (pane % BALANCE_PANES_KEPT);
}

/** u32 index. */
function coveredAt(row: number, layout: RowLayout, pane: number): number {
  return (row + layout.balancePanes + BALANCE_PANES_KEPT) * 2 + (pane % BALANCE_PANES_KEPT);
}

/**
 * Takes the balance to have held from the row's newest leg to `untilMs`: when a leg comes, before
 * it moves the balance and the row's newest time, behind `advancePanes`.
 */
export function holdBalance(
  region: Region,
  row: number,
  layout: RowLayout,
  untilMs: number,
  time: BankTime,
): void {
  const { f64, u32 } = region;
  const fromMs = f64[row + ROW.lastMs];
  if (layout.balancePanes < 0 || !(untilMs > fromMs)) return;
  const total = balanceTotal(region, row);
  if (Number.isNaN(total)) return;
  const newest = paneOf(time.dayOf(untilMs));
  let endMs = untilMs;
  for (let pane = newest; pane > newest - BALANCE_PANES_KEPT && endMs > fromMs; pane--) {
    const startMs = Math.max(fromMs, time.dayStartMs(pane * PANE_DAYS));
    f64[integralAt(row, layout, pane)] += total * (endMs - startMs);
    u32[coveredAt(row, layout, pane)] += endMs - startMs;
    endMs = startMs;
  }
}

/** See `mean-balance`; NaN when less than a day is covered. */
export function meanBalance(
  region: Region,
  row: number,
  layout: RowLayout,
  asOfDay: number,
  days: number,
): number {
  const { f64, u32 } = region;
  const current = paneOf(f64[row + ROW.day]);
  const today = paneOf(asOfDay);
  const from = Math.max(today - days / PANE_DAYS, current - BALANCE_PANES_KEPT + 1, 0);
  let integral = 0;
  let coveredMs = 0;
  for (let pane = from; pane < today && pane <= current; pane++) {
    integral += f64[integralAt(row, layout, pane)];
    coveredMs += u32[coveredAt(row, layout, pane)];
  }
  return coveredMs < COVERED_MIN_MS ? Number.NaN : integral / coveredMs;
}

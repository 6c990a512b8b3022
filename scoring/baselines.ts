/**
 * What is normal for a subject: daily counts, five-day panes, decayed means, 30-day maxima of what
 * the customer made. Rings by day; everything "as of day d" covers days before d only, so that a
 * leg never moves the normal that it is measured against.
 */
import type { Region } from './region.js';
import { BLOCK_DAYS, BLOCKS_KEPT, DAYS_KEPT, DECAYS, PANE_DAYS, PANES_KEPT, ROW } from './row.js';

const WEIGHTS_KEPT = 4096;
/** Below this a decayed count is what rounding left of payments that were undone. */
const COUNT_MIN = 1e-12;

/** (1 - 1/n)^k by repeated multiplication: IEEE, so the same bits on every machine. */
const WEIGHTS = DECAYS.map((n) => {
  const table = new Float64Array(WEIGHTS_KEPT);
  table[0] = 1;
  for (let k = 1; k < WEIGHTS_KEPT; k++) table[k] = table[k - 1] * (1 - 1 / n);
  return table;
});

function weight(decay: number, days: number): number {
  return days < WEIGHTS_KEPT ? WEIGHTS[decay][days] : 0;
}

/** Moves the baselines on to `day` (never back): empties what falls in, folds what is over. */
export function advanceDay(region: Region, row: number, day: number): void {
  const { f64, u32, u16 } = region;
  const current = f64[row + ROW.day];
  if (day <= current) return;
  f64[row + ROW.day] = day;
  if (current < 0) return;
  const daily = (row + ROW.daily) * 4;
  for (let d = Math.max(current + 1, day - DAYS_KEPT + 1); d <= day; d++) {
    u16[daily + (d % DAYS_KEPT)] = 0;
  }
  emptyRing(f64, row + ROW.panes, PANES_KEPT, PANE_DAYS, current, day);
  emptyRing(f64, row + ROW.maxima, BLOCKS_KEPT, BLOCK_DAYS, current, day);
  // `decayed` stands at yesterday's start; fold yesterday, and today too when more days passed.
  const gap = day - current;
  const today = row * 2 + ROW.todayCount;
  const yesterday = row * 2 + ROW.yesterdayCount;
  for (let i = 0; i < DECAYS.length; i++) {
    const at = row + ROW.decayed + i * 2;
    f64[at] = fold(f64[at], u32[yesterday], u32[today], i, gap);
    f64[at + 1] = fold(f64[at + 1], f64[row + ROW.yesterdaySum], f64[row + ROW.todaySum], i, gap);
  }
  u32[yesterday] = gap === 1 ? u32[today] : 0;
  f64[row + ROW.yesterdaySum] = gap === 1 ? f64[row + ROW.todaySum] : 0;
  u32[today] = 0;
  f64[row + ROW.todaySum] = 0;
}

function fold(value: number, yesterday: number, today: number, decay: number, gap: number): number {
  const asOfToday = (value + yesterday) * weight(decay, 1);
  return gap === 1 ? asOfToday : (asOfToday + today) * weight(decay, gap - 1);
}

function emptyRing(
  f64: Float64Array,
  at: number,
  kept: number,
  days: number,
  from: number,
  to: number,
): void {
  const last = Math.floor(to / days);
  const first = Math.max(Math.floor(from / days) + 1, last - kept + 1);
  for (let i = first; i <= last; i++) f64[at + (i % kept)] = 0;
}

/**
 * Counts one customer-made transaction of `day` (sign 1) or takes a reversed one out (sign -1).
 * `outflow` is its base amount when it is a debit, else 0.
 */
export function countActivity(
  region: Region,
  row: number,
  day: number,
  isDebit: boolean,
  amount: number,
  sign: number,
): void {
  const { f64, u32, u16 } = region;
  const current = f64[row + ROW.day];
  if (day > current) throw new Error('advanceDay comes first');
  const age = current - day;
  if (age < DAYS_KEPT) {
    const at = (row + ROW.daily) * 4 + (day % DAYS_KEPT);
    u16[at] = Math.max(0, Math.min(65535, u16[at] + sign));
  }
  if (!isDebit) return;
  const pane = Math.floor(day / PANE_DAYS);
  if (Math.floor(current / PANE_DAYS) - pane < PANES_KEPT) {
    f64[row + ROW.panes + (pane % PANES_KEPT)] += sign * amount;
  }
  const block = Math.floor(day / BLOCK_DAYS);
  if (sign > 0 && Math.floor(current / BLOCK_DAYS) - block < BLOCKS_KEPT) {
    const at = row + ROW.maxima + (block % BLOCKS_KEPT);
    f64[at] = Math.max(f64[at], amount);
  }
  if (age === 0) {
    u32[row * 2 + ROW.todayCount] += sign;
    f64[row + ROW.todaySum] += sign * amount;
  } else if (age === 1) {
    u32[row * 2 + ROW.yesterdayCount] += sign;
    f64[row + ROW.yesterdaySum] += sign * amount;
  } else {
    for (let i = 0; i < DECAYS.length; i++) {
      const at = row + ROW.decayed + i * 2;
      f64[at] += sign * weight(i, age - 1);
      f64[at + 1] += sign * amount * weight(i, age - 1);
    }
  }
}

/** Customer-made transactions of the `days` bank days that end with `lastDay` (inclusive). */
export function customerMadeDays(
  region: Region,
  row: number,
  lastDay: number,
  days: number,
): number {
  const { f64, u16 } = region;
  const current = f64[row + ROW.day];
  const daily = (row + ROW.daily) * 4;
  let sum = 0;
  const from = Math.max(0, lastDay - days + 1, current - DAYS_KEPT + 1);
  for (let d = from; d <= Math.min(lastDay, current); d++) sum += u16[daily + (d % DAYS_KEPT)];
  return sum;
}

/** Whether the customer did anything after `day` that is still counted. */
export function hasActivitySince(region: Region, row: number, day: number): boolean {
  const current = region.f64[row + ROW.day];
  return customerMadeDays(region, row, current, current - day) > 0;
}

/**
 * See `mean-payment` in schemas/catalogue.ts; NaN without any payment. The rings stand at the
 * subject's newest day: a leg that is more than a bank day late is measured as of the day before.
 */
export function meanPayment(region: Region, row: number, asOfDay: number, days: number): number {
  const { f64, u32 } = region;
  const i = DECAYS.indexOf(days as (typeof DECAYS)[number]);
  const at = row + ROW.decayed + i * 2;
  const gap = asOfDay - f64[row + ROW.day];
  let count = f64[at];
  let sum = f64[at + 1];
  if (gap >= 0) {
    const r = row * 2;
    count = fold(count, u32[r + ROW.yesterdayCount], u32[r + ROW.todayCount], i, gap + 1);
    sum = fold(sum, f64[row + ROW.yesterdaySum], f64[row + ROW.todaySum], i, gap + 1);
  }
  return count > COUNT_MIN ? Math.round((sum / count) * 1024) / 1024 : Number.NaN;
}

/** See `mean-daily-outflow` in schemas/catalogue.ts; base minor units a day. */
export function meanDailyOutflow(
  region: Region,
  row: number,
  asOfDay: number,
  days: number,
): number {
  const { f64 } = region;
  const current = Math.floor(f64[row + ROW.day] / PANE_DAYS);
  const today = Math.floor(asOfDay / PANE_DAYS);
  let sum = 0;
  const oldest = Math.max(today - days / PANE_DAYS, current - PANES_KEPT + 1, 0);
  for (let pane = oldest; pane < today && pane <= current; pane++) {
    sum += f64[row + ROW.panes + (pane % PANES_KEPT)];
  }
  return sum / days;
}

/** See `largest-payment`; NaN without any. */
export function largestPayment(region: Region, row: number, asOfDay: number, days: number): number {
  const { f64 } = region;
  const current = Math.floor(f64[row + ROW.day] / BLOCK_DAYS);
  const today = Math.floor(asOfDay / BLOCK_DAYS);
  let largest = 0;
  const oldest = Math.max(today - days / BLOCK_DAYS, current - BLOCKS_KEPT + 1, 0);
  for (let block = oldest; block < today && block <= current; block++) {
    largest = Math.max(largest, f64[row + ROW.maxima + (block % BLOCKS_KEPT)]);
  }
  return largest > 0 ? largest : Number.NaN;
}

/**
 * Maintained aggregates. Each window keeps how many of its list's newest legs lie in it, and when
 * the oldest of them is due to leave, so that its line is read only then; a leg enters its groups'
 * (count, sum) once and leaves once. For a late leg and for evidence the same
 * numbers come from a scan of the list, which is also what the tests compare against.
 */
import type { BankTime } from './bank-time.js';
import { moveDistinct } from './distinct.js';
import { dropOldest, inserted, LEG_WORDS, legAt, listCount, PACKED } from './lists.js';
import type { LegFilter, Plan, Window } from './plan.js';
import { H, type Region } from './region.js';
import { ROW, type RowLayout } from './row.js';

/** A leg leaves the window when its event time is at or below this. */
export function windowCutoff(window: Window, atMs: number, time: BankTime): number {
  if (window.kind === 'sliding') return atMs - window.ms;
  if (window.kind === 'business-days') {
    // A calendar without business days must not make a window longer than its legs are kept.
    return Math.max(time.businessStartMs(atMs, window.days) - 1, atMs - window.ms);
  }
  if (window.kind === 'bank-day') return time.dayStartMs(time.dayOf(atMs)) - 1;
  return time.monthStartMs(atMs) - 1;
}

/** Whether a leg passes a filter; `packed` as in its line. */
export function matches(g: LegFilter, classBits: number, amount: number, packed: number): boolean {
  return (
    (classBits & g.all) === g.all &&
    (classBits & g.none) === 0 &&
    amount >= g.min &&
    amount < g.below &&
    ((g.channels >>> ((packed >>> PACKED.channelShift) & PACKED.channelMask)) & 1) !== 0 &&
    ((g.types >>> ((packed >>> PACKED.typeShift) & PACKED.typeMask)) & 1) !== 0
  );
}

/** Adds (sign 1) or takes out (sign -1) one leg from the groups of one window. */
function applyToWindow(
  region: Region,
  row: number,
  layout: RowLayout,
  plan: Plan,
  window: number,
  leg: number,
  sign: number,
): void {
  const { f64, u32 } = region;
  const packed = u32[(leg + 4) * 2 + 1];
  if ((packed & PACKED.reversed) !== 0) return;
  const classPlan = plan.classPlan(u32[(leg + 3) * 2]);
  classPlan.moveGroups(f64, row + layout.groups, window, f64[leg + 2], packed, sign);
  if (u32[row * 2 + layout.distinctKept] !== 0) {
    moveDistinct(region, row, layout, classPlan.groups, window, leg, sign);
  }
}

/** Dues are in ticks, rounded down: at worst somebody looks a second early and finds nothing. */
const TICK_MS = 1024;
const NEVER = 0xffffffff;

function tickOf(ms: number): number {
  return Math.max(0, Math.floor(ms / TICK_MS));
}

/** When the oldest leg of a window may leave it: as the window slides, or with the bank day. */
function dueOf(window: Window, oldestMs: number, atMs: number, time: BankTime): number {
  const due = oldestMs + window.ms;
  if (window.kind === 'sliding') return tickOf(due);
  return tickOf(Math.min(due, time.dayStartMs(time.dayOf(atMs) + 1)));
}

/** Lets legs leave the windows of one list, and the list itself, as of `atMs`. */
export function advanceWindows(
  region: Region,
  row: number,
  layout: RowLayout,
  plan: Plan,
  list: number,
  atMs: number,
  time: BankTime,
): void {
  if (tickOf(atMs) < region.u32[row * 2 + layout.listDues + list]) return;
  const { u32, f64 } = region;
  const now = tickOf(atMs);
  const dues = row * 2 + layout.windowDues;
  let next = NEVER;
  for (const w of plan.windowsOfList[list]) {
    if (now >= u32[dues + w.index]) leave(region, row, layout, plan, w, atMs, time);
    next = Math.min(next, u32[dues + w.index]);
  }
  const own = dues + plan.windows.length + list;
  if (now >= u32[own]) {
    const keep = atMs - plan.retentionMs[list];
    let left = listCount(region, row, list);
    while (left > 0 && f64[legAt(region, row, list, 0)] <= keep) {
      dropOldest(region, row, list);
      left--;
    }
    const oldestMs = left === 0 ? 0 : f64[legAt(region, row, list, 0)];
    u32[own] = left === 0 ? NEVER : tickOf(oldestMs + plan.retentionMs[list]);
  }
  u32[row * 2 + layout.listDues + list] = Math.min(next, u32[own]);
}

function leave(
  region: Region,
  row: number,
  layout: RowLayout,
  plan: Plan,
  w: Window,
  atMs: number,
  time: BankTime,
): void {
  const { u32, f64 } = region;
  const at = row * 2 + layout.windowCounts + w.index;
  let inside = u32[at];
  const due = row * 2 + layout.windowDues + w.index;
  u32[due] = NEVER;
  if (inside === 0) return;
  const cutoff = windowCutoff(w, atMs, time);
  let leg = legAt(region, row, w.list, listCount(region, row, w.list) - inside);
  while (inside > 0 && f64[leg] <= cutoff) {
    applyToWindow(region, row, layout, plan, w.index, leg, -1);
    inside--;
    leg += LEG_WORDS;
  }
  u32[at] = inside;
  if (inside > 0) u32[due] = dueOf(w, f64[leg], atMs, time);
}

/** Another zone or calendar: days and months may end at other times than was thought. */
export function forgetDues(region: Region, row: number, layout: RowLayout): void {
  region.u32.fill(0, row * 2 + layout.windowDues, row * 2 + layout.distinctKept);
}

/** Puts the leg just inserted (see `inserted`) into every window that reaches it as of `asOfMs`. */
export function enterWindows(
  region: Region,
  row: number,
  layout: RowLayout,
  plan: Plan,
  list: number,
  leg: number,
  asOfMs: number,
  time: BankTime,
): void {
  const { u32, f64 } = region;
  const count = listCount(region, row, list);
  const place = count - 1 - inserted.index;
  const isNewest = place === 0 && f64[leg] === asOfMs;
  const dues = row * 2 + layout.windowDues;
  const soonest = row * 2 + layout.listDues + list;
  for (const w of plan.windowsOfList[list]) {
    const at = row * 2 + layout.windowCounts + w.index;
    if (!isNewest) {
      // A leg behind the whole window is not in it unless its own time says so.
      if (f64[leg] <= windowCutoff(w, asOfMs, time)) continue;
      // Older than legs that have left already: muted history behind the watermark.
      if (place > u32[at]) continue;
    }
    if (place === u32[at]) {
      const due = Math.min(u32[dues + w.index], dueOf(w, f64[leg], asOfMs, time));
      u32[dues + w.index] = due;
      if (due < u32[soonest]) u32[soonest] = due;
    }
    u32[at]++;
    applyToWindow(region, row, layout, plan, w.index, leg, 1);
  }
  if (inserted.index === 0) {
    const own = dues + plan.windows.length + list;
    u32[own] = Math.min(u32[own], tickOf(f64[leg] + plan.retentionMs[list]));
    if (u32[own] < u32[soonest]) u32[soonest] = u32[own];
  }
  if (count > plan.legsMax[list]) pushOut(region, row, layout, plan, list);
}

/** The cap: the oldest leg goes, and evidence says "at least" as long as windows would hold it. */
function pushOut(region: Region, row: number, layout: RowLayout, plan: Plan, list: number): void {
  const { u32, f64 } = region;
  const oldest = legAt(region, row, list, 0);
  const count = listCount(region, row, list);
  for (const w of plan.windowsOfList[list]) {
    const at = row * 2 + layout.windowCounts + w.index;
    if (u32[at] < count) continue;
    applyToWindow(region, row, layout, plan, w.index, oldest, -1);
    u32[at]--;
  }
  const dropped = row + (list === 0 ? ROW.droppedRecentMs : ROW.droppedNotableMs);
  f64[dropped] = Math.max(f64[dropped], f64[oldest]);
  f64[H.legsDroppedAtCap]++;
  dropOldest(region, row, list);
}

/** Takes a reversed leg's contribution out of every window that still holds it, and marks it. */
export function reverseLeg(
  region: Region,
  row: number,
  layout: RowLayout,
  plan: Plan,
  list: number,
  index: number,
): void {
  const leg = legAt(region, row, list, index);
  const behind = listCount(region, row, list) - index;
  for (const w of plan.windowsOfList[list]) {
    if (region.u32[row * 2 + layout.windowCounts + w.index] >= behind) {
      applyToWindow(region, row, layout, plan, w.index, leg, -1);
    }
  }
  region.u32[(leg + 4) * 2 + 1] |= PACKED.reversed;
}

/**
 * Maintained aggregates. Each window keeps how many of its list's newest legs lie in it; a leg
 * enters its groups' (count, sum) once and leaves once. For a late leg and for evidence the same
 * numbers come from a scan of the list, which is also what the tests compare against.
 */
import type { BankTime } from './bank-time.js';
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
  window: Window,
  leg: number,
  sign: number,
): void {
  const { f64, u32 } = region;
  const packed = u32[(leg + 4) * 2 + 1];
  if ((packed & PACKED.reversed) !== 0) return;
  const classBits = u32[(leg + 3) * 2];
  const amount = f64[leg + 2];
  for (const g of window.groups) {
    const group = plan.groups[g];
    if (group.column < 0 || !matches(group, classBits, amount, packed)) continue;
    const at = row + layout.groups + group.column * 2;
    f64[at] += sign;
    f64[at + 1] += sign * amount;
  }
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
  const { u32, f64 } = region;
  const count = listCount(region, row, list);
  if (count === 0) return;
  for (const w of plan.windowsOfList[list]) {
    const at = row * 2 + layout.windowCounts + w.index;
    let inside = u32[at];
    if (inside === 0) continue;
    const cutoff = windowCutoff(w, atMs, time);
    let leg = legAt(region, row, list, count - inside);
    while (inside > 0 && f64[leg] <= cutoff) {
      applyToWindow(region, row, layout, plan, w, leg, -1);
      inside--;
      leg += LEG_WORDS;
    }
    u32[at] = inside;
  }
  const keep = atMs - plan.retentionMs[list];
  let left = count;
  while (left > 0 && f64[legAt(region, row, list, 0)] <= keep) {
    dropOldest(region, row, list);
    left--;
  }
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
  const place = listCount(region, row, list) - 1 - inserted.index;
  for (const w of plan.windowsOfList[list]) {
    // A leg behind the whole window is not in it unless its own time says so.
    if (f64[leg] <= windowCutoff(w, asOfMs, time)) continue;
    const at = row * 2 + layout.windowCounts + w.index;
    // Older than legs that have left already: muted history behind the watermark.
    if (place > u32[at]) continue;
    u32[at]++;
    applyToWindow(region, row, layout, plan, w, leg, 1);
  }
  if (listCount(region, row, list) > plan.legsMax[list]) pushOut(region, row, layout, plan, list);
}

/** The cap: the oldest leg goes, and evidence says "at least" as long as windows would hold it. */
function pushOut(region: Region, row: number, layout: RowLayout, plan: Plan, list: number): void {
  const { u32, f64 } = region;
  const oldest = legAt(region, row, list, 0);
  const count = listCount(region, row, list);
  for (const w of plan.windowsOfList[list]) {
    const at = row * 2 + layout.windowCounts + w.index;
    if (u32[at] < count) continue;
    applyToWindow(region, row, layout, plan, w, oldest, -1);
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
      applyToWindow(region, row, layout, plan, w, leg, -1);
    }
  }
  region.u32[(leg + 4) * 2 + 1] |= PACKED.reversed;
}

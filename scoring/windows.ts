/**
 * Maintained aggregates. Each window keeps how many of its list's newest legs lie in it; a leg
 * enters its groups' (count, sum) once and leaves once. For a late leg and for evidence the same
 * numbers come from a scan of the list, which is also what the tests compare against.
 */
import type { BankTime } from './bank-time.js';
import { dropOldest, inserted, LEG_WORDS, legAt, listCount, PACKED } from './lists.js';
import type { Group, Plan, Window } from './plan.js';
import { H, type Region } from './region.js';
import { ROW, type RowLayout } from './row.js';

/** A leg leaves the window when its event time is at or below this. */
export function windowCutoff(window: Window, atMs: number, time: BankTime): number {
  if (window.kind === 'sliding') return atMs - window.ms;
  if (window.kind === 'bank-day') return time.dayStartMs(time.dayOf(atMs)) - 1;
  return time.monthStartMs(atMs) - 1;
}

function matches(g: Group, classBits: number, amount: number): boolean {
  return (
    (classBits & g.all) === g.all &&
    (classBits & g.none) === 0 &&
    amount >= g.min &&
    amount < g.below
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
  if ((u32[(leg + 4) * 2 + 1] & PACKED.reversed) !== 0) return;
  const classBits = u32[(leg + 3) * 2];
  const amount = f64[leg + 2];
  for (const g of window.groups) {
    if (!matches(plan.groups[g], classBits, amount)) continue;
    const at = row + layout.groups + g * 2;
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

/** Result of a scan; reused, valid until the next one. */
export const scanned = { count: 0, sum: 0, max: 0, distinct: 0 };
const seen = new Set<number>();

/**
 * Count, sum, maximum and distinct counterparties of a group as of the leg at (atMs, position,
 * side), that leg included, from the list.
 * `visit` gets the word address of each leg, newest first.
 */
export function scanGroup(
  region: Region,
  row: number,
  plan: Plan,
  group: Group,
  atMs: number,
  position: number,
  side: number,
  time: BankTime,
  visit?: (leg: number) => void,
): void {
  const { f64, u32 } = region;
  const cutoff = windowCutoff(plan.windows[group.window], atMs, time);
  scanned.count = 0;
  scanned.sum = 0;
  scanned.max = 0;
  seen.clear();
  for (let i = listCount(region, row, group.list) - 1; i >= 0; i--) {
    const leg = legAt(region, row, group.list, i);
    const ms = f64[leg];
    if (ms > atMs || (ms === atMs && f64[leg + 1] > position)) continue;
    if (ms <= cutoff) break;
    const amount = f64[leg + 2];
    const packed = u32[(leg + 4) * 2 + 1];
    if ((packed & PACKED.reversed) !== 0) continue;
    // Between own accounts both legs have one position; the debit stands first.
    if (side === 0 && ms === atMs && f64[leg + 1] === position && (packed & PACKED.credit) !== 0)
      continue;
    if (!matches(group, u32[(leg + 3) * 2], amount)) continue;
    scanned.count++;
    scanned.sum += amount;
    if (amount > scanned.max) scanned.max = amount;
    seen.add(u32[(leg + 3) * 2 + 1]);
    visit?.(leg);
  }
  scanned.distinct = seen.size;
}

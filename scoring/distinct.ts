/**
 * Distinct counterparties of a group. A subject with few legs in the window has them counted from
 * its list. For one with many, the first question makes a table of (subject, group, counterparty)
 * -> legs, kept from then on by every leg that enters or leaves: exact whatever the order, because
 * legs are only ever added and taken away. It goes when its last leg has left the window.
 */
import { LEG_WORDS, legAt, listCount, PACKED } from './lists.js';
import type { Group } from './plan.js';
import { classOfWords, H, type Region } from './region.js';
import type { RowLayout } from './row.js';
import { matches } from './windows.js';

/** Groups whose counterparties can be kept for a subject: a bit each. */
export const DISTINCT_MAX = 32;
/** Legs in the window above which counting again would cost more than keeping. */
const SCANNED_LEGS_MAX = 64;
const FIRST_CAPACITY = 256;
/** In the place of a counterparty: how many there are. */
const TOTAL = 0xffffffff;

/** As of the subject's newest leg; -1 = few enough to be counted from the list. */
export function keptDistinct(region: Region, row: number, layout: RowLayout, group: Group): number {
  if (group.distinct < 0) return -1;
  const { u32 } = region;
  const isKept = (u32[row * 2 + layout.distinctKept] & (1 << group.distinct)) !== 0;
  if (!isKept) {
    if (u32[row * 2 + layout.windowCounts + group.window] <= SCANNED_LEGS_MAX) return -1;
    count(region, row, layout, group);
  }
  // None of the legs is the group's, nor was any of another: there is no table to look in.
  if (region.f64[H.distinctCapacity] === 0) return 0;
  const at = find(region, row, group.distinct, TOTAL);
  return u32[at * 2 + 1] === 0 ? 0 : u32[at * 2 + 3];
}

const few = new Float64Array(16);

/**
 * Whether there are at least `wanted` (1 to 16), as of the subject's newest leg. Most that have so
 * many have them among their newest legs: the exact number is asked for only where they do not.
 */
export function reachesDistinct(
  region: Region,
  row: number,
  layout: RowLayout,
  group: Group,
  wanted: number,
): boolean | undefined {
  const { u32, f64 } = region;
  const legs = listCount(region, row, group.list);
  const inside = u32[row * 2 + layout.windowCounts + group.window];
  let leg = legAt(region, row, group.list, legs - 1);
  let seen = 0;
  for (let i = Math.min(inside, SCANNED_LEGS_MAX); i > 0; i--, leg -= LEG_WORDS) {
    const packed = u32[(leg + 4) * 2 + 1];
    if ((packed & PACKED.reversed) !== 0) continue;
    if (!matches(group, u32[(leg + 3) * 2], f64[leg + 2], packed)) continue;
    const counterparty = u32[(leg + 3) * 2 + 1];
    let place = 0;
    while (place < seen && few[place] !== counterparty) place++;
    if (place < seen) continue;
    few[seen++] = counterparty;
    if (seen >= wanted) return true;
  }
  if (inside <= SCANNED_LEGS_MAX) return false;
  const kept = keptDistinct(region, row, layout, group);
  return kept < 0 ? undefined : kept >= wanted;
}

function count(region: Region, row: number, layout: RowLayout, group: Group): void {
  const { u32, f64 } = region;
  u32[row * 2 + layout.distinctKept] |= 1 << group.distinct;
  const legs = listCount(region, row, group.list);
  const inside = u32[row * 2 + layout.windowCounts + group.window];
  for (let i = legs - inside; i < legs; i++) {
    const leg = legAt(region, row, group.list, i);
    const packed = u32[(leg + 4) * 2 + 1];
    if ((packed & PACKED.reversed) !== 0) continue;
    if (!matches(group, u32[(leg + 3) * 2], f64[leg + 2], packed)) continue;
    move(region, row, layout, group.distinct, u32[(leg + 3) * 2 + 1], 1);
  }
}

/** A leg enters (sign 1) or leaves (-1) a window of a subject some of whose groups are kept. */
export function moveDistinct(
  region: Region,
  row: number,
  layout: RowLayout,
  groups: readonly Group[],
  window: number,
  leg: number,
  sign: number,
): void {
  const { u32, f64 } = region;
  for (const g of groups) {
    if (g.window !== window || g.distinct < 0) continue;
    if ((u32[row * 2 + layout.distinctKept] & (1 << g.distinct)) === 0) continue;
    const packed = u32[(leg + 4) * 2 + 1];
    if (!matches(g, u32[(leg + 3) * 2], f64[leg + 2], packed)) continue;
    move(region, row, layout, g.distinct, u32[(leg + 3) * 2 + 1], sign);
  }
}

function move(
  region: Region,
  row: number,
  layout: RowLayout,
  group: number,
  counterparty: number,
  sign: number,
): void {
  const before = add(region, row, group, counterparty, sign);
  if (before !== (sign > 0 ? 0 : 1)) return;
  const total = add(region, row, group, TOTAL, sign) + sign;
  if (total === 0) region.u32[row * 2 + layout.distinctKept] &= ~(1 << group);
}

/** Moves one count and returns what it was; at 0 its slot is free again. */
function add(region: Region, row: number, group: number, name: number, sign: number): number {
  const { f64, u32 } = region;
  if (f64[H.distincts] >= f64[H.distinctCapacity] * 0.6) grow(region);
  const at = find(region, row, group, name);
  const before = u32[at * 2 + 1] === 0 ? 0 : u32[at * 2 + 3];
  if (before === 0) {
    if (sign < 0) throw new Error('a counterparty leaves that never came');
    u32[at * 2] = name;
    u32[at * 2 + 1] = row;
    u32[at * 2 + 2] = group;
    u32[at * 2 + 3] = 1;
    f64[H.distincts]++;
  } else if (before + sign === 0) remove(region, at);
  else u32[at * 2 + 3] = before + sign;
  return before;
}

/** Word address of the entry (name, row; group, count), or of the free slot where it belongs. */
function find(region: Region, row: number, group: number, name: number): number {
  const { f64, u32 } = region;
  const mask = f64[H.distinctCapacity] - 1;
  const table = f64[H.distinctAddress];
  for (let slot = hashOf(row, group, name) & mask; ; slot = (slot + 1) & mask) {
    const at = table + slot * 2;
    const held = u32[at * 2 + 1];
    if (held === 0) return at;
    if (held === row && u32[at * 2] === name && u32[at * 2 + 2] === group) return at;
  }
}

function hashOf(row: number, group: number, name: number): number {
  let h = Math.imul(row, 0x9e3779b1) ^ Math.imul(name, 0x85ebca6b) ^ Math.imul(group, 0xc2b2ae35);
  h ^= h >>> 15;
  return (Math.imul(h, 0x2c1b3c6d) ^ (h >>> 12)) >>> 0;
}

/** Takes an entry out; entries behind it that were pushed along move back into the gap. */
function remove(region: Region, at: number): void {
  const { f64, u32 } = region;
  const mask = f64[H.distinctCapacity] - 1;
  const table = f64[H.distinctAddress];
  let gap = (at - table) / 2;
  for (let slot = (gap + 1) & mask; ; slot = (slot + 1) & mask) {
    const from = (table + slot * 2) * 2;
    if (u32[from + 1] === 0) break;
    const wanted = hashOf(u32[from + 1], u32[from + 2], u32[from]) & mask;
    if (((slot - wanted) & mask) < ((slot - gap) & mask)) continue;
    u32.copyWithin((table + gap * 2) * 2, from, from + 4);
    gap = slot;
  }
  u32.fill(0, (table + gap * 2) * 2, (table + gap * 2) * 2 + 4);
  f64[H.distincts]--;
}

function grow(region: Region): void {
  const { f64, u32 } = region;
  const oldCapacity = f64[H.distinctCapacity];
  const old = f64[H.distinctAddress];
  const capacity = Math.max(FIRST_CAPACITY, oldCapacity * 2);
  const table = region.allocate(classOfWords(capacity * 2));
  f64.fill(0, table, table + capacity * 2);
  f64[H.distinctAddress] = table;
  f64[H.distinctCapacity] = capacity;
  for (let i = 0; i < oldCapacity; i++) {
    const from = (old + i * 2) * 2;
    if (u32[from + 1] === 0) continue;
    const at = find(region, u32[from + 1], u32[from + 2], u32[from]);
    u32.copyWithin(at * 2, from, from + 4);
  }
  if (oldCapacity > 0) region.free(old, classOfWords(oldCapacity * 2));
}

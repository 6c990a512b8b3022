/**
 * The two exact lists of a subject's legs, sorted by (event time, position), as blocks that grow
 * by half. A leg is one cache line of eight words: event ms, position, base amount, (class bits,
 * counterparty), (id address, packed), balance after, origin offset, (source and partition, index).
 * Balance and origin are kept so that a late leg can have the later ones evaluated again, each
 * under its own hit id (docs/decisions/0005-a-leg-is-a-cache-line.md).
 */
import { CLASS_WORDS, H, type Region } from './region.js';
import { ROW } from './row.js';

/** A subject's lists: of windows up to 48 h, and of longer ones. */
export const RECENT = 0;
export const NOTABLE = 1;
export const LEG_WORDS = 8;
export const LEGS_MAX = [4096, 1024] as const;

/** Bits of the packed word. */
export const PACKED = {
  idLengthMask: 0x7f,
  credit: 1 << 7,
  reversed: 1 << 8,
  history: 1 << 9,
  /** Three bits: balance slot of the account, 7 = another account. */
  accountShift: 11,
  accountMask: 7,
  /** No other leg of its millisecond came before it: a silence can end with it. */
  endsSilence: 1 << 14,
  /** Places in CHANNELS and TRANSACTION_TYPES, then the place of the country (countries.ts). */
  channelShift: 15,
  channelMask: 15,
  typeShift: 19,
  typeMask: 31,
  countryShift: 24,
} as const;

const HEADS = [ROW.recentAddress, ROW.notableAddress] as const;

export function listCount(region: Region, row: number, list: number): number {
  return region.u32[row * 2 + HEADS[list] + 2];
}

/** Word address of the i-th oldest leg. */
export function legAt(region: Region, row: number, list: number, i: number): number {
  const h = row * 2 + HEADS[list];
  return region.u32[h] + (region.u32[h + 1] + i) * LEG_WORDS;
}

/**
 * Makes room for a leg at its sorted place and returns the word address to write it to; the
 * caller fills all eight words. `index` in `inserted.index` counts from the oldest.
 */
export const inserted = { index: 0 };
export function insertLeg(
  region: Region,
  row: number,
  list: number,
  eventMs: number,
  position: number,
): number {
  const u32 = region.u32;
  const h = row * 2 + HEADS[list];
  ensureRoom(region, h);
  const base = u32[h] + u32[h + 1] * LEG_WORDS;
  let i = u32[h + 2];
  const f64 = region.f64;
  while (i > 0) {
    const before = base + (i - 1) * LEG_WORDS;
    if (f64[before] < eventMs || (f64[before] === eventMs && f64[before + 1] <= position)) break;
    i--;
  }
  const at = base + i * LEG_WORDS;
  const end = base + u32[h + 2] * LEG_WORDS;
  if (at < end) f64.copyWithin(at + LEG_WORDS, at, end);
  u32[h + 2]++;
  f64[list === 0 ? H.legsRecent : H.legsNotable]++;
  inserted.index = i;
  return at;
}

function ensureRoom(region: Region, h: number): void {
  const { u32, f64 } = region;
  const count = u32[h + 2];
  const head = u32[h + 1];
  const sizeClass = u32[h + 3];
  const capacity = u32[h] === 0 ? 0 : Math.floor(CLASS_WORDS[sizeClass] / LEG_WORDS);
  if (head + count < capacity) return;
  if (head > 0 && head * 4 >= capacity) {
    moveDown(f64, u32[h], u32[h] + head * LEG_WORDS, count);
    u32[h + 1] = 0;
    return;
  }
  // By half at least: each time costs a copy, and lines that nobody has touched ahead.
  let next = u32[h] === 0 ? 0 : sizeClass;
  while (Math.floor(CLASS_WORDS[next] / LEG_WORDS) < count + Math.max(1, count / 2)) next++;
  const at = region.allocate(next);
  moveDown(f64, at, u32[h] + head * LEG_WORDS, count);
  if (u32[h] !== 0) region.free(u32[h], sizeClass);
  u32[h] = at;
  u32[h + 1] = 0;
  u32[h + 3] = next;
}

/** Legs above which the built-in copy is the cheaper one. */
const LOOPED_LEGS_MAX = 16;

/** Moves so many legs to another block, or down in their own. */
function moveDown(f64: Float64Array, to: number, from: number, legs: number): void {
  const words = legs * LEG_WORDS;
  if (legs > LOOPED_LEGS_MAX) f64.copyWithin(to, from, from + words);
  else for (let i = 0; i < words; i++) f64[to + i] = f64[from + i];
}

/** Takes the oldest leg away (the caller has already taken it out of every window). */
export function dropOldest(region: Region, row: number, list: number): void {
  const u32 = region.u32;
  const h = row * 2 + HEADS[list];
  const at = u32[h] + u32[h + 1] * LEG_WORDS;
  region.freeBytes(u32[(at + 4) * 2], u32[(at + 4) * 2 + 1] & PACKED.idLengthMask);
  u32[h + 1]++;
  u32[h + 2]--;
  region.f64[list === 0 ? H.legsRecent : H.legsNotable]--;
  if (u32[h + 2] === 0) {
    region.free(u32[h], u32[h + 3]);
    u32[h] = 0;
    u32[h + 1] = 0;
    u32[h + 3] = 0;
  }
}

/** Whether the i-th oldest leg has the transaction id given. */
export function hasId(
  region: Region,
  leg: number,
  bytes: Uint8Array,
  start: number,
  length: number,
): boolean {
  return (
    (region.u32[(leg + 4) * 2 + 1] & PACKED.idLengthMask) === length &&
    region.bytesEqual(region.u32[(leg + 4) * 2], bytes, start, length)
  );
}

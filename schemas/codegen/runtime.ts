/**
 * What the generated verifiers and readers stand on. Its one trick: bytes are read by index within
 * a range that was checked first, so that there is no DataView, no object and no exception, and a
 * message inside a larger slab never shows its neighbour's bytes.
 */

/** Longest string of any field, in bytes: no message can make one check expensive. */
export const STRING_BYTES_MAX = 1024;
/** Most elements of a vector of tables. */
export const VECTOR_ELEMENTS_MAX = 16_384;

/**
 * Where the fields of the message verified last stand: for a string its start and end, for a
 * scalar its position, for a table its position and then its own fields; 0 = absent. Verifying
 * visits every field anyway, so reading afterwards costs one load. One message at a time.
 */
export const slots = new Int32Array(64);

export function readU16(b: Uint8Array, at: number): number {
  return b[at] | (b[at + 1] << 8);
}

export function readI32(b: Uint8Array, at: number): number {
  return b[at] | (b[at + 1] << 8) | (b[at + 2] << 16) | (b[at + 3] << 24);
}

export function readU32(b: Uint8Array, at: number): number {
  return readI32(b, at) >>> 0;
}

/** int64 as a number; verified messages hold none beyond +-2^53. */
export function readInt64(b: Uint8Array, at: number): number {
  return readI32(b, at + 4) * 0x100000000 + readU32(b, at);
}

/** False when the int64 at `at` is no exact number. */
export function isExactInt64(b: Uint8Array, at: number): boolean {
  const high = readI32(b, at + 4);
  if (high > -0x200000 && high < 0x200000) return true;
  return high === -0x200000 && readI32(b, at) !== 0;
}

/** Optional int64 of the message verified last; NaN = absent. */
export function slotInt64(b: Uint8Array, slot: number): number {
  const at = slots[slot];
  return at === 0 ? Number.NaN : readInt64(b, at);
}

/** ubyte or enum of the message verified last; 0 = absent. */
export function slotUbyte(b: Uint8Array, slot: number): number {
  const at = slots[slot];
  return at === 0 ? 0 : b[at];
}

/**
 * Checks the string that the offset at `at` points to and notes its range in slots[slot],
 * slots[slot + 1]. Returns what is wrong, or null. `at` itself was checked by the caller.
 */
export function verifyString(
  b: Uint8Array,
  start: number,
  end: number,
  at: number,
  slot: number,
): string | null {
  const target = followOffset(b, start, end, at);
  if (target < 0) return 'offset leads outside the message or is not aligned';
  const length = readU32(b, target);
  const from = target + 4;
  if (length > STRING_BYTES_MAX) return 'text is too long';
  const to = from + length;
  if (to >= end) return 'text ends outside the message';
  if (b[to] !== 0) return 'text is not closed by a zero byte';
  if (!isUtf8(b, from, to)) return 'text is not UTF-8';
  slots[slot] = from;
  slots[slot + 1] = to;
  return null;
}

/** Target of the offset at `at`: aligned, with 4 readable bytes; else -1. */
export function followOffset(b: Uint8Array, start: number, end: number, at: number): number {
  const offset = readU32(b, at);
  const target = at + offset;
  if (offset === 0 || target + 4 > end || ((target - start) & 3) !== 0) return -1;
  return target;
}

/** Well-formed UTF-8 by table 3-7 of the Unicode standard: no overlong forms, no surrogates. */
export function isUtf8(b: Uint8Array, from: number, to: number): boolean {
  let i = from;
  // Nearly all is ASCII: four bytes a step.
  while (i + 4 <= to && (b[i] | b[i + 1] | b[i + 2] | b[i + 3]) < 0x80) i += 4;
  while (i < to) {
    const lead = b[i];
    if (lead < 0x80) {
      i++;
      continue;
    }
    if (lead < 0xc2 || lead > 0xf4) return false;
    const size = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    if (i + size > to) return false;
    const second = b[i + 1];
    const low = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
    const high = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
    if (second < low || second > high) return false;
    if (size > 2 && (b[i + 2] & 0xc0) !== 0x80) return false;
    if (size > 3 && (b[i + 3] & 0xc0) !== 0x80) return false;
    i += size;
  }
  return true;
}

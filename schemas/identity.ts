/**
 * Identity: hashes of subjects, ids of hits, and what an identifier may look like. Its one trick:
 * murmur3 x64-128 in pairs of 32-bit integers (BigInt costs 18 to 26 ns and garbage per step).
 */

/** Result of the last `murmur3x64`: h1 low, h1 high, h2 low, h2 high. */
export const hashWords = new Uint32Array(4);

/** Longest identifier in UTF-8 bytes. */
export const ID_BYTES_MAX = 64;

// c1 = 0x87c37b91114253d5, c2 = 0x4cf5ad432745937f, and the multipliers of the final mix.
const C1_HIGH = 0x87c37b91 | 0;
const C1_LOW = 0x114253d5;
const C2_HIGH = 0x4cf5ad43;
const C2_LOW = 0x2745937f;
const F1_HIGH = 0xff51afd7 | 0;
const F1_LOW = 0xed558ccd | 0;
const F2_HIGH = 0xc4ceb9fe | 0;
const F2_LOW = 0x1a85ec53;

/** High word of the 64-bit result of the helper below; its low word is what it returns. */
let high = 0;

/** High 32 bits of the product of two unsigned 32-bit integers. */
function multiplyHigh(a: number, b: number): number {
  const a0 = a & 0xffff;
  const a1 = a >>> 16;
  const b0 = b & 0xffff;
  const b1 = b >>> 16;
  // imul gives signed words; each sum fits an unsigned one, which >>> 0 makes it again.
  const middle = (Math.imul(a1, b0) + (Math.imul(a0, b0) >>> 16)) >>> 0;
  const lower = (Math.imul(a0, b1) + (middle & 0xffff)) >>> 0;
  return (Math.imul(a1, b1) + (middle >>> 16) + (lower >>> 16)) | 0;
}

/** (aHigh:aLow) * (bHigh:bLow) mod 2^64. */
function multiply(aHigh: number, aLow: number, bHigh: number, bLow: number): number {
  high = (multiplyHigh(aLow, bLow) + Math.imul(aLow, bHigh) + Math.imul(aHigh, bLow)) | 0;
  return Math.imul(aLow, bLow);
}

/** k1 on its way into h1: k * c1, rotl 31, * c2. */
function mixFirst(kHigh: number, kLow: number): number {
  const low = multiply(kHigh, kLow, C1_HIGH, C1_LOW);
  const top = high;
  return multiply((top << 31) | (low >>> 1), (low << 31) | (top >>> 1), C2_HIGH, C2_LOW);
}

/** k2 on its way into h2: k * c2, rotl 33, * c1. */
function mixSecond(kHigh: number, kLow: number): number {
  const low = multiply(kHigh, kLow, C2_HIGH, C2_LOW);
  const top = high;
  return multiply((low << 1) | (top >>> 31), (top << 1) | (low >>> 31), C1_HIGH, C1_LOW);
}

function finalMix(kHigh: number, kLow: number): number {
  let low = multiply(kHigh, kLow ^ (kHigh >>> 1), F1_HIGH, F1_LOW);
  low = multiply(high, low ^ (high >>> 1), F2_HIGH, F2_LOW);
  return low ^ (high >>> 1);
}

function word(bytes: Uint8Array, at: number): number {
  return bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24);
}

/** Up to four bytes of the tail, little endian. */
function partialWord(bytes: Uint8Array, at: number, end: number): number {
  if (at + 4 <= end) return word(bytes, at);
  let value = 0;
  for (let i = at, shift = 0; i < end; i++, shift += 8) value |= bytes[i] << shift;
  return value;
}

/** murmur3 x64-128 of bytes[start, end) into `hashWords`. */
export function murmur3x64(bytes: Uint8Array, start: number, end: number, seed = 0): void {
  let h1Low = seed | 0;
  let h1High = 0;
  let h2Low = seed | 0;
  let h2High = 0;
  const length = end - start;
  const blocksEnd = end - (length & 15);
  let at = start;
  for (; at < blocksEnd; at += 16) {
    let low = h1Low ^ mixFirst(word(bytes, at + 4), word(bytes, at));
    let top = h1High ^ high;
    // rotl 27, + h2, * 5 + 0x52dce729
    h1Low = (low << 27) | (top >>> 5);
    h1High = (top << 27) | (low >>> 5);
    let sum = (h1Low >>> 0) + (h2Low >>> 0);
    h1High = (h1High + h2High + (sum > 0xffffffff ? 1 : 0)) | 0;
    sum = (sum >>> 0) * 5 + 0x52dce729;
    h1High = (Math.imul(h1High, 5) + Math.floor(sum / 0x100000000)) | 0;
    h1Low = sum | 0;
    low = h2Low ^ mixSecond(word(bytes, at + 12), word(bytes, at + 8));
    top = h2High ^ high;
    // rotl 31, + h1, * 5 + 0x38495ab5
    h2Low = (low << 31) | (top >>> 1);
    h2High = (top << 31) | (low >>> 1);
    sum = (h2Low >>> 0) + (h1Low >>> 0);
    h2High = (h2High + h1High + (sum > 0xffffffff ? 1 : 0)) | 0;
    sum = (sum >>> 0) * 5 + 0x38495ab5;
    h2High = (Math.imul(h2High, 5) + Math.floor(sum / 0x100000000)) | 0;
    h2Low = sum | 0;
  }
  if (end - at > 8) {
    h2Low ^= mixSecond(partialWord(bytes, at + 12, end), partialWord(bytes, at + 8, end));
    h2High ^= high;
  }
  if (end > at) {
    h1Low ^= mixFirst(partialWord(bytes, at + 4, end), partialWord(bytes, at, end));
    h1High ^= high;
  }
  finish(h1High, h1Low ^ length, h2High, h2Low ^ length);
}

function finish(h1High: number, h1Low: number, h2High: number, h2Low: number): void {
  let sum = (h1Low >>> 0) + (h2Low >>> 0);
  let aLow = sum | 0;
  let aHigh = (h1High + h2High + (sum > 0xffffffff ? 1 : 0)) | 0;
  sum = (aLow >>> 0) + (h2Low >>> 0);
  let bLow = sum | 0;
  let bHigh = (aHigh + h2High + (sum > 0xffffffff ? 1 : 0)) | 0;
  aLow = finalMix(aHigh, aLow);
  aHigh = high;
  bLow = finalMix(bHigh, bLow);
  bHigh = high;
  sum = (aLow >>> 0) + (bLow >>> 0);
  aLow = sum | 0;
  aHigh = (aHigh + bHigh + (sum > 0xffffffff ? 1 : 0)) | 0;
  sum = (bLow >>> 0) + (aLow >>> 0);
  hashWords[0] = aLow;
  hashWords[1] = aHigh;
  hashWords[2] = sum | 0;
  hashWords[3] = (bHigh + aHigh + (sum > 0xffffffff ? 1 : 0)) | 0;
}

/** `hashWords` as 32 hex digits: h1, then h2, most significant digit first. */
export function hexOfHash(): string {
  return hex(hashWords[1]) + hex(hashWords[0]) + hex(hashWords[3]) + hex(hashWords[2]);
}

function hex(value: number): string {
  return value.toString(16).padStart(8, '0');
}

/** Shard that owns a subject; `shards` is a power of two, `hashLow` is hashWords[0]. */
export function subjectShard(hashLow: number, shards: number): number {
  return hashLow & (shards - 1);
}

export interface Origin {
  source: number;
  partition: number;
  offset: number;
  index: number;
}

const encoder = new TextEncoder();
const scratch = new Uint8Array(1024);

function hashOfFields(text: string): string {
  const { read, written } = encoder.encodeInto(text, scratch);
  if (read === text.length) murmur3x64(scratch, 0, written);
  else {
    const bytes = encoder.encode(text);
    murmur3x64(bytes, 0, bytes.length);
  }
  return hexOfHash();
}

/** Hash of a text into `hashWords` (a subject key from JSON or reference data). */
export function hashText(text: string): void {
  hashOfFields(text);
}

/** Id of a hit found at a leg: made from the origin, so that replay repeats it. */
export function hitIdOfLeg(
  rule: string,
  version: number,
  subject: string,
  origin: Origin,
  side: 'debit' | 'credit',
): string {
  const { source, partition, offset, index } = origin;
  return hashOfFields(
    `${rule}\0${version}\0${subject}\0${source}\0${partition}\0${offset}\0${index}\0${side}`,
  );
}

/** Id of a hit found by a timer at its deadline. */
export function hitIdOfTimer(
  rule: string,
  version: number,
  subject: string,
  deadlineMs: number,
): string {
  return hashOfFields(`${rule}\0${version}\0${subject}\0${deadlineMs}`);
}

// Control characters, unpaired surrogates, and white space at either end.
const BAD_ID = /\p{Cc}|\p{Cs}|^\s|\s$/u;

/**
 * An identifier in its one form (NFC), or null when it cannot be one: empty, longer than 64
 * bytes, with control characters, or with white space at an end.
 */
export function normalizeId(text: string): string | null {
  if (text.length === 0 || text.length > ID_BYTES_MAX * 4 || BAD_ID.test(text)) return null;
  const normal = text.normalize('NFC');
  const { read } = encoder.encodeInto(normal, idScratch);
  return read === normal.length ? normal : null;
}
const idScratch = new Uint8Array(ID_BYTES_MAX);

/**
 * True when bytes[start, end) is an identifier in its one form already, as nearly all are:
 * printable ASCII without spaces at the ends. False means: decode it and ask `normalizeId`.
 */
export function isPlainId(bytes: Uint8Array, start: number, end: number): boolean {
  const length = end - start;
  if (length < 1 || length > ID_BYTES_MAX) return false;
  if (bytes[start] === 0x20 || bytes[end - 1] === 0x20) return false;
  for (let i = start; i < end; i++) {
    const byte = bytes[i];
    if (byte < 0x20 || byte > 0x7e) return false;
  }
  return true;
}

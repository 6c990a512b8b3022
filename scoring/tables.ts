/**
 * Exact hash tables of a shard: subjects (id bytes -> row), interned ids (bytes -> address) and
 * pairs (row, counterparty -> 32 B). Open addressing, linear probing, doubled at 70 %.
 */
import { ClassBit } from '../schemas/classes.js';
import { classOfWords, H, type Region } from './region.js';
import { ROW } from './row.js';

const FIRST_CAPACITY = 64;

function newTable(region: Region, words: number): number {
  const at = region.allocate(classOfWords(words));
  region.f64.fill(0, at, at + words);
  return at;
}

/** Makes the empty tables of a new shard. */
export function formatTables(region: Region): void {
  region.f64[H.tableAddress] = newTable(region, FIRST_CAPACITY);
  region.f64[H.tableCapacity] = FIRST_CAPACITY;
  region.f64[H.internAddress] = newTable(region, FIRST_CAPACITY);
  region.f64[H.internCapacity] = FIRST_CAPACITY;
  region.f64[H.pairAddress] = newTable(region, FIRST_CAPACITY * 4);
  region.f64[H.pairCapacity] = FIRST_CAPACITY;
}

/** Row of the subject or 0. The hash is murmur3 of the same bytes; equal hashes compare bytes. */
export function findSubject(
  region: Region,
  hashLow: number,
  hashHigh: number,
  bytes: Uint8Array,
  start: number,
  length: number,
): number {
  const u32 = region.u32;
  const mask = region.f64[H.tableCapacity] - 1;
  const table = region.f64[H.tableAddress] * 2;
  // Low bits chose the shard; the slot takes others.
  for (let slot = (hashLow >>> 8) & mask; ; slot = (slot + 1) & mask) {
    const row = u32[table + slot * 2 + 1];
    if (row === 0) return 0;
    if (u32[table + slot * 2] !== hashLow) continue;
    const r = row * 2;
    if (
      u32[r + ROW.hashHigh] === hashHigh &&
      u32[r + ROW.idLength] === length &&
      region.bytesEqual(u32[r + ROW.idAddress], bytes, start, length)
    )
      return row;
  }
}

/** Adds a subject that `findSubject` did not find; returns its zeroed row. */
export function addSubject(
  region: Region,
  strideWords: number,
  hashLow: number,
  hashHigh: number,
  bytes: Uint8Array,
  start: number,
  length: number,
): number {
  if (region.f64[H.subjects] >= region.f64[H.tableCapacity] * 0.7) growSubjects(region);
  const id = region.putBytes(bytes, start, length);
  const row = region.allocateForever(strideWords, 8);
  const u32 = region.u32;
  const r = row * 2;
  u32[r + ROW.hashLow] = hashLow;
  u32[r + ROW.hashHigh] = hashHigh;
  u32[r + ROW.idAddress] = id;
  u32[r + ROW.idLength] = length;
  region.f64.fill(Number.NEGATIVE_INFINITY, row + ROW.lastMs, row + ROW.droppedNotableMs + 1);
  region.f64[row + ROW.day] = -1;
  place(region, hashLow, row);
  region.f64[H.subjects]++;
  return row;
}

function place(region: Region, hashLow: number, row: number): void {
  const u32 = region.u32;
  const mask = region.f64[H.tableCapacity] - 1;
  const table = region.f64[H.tableAddress] * 2;
  let slot = (hashLow >>> 8) & mask;
  while (u32[table + slot * 2 + 1] !== 0) slot = (slot + 1) & mask;
  u32[table + slot * 2] = hashLow;
  u32[table + slot * 2 + 1] = row;
}

function growSubjects(region: Region): void {
  const oldCapacity = region.f64[H.tableCapacity];
  const old = region.f64[H.tableAddress];
  region.f64[H.tableAddress] = newTable(region, oldCapacity * 2);
  region.f64[H.tableCapacity] = oldCapacity * 2;
  for (let i = 0; i < oldCapacity; i++) {
    const row = region.u32[(old + i) * 2 + 1];
    if (row !== 0) place(region, region.u32[(old + i) * 2], row);
  }
  region.free(old, classOfWords(oldCapacity));
}

/** Calls back with every row; the order is the table's, so callers must not depend on it. */
export function eachSubject(region: Region, visit: (row: number) => void): void {
  const capacity = region.f64[H.tableCapacity];
  const table = region.f64[H.tableAddress] * 2;
  for (let i = 0; i < capacity; i++) {
    const row = region.u32[table + i * 2 + 1];
    if (row !== 0) visit(row);
  }
}

/** FNV-1a: 1 ns a byte, good enough where equal hashes compare bytes anyway. */
export function hashOfBytes(bytes: Uint8Array, start: number, length: number): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < length; i++) hash = Math.imul(hash ^ bytes[start + i], 0x01000193);
  return hash >>> 0;
}

/**
 * Address of interned bytes (two u32: hash, length; then the bytes); 0 for the empty string. The
 * hash is the caller's: whoever interns the same bytes must bring the same one. A slot is (hash,
 * address), so that others in the way cost no cache line each.
 */
export function intern(
  region: Region,
  hash: number,
  bytes: Uint8Array,
  start: number,
  length: number,
): number {
  if (length === 0) return 0;
  const u32 = region.u32;
  const mask = region.f64[H.internCapacity] - 1;
  const table = region.f64[H.internAddress] * 2;
  let slot = hash & mask;
  for (; ; slot = (slot + 1) & mask) {
    const entry = u32[table + slot * 2 + 1];
    if (entry === 0) break;
    if (u32[table + slot * 2] === hash && isInterned(region, entry, bytes, start, length)) {
      return entry;
    }
  }
  const entry = region.allocateForever(1 + Math.ceil(length / 8));
  u32[entry * 2] = hash;
  u32[entry * 2 + 1] = length;
  for (let i = 0; i < length; i++) region.u8[(entry + 1) * 8 + i] = bytes[start + i];
  u32[table + slot * 2] = hash;
  u32[table + slot * 2 + 1] = entry;
  if (++region.f64[H.interned] > region.f64[H.internCapacity] * 0.7) growIntern(region);
  return entry;
}

function growIntern(region: Region): void {
  const { u32, f64 } = region;
  const oldCapacity = f64[H.internCapacity];
  const old = f64[H.internAddress];
  const at = newTable(region, oldCapacity * 2);
  const mask = oldCapacity * 2 - 1;
  for (let i = 0; i < oldCapacity; i++) {
    const entry = u32[(old + i) * 2 + 1];
    if (entry === 0) continue;
    const hash = u32[(old + i) * 2];
    let slot = hash & mask;
    while (u32[(at + slot) * 2 + 1] !== 0) slot = (slot + 1) & mask;
    u32[(at + slot) * 2] = hash;
    u32[(at + slot) * 2 + 1] = entry;
  }
  f64[H.internAddress] = at;
  f64[H.internCapacity] = oldCapacity * 2;
  region.free(old, classOfWords(oldCapacity));
}

/** Whether interned bytes are these: one cache line instead of the table's too. */
export function isInterned(
  region: Region,
  entry: number,
  bytes: Uint8Array,
  start: number,
  length: number,
): boolean {
  return region.u32[entry * 2 + 1] === length && region.bytesEqual(entry + 1, bytes, start, length);
}

export function internedText(region: Region, entry: number): string {
  return entry === 0 ? '' : region.text(entry + 1, region.u32[entry * 2 + 1]);
}

/** A pair is new again when its last payment's bank day is more than so many days back. */
export const PAIR_DAYS_KEPT = 400;
/** Forgotten only later, so that a late leg finds what it would have found in time. */
const PAIR_DAYS_SLACK = 30;

/** Since when, and after how many payments, two parties know one another. */
const TRUSTED_DAYS = 90;
const TRUSTED_PAYMENTS = 3;

/**
 * Counts a payment between subject and counterparty; returns the class bits that say what they
 * were to one another before it: firstPayment, trustedPair or none.
 * Entry: row u32, counterparty u32; first day u16, last day u16, count u32; sum in; sum out.
 */
export function touchPair(
  region: Region,
  row: number,
  counterparty: number,
  day: number,
  side: number,
  amount: number,
): number {
  if (region.f64[H.pairs] >= region.f64[H.pairCapacity] * 0.7) growPairs(region, day);
  const { u32, u16, f64 } = region;
  const mask = f64[H.pairCapacity] - 1;
  const table = f64[H.pairAddress];
  let slot = pairHash(row, counterparty) & mask;
  let at = table + slot * 4;
  while (u32[at * 2 + 1] !== 0 && (u32[at * 2] !== row || u32[at * 2 + 1] !== counterparty)) {
    slot = (slot + 1) & mask;
    at = table + slot * 4;
  }
  let bits = 0;
  if (u32[at * 2 + 1] === 0) {
    bits = ClassBit.firstPayment;
    f64[H.pairs]++;
  } else if (u16[at * 4 + 5] + PAIR_DAYS_KEPT < day) bits = ClassBit.firstPayment;
  else if (u32[at * 2 + 3] >= TRUSTED_PAYMENTS && u16[at * 4 + 4] + TRUSTED_DAYS <= day) {
    bits = ClassBit.trustedPair;
  }
  if (bits === ClassBit.firstPayment) {
    u32[at * 2] = row;
    u32[at * 2 + 1] = counterparty;
    u16[at * 4 + 4] = day;
    u16[at * 4 + 5] = day;
    u32[at * 2 + 3] = 0;
    f64[at + 2] = 0;
    f64[at + 3] = 0;
  }
  if (day < u16[at * 4 + 4]) u16[at * 4 + 4] = day;
  if (day > u16[at * 4 + 5]) u16[at * 4 + 5] = day;
  u32[at * 2 + 3]++;
  f64[at + 3 - side] += amount;
  return bits;
}

/** First slot of a pair, as a word address: where `touchPair` begins to look. */
export function pairSlot(region: Region, row: number, counterparty: number): number {
  const { f64 } = region;
  return f64[H.pairAddress] + (pairHash(row, counterparty) & (f64[H.pairCapacity] - 1)) * 4;
}

function pairHash(row: number, counterparty: number): number {
  const h = Math.imul(row, 0x9e3779b1) ^ Math.imul(counterparty, 0x85ebca6b);
  return (h ^ (h >>> 15)) >>> 0;
}

function growPairs(region: Region, today: number): void {
  const { u32, u16, f64 } = region;
  const oldCapacity = f64[H.pairCapacity];
  const old = f64[H.pairAddress];
  const capacity = oldCapacity * 2;
  const at = newTable(region, capacity * 4);
  let kept = 0;
  for (let i = 0; i < oldCapacity; i++) {
    const from = old + i * 4;
    if (u32[from * 2 + 1] === 0 || u16[from * 4 + 5] + PAIR_DAYS_KEPT + PAIR_DAYS_SLACK < today) {
      continue;
    }
    let slot = pairHash(u32[from * 2], u32[from * 2 + 1]) & (capacity - 1);
    while (u32[(at + slot * 4) * 2 + 1] !== 0) slot = (slot + 1) & (capacity - 1);
    f64.copyWithin(at + slot * 4, from, from + 4);
    kept++;
  }
  f64[H.pairAddress] = at;
  f64[H.pairCapacity] = capacity;
  f64[H.pairs] = kept;
  region.free(old, classOfWords(oldCapacity * 4));
}

/** Takes a pair over from another region (entry at word `at` of `from`). */
export function importPair(
  region: Region,
  row: number,
  counterparty: number,
  from: Region,
  at: number,
): void {
  touchPair(region, row, counterparty, from.u16[at * 4 + 5], 0, 0);
  const table = region.f64[H.pairAddress];
  const mask = region.f64[H.pairCapacity] - 1;
  let slot = pairHash(row, counterparty) & mask;
  while (
    region.u32[(table + slot * 4) * 2] !== row ||
    region.u32[(table + slot * 4) * 2 + 1] !== counterparty
  )
    slot = (slot + 1) & mask;
  region.f64.set(from.f64.subarray(at + 1, at + 4), table + slot * 4 + 1);
}

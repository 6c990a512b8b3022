/**
 * The stream that other stream processors were measured on: deterministic payments between
 * numbered accounts, so that any two programs can compare their alerts by one SHA-256. splitmix64
 * on pairs of 32-bit halves: with BigInt making the stream would take longer than scoring it.
 */

const SEED = 42;
const GAMMA_HIGH = 0x9e3779b9;
const GAMMA_LOW = 0x7f4a7c15;
export const STREAM_START_MS = 1_735_689_600_000;
export const STREAM_STEP_MS = 20;
const AMOUNT_MAX = 500_000_000;
const TWO_32 = 4_294_967_296;

/** `zipf`: few accounts have most of the traffic; `uniform`: all the same. */
export interface Variant {
  name: string;
  kind: 'zipf' | 'uniform';
  accounts: number;
}
export const VARIANTS = {
  zipf: { name: 'zipf1000000', kind: 'zipf', accounts: 1_000_000 },
  uniform: { name: 'uni100000', kind: 'uniform', accounts: 100_000 },
} as const satisfies Record<string, Variant>;

export const TYPE = { transfer: 0, cashIn: 1, card: 2 } as const;

/** One payment; reused from call to call. Amounts and balance are minor units. */
export interface StreamPayment {
  eventMs: number;
  amount: number;
  balanceAfter: number;
  debtor: number;
  creditor: number;
  crossBorder: boolean;
  type: number;
}

let high = 0;
let low = 0;

/** High half of the product of two unsigned 32-bit numbers. */
function highOfProduct(a: number, b: number): number {
  const a1 = a >>> 16;
  const a0 = a & 0xffff;
  const b1 = b >>> 16;
  const b0 = b & 0xffff;
  const u = a1 * b0 + ((a0 * b0) >>> 16);
  const v = a0 * b1 + (u % 65_536);
  return a1 * b1 + Math.floor(u / 65_536) + Math.floor(v / 65_536);
}

function multiply(byHigh: number, byLow: number): void {
  const top = highOfProduct(low, byLow) + Math.imul(low, byHigh) + Math.imul(high, byLow);
  low = Math.imul(low, byLow) >>> 0;
  high = top >>> 0;
}

function xorShift(bits: number): void {
  low = (low ^ ((low >>> bits) | (high << (32 - bits)))) >>> 0;
  high = (high ^ (high >>> bits)) >>> 0;
}

/** Output number k of the generator, into `high` and `low`. */
function draw(k: number): void {
  // 42 + (k + 1) * gamma, modulo 2^64; k + 1 is below 2^32 for all streams used.
  const n = k + 1;
  high = (highOfProduct(n, GAMMA_LOW) + Math.imul(n, GAMMA_HIGH)) >>> 0;
  low = Math.imul(n, GAMMA_LOW) >>> 0;
  if (low + SEED >= TWO_32) high = (high + 1) >>> 0;
  low = (low + SEED) >>> 0;
  xorShift(30);
  multiply(0xbf58476d, 0x1ce4e5b9);
  xorShift(27);
  multiply(0x94d049bb, 0x133111eb);
  xorShift(31);
}

function bitCount(word: number): number {
  let n = word - ((word >>> 1) & 0x55555555);
  n = (n & 0x33333333) + ((n >>> 2) & 0x33333333);
  return Math.imul((n + (n >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

/** (base x (65536 + a 16-bit mantissa)) >>> (32 - an exponent drawn from the low word's bits). */
function spread(base: number): number {
  return Math.floor((base * (65_536 + (high & 0xffff))) / 2 ** (32 - bitCount(low)));
}

/** Cells of ranks of one weight each: first rank, ranks, and the threshold of the draw. */
interface Cells {
  first: Float64Array;
  width: Float64Array;
  threshold: Float64Array;
}

/** floor((2^800 / k^21)^(1/20)), about 2^40 x k^-1.05, exact. */
function weight(k: number): bigint {
  const x = 2n ** 800n / BigInt(k) ** 21n;
  let from = 0n;
  let to = 1n << 41n;
  while (to - from > 1n) {
    const middle = (from + to) / 2n;
    if (middle ** 20n <= x) from = middle;
    else to = middle;
  }
  return from;
}

function zipfCells(accounts: number): Cells {
  const cells: [first: number, width: number][] = [];
  for (let k = 1; k < 16 && k <= accounts; k++) cells.push([k, 1]);
  for (let octave = 16; octave <= accounts; octave *= 2) {
    for (let j = 0; j < 16; j++) {
      const width = octave / 16;
      const first = octave + j * width;
      if (first > accounts) break;
      cells.push([first, Math.min(width, accounts + 1 - first)]);
    }
  }
  let sum = 0n;
  const sums = cells.map(([first, width]) => {
    sum += BigInt(width) * (weight(first) + weight(first + width - 1));
    return sum;
  });
  return {
    first: Float64Array.from(cells, ([first]) => first),
    width: Float64Array.from(cells, ([, width]) => width),
    threshold: Float64Array.from(sums, (s) => Number((s << 32n) / sum)),
  };
}

/** Rank of the number drawn last. */
function rankOf(cells: Cells): number {
  const { threshold } = cells;
  let from = 0;
  let to = threshold.length - 1;
  while (from < to) {
    const middle = (from + to) >> 1;
    if (high < threshold[middle]) to = middle;
    else from = middle + 1;
  }
  return cells.first[from] + Math.floor((low * cells.width[from]) / TWO_32);
}

export class PeerStream {
  readonly #cells: Cells | undefined;

  constructor(readonly variant: Variant) {
    if (variant.kind === 'zipf') this.#cells = zipfCells(variant.accounts);
  }

  /** Payment number i, from 0. */
  read(i: number, into: StreamPayment): void {
    const n = this.variant.accounts;
    draw(4 * i);
    into.debtor = this.#account(611_953, 0);
    draw(4 * i + 1);
    into.creditor = this.#account(383_683, 12_345);
    if (into.creditor === into.debtor) into.creditor = (into.creditor + 1) % n;
    into.eventMs = STREAM_START_MS + STREAM_STEP_MS * i;
    draw(4 * i + 2);
    into.amount = Math.min(AMOUNT_MAX, Math.max(1, spread(33_333)));
    into.crossBorder = high >>> 16 < 1_311;
    draw(4 * i + 3);
    into.balanceAfter = spread(666_667);
    const kind = (high >>> 16) & 0xff;
    into.type = kind < 154 ? TYPE.transfer : kind < 192 ? TYPE.cashIn : TYPE.card;
  }

  #account(factor: number, offset: number): number {
    const n = this.variant.accounts;
    if (this.#cells === undefined) return Math.floor((high * n) / TWO_32);
    return (rankOf(this.#cells) * factor + offset) % n;
  }
}

export function newStreamPayment(): StreamPayment {
  return {
    eventMs: 0,
    amount: 0,
    balanceAfter: 0.5,
    debtor: 0,
    creditor: 0,
    crossBorder: false,
    type: 0,
  };
}

/** The 64 bytes by which streams are compared. */
export function writeStreamPayment(view: DataView, at: number, i: number, p: StreamPayment): void {
  const words: [offset: number, value: number][] = [
    [0, i],
    [8, p.eventMs],
    [16, p.amount],
    [24, p.balanceAfter],
  ];
  for (const [offset, value] of words) writeInt64(view, at + offset, value);
  view.setInt32(at + 32, p.debtor, true);
  view.setInt32(at + 36, p.creditor, true);
  view.setUint8(at + 40, 1);
  view.setUint8(at + 41, p.crossBorder ? 1 : 0);
  view.setUint8(at + 42, p.type);
}

/** A safe integer from 0 as a little-endian 64-bit integer. */
export function writeInt64(view: DataView, at: number, value: number): void {
  view.setUint32(at, value % TWO_32, true);
  view.setUint32(at + 4, Math.floor(value / TWO_32), true);
}

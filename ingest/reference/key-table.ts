/**
 * Known keys (accounts, subjects) found by their bytes. Its one trick: open addressing on the
 * murmur hash that admission has computed anyway, then an exact comparison with the key's bytes in
 * one flat array, so that a lookup makes no string and touches few cache lines.
 */
import { hashWords, murmur3x64 } from '../../schemas/identity.js';

const encoder = new TextEncoder();
/** UTF-8 bytes that one UTF-16 unit can become. */
const BYTES_PER_UNIT_MAX = 3;

export class KeyTable {
  readonly texts: readonly string[];
  readonly hashLow: Uint32Array;
  readonly hashHigh: Uint32Array;
  /** All keys behind each other: key i is bytes[starts[i], starts[i + 1]). */
  readonly bytes: Uint8Array;
  readonly starts: Uint32Array;
  readonly #slots: Int32Array;
  readonly #mask: number;

  /** Keys must be unique; the index of a key is its place in `keys`. */
  constructor(keys: readonly string[]) {
    this.texts = keys;
    this.hashLow = new Uint32Array(keys.length);
    this.hashHigh = new Uint32Array(keys.length);
    this.starts = new Uint32Array(keys.length + 1);
    const units = keys.reduce((sum, key) => sum + key.length, 0);
    const bytes = new Uint8Array(units * BYTES_PER_UNIT_MAX);
    let slots = 16;
    while (slots < keys.length * 2) slots *= 2;
    this.#slots = new Int32Array(slots).fill(-1);
    this.#mask = slots - 1;
    let end = 0;
    for (let i = 0; i < keys.length; i++) {
      this.starts[i] = end;
      end += encoder.encodeInto(keys[i], bytes.subarray(end)).written;
      murmur3x64(bytes, this.starts[i], end);
      this.hashLow[i] = hashWords[0];
      this.hashHigh[i] = hashWords[1];
      let slot = hashWords[0] & this.#mask;
      while (this.#slots[slot] >= 0) slot = (slot + 1) & this.#mask;
      this.#slots[slot] = i;
    }
    this.starts[keys.length] = end;
    this.bytes = bytes.slice(0, end);
  }

  get size(): number {
    return this.texts.length;
  }

  /** Index of the key bytes[start, end) whose murmur3 low half is (low, high), or -1. */
  find(bytes: Uint8Array, start: number, end: number, low: number, high: number): number {
    for (let slot = low & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const i = this.#slots[slot];
      if (i < 0) return -1;
      if (this.hashLow[i] === low && this.hashHigh[i] === high && this.#is(i, bytes, start, end)) {
        return i;
      }
    }
  }

  #is(i: number, bytes: Uint8Array, start: number, end: number): boolean {
    const from = this.starts[i];
    if (this.starts[i + 1] - from !== end - start) return false;
    for (let k = 0; k < end - start; k++) {
      if (this.bytes[from + k] !== bytes[start + k]) return false;
    }
    return true;
  }

  findText(text: string): number {
    const bytes = encoder.encode(text);
    murmur3x64(bytes, 0, bytes.length);
    return this.find(bytes, 0, bytes.length, hashWords[0], hashWords[1]);
  }
}

export function sameBytes(a: Uint8Array, b: Uint8Array, start: number, end: number): boolean {
  if (a.length !== end - start) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[start + i]) return false;
  return true;
}

/**
 * Known keys (accounts, subjects) found by their bytes. Its one trick: open addressing on the
 * murmur hash that admission has computed anyway, then an exact comparison of bytes, so that a
 * lookup makes no string.
 */
import { hashText, hashWords } from '../../schemas/identity.js';

const encoder = new TextEncoder();

export class KeyTable {
  readonly texts: readonly string[];
  readonly hashLow: Uint32Array;
  readonly hashHigh: Uint32Array;
  readonly #bytes: readonly Uint8Array[];
  readonly #slots: Int32Array;
  readonly #mask: number;

  /** Keys must be unique; the index of a key is its place in `keys`. */
  constructor(keys: readonly string[]) {
    this.texts = keys;
    this.hashLow = new Uint32Array(keys.length);
    this.hashHigh = new Uint32Array(keys.length);
    this.#bytes = keys.map((key) => encoder.encode(key));
    let slots = 16;
    while (slots < keys.length * 2) slots *= 2;
    this.#slots = new Int32Array(slots).fill(-1);
    this.#mask = slots - 1;
    for (let i = 0; i < keys.length; i++) {
      hashText(keys[i]);
      this.hashLow[i] = hashWords[0];
      this.hashHigh[i] = hashWords[1];
      let slot = hashWords[0] & this.#mask;
      while (this.#slots[slot] >= 0) slot = (slot + 1) & this.#mask;
      this.#slots[slot] = i;
    }
  }

  get size(): number {
    return this.texts.length;
  }

  bytes(index: number): Uint8Array {
    return this.#bytes[index];
  }

  /** Index of the key bytes[start, end) whose murmur3 low half is (low, high), or -1. */
  find(bytes: Uint8Array, start: number, end: number, low: number, high: number): number {
    for (let slot = low & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const i = this.#slots[slot];
      if (i < 0) return -1;
      if (this.hashLow[i] !== low || this.hashHigh[i] !== high) continue;
      if (sameBytes(this.#bytes[i], bytes, start, end)) return i;
    }
  }

  findText(text: string): number {
    const bytes = encoder.encode(text);
    hashText(text);
    return this.find(bytes, 0, bytes.length, hashWords[0], hashWords[1]);
  }
}

export function sameBytes(a: Uint8Array, b: Uint8Array, start: number, end: number): boolean {
  if (a.length !== end - start) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[start + i]) return false;
  return true;
}

/**
 * Seeded chance for the synthetic bank. Its one trick: a stream of dice is named by what it decides
 * (seed, customer, payment), never by what was drawn before, so that any day can be made alone.
 */

/** murmur3's finalizer over three words. */
export function hash3(a: number, b: number, c: number): number {
  let h = Math.imul(a ^ 0x9e3779b9, 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13) ^ b, 0xc2b2ae35);
  h = Math.imul(h ^ (h >>> 16) ^ c, 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** [0, 1) from three words. */
export function chance3(a: number, b: number, c: number): number {
  return hash3(a, b, c) / 2 ** 32;
}

/** mulberry32: 32 bits of state, good enough to choose names and amounts. Reused, so it is set. */
export class Dice {
  #state: number;

  constructor(seed = 0) {
    this.#state = seed >>> 0;
  }

  set(a: number, b: number, c: number): this {
    this.#state = hash3(a, b, c);
    return this;
  }

  /** [0, 1). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let z = this.#state;
    z = Math.imul(z ^ (z >>> 15), z | 1);
    z ^= z + Math.imul(z ^ (z >>> 7), z | 61);
    return ((z ^ (z >>> 14)) >>> 0) / 2 ** 32;
  }

  /** Integer in [from, to]. */
  between(from: number, to: number): number {
    return from + Math.floor(this.next() * (to - from + 1));
  }

  pick<T>(items: readonly T[]): T {
    if (items.length === 0) throw new Error('pick from an empty list');
    return items[Math.floor(this.next() * items.length)] as T;
  }

  /** About normal, mean 0, deviation 1, never beyond 3.5: four throws added up. */
  normal(): number {
    return (this.next() + this.next() + this.next() + this.next() - 2) * Math.sqrt(3);
  }

  /** Log-normal. */
  around(median: number, sigma: number): number {
    return median * Math.exp(this.normal() * sigma);
  }
}

/** Seeded numbers, so that every run puts the same load on. */

/** mulberry32: uniform in [0, 1). */
export function seeded(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** An account number of ours as long as a card number. */
export function accountOf(index: number): string {
  return `6222${String(index).padStart(12, '0')}`;
}

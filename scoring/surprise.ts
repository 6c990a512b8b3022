/**
 * How improbable a count is: the tail of a negative binomial by its recurrence, and its power of
 * ten by straight lines. Only + - x / and comparisons, so the same bits on every machine; the
 * order of operations is that of `surprise` in schemas/features.ts.
 */
const SURPRISE_MAX = 12;

/** -log10 of P(X >= k) or P(X <= k) for mean `m` and shape `r`; NaN when an input is. */
export function surprise(k: number, m: number, r: number, tail: 'high' | 'low'): number {
  if (Number.isNaN(k) || Number.isNaN(m)) return Number.NaN;
  if (tail === 'low') return powersOfTen(sumTo(k, m, r));
  if (k <= 0) return 0;
  return powersOfTen(k > m ? tailFrom(k, m, r) : 1 - sumTo(k - 1, m, r));
}

/** P(X = 0). */
function first(m: number, r: number): number {
  let p = 1;
  for (let i = 0; i < r; i++) p *= r / (r + m);
  return p;
}

/** P(X = j + 1) / P(X = j). */
function step(j: number, m: number, r: number): number {
  return ((j + r) / (j + 1)) * (m / (r + m));
}

function sumTo(k: number, m: number, r: number): number {
  let p = first(m, r);
  let sum = p;
  for (let j = 0; j < k; j++) {
    p *= step(j, m, r);
    sum += p;
  }
  return sum;
}

/** The tail itself, not what the rest leaves of 1: what is small stays exact. */
function tailFrom(k: number, m: number, r: number): number {
  let p = first(m, r);
  for (let j = 0; j < k; j++) p *= step(j, m, r);
  let sum = p;
  for (let j = k; ; j++) {
    p *= step(j, m, r);
    if (sum + p === sum) return sum;
    sum += p;
  }
}

function powersOfTen(p: number): number {
  if (p >= 1) return 0;
  let scaled = p;
  for (let e = 0; e < SURPRISE_MAX; e++) {
    if (scaled > 0.1) return e + (1 - scaled) / 0.9;
    scaled *= 10;
  }
  return SURPRISE_MAX;
}

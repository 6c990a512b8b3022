/** How improbable a count is: the tail of a negative binomial, term by term. */

const MOST = 12;
/** A tail is summed until its terms no longer matter. */
const NEGLIGIBLE = 1e-18;

interface SurpriseTerms {
  ofDays: number;
  expectedDays: number;
  prior: number;
  shape: number;
  tail: 'high' | 'low';
}

/** In powers of ten, 0 to 12; NaN when one of the two is not available. */
export function surprise(k: number, expected: number, f: SurpriseTerms): number {
  if (Number.isNaN(k) || Number.isNaN(expected)) return Number.NaN;
  const mean = ((expected + f.prior) * f.ofDays) / f.expectedDays;
  return powersOfTen(f.tail === 'high' ? atLeast(k, mean, f.shape) : atMost(k, mean, f.shape));
}

/** P(X = 0), P(X = 1), ... of mean m and variance m + m^2 / r. */
function* terms(m: number, r: number): Generator<number> {
  let p = 1;
  for (let i = 0; i < r; i++) p *= r / (r + m);
  for (let j = 0; ; j++) {
    yield p;
    p *= ((j + r) / (j + 1)) * (m / (r + m));
  }
}

function atMost(k: number, m: number, r: number): number {
  let sum = 0;
  let j = 0;
  for (const p of terms(m, r)) {
    if (j++ > k) break;
    sum += p;
  }
  return sum;
}

/** The tail itself, not 1 less the rest, so that what is small stays exact. */
function atLeast(k: number, m: number, r: number): number {
  if (k === 0) return 1;
  let sum = 0;
  let j = 0;
  for (const p of terms(m, r)) {
    if (j++ < k) continue;
    sum += p;
    if (j > m + k && p <= sum * NEGLIGIBLE) break;
    if (p === 0) break;
  }
  return sum;
}

function powersOfTen(p: number): number {
  if (p >= 1) return 0;
  for (let e = 0; e < MOST; e++) {
    const scaled = p * 10 ** e;
    if (scaled > 0.1) return e + (1 - scaled) / 0.9;
  }
  return MOST;
}

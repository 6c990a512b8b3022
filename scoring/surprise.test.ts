/** The tail against its closed form with logarithms, which the kernel may not use. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { surprise } from './surprise.js';

/** log of the binomial coefficient (j + r - 1 over j), of whole numbers. */
function logChoose(j: number, r: number): number {
  let log = 0;
  for (let i = 1; i <= j; i++) log += Math.log((r - 1 + i) / i);
  return log;
}

function probability(j: number, m: number, r: number): number {
  const log = logChoose(j, r) + r * Math.log(r / (r + m)) + j * Math.log(m / (r + m));
  return Math.exp(log);
}

function tail(k: number, m: number, r: number, which: 'high' | 'low'): number {
  let sum = 0;
  if (which === 'low') for (let j = 0; j <= k; j++) sum += probability(j, m, r);
  else for (let j = k; j < k + 2_000; j++) sum += probability(j, m, r);
  return sum;
}

describe('surprise', () => {
  it('is the power of ten of the tail', () => {
    fc.assert(
      fc.property(
        fc.nat(60),
        fc.double({ min: 0.05, max: 40, noNaN: true }),
        fc.constantFrom(1, 2, 5, 16),
        fc.constantFrom('high' as const, 'low' as const),
        (k, m, r, which) => {
          const value = surprise(k, m, r, which);
          const p = k === 0 && which === 'high' ? 1 : tail(k, m, r, which);
          if (p > 1 - 1e-9) expect(value).toBeCloseTo(0, 6);
          else if (p < 1e-12) expect(value).toBe(12);
          else {
            const e = Math.floor(-Math.log10(p));
            // Near a power of ten either side of it is the same number.
            expect(value).toBeCloseTo(e + (1 - p * 10 ** e) / 0.9, 3);
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  it.each([
    [0, 5, 4, 'high', 0],
    [3, 0, 4, 'high', 12],
    [0, 0, 4, 'low', 0],
    [10_000, 1, 8, 'high', 12],
    [0, 1e6, 8, 'low', 12],
  ] as const)('of %d where %d are expected, shape %d, %s is %d', (k, m, r, which, expected) => {
    expect(surprise(k, m, r, which)).toBe(expected);
  });

  it('is not there without its inputs', () => {
    expect(surprise(Number.NaN, 1, 4, 'high')).toBeNaN();
    expect(surprise(1, Number.NaN, 4, 'low')).toBeNaN();
  });

  it('never falls when more is seen than was', () => {
    let before = 0;
    for (let k = 0; k < 60; k++) {
      const value = surprise(k, 4, 3, 'high');
      expect(value).toBeGreaterThanOrEqual(before);
      before = value;
    }
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bars, place, quantile, total } from './histogram.js';

const BOUNDS = [0.001, 0.01, 0.1];

describe('a histogram of counts', () => {
  it('tells the bucket of a quantile as sorting all values would', () => {
    const values = fc.array(fc.constantFrom(0.0005, 0.001, 0.004, 0.01, 0.05, 0.1, 7), {
      minLength: 1,
      maxLength: 200,
    });
    const share = fc.constantFrom(0.001, 0.5, 0.99, 0.999, 1);
    fc.assert(
      fc.property(values, share, (list, q) => {
        const counts = [0, 0, 0, 0];
        for (const value of list) {
          const at = BOUNDS.findIndex((bound) => value <= bound);
          counts[at < 0 ? BOUNDS.length : at] = (counts[at < 0 ? BOUNDS.length : at] ?? 0) + 1;
        }
        const sorted = [...list].sort((a, b) => a - b);
        const wanted = sorted[Math.max(1, Math.ceil(q * list.length)) - 1] as number;
        const found = quantile({ bounds: BOUNDS, counts, sumSeconds: 0 }, q);
        expect(found).not.toBeNull();
        expect(wanted).toBeGreaterThan(found?.from ?? Number.NaN);
        expect(wanted).toBeLessThanOrEqual(found?.to ?? Number.NaN);
      }),
    );
  });

  it('has no quantile and no bar while nothing was counted', () => {
    const empty = { bounds: BOUNDS, counts: [0, 0, 0, 0], sumSeconds: 0 };
    expect(total(empty)).toBe(0);
    expect(quantile(empty, 0.5)).toBeNull();
    expect(bars(empty).map((bar) => bar.height)).toEqual([0, 0, 0, 0]);
  });

  it('draws the one slow beside a million, the most as high as can be', () => {
    const drawn = bars({ bounds: BOUNDS, counts: [1_000_000, 0, 0, 1], sumSeconds: 0 });
    expect(drawn.map((bar) => bar.height > 0)).toEqual([true, false, false, true]);
    expect(drawn[0]?.height).toBe(1);
    expect(drawn[3]?.to).toBe(Number.POSITIVE_INFINITY);
  });

  it('places a bound at the end of its bar, and what lies between within it', () => {
    const histogram = { bounds: BOUNDS, counts: [1, 1, 1, 1], sumSeconds: 0 };
    expect(place(histogram, 0.001)).toBeCloseTo(1 / 4);
    expect(place(histogram, 0.01)).toBeCloseTo(2 / 4);
    expect(place(histogram, Math.sqrt(0.001 * 0.01))).toBeCloseTo(1.5 / 4);
    expect(place(histogram, 99)).toBeCloseTo(3 / 4);
  });
});

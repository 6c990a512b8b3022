import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Pace } from './pace.js';

it('gives the rate, whatever the ticks, to within one', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 5_000 }),
      fc.array(fc.integer({ min: 0, max: 900 }), { minLength: 1, maxLength: 200 }),
      (perSecond, ticksMs) => {
        const pace = new Pace(perSecond, 0);
        let nowMs = 0;
        let given = 0;
        for (const tickMs of ticksMs) {
          nowMs += tickMs;
          given += pace.due(nowMs);
        }
        expect(Math.abs(given - (perSecond * nowMs) / 1_000)).toBeLessThanOrEqual(1);
      },
    ),
  );
});

it('owes a machine that slept no more than a second', () => {
  const pace = new Pace(200, 0);
  expect(pace.due(3_600_000)).toBe(200);
  expect(pace.due(3_600_000)).toBe(0);
});

it('owes nothing for a pause, nor for a clock that went back', () => {
  const pace = new Pace(100, 0);
  pace.restart(5_000);
  expect(pace.due(5_100)).toBe(10);
  expect(pace.due(1_000)).toBe(0);
});

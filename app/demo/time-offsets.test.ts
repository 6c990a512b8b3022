import fc from 'fast-check';
import { expect, it } from 'vitest';
import { firstOffsetOf, msOfOffset, TimeOffsets } from './time-offsets.js';

const EPOCH_MS = Date.parse('2026-03-02T00:00:00Z');

it('ascends, and from any offset on gives the same ones again', () => {
  const steps = fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 300 });
  fc.assert(
    fc.property(steps, fc.nat(), (stepsMs, cut) => {
      let atMs = EPOCH_MS;
      const times = stepsMs.map((stepMs) => (atMs += stepMs));
      const all = new TimeOffsets(0);
      const offsets = times.map((t) => all.of(t));
      for (let i = 1; i < offsets.length; i++) {
        expect(offsets[i]).toBeGreaterThan(offsets[i - 1] as number);
      }
      // The journal has everything below `next`; the rest is made again from its millisecond on.
      const next = (offsets[cut % offsets.length] as number) + 1;
      const fromMs = msOfOffset(next);
      const again = new TimeOffsets(firstOffsetOf(fromMs));
      const rest = times.filter((t) => t >= fromMs).map((t) => again.of(t));
      expect(rest.filter((o) => o >= next)).toEqual(offsets.filter((o) => o >= next));
    }),
  );
});

it('keeps the offset of a time an exact integer for centuries', () => {
  expect(Number.isSafeInteger(firstOffsetOf(Date.parse('2200-01-01T00:00:00Z')))).toBe(true);
});

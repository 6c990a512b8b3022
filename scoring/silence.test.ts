/** Silences against a plain list of legs: in order exact, late by up to two days exact too. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PACKED } from './lists.js';
import { Region } from './region.js';
import { noteActive, silenceBefore, silenceOfKept } from './silence.js';
import { addSubject, formatTables } from './tables.js';

const DAY_MS = 86_400_000;

/** Shorter silences of late legs read 0. */
function asTold(silenceMs: number): number {
  return silenceMs <= DAY_MS ? 0 : silenceMs;
}

describe('silence', () => {
  const leg = fc.record({
    aheadMs: fc.oneof(
      fc.constantFrom(0, 1, DAY_MS, DAY_MS + 1, 90 * DAY_MS),
      fc.nat(2 * DAY_MS),
      fc.nat(400 * DAY_MS),
    ),
    lateMs: fc.oneof(fc.constantFrom(0, 0, 1, DAY_MS, DAY_MS + 1), fc.nat(2 * DAY_MS)),
  });

  it('is the time since the leg before, for what comes now and for what is kept', () => {
    fc.assert(
      fc.property(fc.array(leg, { maxLength: 40 }), (legs) => {
        const region = new Region(new ArrayBuffer(1 << 16), 0, 1 << 16, 0);
        region.format();
        formatTables(region);
        const row = addSubject(region, 120, 1, 1, new Uint8Array([65]), 0, 1);
        const times: number[] = [];
        const first = new Map<number, boolean>();
        let newestMs = 1_000 * DAY_MS;
        for (const { aheadMs, lateMs } of legs) {
          newestMs += aheadMs;
          const ms = newestMs - lateMs;
          const before = times.filter((t) => t <= ms);
          const expected = before.length === 0 ? Number.NaN : ms - Math.max(...before);
          const late = times.some((t) => t > ms);
          const told = silenceBefore(region, row, ms);
          expect(late ? asTold(told) : told).toBe(late ? asTold(expected) : expected);
          noteActive(region, row, ms);
          if (!times.includes(ms)) first.set(ms, told !== 0);
          times.push(ms);
          for (const kept of times.filter((t) => t > Math.max(...times) - 2 * DAY_MS)) {
            const earlier = times.filter((t) => t < kept);
            const silence = earlier.length === 0 ? Number.NaN : kept - Math.max(...earlier);
            const packed = first.get(kept) === true ? PACKED.endsSilence : 0;
            expect(silenceOfKept(region, row, kept, packed)).toBe(asTold(silence));
            expect(silenceOfKept(region, row, kept, 0)).toBe(0);
          }
        }
      }),
      { numRuns: 500 },
    );
  });
});

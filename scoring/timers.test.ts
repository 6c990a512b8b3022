/** The wheel against a sorted array: steps of any size, far jumps, timers armed for times past. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { H, Region } from './region.js';
import { advanceTimers, armTimer, eachTimer, formatTimers } from './timers.js';

const MINUTE_MS = 60_000;
const YEAR_MS = 365 * 1440 * MINUTE_MS;
const START_MS = Date.UTC(2026, 0, 1);

const jump = fc.oneof(
  fc.integer({ min: 0, max: 3 * MINUTE_MS }),
  fc.integer({ min: 0, max: 5_000 * MINUTE_MS }),
  fc.integer({ min: 0, max: 3 * YEAR_MS }),
  fc.constantFrom(64, 4_096, 262_144).map((minutes) => minutes * MINUTE_MS),
);
const step = fc.record({
  /** Deadlines from the watermark; negative = past already. */
  arm: fc.array(fc.oneof(jump, fc.integer({ min: -YEAR_MS, max: -1 })), { maxLength: 6 }),
  advanceMs: jump,
  /** Each timer that fires arms another so much later than its own deadline. */
  again: fc.option(fc.constantFrom(1, MINUTE_MS, 1440 * MINUTE_MS), { nil: 0, freq: 3 }),
});

describe('timers', () => {
  it('fire when the watermark reaches them, each once, minute by minute', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const region = new Region(new ArrayBuffer(1 << 20), 0, 1 << 20, 0);
        region.format();
        formatTimers(region);
        let nowMs = START_MS;
        region.f64[H.watermarkMs] = nowMs;
        let armed = new Map<number, number>();
        let next = 1;
        for (const { arm, advanceMs, again } of steps) {
          for (const fromNow of arm) {
            armed.set(next, nowMs + fromNow);
            armTimer(region, next++, 1, nowMs + fromNow);
          }
          nowMs += advanceMs;
          region.f64[H.watermarkMs] = nowMs;
          const fired: number[] = [];
          let budget = 20;
          advanceTimers(region, nowMs, (row, kind, deadlineMs) => {
            expect(kind).toBe(1);
            expect(armed.get(row)).toBe(deadlineMs);
            armed.delete(row);
            fired.push(deadlineMs);
            if (again === 0 || budget-- <= 0) return;
            armed.set(next, deadlineMs + again);
            armTimer(region, next++, 1, deadlineMs + again);
          });
          expect([...armed.values()].filter((d) => d <= nowMs)).toEqual([]);
          expect(region.f64[H.timers]).toBe(armed.size);
          const fromNow = fired.filter((d) => d > nowMs - advanceMs);
          const minutes = fromNow.map((d) => Math.floor(d / MINUTE_MS));
          expect(minutes).toEqual([...minutes].sort((a, b) => a - b));
          const left = new Map<number, number>();
          eachTimer(region, (row, _, deadlineMs) => left.set(row, deadlineMs));
          expect(left).toEqual(armed);
          armed = new Map(left);
        }
      }),
      { numRuns: 200 },
    );
  });

  it('wait for the first watermark, however early their deadlines are', () => {
    const region = new Region(new ArrayBuffer(1 << 16), 0, 1 << 16, 0);
    region.format();
    formatTimers(region);
    armTimer(region, 1, 1, START_MS);
    armTimer(region, 2, 1, START_MS - YEAR_MS);
    const fired: number[] = [];
    const note = (row: number) => fired.push(row);
    advanceTimers(region, START_MS - 2 * YEAR_MS, note);
    expect(fired).toEqual([]);
    advanceTimers(region, START_MS - YEAR_MS, note);
    expect(fired).toEqual([2]);
    advanceTimers(region, START_MS - 1, note);
    expect(fired).toEqual([2]);
    advanceTimers(region, START_MS, note);
    expect(fired).toEqual([2, 1]);
  });
});

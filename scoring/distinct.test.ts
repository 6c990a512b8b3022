/**
 * Counterparties that are kept against a plain count of the window's legs, for a subject that is
 * busy enough to have them kept: late legs, reversals, legs pushed out by the cap, quiet times in
 * which the table empties.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Catalogue } from '../schemas/catalogue.js';
import { ClassBit } from '../schemas/classes.js';
import { BankTime } from './bank-time.js';
import { keptDistinct, reachesDistinct } from './distinct.js';
import { insertLeg, legAt, listCount, PACKED } from './lists.js';
import { compilePlan } from './plan.js';
import { H, Region } from './region.js';
import { rowLayout } from './row.js';
import { addSubject, formatTables } from './tables.js';
import { shippedCatalogue } from './testing/feeder.js';
import { advanceWindows, enterWindows, reverseLeg } from './windows.js';

const HOUR_MS = 3_600_000;
const CAP = 150;
const REGION_BYTES = 4 << 20;

/** A rule that asks for counterparties of two filters and two windows of the recent list. */
function catalogue(): Catalogue {
  const model = structuredClone(shippedCatalogue().rules[0]);
  const distinct = (window: string, min: string) => ({
    kind: 'distinct-counterparties' as const,
    window,
    of: { all: ['debit' as const], none: [], amount: { min } },
  });
  const features = { a: distinct('6h', '0'), b: distinct('6h', '3.00'), c: distinct('30h', '0') };
  const on = { all: ['debit' as const], none: [] };
  const bands = [{ ...model.bands[0], from: 1 }];
  const rule = { ...model, on, features, gates: [], observed: 'a', facts: [], normals: {}, bands };
  const { score: _, ...plain } = rule;
  return { sha256: '', rules: [plain] as unknown as Catalogue['rules'], typologies: [] };
}

const plan = compilePlan(catalogue(), 600_000, [CAP, CAP]);
const layout = rowLayout(plan);
const time = new BankTime([{ fromMs: 0, offsetMs: 0 }]);

class Subject {
  readonly region = new Region(new ArrayBuffer(REGION_BYTES), 0, REGION_BYTES, 0);
  readonly row: number;
  nowMs = Date.UTC(2026, 2, 2);
  #position = 0;

  constructor() {
    this.region.format();
    formatTables(this.region);
    this.row = addSubject(this.region, layout.strideWords, 1, 1, new Uint8Array([65]), 0, 1);
  }

  add(lateMs: number, amount: number, counterparty: number): void {
    const { region, row, nowMs } = this;
    advanceWindows(region, row, layout, plan, 0, nowMs, time);
    const at = insertLeg(region, row, 0, nowMs - lateMs, this.#position);
    region.f64.fill(0, at, at + 8);
    region.f64.set([nowMs - lateMs, this.#position++, amount], at);
    region.u32[(at + 3) * 2] = ClassBit.debit;
    region.u32[(at + 3) * 2 + 1] = counterparty;
    enterWindows(region, row, layout, plan, 0, at, nowMs, time);
  }

  reverse(which: number): void {
    const count = listCount(this.region, this.row, 0);
    if (count === 0) return;
    const index = which % count;
    const leg = legAt(this.region, this.row, 0, index);
    if ((this.region.u32[(leg + 4) * 2 + 1] & PACKED.reversed) !== 0) return;
    reverseLeg(this.region, this.row, layout, plan, 0, index);
  }

  check(): void {
    const { region, row, nowMs } = this;
    advanceWindows(region, row, layout, plan, 0, nowMs, time);
    for (const group of plan.groups) {
      const seen = new Set<number>();
      for (let i = 0; i < listCount(region, row, 0); i++) {
        const leg = legAt(region, row, 0, i);
        const isInside = region.f64[leg] > nowMs - plan.windows[group.window].ms;
        const isReversed = (region.u32[(leg + 4) * 2 + 1] & PACKED.reversed) !== 0;
        if (!isInside || isReversed || region.f64[leg + 2] < group.min) continue;
        seen.add(region.u32[(leg + 3) * 2 + 1]);
      }
      const kept = keptDistinct(region, row, layout, group);
      if (kept >= 0) expect(kept).toBe(seen.size);
      for (const wanted of [1, 5, 16]) {
        const reached = reachesDistinct(region, row, layout, group, wanted);
        expect(reached).toBe(seen.size >= wanted);
      }
    }
  }
}

const move = fc.record({
  legs: fc.integer({ min: 1, max: 60 }),
  aheadMs: fc.constantFrom(0, 1_000, 60_000, HOUR_MS, 7 * HOUR_MS, 31 * HOUR_MS),
  stepMs: fc.constantFrom(0, 1, 90_000),
  lateMs: fc.constantFrom(0, 0, 5_000, 2 * HOUR_MS),
  parties: fc.integer({ min: 1, max: 40 }),
  reverse: fc.option(fc.nat(200), { freq: 2 }),
});

describe('distinct counterparties that are kept', () => {
  it('are those of the window, whatever comes late, is reversed or pushed out', () => {
    let keptSeen = 0;
    const moves = fc.array(move, { minLength: 3, maxLength: 20 });
    fc.assert(
      fc.property(moves, fc.infiniteStream(fc.nat(1_000)), (given, numbers) => {
        const subject = new Subject();
        for (const { legs, aheadMs, stepMs, lateMs, parties, reverse } of given) {
          subject.nowMs += aheadMs;
          for (let i = 0; i < legs; i++) {
            subject.nowMs += stepMs;
            const number = numbers.next().value ?? 0;
            subject.add(lateMs, 1 + (number % 600), number % parties);
          }
          if (reverse !== null) subject.reverse(reverse);
          subject.check();
          if (subject.region.f64[H.distincts] > 0) keptSeen++;
        }
        subject.nowMs += 40 * HOUR_MS;
        subject.check();
        expect(subject.region.f64[H.distincts]).toBe(0);
      }),
      { numRuns: 40 },
    );
    expect(keptSeen).toBeGreaterThan(10);
  });

  it('are none, found at once, for a busy subject whose legs are all of another group', () => {
    const subject = new Subject();
    for (let i = 0; i < 100; i++) subject.add(0, 1, i);
    const large = plan.groups.find((g) => g.distinct >= 0 && g.min > 1);
    if (large === undefined) throw new Error('no group of large legs');
    expect(keptDistinct(subject.region, subject.row, layout, large)).toBe(0);
    expect(subject.region.f64[H.distinctCapacity]).toBe(0);
    subject.add(0, 600, 1);
    expect(keptDistinct(subject.region, subject.row, layout, large)).toBe(1);
  });
});

/** Panes of first payments and of the balance over time against plain lists. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Catalogue } from '../schemas/catalogue.js';
import { balanceTotal } from './balances.js';
import { BankTime } from './bank-time.js';
import { advanceDay, countActivity, largestPayment } from './baselines.js';
import {
  advancePanes,
  countNewcomer,
  holdBalance,
  meanBalance,
  newCounterparties,
} from './panes.js';
import { compilePlan } from './plan.js';
import { Region } from './region.js';
import { ROW, rowLayout } from './row.js';
import { addSubject, formatTables } from './tables.js';
import { testCatalogue, testRule } from './testing/rules.js';

const DAY_MS = 86_400_000;
const FIRST_DAY = 20_000;

/** A layout with both rings: a rule that reads them. */
function layoutWithRings() {
  const [model] = testCatalogue([testRule('model')]).rules;
  const rule = {
    ...model,
    on: { all: [], none: [] },
    features: {
      a: { kind: 'new-counterparties', direction: 'in', days: 5, before: 0 },
      b: { kind: 'mean-balance', days: 5 },
    },
    gates: [],
    observed: 'a',
    facts: [],
    normals: {},
    score: undefined,
    bands: [{ ...model.bands[0], from: 1, above: undefined }],
  };
  const catalogue = { sha256: '', rules: [rule], typologies: [] } as unknown as Catalogue;
  return rowLayout(compilePlan(catalogue, 0));
}

const layout = layoutWithRings();

class Bench {
  readonly region = new Region(new ArrayBuffer(1 << 16), 0, 1 << 16, 0);
  readonly row: number;
  readonly time = new BankTime([{ fromMs: 0, offsetMs: 0 }]);
  today = FIRST_DAY;

  constructor() {
    this.region.format();
    formatTables(this.region);
    this.row = addSubject(this.region, layout.strideWords, 1, 1, new Uint8Array([65]), 0, 1);
    this.region.f64.fill(Number.NaN, this.row + ROW.balances, this.row + ROW.balances + 4);
    this.advance(0);
  }

  advance(days: number): void {
    this.today += days;
    advancePanes(this.region, this.row, layout, this.today);
    advanceDay(this.region, this.row, this.today);
  }

  /** A leg comes at `ms`, behind which the accounts have these balances. */
  leg(ms: number, balances: readonly number[]): void {
    const { region, row } = this;
    this.advance(Math.max(0, this.time.dayOf(ms) - this.today));
    holdBalance(region, row, layout, ms, this.time);
    region.f64[row + ROW.lastMs] = Math.max(region.f64[row + ROW.lastMs], ms);
    balances.forEach((balance, slot) => {
      region.u32[row * 2 + ROW.accounts + slot] = 1;
      region.f64[row + ROW.balances + slot] = balance;
    });
  }
}

const pane = (day: number): number => Math.floor(day / 5);
const known = (balances: readonly number[]): number =>
  balances.every(Number.isNaN)
    ? Number.NaN
    : balances.reduce((s, b) => s + (Number.isNaN(b) ? 0 : b), 0);

describe('panes', () => {
  it('count first payments of whole panes, undone ones taken out', () => {
    const payment = fc.record({
      ahead: fc.constantFrom(0, 0, 1, 3, 5, 40),
      late: fc.nat(10),
      side: fc.constantFrom(0, 1),
      undone: fc.boolean(),
    });
    const asked = fc.record({
      back: fc.nat(10),
      panes: fc.integer({ min: 1, max: 12 }),
      before: fc.nat(12),
      side: fc.constantFrom(0, 1),
    });
    fc.assert(
      fc.property(fc.array(payment, { maxLength: 60 }), fc.array(asked), (payments, asks) => {
        const bench = new Bench();
        const days: { day: number; side: number }[] = [];
        for (const { ahead, late, side, undone } of payments) {
          bench.advance(ahead);
          const day = bench.today - late;
          countNewcomer(bench.region, bench.row, layout, day, side, 1);
          if (undone) countNewcomer(bench.region, bench.row, layout, day, side, -1);
          else days.push({ day, side });
        }
        for (const { back, panes, before, side } of asks) {
          const asOf = bench.today - back;
          const end = pane(asOf) - before;
          const inside = days.filter(
            (p) => p.side === side && pane(p.day) < end && pane(p.day) >= end - panes,
          );
          const { region, row } = bench;
          expect(newCounterparties(region, row, layout, asOf, side, panes * 5, before * 5)).toBe(
            inside.length,
          );
        }
      }),
      { numRuns: 100 },
    );
  });

  it('hold balances over the time between legs, unknown ones not', () => {
    const balance = fc.oneof(fc.constant(Number.NaN), fc.integer({ min: -1_000, max: 100_000 }));
    const leg = fc.record({
      aheadMs: fc.oneof(fc.nat(DAY_MS), fc.constantFrom(0, 5 * DAY_MS, 70 * DAY_MS), fc.nat(10)),
      late: fc.boolean(),
      balances: fc.array(balance, { minLength: 1, maxLength: 4 }),
    });
    fc.assert(
      fc.property(fc.array(leg, { minLength: 2, maxLength: 40 }), (legs) => {
        const bench = new Bench();
        const held: { fromMs: number; toMs: number; total: number }[] = [];
        let newestMs = FIRST_DAY * DAY_MS;
        let balances = [Number.NaN, Number.NaN, Number.NaN, Number.NaN];
        bench.leg(newestMs, []);
        for (const { aheadMs, late, balances: next } of legs) {
          const ms = late ? newestMs - (aheadMs % DAY_MS) : newestMs + aheadMs;
          bench.leg(ms, next);
          held.push({ fromMs: newestMs, toMs: Math.max(ms, newestMs), total: known(balances) });
          newestMs = Math.max(ms, newestMs);
          balances = balances.map((b, slot) => next[slot] ?? b);
          expect(balanceTotal(bench.region, bench.row)).toBe(known(balances));
        }
        const today = Math.floor(newestMs / DAY_MS);
        for (const days of [5, 30, 60]) {
          const toMs = pane(today) * 5 * DAY_MS;
          const fromMs = toMs - days * DAY_MS;
          let integral = 0;
          let coveredMs = 0;
          for (const h of held) {
            const ms = Math.min(h.toMs, toMs) - Math.max(h.fromMs, fromMs);
            if (ms <= 0 || Number.isNaN(h.total)) continue;
            integral += h.total * ms;
            coveredMs += ms;
          }
          const mean = meanBalance(bench.region, bench.row, layout, today, days);
          if (coveredMs < DAY_MS) expect(mean).toBeNaN();
          // Integrals of whole numbers below 2^53 are exact in whatever order they are added.
          else expect(mean).toBe(integral / coveredMs);
        }
      }),
      { numRuns: 150 },
    );
  });

  it('keep the largest payment of whole blocks, also for a leg a block late', () => {
    const payment = fc.record({ ahead: fc.constantFrom(0, 1, 29, 30, 95), amount: fc.nat(500) });
    fc.assert(
      fc.property(fc.array(payment, { minLength: 1, maxLength: 40 }), (payments) => {
        const bench = new Bench();
        const made: { block: number; amount: number }[] = [];
        const block = (day: number): number => Math.floor(day / 30);
        for (const { ahead, amount } of payments) {
          bench.advance(ahead);
          countActivity(bench.region, bench.row, bench.today, true, amount, 1);
          made.push({ block: block(bench.today), amount });
          for (const asOf of [bench.today, bench.today - 30]) {
            for (const days of [30, 150]) {
              const end = block(asOf);
              const inside = made.filter((p) => p.block < end && p.block >= end - days / 30);
              const largest = Math.max(0, ...inside.map((p) => p.amount));
              expect(largestPayment(bench.region, bench.row, asOf, days)).toBe(
                largest === 0 ? Number.NaN : largest,
              );
            }
          }
        }
      }),
      { numRuns: 100 },
    );
  });
});

/** Daily counts, panes and decayed means against a plain list of payments, found anew each time. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  advanceDay,
  countActivity,
  customerMadeDays,
  hasActivitySince,
  meanDailyOutflow,
  meanPayment,
} from './baselines.js';
import { Region } from './region.js';
import { DECAYS, PANE_DAYS } from './row.js';
import { addSubject, formatTables } from './tables.js';

interface Payment {
  day: number;
  debit: boolean;
  amount: number;
}

class Bench {
  readonly region = new Region(new ArrayBuffer(1 << 16), 0, 1 << 16, 0);
  readonly row: number;
  payments: Payment[] = [];
  /** What was undone leaves the rounding of its own size behind. */
  undone: Payment[] = [];
  today = 20_000;

  constructor() {
    this.region.format();
    formatTables(this.region);
    this.row = addSubject(this.region, 120, 1, 1, new Uint8Array([65]), 0, 1);
  }

  advance(days: number): void {
    this.today += days;
    advanceDay(this.region, this.row, this.today);
  }

  pay(back: number, debit: boolean, amount: number): void {
    const payment = { day: this.today - back, debit, amount };
    this.payments.push(payment);
    countActivity(this.region, this.row, payment.day, debit, amount, 1);
  }

  undo(which: number): void {
    const recent = this.payments.filter((p) => p.day > this.today - 35);
    if (recent.length === 0) return;
    const [gone] = this.payments.splice(this.payments.indexOf(recent[which % recent.length]), 1);
    this.undone.push(gone);
    countActivity(this.region, this.row, gone.day, gone.debit, gone.amount, -1);
  }

  check(): void {
    const { region, row, today, payments } = this;
    const made = (from: number, to: number): number =>
      payments.filter((p) => p.day >= from && p.day <= to).length;
    for (const closed of [today - 8, today - 1, today]) {
      expect(customerMadeDays(region, row, closed, 30)).toBe(made(closed - 29, closed));
      expect(customerMadeDays(region, row, closed - 30, 90)).toBe(made(closed - 119, closed - 30));
    }
    expect(hasActivitySince(region, row, today - 120)).toBe(made(today - 119, today) > 0);
    const debits = payments.filter((p) => p.debit);
    for (const asOf of [today - 1, today, today + 3]) {
      for (const days of [30, 90, 120]) {
        const pane = Math.floor(asOf / PANE_DAYS);
        const inside = debits.filter((p) => {
          const back = pane - Math.floor(p.day / PANE_DAYS);
          return back >= 1 && back <= days / PANE_DAYS;
        });
        const sum = inside.reduce((s, p) => s + p.amount, 0);
        expect(meanDailyOutflow(region, row, asOf, days)).toBe(sum / days);
      }
      for (const days of DECAYS) {
        const before = debits.filter((p) => p.day < asOf);
        const weight = (p: Payment) => (1 - 1 / days) ** (asOf - p.day);
        const weights = before.reduce((s, p) => s + weight(p), 0);
        const weighted = before.reduce((s, p) => s + weight(p) * p.amount, 0);
        const mean = meanPayment(region, row, asOf, days);
        if (weights === 0) expect(mean).toBeNaN();
        // Below this the kernel calls it none: 30 d, after two years of silence.
        else if (weights > 1e-9) {
          const gone = this.undone.reduce((s, p) => s + weight(p) * p.amount, 0);
          const goneWeights = this.undone.reduce((s, p) => s + weight(p), 0);
          const exact = weighted / weights;
          // To 1/1024 of a minor unit, and what undoing leaves of the last digits.
          const rounding = 1e-12 * exact * (1 + gone / weighted + goneWeights / weights);
          expect(Math.abs(mean - exact)).toBeLessThan(1 / 2048 + 1e-9 * exact + rounding);
        }
      }
    }
  }
}

const step = fc.record({
  ahead: fc.oneof(fc.constantFrom(0, 1, 1, 2, 5, 30, 120, 128), fc.nat(200)),
  payments: fc.array(
    fc.record({ back: fc.nat(2), debit: fc.boolean(), amount: fc.integer({ min: 1, max: 1e9 }) }),
    { maxLength: 4 },
  ),
  undo: fc.option(fc.nat(20), { freq: 3 }),
});

describe('baselines', () => {
  it('say what going over all payments says', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const bench = new Bench();
        bench.advance(0);
        for (const { ahead, payments, undo } of steps) {
          bench.advance(ahead);
          for (const { back, debit, amount } of payments) bench.pay(back, debit, amount);
          if (undo !== null) bench.undo(undo);
          bench.check();
        }
      }),
      { numRuns: 150 },
    );
  });

  it('have no mean once the only payment is undone, whatever rounding leaves', () => {
    // Decayed in one step and in several is not the same last bit.
    for (let first = 1; first < 33; first++) {
      const bench = new Bench();
      bench.advance(0);
      bench.pay(0, true, 333_333);
      bench.advance(first);
      bench.advance(33 - first);
      bench.undo(0);
      for (const n of DECAYS) {
        expect(meanPayment(bench.region, bench.row, bench.today, n)).toBeNaN();
      }
    }
  });
});

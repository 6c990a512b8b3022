/**
 * Maintained aggregates against a scan of the list, and the list against a plain array, after
 * random legs: late, equal in time, reversed, beyond caps and retention; days and months in zones
 * with summer time.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Catalogue } from '../schemas/catalogue.js';
import { ClassBit } from '../schemas/classes.js';
import { bankDay, bankMonthStartMs, buildZoneTable, type ZoneTable } from '../schemas/time.js';
import { BankTime } from './bank-time.js';
import { insertLeg, LEGS_MAX, legAt, listCount, PACKED } from './lists.js';
import { compilePlan, type Plan } from './plan.js';
import { H, Region } from './region.js';
import { ROW, rowLayout } from './row.js';
import { pickedSum, pickLegs, type ScanMoment } from './scan.js';
import { addSubject, formatTables } from './tables.js';
import { testCatalogue, testRule } from './testing/rules.js';
import { advanceWindows, enterWindows, reverseLeg } from './windows.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const FILTER = { all: ['debit'], none: [] };

/** A rule with every kind of window over all debits, small ones apart. */
function windowsCatalogue(): Catalogue {
  const model = testCatalogue([testRule('model')]).rules[0];
  const sum = (window: string, min = '0') => ({
    kind: 'sum' as const,
    window,
    of: { ...FILTER, amount: { min } },
  });
  const features = {
    a: sum('1h'),
    b: sum('48h'),
    c: sum('bank-day'),
    d: sum('bank-month'),
    e: sum('35d'),
    f: sum('1h', '5.00'),
    g: sum('35d', '5.00'),
  };
  const on = { ...FILTER };
  const rule = { ...model, on, features, gates: [], observed: 'a', facts: [], normals: {} };
  const bands = [{ ...model.bands[0], from: '1' }];
  return { sha256: '', rules: [{ ...rule, bands }] as Catalogue['rules'], typologies: [] };
}

const plan: Plan = compilePlan(windowsCatalogue(), 600_000);
const layout = rowLayout(plan);

function momentAt(row: number, atMs: number, position: number, side: number): ScanMoment {
  return { row, atMs, position, side, amount: 0, counterparty: 0, packed: 0 };
}

interface Leg {
  ms: number;
  position: number;
  amount: number;
  reversed: boolean;
}

/** One subject with both lists, and the same legs in an array. */
class Bench {
  readonly region = new Region(new ArrayBuffer(16 << 20), 0, 16 << 20, 0);
  readonly row: number;
  readonly time: BankTime;
  readonly legs: Leg[] = [];
  nowMs: number;

  constructor(
    readonly table: ZoneTable,
    startMs: number,
  ) {
    this.region.format();
    formatTables(this.region);
    this.row = addSubject(this.region, layout.strideWords, 1, 1, new Uint8Array([65]), 0, 1);
    this.time = new BankTime(table);
    this.nowMs = startMs;
  }

  add(ms: number, amount: number): void {
    const { region, row, time } = this;
    this.nowMs = Math.max(this.nowMs, ms);
    const position = this.legs.length;
    for (const list of [0, 1]) {
      advanceWindows(region, row, layout, plan, list, this.nowMs, time);
      const at = insertLeg(region, row, list, ms, position);
      region.f64.fill(0, at, at + 8);
      region.f64.set([ms, position, amount], at);
      region.u32[(at + 3) * 2] = ClassBit.debit;
      enterWindows(region, row, layout, plan, list, at, this.nowMs, time);
    }
    this.legs.push({ ms, position, amount, reversed: false });
  }

  /** Reverses the i-th oldest kept leg of both lists, where both keep it. */
  reverse(which: number): void {
    const { region, row } = this;
    const count = listCount(region, row, 0);
    if (count === 0) return;
    const position = region.f64[legAt(region, row, 0, which % count) + 1];
    if (this.legs[position].reversed) return;
    for (const list of [0, 1]) {
      for (let i = 0; i < listCount(region, row, list); i++) {
        if (region.f64[legAt(region, row, list, i) + 1] !== position) continue;
        reverseLeg(region, row, layout, plan, list, i);
      }
    }
    this.legs[position].reversed = true;
  }

  check(): void {
    const { region, row, time, nowMs } = this;
    for (const list of [0, 1]) {
      advanceWindows(region, row, layout, plan, list, nowMs, time);
      const order: number[] = [];
      for (let i = 0; i < listCount(region, row, list); i++) {
        order.push(region.f64[legAt(region, row, list, i) + 1]);
      }
      const sorted = [...this.legs].sort((a, b) => a.ms - b.ms || a.position - b.position);
      const kept = sorted.filter((l) => l.ms > nowMs - plan.retentionMs[list]);
      expect(order).toEqual(kept.slice(-LEGS_MAX[list]).map((l) => l.position));
    }
    for (const group of plan.groups) {
      const { kind, ms } = plan.windows[group.window];
      const inside = (l: Leg): boolean =>
        kind === 'sliding'
          ? l.ms > nowMs - ms
          : kind === 'bank-day'
            ? bankDay(l.ms, this.table) === bankDay(nowMs, this.table)
            : bankMonthStartMs(l.ms, this.table) === bankMonthStartMs(nowMs, this.table);
      const counted = this.legs.filter((l) => !l.reversed && inside(l) && l.amount >= group.min);
      const sum = counted.reduce((s, l) => s + l.amount, 0);
      const at = row + layout.groups + group.index * 2;
      expect([region.f64[at], region.f64[at + 1]]).toEqual([counted.length, sum]);
      const count = pickLegs(region, plan, group, momentAt(row, nowMs, this.legs.length, 1), time);
      expect([count, pickedSum(region)]).toEqual([counted.length, sum]);
    }
  }
}

const move = fc.record({
  aheadMs: fc.oneof(
    fc.constantFrom(0, 1, HOUR_MS - 1, HOUR_MS, 48 * HOUR_MS, 35 * DAY_MS),
    fc.nat(3 * HOUR_MS),
    fc.nat(DAY_MS),
    fc.nat(20 * DAY_MS),
  ),
  lateMs: fc.oneof(fc.constant(0), fc.nat(600_000), fc.nat(DAY_MS)),
  amount: fc.integer({ min: 1, max: 1_000 }),
  reverse: fc.option(fc.nat(50), { freq: 4 }),
});

describe('windows', () => {
  const zones = ['Asia/Shanghai', 'Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe'];
  // From days before the clocks change, north and south.
  const starts = [Date.UTC(2026, 1, 25), Date.UTC(2026, 9, 20), Date.UTC(2026, 3, 1)];

  it.each(zones)('hold count and sum of what is in them, in %s', (zone) => {
    const table = buildZoneTable(zone, 2025, 2032);
    const moves = fc.array(move, { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(fc.constantFrom(...starts), moves, (startMs, given) => {
        const bench = new Bench(table, startMs);
        let newestMs = startMs;
        for (const { aheadMs, lateMs, amount, reverse } of given) {
          newestMs += aheadMs;
          bench.nowMs = newestMs;
          bench.add(newestMs - lateMs, amount);
          if (reverse !== null) bench.reverse(reverse);
          bench.check();
        }
      }),
      { numRuns: 60 },
    );
  });

  it('at the cap push out the oldest and stay sums of what is left', () => {
    const bench = new Bench([{ fromMs: 0, offsetMs: 0 }], Date.UTC(2026, 2, 2, 1));
    for (let i = 0; i < 4_200; i++) bench.add(bench.nowMs + 700, 1 + (i % 7));
    const { region, row } = bench;
    expect([listCount(region, row, 0), listCount(region, row, 1)]).toEqual([...LEGS_MAX]);
    expect(region.f64[H.legsDroppedAtCap]).toBe(4_200 * 2 - LEGS_MAX[0] - LEGS_MAX[1]);
    expect(region.f64[row + ROW.droppedRecentMs]).toBe(bench.legs[4_200 - LEGS_MAX[0] - 1].ms);
    for (const group of plan.groups) {
      const newest = bench.legs.slice(-LEGS_MAX[group.list]);
      const counted = newest.filter((l) => l.amount >= group.min);
      expect(region.f64[row + layout.groups + group.index * 2]).toBe(counted.length);
    }
  });

  it('between own accounts the debit stands before the credit of its position', () => {
    const bench = new Bench([{ fromMs: 0, offsetMs: 0 }], Date.UTC(2026, 2, 2, 1));
    bench.add(bench.nowMs, 10);
    const { region, row, time, nowMs } = bench;
    const credit = legAt(region, row, 0, 0);
    region.u32[(credit + 4) * 2 + 1] |= PACKED.credit;
    const group = plan.groups[0];
    expect(pickLegs(region, plan, group, momentAt(row, nowMs, 0, 0), time)).toBe(0);
    expect(pickLegs(region, plan, group, momentAt(row, nowMs, 0, 1), time)).toBe(1);
  });
});

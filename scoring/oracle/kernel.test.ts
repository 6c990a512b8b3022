/**
 * The kernel against the oracle on random logs: late and equal times, reversals, own accounts,
 * silence, boundaries, summer time, free days. Not one hit may differ in rule, subject, side,
 * place, band, value, count, score or parts. By the shipped rules, and by a catalogue of every
 * kind of feature. A disagreement prints its seed.
 */
import { describe, expect, it } from 'vitest';
import type { Catalogue } from '../../schemas/catalogue.js';
import { recordEvidence } from '../../schemas/testing/evidence.js';
import { buildZoneTable } from '../../schemas/time.js';
import { SHANGHAI, shippedCatalogue } from '../testing/feeder.js';
import { type Bank, compare } from './compare.js';
import { neighbourLog } from './neighbours.js';
import type { OracleRecord } from './oracle.js';
import { type RandomLogOptions, randomLog } from './random-log.js';
import { RATES, syntheticCatalogue } from './synthetic.js';

const shipped = shippedCatalogue();
const synthetic = syntheticCatalogue();
const deep = process.env['WEIR_DEEP'] === '1';
/** The oracle asks about every customer at every watermark; a busy machine takes its time. */
const TIMEOUT_MS = 1_800_000;

const china: Bank = { zoneTable: SHANGHAI, rates: RATES };
/** Summer time, and days that are free or worked. */
const germany: Bank = {
  zoneTable: buildZoneTable('Europe/Berlin', 2025, 2028),
  holidays: ['2026-05-01', '2026-12-25', '2026-12-28', '2027-01-01'],
  workdays: ['2026-05-09', '2026-12-27'],
  rates: { USD: 0.91 },
};

interface Shape {
  name: string;
  bank: Bank;
  log: Partial<RandomLogOptions>;
}
const SHAPES: Shape[] = [
  { name: 'few customers over 500 days', bank: china, log: { subjects: 25 } },
  {
    name: 'busy customers, a source of history among theirs',
    bank: china,
    log: { subjects: 4, days: 30, historyEvery: 15 },
  },
  {
    name: 'summer time, two years, free days',
    bank: germany,
    log: { subjects: 15, days: 420, startMs: Date.UTC(2026, 1, 1) },
  },
];

const isScored = (r: { state: string }): boolean => r.state === 'active' || r.state === 'shadow';

let compared = 0;

function suite(what: string, catalogue: Catalogue, sizes: { seeds: number; transactions: number }) {
  const hitsByRule = new Map<string, number>();

  const compareOn = (bank: Bank, log: OracleRecord[], seed: number): number => {
    const { hits, byRule, differences } = compare(log, catalogue, bank);
    expect({ seed, differences: differences.slice(0, 5) }).toEqual({ seed, differences: [] });
    for (const [rule, n] of byRule) hitsByRule.set(rule, (hitsByRule.get(rule) ?? 0) + n);
    compared += log.filter((r) => r.kind === 'transaction').length;
    return hits;
  };
  const check = (bank: Bank, options: Partial<RandomLogOptions> & { seed: number }): number =>
    compareOn(bank, randomLog({ ...options, zoneTable: bank.zoneTable }), options.seed);

  describe(`the kernel agrees with the oracle on ${what}`, () => {
    for (const { name, bank, log } of SHAPES) {
      const seeds = Array.from({ length: sizes.seeds }, (_, i) => i + 1);
      it.each(seeds)(`${name}, seed %i`, { timeout: TIMEOUT_MS }, (seed) => {
        const { transactions } = sizes;
        expect(check(bank, { ...log, seed, transactions })).toBeGreaterThan(100);
      });
    }
  });
  /** To be asked last: how often a rule is hit depends on what was compared before. */
  const everyRuleWasHit = () =>
    it(`hit every rule: ${what}`, () => {
      const all = [...catalogue.rules, ...catalogue.typologies].filter(isScored);
      expect(all.map((r) => r.id).filter((id) => !hitsByRule.has(id))).toEqual([]);
    });
  return { check, compareOn, everyRuleWasHit };
}

/** Asking every customer at every watermark is what takes the oracle's time. */
const MANY = { subjects: 2_000, watermarkEvery: 30 };

const onShipped = suite('the shipped rules', shipped, {
  seeds: deep ? 40 : 1,
  transactions: 2_500,
});
const onEveryKind = suite('every kind of feature', synthetic, {
  seeds: deep ? 40 : 1,
  transactions: deep ? 2_000 : 1_000,
});

describe('the kernel agrees with the oracle on many customers', () => {
  const large = deep
    ? { ...MANY, transactions: 100_000, days: 200 }
    : { ...MANY, transactions: 86_000, days: 90 };
  for (const seed of deep ? [1001, 1002, 1003, 1004, 1005, 1006] : [1001]) {
    it(`seed ${seed}`, { timeout: TIMEOUT_MS }, ({ task }) => {
      const hits = onShipped.check(china, { ...large, seed });
      expect(hits).toBeGreaterThan(2_000);
      recordEvidence(task, { transactions: large.transactions, hits, differences: 0 });
    });
  }

  it('who do what the examples do, but for a hair', { timeout: TIMEOUT_MS }, () => {
    const log = neighbourLog(shipped.rules, deep ? 200 : 8);
    expect(onShipped.compareOn(china, log, 1)).toBeGreaterThan(1_000);
  });

  it('in all, as many transactions as we say', () => {
    expect(compared).toBeGreaterThanOrEqual(deep ? 1_000_000 : 100_000);
  });

  onShipped.everyRuleWasHit();
  onEveryKind.everyRuleWasHit();
});

/** The random log is worth its name: every rule and every side case occurs in it. */
import { describe, expect, it } from 'vitest';
import { shippedCatalogue } from '../testing/feeder.js';
import { fixedOffsetSettings, runOracle, sortHits } from './oracle.js';
import { randomLog } from './random-log.js';

const catalogue = shippedCatalogue();

describe('the random log', () => {
  const log = randomLog({ seed: 7, transactions: 8_000 });

  it('is the same for the same seed', () => {
    expect(randomLog({ seed: 7, transactions: 8_000 })).toEqual(log);
    expect(randomLog({ seed: 8, transactions: 8_000 })).not.toEqual(log);
  });

  it('ascends in positions and visits every rule and side case', () => {
    log.forEach((record, i) => {
      expect(record.position).toBe(i);
    });
    const { hits, tooLate } = runOracle(log, catalogue);
    const byRule = new Map<string, Set<string>>();
    for (const hit of hits) {
      const bands = byRule.get(hit.rule) ?? new Set();
      byRule.set(hit.rule, bands.add(hit.band));
    }
    expect([...byRule.keys()]).toEqual(
      expect.arrayContaining([
        'activity-drop',
        'cross-border-remittances-company',
        'cross-border-remittances-person',
        'dormant-reactivation',
        'listed-customer-limits',
        'structuring-cash-deposits',
        'structuring-cash-deposits-7d',
        'structuring-cash-withdrawals',
        'structuring-cash-withdrawals-7d',
        'watched-outflow',
        'watched-outflow-special-care',
      ]),
    );
    expect(tooLate).toBeGreaterThan(10);
    expect(
      log.filter((r) => r.kind === 'transaction' && r.reversedId !== '').length,
    ).toBeGreaterThan(50);
  });

  it('has cases that only re-evaluation finds, and only a reversal takes away', () => {
    const rules = catalogue.rules.filter((r) => /^(structuring-cash|cross-border)/.test(r.id));
    const hitsOf = (records: typeof log, reevaluatedMax: number) => {
      const settings = { ...fixedOffsetSettings(8 * 3_600_000), reevaluatedMax };
      return sortHits(runOracle(records, { rules, typologies: [] }, settings).hits);
    };
    const all = hitsOf(log, 64);
    expect(hitsOf(log, 0).length).toBeLessThan(all.length);
    const kept = log.map((r) => (r.kind === 'transaction' ? { ...r, reversedId: '' } : r));
    expect(hitsOf(kept, 64)).not.toEqual(all);
  });
});

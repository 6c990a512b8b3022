/** Every side case occurs in the random log; that every rule is hit in it, kernel.test.ts says. */
import { describe, expect, it } from 'vitest';
import { shippedCatalogue } from '../testing/feeder.js';
import { fixedOffsetSettings, runOracle, sortHits } from './oracle.js';
import { randomLog } from './random-log.js';

const catalogue = shippedCatalogue();

describe('the random log', () => {
  const log = randomLog({ seed: 7, transactions: 4_000 });

  it('is the same for the same seed', () => {
    expect(randomLog({ seed: 7, transactions: 4_000 })).toEqual(log);
    expect(randomLog({ seed: 8, transactions: 4_000 })).not.toEqual(log);
  });

  it('ascends in positions and visits every side case', () => {
    log.forEach((record, i) => {
      expect(record.position).toBe(i);
    });
    const { tooLate } = runOracle(log, { rules: [], typologies: [] });
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

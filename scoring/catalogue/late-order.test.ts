/** What docs/rules.md says of late legs holds: examples of such rules, in any order of arrival. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { OracleRecord } from '../oracle/types.js';
import { recordsOfExample } from '../testing/example-log.js';
import { Feeder, shippedCatalogue } from '../testing/feeder.js';
import { orderReasons } from './late-order.js';

const catalogue = shippedCatalogue();
const inAnyOrder = catalogue.rules.filter(
  (r) => r.on !== 'day-close' && orderReasons(r).length === 0,
);

describe('rules whose late legs may come in any order', () => {
  it('are those of which it can be told', () => {
    const reasons = new Map(catalogue.rules.map((r) => [r.id, orderReasons(r)]));
    expect(reasons.get('structuring-cash-deposits')).toEqual([]);
    expect(reasons.get('activity-drop')).toEqual([]);
    expect(reasons.get('pass-through-24h')).toEqual([
      'what comes first starts the cooldown',
      'what is known of the pair when a leg comes in',
      '`throughput` can go either way',
      '`normalShare` can go either way',
    ]);
    expect(reasons.get('special-care-new-payee')).toContain('`times` can go either way');
    expect(inAnyOrder.length).toBeGreaterThan(5);
  });

  it.each(inAnyOrder.map((r) => [r.id, r] as const))('%s hits the same legs', (_, rule) => {
    /** Transactions that the rule hits; no watermark comes between, so nothing is too late. */
    const hitIds = (records: readonly OracleRecord[]): string[] => {
      const feeder = new Feeder({
        catalogue: { ...catalogue, rules: [{ ...rule, state: 'active' }], typologies: [] },
        shardsTotal: 1,
        regionBytes: 1 << 20,
      });
      feeder.feed(records.map((record, position) => ({ ...record, position })));
      return [...feeder.hits.values()].map((h) => h.transactionId).sort();
    };
    for (const example of rule.examples) {
      const records = recordsOfExample(example).filter((r) => r.kind === 'transaction');
      const [first, last] = [records[0], records.at(-1)];
      // Balances follow the log, and a window is kept for a day longer: neither is late at will.
      const spanMs = (last?.eventMs ?? 0) - (first?.eventMs ?? 0);
      if (records.length < 2 || spanMs > 86_400_000 || rule.requires.length > 0) continue;
      const expected = hitIds(records);
      fc.assert(
        fc.property(fc.shuffledSubarray(records, { minLength: records.length }), (shuffled) => {
          expect(hitIds(shuffled)).toEqual(expected);
        }),
        { numRuns: 8 },
      );
    }
  });
});

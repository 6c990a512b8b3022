import { expect, it } from 'vitest';
import { compilePlan } from './plan.js';
import { band, testCatalogue, testRule } from './testing/rules.js';
import { warmingUntil, wholeSinceAfter } from './warming.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const NOW_MS = Date.UTC(2026, 2, 2);

/** A rule on one feature, of payments out unless told otherwise. */
const of = (id: string, feature: object, on: object = { all: ['debit'] }) =>
  testRule(id, { on, features: { it: feature }, observed: 'it', bands: [band('some', 1, 10)] });
const count = (window: string) => ({ kind: 'count', window });
const plan = (...rules: object[]) => compilePlan(testCatalogue(rules), 600_000);

/** Days from the change until which each rule warms. */
function days(before: ReturnType<typeof plan>, after: ReturnType<typeof plan>) {
  const known = wholeSinceAfter(before, undefined, after, NOW_MS);
  return Object.fromEntries(
    after.rules.map((rule) => {
      const untilMs = warmingUntil(after, rule, known);
      return [rule.rule.id, untilMs === 0 ? 0 : (untilMs - NOW_MS) / DAY_MS];
    }),
  );
}

it('is for the whole window where nobody kept its legs, and for nothing where somebody did', () => {
  const before = plan(of('any', count('24h')));
  const large = { all: ['debit'], amount: { min: '100.00' } };
  const after = plan(
    of('any', count('24h')),
    of('narrower', count('13h'), large),
    of('received', count('36h'), { all: ['credit'] }),
    of('longer', count('7d')),
  );
  // Longer windows are kept apart from the short ones, and by themselves.
  expect(days(before, after)).toEqual({ any: 0, narrower: 0, received: 1.5, longer: 7 });
});

it('counts what was kept for a shorter window in the same list', () => {
  const cash = { all: ['debit', 'cash'] };
  const before = plan(of('month', count('30d'), cash));
  // Kept for 35 days: of 60 the oldest 25 are missing.
  expect(days(before, plan(of('month', count('60d'), cash)))).toEqual({ month: 25 });
  expect(days(before, plan(of('week', count('7d'), cash)))).toEqual({ week: 0 });
});

it('is told of panes that a row keeps only for who reads them', () => {
  const newcomers = { kind: 'new-counterparties', direction: 'out', days: 30 };
  const first = of('first', count('24h'), { all: ['debit', 'firstPayment'] });
  const before = plan(first);
  const after = plan(first, of('fan', newcomers));
  expect(days(before, after)).toEqual({ first: 0, fan: 35 });
  expect(days(after, plan(of('fan', { ...newcomers, days: 90 })))).toEqual({ fan: 0 });
});

it('is told of pairs, which are kept only for who reads them', () => {
  const any = of('any', count('24h'));
  const trusted = of('trusted', count('24h'), { all: ['debit'], none: ['trustedPair'] });
  const isNew = of('new', { kind: 'new-counterparty' });
  expect(days(plan(any), plan(any, trusted, isNew))).toEqual({ any: 0, trusted: 400, new: 400 });
  expect(days(plan(trusted), plan(isNew))).toEqual({ new: 0 });
});

it('goes on over a second change, and ends', () => {
  const before = plan(of('any', count('24h')));
  const after = plan(of('any', count('24h')), of('longer', count('7d')));
  const first = wholeSinceAfter(before, undefined, after, NOW_MS);
  const [, longer] = after.rules;
  if (longer === undefined) throw new Error('the plan lacks a rule');
  const second = wholeSinceAfter(after, first, after, NOW_MS + DAY_MS);
  expect(warmingUntil(after, longer, second)).toBe(NOW_MS + 7 * DAY_MS);
  expect(wholeSinceAfter(after, second, after, NOW_MS + 7 * DAY_MS)).toEqual([]);
});

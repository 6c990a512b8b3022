/** The order of the other rules: what hit, then the nearest by its farthest condition. */
import { expect, it } from 'vitest';
import type { Explained, ExplainedGate } from '../../../schemas/explanation.js';
import { byNearness, nearness } from './nearness.js';

const gate = (change: Partial<ExplainedGate>): ExplainedGate => ({
  ...{ feature: 'count', unit: 'count', value: 1, op: 'atLeast', threshold: 4, held: false },
  ...change,
});
const rule = (id: string, change: Partial<Explained>): Explained => ({
  ...{ id, kind: 'rule', version: 1, shadow: false, verdict: 'gate', ...change },
});

it('is as near as the farthest condition that does not hold', () => {
  expect(nearness(rule('a', { gates: [gate({})] }))).toBe(0.25);
  const two = [gate({ value: 3 }), gate({ value: 1 }), gate({ value: 9, held: true })];
  expect(nearness(rule('a', { gates: two }))).toBe(0.25);
  expect(nearness(rule('a', { gates: [gate({ value: 10, op: 'atMost' })] }))).toBe(0.4);
  expect(nearness(rule('a', { gates: [gate({ value: null }), gate({ value: 3 })] }))).toBe(0);
  expect(nearness(rule('a', { gates: [gate({ value: 0, op: 'equals', threshold: 1 })] }))).toBe(0);
  expect(nearness(rule('a', { gates: [gate({ value: -5 })] }))).toBe(0);
  const observed = { feature: 'sum', unit: 'money', value: 90 } as const;
  const next = { outcome: 'reached', threshold: 100, strict: false, missing: 10 };
  expect(nearness(rule('a', { verdict: 'below-bands', observed, next }))).toBe(0.9);
  expect(nearness(rule('a', { gates: [gate({ value: 3 })], observed, next }))).toBe(0.75);
  expect(nearness(rule('a', { verdict: 'hit' }))).toBeUndefined();
});

it('orders what hit, the nearest, the unknown and the untouched', () => {
  const ordered = byNearness([
    rule('untouched', { verdict: 'no-trigger' }),
    rule('far', { gates: [gate({})] }),
    rule('unknown', { verdict: 'not-available' }),
    rule('near', { gates: [gate({ value: 3 })] }),
    rule('silent', { verdict: 'silenced' }),
  ]);
  expect(ordered.map(({ id }) => id)).toEqual(['silent', 'near', 'far', 'unknown', 'untouched']);
});

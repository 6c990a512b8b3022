import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FAMILIES } from '../../../schemas/hit-words.js';
import type { AlertRow } from '../../../schemas/protocol.js';
import { makeRow, seeded } from '../testing/alerts.js';
import { type Address, matches, readAddress, writeAddress } from './filter.js';
import { SORT_KEYS, sortRows } from './order.js';

const NOW = 1_800_000_000_000;
const row = (change: Partial<AlertRow>, n = 1): AlertRow => ({
  ...makeRow(n, seeded(n), NOW),
  watch: [],
  tier: 'base',
  dueMs: null,
  ...change,
});

describe('address', () => {
  it('reads back what it wrote', () => {
    const address: fc.Arbitrary<Address> = fc.record({
      filter: fc.record({
        state: fc.constantFrom('open' as const, 'closed' as const),
        who: fc.constantFrom(...(['all', 'mine', 'unassigned', 'due'] as const)),
        family: fc.option(fc.constantFrom(...FAMILIES)),
        rule: fc.option(fc.stringMatching(/^[a-z][a-z0-9-]{0,40}$/)),
        q: fc.string({ unit: 'grapheme' }),
      }),
      sort: fc.record({ key: fc.constantFrom(...SORT_KEYS), ascending: fc.boolean() }),
      alert: fc.option(fc.stringMatching(/^[0-9a-f]{32}$/)),
    });
    fc.assert(
      fc.property(address, (each) => {
        expect(readAddress(writeAddress(each))).toEqual(each);
      }),
    );
  });

  it('falls back to the plain queue for anything else', () => {
    const plain = readAddress('');
    const odd = ['#x', '#/alerts/', '#/alerts/<b>', '#/?family=none&who=x&sort=y&rule=%20', '#%%%'];
    for (const hash of odd) expect(readAddress(hash)).toEqual(plain);
  });
});

describe('matches', () => {
  const all = { state: 'open', who: 'all', family: null, rule: null, q: '', user: 'li' } as const;
  it('keeps to one rule', () => {
    expect(matches(row({ rule: 'a' }), { ...all, rule: 'a' }, NOW)).toBe(true);
    expect(matches(row({ rule: 'ab' }), { ...all, rule: 'a' }, NOW)).toBe(false);
  });
  it('finds every word of a search, in either language', () => {
    const alert = row({ subjectName: '张*', sentence: { zh: '跨境汇出', en: 'Cross-border' } });
    expect(matches(alert, { ...all, q: '张* 跨境' }, NOW)).toBe(true);
    expect(matches(alert, { ...all, q: 'cross-BORDER' }, NOW)).toBe(true);
    expect(matches(alert, { ...all, q: '张* 现金' }, NOW)).toBe(false);
  });
  it('tells mine, unassigned and due soon apart', () => {
    expect(matches(row({ owner: 'li' }), { ...all, who: 'mine' }, NOW)).toBe(true);
    expect(matches(row({ owner: 'wang' }), { ...all, who: 'mine' }, NOW)).toBe(false);
    expect(matches(row({ owner: 'wang' }), { ...all, who: 'unassigned' }, NOW)).toBe(false);
    expect(matches(row({ dueMs: NOW - 1 }), { ...all, who: 'due' }, NOW)).toBe(true);
    expect(matches(row({ dueMs: NOW + 86_400_000 }), { ...all, who: 'due' }, NOW)).toBe(false);
  });
});

describe('order', () => {
  it('puts the critically ill first, then severity, deadline, tier, score and age', () => {
    const wanted = [
      row({ id: 'ill', watch: ['special-care'], severity: 'low', score: 1 }),
      row({ id: 'late', severity: 'critical', dueMs: NOW - 1, score: 1 }),
      row({ id: 'soon', severity: 'critical', dueMs: NOW + 60_000, score: 1 }),
      row({ id: 'strategic', severity: 'critical', tier: 'strategic', score: 1 }),
      row({ id: 'score', severity: 'critical', score: 90, eventTime: NOW - 9 }),
      row({ id: 'newer', severity: 'critical', score: 80, eventTime: NOW - 1 }),
      row({ id: 'older', severity: 'critical', score: 80, eventTime: NOW - 5 }),
      row({ id: 'high', severity: 'high', score: 99 }),
    ];
    const mixed = [...wanted].sort((a, b) => (a.id < b.id ? -1 : 1));
    const sorted = sortRows(mixed, { key: 'urgency', ascending: false }, NOW);
    expect(sorted.map((each) => each.id)).toEqual(wanted.map((each) => each.id));
    const upward = sortRows(mixed, { key: 'urgency', ascending: true }, NOW);
    expect(upward.map((each) => each.id)).toEqual(wanted.map((each) => each.id).reverse());
  });
});

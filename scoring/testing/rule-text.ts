/** A good rule and a good typology as text, and what the loader says when some of it is changed. */
import { expect } from 'vitest';
import { CatalogueError, loadCatalogue } from '../catalogue/load.js';

export const good = `id: test-rule
version: 1
names: { zh: 测试, en: Test }
family: aml
formula: sum of 24 h at least 100
on: { all: [debit], none: [bankMade] }
features:
  total: { kind: sum, window: 24h }
  times: { kind: count, window: 24h }
gates:
  - { feature: times, op: atLeast, value: 2 }
observed: total
bands:
  - outcome: some
    from: '100.00'
    severity: low
    score: 10
    sentence: { zh: '共 {total}', en: '{total} in all' }
  - outcome: much
    from: '200.00'
    severity: high
    score: 20
    sentence: { zh: '共 {total}', en: '{total} in all' }
action: notify
riskType: aml
state: active
owner: compliance
examples:
  - name: hits
    transactions: [{ at: '2026-03-02T09:00:00+08:00', amount: '100' }]
    expect: { hits: 1 }
  - name: does not
    transactions: []
    expect: { hits: 0 }
`;

export const timesGate = '{ feature: times, op: atLeast, value: 2 }';

export type Change = [from: string | RegExp, to: string];

/** The rule with some of its text replaced; each `from` must be there. */
export function changed(...pairs: Change[]): string {
  return changedIn(good, ...pairs);
}

export function changedIn(whole: string, ...pairs: Change[]): string {
  let text = whole;
  for (const [from, to] of pairs) {
    const next = text.replace(from, to);
    expect(next).not.toBe(text);
    text = next;
  }
  return text;
}

/** One line a problem. */
export function problemsOf(text: string, ...more: string[]): readonly string[] {
  try {
    loadCatalogue([text, ...more].map((t, i) => ({ path: `r${i}.yaml`, text: t })));
  } catch (error) {
    if (error instanceof CatalogueError) return error.message.split('\n');
    throw error;
  }
  return [];
}

/** One problem, at this line, whose text matches. */
export function refused(text: string, line: number, what: RegExp): void {
  const problems = problemsOf(text);
  expect(problems.join('\n')).toMatch(what);
  const first = problems.find((p) => what.test(p)) ?? '';
  expect(first).toMatch(/^r0\.yaml:\d+: [^;]+; .+/);
  expect(first.split(':')[1]).toBe(String(line));
}

export const dayClose: Change = ['on: { all: [debit], none: [bankMade] }', 'on: day-close'];
export const feature = (text: string): Change => [
  '  total: { kind: sum, window: 24h }',
  `  total: ${text}`,
];

export const typology = `id: test-typology
version: 1
names: { zh: 类型, en: Typology }
family: aml
formula: half of each
members:
  - { rule: test-rule, weight: 1 }
  - { rule: other-rule, weight: 0.5 }
bands:
  - outcome: alert
    from: 20
    severity: high
    score: 60
    sentence: { zh: '得分 {score}', en: 'score {score}' }
  - outcome: both
    from: 30
    severity: critical
    score: 90
    decision: hold
    sentence: { zh: '得分 {score}', en: 'score {score}' }
action: notify
riskType: aml
state: active
owner: compliance
examples:
  - name: hits
    transactions: [{ at: '2026-03-02T09:00:00+08:00', amount: '100' }]
    expect: { hits: 1, band: both, observed: 30 }
  - name: does not
    transactions: []
    expect: { hits: 0 }
`;
export const other = good.replace('id: test-rule', 'id: other-rule');

/** Everything that the loader refuses, each with its line and its mend. */
import { describe, expect, it } from 'vitest';
import {
  changed,
  dayClose,
  feature,
  good,
  problemsOf,
  refused,
  timesGate,
} from '../testing/rule-text.js';
import { catalogueFromJson, loadCatalogue } from './load.js';

describe('the loader takes', () => {
  it('a good rule, several documents, in any key order', () => {
    const second = changed(['id: test-rule', 'id: other-rule']);
    const catalogue = loadCatalogue([{ path: 'r.yaml', text: `${second}---\n${good}` }]);
    expect(catalogue.rules.map((r) => r.id)).toEqual(['other-rule', 'test-rule']);
    expect(catalogue.sha256).toMatch(/^[0-9a-f]{64}$/);
    const moved = good.replace('version: 1\n', '').concat('version: 1\n');
    expect(loadCatalogue([{ path: 'x', text: moved }])).toEqual(
      loadCatalogue([{ path: 'y', text: good }]),
    );
  });

  it('a cooldown on legs, and bands from 100 and above 100', () => {
    expect(problemsOf(changed(['action: notify', 'cooldown: 12h\naction: notify']))).toEqual([]);
    expect(problemsOf(changed(["from: '200.00'", "above: '100.00'"]))).toEqual([]);
  });
});

describe('the loader refuses', () => {
  const cases: [name: string, text: () => string, line: number, what: RegExp][] = [
    ['what is not YAML', () => changed(['id: test-rule', 'id: [']), 2, /not YAML/],
    ['a key twice', () => changed(['version: 1', 'version: 1\nversion: 1']), 3, /not YAML.*unique/],
    ['an empty file', () => '# nothing\n', 1, /no rule in it/],
    ['aliases', () => changed(['{ zh: 测试, en: Test }', '{ zh: &a x, en: *a }']), 1, /alias/],
    ['an unknown key', () => changed(['version: 1', 'version: 1\ncolour: red']), 3, /key colour/],
    [
      'an unknown key inside',
      () => changed(['    score: 10', '    score: 10\n    weight: 3']),
      18,
      /key weight in bands\.0/,
    ],
    ['a missing key', () => changed(['owner: compliance\n', '']), 1, /owner/],
    ['a bad value', () => changed(['severity: low', 'severity: dire']), 16, /severity/],
    [
      'an unknown feature in a gate',
      () => changed(['feature: times,', 'feature: tims,']),
      11,
      /unknown feature tims/,
    ],
    ['an unknown observed', () => changed(['observed: total', 'observed: totl']), 12, /totl/],
    [
      'an unknown operand',
      () => changed(feature('{ kind: percent, of: times, to: nothing }')),
      8,
      /unknown feature nothing/,
    ],
    [
      'a feature named like something of JavaScript',
      () => changed(['feature: times,', 'feature: constructor,']),
      11,
      /unknown feature constructor/,
    ],
    [
      'features in a circle',
      () =>
        changed(
          feature(
            '{ kind: ratio, of: times, to: other }\n  other: { kind: ratio, of: total, to: total }',
          ),
        ),
      8,
      /circle: total -> other -> total/,
    ],
    [
      'a feature never used',
      () => changed(['gates:\n  - { feature: times, op: atLeast, value: 2 }\n', '']),
      9,
      /times is never used/,
    ],
    ['equal bands', () => changed(["from: '200.00'", "from: '100.00'"]), 19, /much overlaps/],
    ['descending bands', () => changed(["from: '200.00'", "from: '50.00'"]), 19, /much overlaps/],
    [
      'above and then from the same',
      () => changed(["from: '100.00'", "above: '100.00'"], ["from: '200.00'", "from: '100.00'"]),
      19,
      /overlaps/,
    ],
    [
      'from and above together',
      () => changed(["from: '200.00'", "from: '200.00'\n    above: '200.00'"]),
      19,
      /exactly one of from and above/,
    ],
    ['neither', () => changed(["    from: '200.00'\n", '']), 19, /exactly one of from and above/],
    [
      'a band that a gate keeps out of reach',
      () =>
        changed([timesGate, `${timesGate}\n  - { feature: total, op: below, value: '200.00' }`]),
      20,
      /much is unreachable/,
    ],
    [
      'a band below a gate',
      () =>
        changed([timesGate, `${timesGate}\n  - { feature: total, op: above, value: '200.00' }`]),
      15,
      /some is unreachable/,
    ],
    ['an outcome twice', () => changed(['outcome: much', 'outcome: some']), 19, /some twice/],
    [
      'a window of 36 d on debits',
      () => changed(feature('{ kind: sum, window: 36d }')),
      8,
      /longer than state keeps \(35 d\)/,
    ],
    [
      'a window of 181 d on cash',
      () => changed(feature('{ kind: sum, window: 181d, of: { all: [cash] } }')),
      8,
      /longer than state keeps \(180 d\)/,
    ],
    ['an empty window', () => changed(feature('{ kind: sum, window: 0h }')), 8, /window is empty/],
    [
      'more days than state keeps',
      () =>
        changed(
          feature('{ kind: customer-made, days: 90, before: 31 }'),
          ["from: '100.00'", 'from: 1'],
          ["from: '200.00'", 'from: 2'],
        ),
      8,
      /days \+ before is 121/,
    ],
    [
      'money without quotes',
      () => changed(["from: '100.00'", 'from: 100.00']),
      15,
      /total is money/,
    ],
    [
      'money where a count is',
      () => changed(['value: 2', "value: '2.00'"]),
      11,
      /wrong unit: times is count, not money/,
    ],
    ['half a count', () => changed(['value: 2', 'value: 2.5']), 11, /a count and never 2.5/],
    [
      'a flag of 2',
      () => changed(['times: { kind: count, window: 24h }', 'times: { kind: new-counterparty }']),
      11,
      /a flag and never 2/,
    ],
    [
      'a quotient without a unit',
      () =>
        changed(
          feature('{ kind: ratio, of: times, to: sum }\n  sum: { kind: sum, window: 24h }'),
          ["from: '100.00'", 'from: 1'],
          ["from: '200.00'", 'from: 2'],
        ),
      8,
      /total has no unit: count to money/,
    ],
    [
      'a placeholder that names nothing',
      () =>
        changed([
          "{ zh: '共 {total}', en: '{total} in all' }",
          "{ zh: '共 {totl}', en: '{totl} in all' }",
        ]),
      18,
      /\{totl\} names nothing/,
    ],
    [
      'a placeholder missing in one language',
      () =>
        changed([
          "{ zh: '共 {total}', en: '{total} in all' }",
          "{ zh: '共 {total}', en: 'in all' }",
        ]),
      18,
      /\{total\} is missing in en/,
    ],
    [
      'a lone brace',
      () =>
        changed([
          "zh: '共 {total}', en: '{total} in all' }",
          "zh: '共 {total}', en: '{total} in {all' }",
        ]),
      18,
      /brace without its partner/,
    ],
    [
      'a fact without its unit',
      () =>
        changed(
          ["{ zh: '共 {total}', en: '{total} in all' }", "{ zh: '{most}', en: '{most}' }"],
          ['action: notify', 'facts: [most]\naction: notify'],
          ['  times:', '  most: { kind: max, window: 1h }\n  times:'],
        ),
      19,
      /write \{most:money\}/,
    ],
    [
      'a balance not required',
      () =>
        changed(
          ['times: { kind: count, window: 24h }', 'times: { kind: balance-before }'],
          ['value: 2', "value: '2.00'"],
        ),
      9,
      /without requires: \[balance\]/,
    ],
    [
      'a balance before a day that is no sum of a day',
      () => changed(feature('{ kind: balance-before-outflow, outflow: times }')),
      8,
      /times is not a sum of legs/,
    ],
    [
      'a leg at the close of a day',
      () => changed(dayClose, feature('{ kind: amount }')),
      8,
      /amount needs a leg/,
    ],
    [
      'a new counterparty at the close of a day',
      () =>
        changed(dayClose, [
          'times: { kind: count, window: 24h }',
          'times: { kind: new-counterparty }',
        ]),
      9,
      /new-counterparty needs a leg/,
    ],
    ['a window of no legs', () => changed(dayClose), 8, /`of` is missing/],
    [
      'a bank day at its own close',
      () => changed(dayClose, feature('{ kind: sum, window: bank-day, of: { all: [debit] } }')),
      8,
      /bank-day is empty at the close/,
    ],
    [
      'debit and credit',
      () => changed(['all: [debit]', 'all: [debit, credit]']),
      6,
      /never debit and/,
    ],
    [
      'neither debit nor credit',
      () => changed(['all: [debit], none: [bankMade]', 'none: [debit, credit]']),
      6,
      /every leg is debit or credit/,
    ],
    [
      'a bit required and excluded',
      () => changed(['none: [bankMade]', 'none: [debit]']),
      6,
      /debit is required and excluded/,
    ],
    [
      'contradictions inside a feature',
      () => changed(feature('{ kind: sum, window: 24h, of: { all: [cash], none: [cash] } }')),
      8,
      /cash is required and excluded/,
    ],
    [
      'amounts that leave no room',
      () => changed(['none: [bankMade]', "amount: { min: '5.00', below: '5.00' }"]),
      6,
      /no amount lies between/,
    ],
    ['no examples', () => changed([/examples:[\s\S]*/, 'examples: []\n']), 28, /examples is empty/],
    ['no example that hits', () => changed(['hits: 1', 'hits: 0']), 28, /no example that hits/],
    [
      'no example that does not',
      () => changed(['expect: { hits: 0 }', 'expect: { hits: 1 }']),
      28,
      /no example that does not hit/,
    ],
    [
      'a local time in an example',
      () => changed(['09:00:00+08:00', '09:00:00']),
      30,
      /not a time with offset/,
    ],
    [
      'a band that there is not, in an example',
      () => changed(['hits: 1', 'hits: 1, band: lots']),
      31,
      /no band lots/,
    ],
    [
      'a normal of something else',
      () => changed(['action: notify', 'normals: { total: times }\naction: notify']),
      24,
      /times is count, total is money/,
    ],
  ];
  it.each(cases)('%s', (_, text, line, what) => {
    refused(text(), line, what);
  });

  it('a rule id twice, in one file or two', () => {
    const at = 'test-rule stands at r0.yaml:1 already; rename or remove one';
    expect(problemsOf(good, good)).toEqual([`r1.yaml:1: ${at}`]);
    expect(problemsOf(`${good}---\n${good}`)).toEqual([`r0.yaml:36: ${at}`]);
  });

  it('tells all problems at once', () => {
    const text = changed(['value: 2', 'value: 2.5'], ["from: '200.00'", "from: '1.00'"]);
    expect(problemsOf(text).length).toBe(2);
  });

  it('a blob that is broken', () => {
    expect(() => catalogueFromJson('{')).toThrow(/not JSON/);
    expect(() => catalogueFromJson('{}')).toThrow(/not a list/);
    expect(() => catalogueFromJson('null')).toThrow(/not a list/);
    expect(() => catalogueFromJson('[{"id":"x"}]')).toThrow(/catalogue blob \(x\)/);
  });
});

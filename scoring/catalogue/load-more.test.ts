/** Typologies against the rules they weigh, and what the newer features may not say. */
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  changed,
  changedIn,
  dayClose,
  feature,
  good,
  other,
  problemsOf,
  refused,
  typology,
} from '../testing/rule-text.js';
import { canonicalJson, catalogueFromJson, catalogueText, loadCatalogue } from './load.js';

describe('the loader takes a typology', () => {
  it('and writes it into the blob', () => {
    const catalogue = loadCatalogue([
      { path: 'r.yaml', text: [good, typology, other].join('---\n') },
    ]);
    expect(catalogue.typologies.map((t) => t.id)).toEqual(['test-typology']);
    expect(catalogueFromJson(catalogueText(catalogue))).toEqual(catalogue);
  });

  it('and reads a blob that is a list of rules, under the hash that it was written with', () => {
    const { rules } = loadCatalogue([{ path: 'r.yaml', text: good }]);
    const blob = canonicalJson(rules);
    const sha256 = createHash('sha256').update(blob).digest('hex');
    expect(catalogueFromJson(blob)).toEqual({ sha256, rules, typologies: [] });
  });
});

/** The typology changed, with its members as they are or as given. */
function refusedTypology(
  pairs: Parameters<typeof changed>,
  line: number,
  what: RegExp,
  members: [first: string, second: string] = [good, other],
): void {
  const text = changedIn(typology, ...pairs);
  const problems = problemsOf(text, ...members);
  const first = problems.find((p) => what.test(p));
  expect(first, problems.join('\n')).toMatch(/^r0\.yaml:\d+: [^;]+; .+/);
  expect(first?.split(':')[1]).toBe(String(line));
}

const draft = (text: string, state: string) =>
  changedIn(text, ['state: active', `state: ${state}`]);
const scored = (text: string, score: number) => text.replace(/score: \d+/g, `score: ${score}`);

describe('of a typology the loader refuses', () => {
  const cases: [
    name: string,
    pairs: Parameters<typeof changed>,
    line: number,
    what: RegExp,
    members?: [string, string],
  ][] = [
    [
      'an unknown key',
      [['version: 1', 'version: 1\ngates: []']],
      3,
      /unknown key gates in typology/,
    ],
    ['one member', [[/ {2}- \{ rule: other.*\n/, '']], 6, /members has fewer than 2/],
    ['a weight of 0', [['weight: 0.5', 'weight: 0']], 8, /members\.1\.weight/],
    ['a weight above 1', [['weight: 0.5', 'weight: 1.5']], 8, /members\.1\.weight/],
    ['a member that is not there', [['other-rule', 'lost-rule']], 8, /there is no rule lost-rule/],
    ['a member twice', [['other-rule', 'test-rule']], 8, /member test-rule twice/],
    ['itself as a member', [['other-rule', 'test-typology']], 8, /test-typology is a typology/],
    [
      'a paused member',
      [],
      8,
      /other-rule is paused and never scored/,
      [good, draft(other, 'paused')],
    ],
    ['a draft as a member', [], 7, /test-rule is draft and never/, [draft(good, 'draft'), other]],
    [
      'a weight for an outcome that cannot happen',
      [],
      8,
      /weight for an outcome that cannot happen: every band of other-rule scores 0/,
      [good, scored(other, 0)],
    ],
    [
      'a threshold that no sum reaches',
      [['from: 30', 'from: 30.1']],
      15,
      /both is unreachable: weights x outcomes add up to 30 at most/,
    ],
    [
      'a band between two sums',
      // Sums are 0, 5, 10, 15, 20, 25, 30.
      [
        ['from: 20', 'from: 21'],
        ['from: 30', 'from: 24'],
      ],
      10,
      /no sum of weights and outcomes lies in band alert/,
    ],
    [
      'a threshold that only kinds of subject together would reach',
      [],
      15,
      /both is unreachable: weights x outcomes add up to 20 at most/,
      [
        changedIn(good, ['on: {', 'scope: { kinds: [person] }\non: {']),
        changedIn(other, ['on: {', 'scope: { kinds: [company] }\non: {']),
      ],
    ],
    [
      'a threshold that it reaches with a member in shadow only',
      [],
      15,
      /both is unreachable: weights x outcomes add up to 20 at most/,
      [good, draft(other, 'shadow')],
    ],
    ['bands that descend', [['from: 30', 'from: 20']], 15, /both overlaps the one before it/],
    ['a threshold of money', [['from: 30', "from: '30.00'"]], 16, /score is number, not money/],
    ['an empty window', [['formula:', 'window: 0h\nformula:']], 5, /window is empty/],
    ['a window of 36 d', [['formula:', 'window: 36d\nformula:']], 5, /than state keeps \(35 d\)/],
    [
      'a fact in a sentence',
      [['score {score}', '{total:money}']],
      14,
      /\{total:money\} names nothing/,
    ],
    ['an example of no band', [['band: both', 'band: lots']], 28, /no band lots/],
  ];
  it.each(cases)('%s', (_, pairs, line, what, members) => {
    refusedTypology(pairs, line, what, members);
  });

  it('the id of a rule', () => {
    const text = changedIn(typology, ['id: test-typology', 'id: test-rule']);
    expect(problemsOf(other, text, good)).toContain(
      'r2.yaml:1: test-rule stands at r1.yaml:1 already; rename or remove one',
    );
  });

  it('nothing of one in shadow that counts members in shadow, or of a paused one', () => {
    const shadow = draft(typology, 'shadow');
    expect(problemsOf(shadow, good, draft(other, 'shadow'))).toEqual([]);
    expect(problemsOf(draft(typology, 'paused'), draft(good, 'draft'), other)).toEqual([]);
  });

  it('only what is wrong itself when a member was refused', () => {
    const broken = changed(['value: 2', 'value: 2.5']);
    expect(problemsOf(typology, broken, other)).toEqual([
      expect.stringMatching(/^r1\.yaml:11: times is a count/),
    ]);
  });
});

describe('of newer features the loader refuses', () => {
  const by: [string, string] = ["from: '100.00'", 'from: 1'];
  const by2: [string, string] = ["from: '200.00'", 'from: 2'];
  const spare = '\n  spare: { kind: sum, window: 1h }';
  const surprise = 'ofDays: 1, expectedDays: 30, shape: 2, tail: high';
  const days = 'recentDays: 1, baselineDays: 30';
  const points = (text: string): [string, string] => [
    'action: notify',
    `score: { points: ${text} }\naction: notify`,
  ];
  const cases: [name: string, text: () => string, line: number, what: RegExp][] = [
    [
      'score points that descend',
      () => changed(points("[['200.00', 10], ['100.00', 20]]")),
      24,
      /score points of total do not ascend/,
    ],
    [
      'score points of money as numbers',
      () => changed(points("[[100, 10], ['200.00', 20]]")),
      24,
      /total is money, not a number/,
    ],
    [
      'one score point',
      () => changed(points("[['100.00', 10]]")),
      24,
      /score\.points has fewer than 2/,
    ],
    [
      'a score above 100',
      () => changed(points("[['1', 10], ['2', 101]]")),
      24,
      /score\.points\.1\.1/,
    ],
    [
      'a score by nothing',
      () =>
        changed([
          'action: notify',
          'score: { by: lost, points: [[1, 1], [2, 2]] }\naction: notify',
        ]),
      24,
      /unknown feature lost/,
    ],
    [
      'surprise of money',
      () =>
        changed(
          feature(`{ kind: surprise, of: spare, expected: times, ${surprise} }${spare}`),
          by,
          by2,
        ),
      8,
      /spare is money, not count/,
    ],
    [
      'surprise that is never so large',
      () =>
        changed(feature(`{ kind: surprise, of: times, expected: times, ${surprise} }`), by, [
          "from: '200.00'",
          'from: 12.5',
        ]),
      19,
      /much is unreachable/,
    ],
    [
      'money less a count',
      () => changed(feature(`{ kind: money-difference, of: spare, less: times }${spare}`)),
      8,
      /times is count, not money/,
    ],
    [
      'a count less money',
      () => changed(feature(`{ kind: count-difference, of: times, less: spare }${spare}`), by, by2),
      8,
      /spare is money, not count/,
    ],
    [
      'the larger of what are no percents',
      () => changed(feature(`{ kind: larger-of, among: [times, spare] }${spare}`), by, by2),
      8,
      /times is count, not percent/,
    ],
    [
      'a rate of unlike units',
      () =>
        changed(
          feature(`{ kind: rate-ratio, recent: times, baseline: spare, ${days} }${spare}`),
          by,
          by2,
        ),
      8,
      /total has no unit: count to money/,
    ],
    [
      'a share of a line of a count',
      () => changed(feature("{ kind: share-of-line, of: times, line: '100' }"), by, by2),
      8,
      /times is count, not money/,
    ],
    [
      'a line of nothing',
      () => changed(feature(`{ kind: share-of-line, of: spare, line: '0' }${spare}`), by, by2),
      8,
      /a share of nothing/,
    ],
    [
      'a line in dollars without a rate in any example',
      () =>
        changed(
          feature(`{ kind: share-of-line, of: spare, line: '10000', currency: USD }${spare}`),
          by,
          by2,
        ),
      8,
      /the line is in USD, and no example says its rate/,
    ],
    [
      'no currency',
      () =>
        changed(
          feature(`{ kind: share-of-line, of: spare, line: '1', currency: usd }${spare}`),
          by,
          by2,
        ),
      8,
      /usd is no currency code/,
    ],
    [
      'a balance before an outflow that counts credits',
      () =>
        changed(
          feature(
            `{ kind: balance-before-outflow, outflow: spare }${spare.replace('1h', '1h, of: {}')}`,
          ),
        ),
      8,
      /spare counts credits as well/,
    ],
    [
      'a balance after without requires',
      () => changed(feature('{ kind: balance-after }')),
      8,
      /balance-after is used without requires/,
    ],
    [
      '16 business days on debits, which may be 42 days',
      () => changed(feature('{ kind: sum, window: 16bd }')),
      8,
      /window 16bd is longer than state keeps \(35 d\)/,
    ],
    [
      'new counterparties of more than 120 days',
      () =>
        changed(
          feature('{ kind: new-counterparties, direction: in, days: 60, before: 65 }'),
          by,
          by2,
        ),
      8,
      /days \+ before is 125/,
    ],
    [
      'the same counterparty at the close of a day',
      () => changed(dayClose, feature('{ kind: count, window: 1d, of: {}, same: [counterparty] }')),
      8,
      /`same` needs a leg/,
    ],
    [
      'time since the previous leg at the close of a day',
      () => changed(dayClose, feature('{ kind: since-previous, of: {} }')),
      8,
      /since-previous needs a leg/,
    ],
    [
      'an unknown channel',
      () => changed(['none: [bankMade]', 'channels: [pigeon]']),
      6,
      /on\.channels\.0: Invalid option/,
    ],
    [
      'an unknown key of a filter',
      () => changed(['none: [bankMade]', 'nun: [bankMade]']),
      6,
      /unknown key nun in on/,
    ],
    [
      'a channel twice',
      () => changed(['none: [bankMade]', 'channels: [online, online]']),
      6,
      /one of channels stands twice/,
    ],
    [
      'more features than there is room for',
      () => {
        const names = Array.from({ length: 65 }, (_, i) => `f${i}`);
        const more = names.map((n) => `  ${n}: { kind: amount }`).join('\n');
        return changed(
          ['  times:', `${more}\n  times:`],
          ['action: notify', `facts: [${names.join(', ')}]\naction: notify`],
        );
      },
      7,
      /67 features/,
    ],
  ];
  it.each(cases)('%s', (_, text, line, what) => {
    refused(text(), line, what);
  });

  it('nothing of them when they are right', () => {
    for (const text of [
      changed(points("[['100.00', 10], ['200.00', 20]]")),
      changed(['none: [bankMade]', 'channels: [online], types: [transfer]']),
      changed(feature('{ kind: sum, window: 15bd }')),
      changed(['action: notify', 'cooldown: bank-day\naction: notify']),
      changed(
        feature(`{ kind: share-of-line, of: spare, line: '10000', currency: USD }${spare}`),
        by,
        by2,
        ['  - name: hits', '  - name: hits\n    rates: { USD: 7.1 }'],
      ),
    ]) {
      expect(problemsOf(text)).toEqual([]);
    }
  });
});

/**
 * A catalogue for comparing only: one rule for each feature kind, window kind and modifier, with
 * lines so low that most legs that it looks at are hits, so that values are compared one by one.
 */
import type { Catalogue } from '../../schemas/catalogue.js';
import type { ClassName } from '../../schemas/classes.js';
import { FEATURE_UNITS, type Feature } from '../../schemas/features.js';
import { catalogueFromJson } from '../catalogue/load.js';
import { operandsOf } from '../catalogue/operands.js';

interface SomeFilter {
  all?: ClassName[];
  none?: ClassName[];
  amount?: { min?: string; below?: string; max?: string };
  channels?: string[];
  types?: string[];
}
type SomeFeature = { kind: Feature['kind'] } & Record<string, unknown>;
type SomeRule = Record<string, unknown> & {
  features: Record<string, SomeFeature>;
  gates?: { feature: string; op: string; value: string | number }[];
  score?: { by?: string; points: [string | number, number][] };
};

const OUT: SomeFilter = { all: ['debit'], none: ['bankMade', 'reversal'] };
const IN: SomeFilter = { all: ['credit'], none: ['bankMade', 'reversal'] };
const MADE: SomeFilter = { all: ['customerMade'] };
const ANY: SomeFilter = { none: ['reversal'] };
/** What most rules look at: a part of the payments, so that not every leg is fifty hits. */
const SOME: SomeFilter = { ...OUT, types: ['transfer', 'cash-out'], amount: { min: '400.00' } };
const names = { zh: '试', en: 'Test' };
const common = { version: 1, names, family: 'aml', formula: 'a test', action: 'notify' };
const people = { riskType: 'aml', owner: 'test', state: 'active' };

/** Base units for one unit. */
export const RATES: Record<string, number> = { USD: 7.1234 };
/** The loader asks for both; here the random log is the example. */
const EXAMPLES = [0, 1].map((hits) => ({
  name: `${hits}`,
  transactions: [],
  rates: RATES,
  expect: { hits },
}));

/** Ascending edges as bands; money as decimal text. */
function bandsFrom(edges: readonly (string | number)[]) {
  return edges.map((from, i) => ({
    outcome: `b${i}`,
    from,
    severity: 'low',
    score: Math.min(100, 20 + 15 * i),
    sentence: names,
  }));
}

/** The features that the wanted ones are made of, no other: the loader refuses what is unused. */
function needed(all: SomeRule['features'], names: readonly string[]): SomeRule['features'] {
  const found = names.map((name) => {
    const feature = all[name];
    if (feature === undefined) throw new Error(`no feature ${name}`);
    const more = operandsOf(feature as Feature).map(([, operand]) => operand);
    return { ...(more.length > 0 ? needed(all, more) : {}), [name]: feature };
  });
  return Object.assign({}, ...found);
}

/** A rule that observes its feature `x`. */
function rule(id: string, given: SomeRule) {
  const by = given.score?.by ?? 'x';
  const features = needed(given.features, ['x', by, ...(given.gates ?? []).map((g) => g.feature)]);
  const zero = FEATURE_UNITS[(features['x'] as SomeFeature).kind] === 'money' ? '0.00' : 0;
  return {
    ...common,
    ...people,
    id,
    on: SOME,
    observed: 'x',
    bands: bandsFrom([zero]),
    requires: Object.values(features).some((f) => f.kind.includes('balance')) ? ['balance'] : [],
    examples: EXAMPLES,
    ...given,
    features,
  };
}

/** A rule that observes one feature. */
const one = (id: string, x: SomeFeature, more: Record<string, unknown> = {}) =>
  rule(id, { features: { x }, ...more });

/** Each aggregate over each kind of window. */
function windows() {
  const kinds: [Feature['kind'], Record<string, unknown>][] = [
    ['count', { bands: bandsFrom([1, 3]) }],
    ['sum', {}],
    ['max', {}],
    ['min', {}],
    ['distinct-counterparties', { bands: bandsFrom([1, 3, 6]) }],
    ['distinct-countries', { bands: bandsFrom([1, 2]) }],
    ['mean', {}],
    ['deviation', {}],
    ['z-score', { bands: bandsFrom([0.5, 3]) }],
    ['largest-share', { bands: bandsFrom([10]) }],
    ['benford', {}],
  ];
  const specs = ['30m', '24h', '48h', '7d', '30d', '3bd', '10bd', 'bank-day', 'bank-month'];
  const filters: SomeFilter[] = [OUT, IN, ANY, MADE];
  return kinds.flatMap(([kind, more], k) =>
    // Every kind meets a third of the windows, every window a third of the kinds.
    specs
      .filter((_, w) => (w + k) % 3 === 0 || kind === 'count' || kind === 'sum')
      .map((window, w) => {
        const of = filters[(k + w) % filters.length];
        const x = { kind, window, of, ...(kind === 'z-score' ? { min: 5 } : {}) };
        return one(`${kind}-${window}`, x, more);
      }),
  );
}

function filters() {
  const count = (id: string, of: SomeFilter, window = '7d') =>
    one(id, { kind: 'count', window, of }, { bands: bandsFrom([1]) });
  const same = (id: string, keys: string[], window = '7d') =>
    one(id, { kind: 'count', window, same: keys }, { bands: bandsFrom([2]), on: ANY });
  const classes: ClassName[] = [
    'cash',
    'card',
    'salary',
    'crossBorder',
    'ownAccount',
    'ownInside',
    'roundAmount',
    'medical',
    'merchantReceipt',
    'foreignCurrency',
    'offHours',
    'household',
    'highRiskCountry',
    'counterpartyListed',
    'firstPayment',
    'trustedPair',
    'newChannel',
  ];
  return [
    ...classes.map((name) =>
      one(`class-${name.toLowerCase()}`, { kind: 'amount' }, { on: { all: [name] } }),
    ),
    ...classes.map((name) =>
      count(`of-${name.toLowerCase()}`, { all: [name], none: ['reversal'] }),
    ),
    count('of-amounts', { ...OUT, amount: { min: '1500.00', below: '50000.00' } }),
    count('of-amount-max', { ...OUT, amount: { max: '5000.00' } }, '48h'),
    count('of-channels', { ...ANY, channels: ['mobile', 'atm'] }),
    count('of-types', { ...ANY, types: ['card', 'salary'] }, '24h'),
    same('same-counterparty', ['counterparty']),
    same('same-amount', ['amount'], '24h'),
    same('same-channel', ['channel'], '30m'),
    same('same-account', ['account'], 'bank-day'),
    same('same-all', ['counterparty', 'amount', 'channel', 'account'], '30d'),
    rule('same-sum', {
      features: { x: { kind: 'sum', window: '10bd', same: ['counterparty'], of: OUT } },
    }),
  ];
}

function ofLeg() {
  const sum = { kind: 'sum', window: 'bank-day', of: OUT } as const;
  return [
    one('amount', { kind: 'amount' }),
    one('since-previous', { kind: 'since-previous', of: OUT }),
    one('silence', { kind: 'silence' }, { bands: bandsFrom([0, 1.5, 30]) }),
    one('account-age', { kind: 'account-age' }, { bands: bandsFrom([0.01, 300]) }),
    one('new-counterparty', { kind: 'new-counterparty' }, { bands: bandsFrom([0, 1]) }),
    one('balance-before', { kind: 'balance-before' }),
    one('balance-after', { kind: 'balance-after' }, { on: IN }),
    one('balance-total', { kind: 'balance-total' }),
    one('mean-balance-5', { kind: 'mean-balance', days: 5 }),
    one('mean-balance-60', { kind: 'mean-balance', days: 60 }),
    rule('before-outflow', {
      features: { s: sum, x: { kind: 'balance-before-outflow', outflow: 's' } },
    }),
    one('limit-use', { kind: 'limit-use', of: OUT }, { on: { ...OUT, all: ['debit', 'listed'] } }),
    one('limit-excess', { kind: 'limit-excess' }, { on: { ...OUT, all: ['debit', 'listed'] } }),
  ];
}

function ofOwnNormal() {
  const days = (kind: Feature['kind'], n: number, more = {}) =>
    one(`${kind}-${n}`, { kind, days: n, ...more }, { bands: bandsFrom(['0.00']) });
  const counted = (id: string, x: SomeFeature) => one(id, x, { bands: bandsFrom([1]) });
  return [
    counted('made-30', { kind: 'customer-made', days: 30 }),
    counted('made-90-before-30', { kind: 'customer-made', days: 90, before: 30 }),
    counted('made-1', { kind: 'customer-made', days: 1 }),
    counted('new-in-30', { kind: 'new-counterparties', direction: 'in', days: 30 }),
    counted('new-out-5', { kind: 'new-counterparties', direction: 'out', days: 5 }),
    counted('new-out-90', {
      kind: 'new-counterparties',
      direction: 'out',
      days: 90,
      before: 30,
    }),
    days('mean-payment', 30),
    days('mean-payment', 90),
    days('mean-payment', 180),
    days('largest-payment', 30),
    days('largest-payment', 150),
    days('mean-daily-outflow', 5),
    days('mean-daily-outflow', 90),
    days('mean-daily-outflow', 120),
  ];
}

function made() {
  const features = {
    out: { kind: 'sum', window: '24h', of: OUT },
    into: { kind: 'sum', window: '7d', of: IN },
    times: { kind: 'count', window: '7d', of: OUT },
    often: { kind: 'count', window: '30d', of: OUT },
    recent: { kind: 'customer-made', days: 20 },
    baseline: { kind: 'customer-made', days: 80, before: 20 },
    amount: { kind: 'amount' },
    mean: { kind: 'mean-payment', days: 90 },
    share: { kind: 'percent', of: 'amount', to: 'out' },
  } satisfies Record<string, SomeFeature>;
  const spans = { recent: 'recent', recentDays: 20, baseline: 'baseline', baselineDays: 80 };
  const tail = { kind: 'surprise', of: 'times', ofDays: 7, expected: 'baseline', expectedDays: 80 };
  const of = (id: string, x: SomeFeature, more: Record<string, unknown> = {}) =>
    rule(id, { features: { ...features, x }, ...more });
  return [
    of('drop', { kind: 'drop', ...spans }, { bands: bandsFrom([-1000, 30, 80]) }),
    of('rate-ratio', { kind: 'rate-ratio', ...spans }),
    of('surprise-high', { ...tail, kind: 'surprise', shape: 2, tail: 'high' }),
    of('surprise-low', { ...tail, kind: 'surprise', shape: 5, prior: 3, tail: 'low' }),
    of('percent', { kind: 'percent', of: 'out', to: 'into' }),
    of('ratio', { kind: 'ratio', of: 'amount', to: 'mean' }),
    of('money-difference', { kind: 'money-difference', of: 'out', less: 'into' }),
    of('count-difference', { kind: 'count-difference', of: 'often', less: 'times' }),
    of(
      'larger-of',
      { kind: 'larger-of', among: ['share', 'line'] },
      {
        features: {
          ...features,
          line: { kind: 'share-of-line', of: 'out', line: '50000.00' },
          x: { kind: 'larger-of', among: ['share', 'line'] },
        },
      },
    ),
    of('share-of-line', { kind: 'share-of-line', of: 'out', line: '12345.67' }),
    of('share-of-dollars', { kind: 'share-of-line', of: 'out', line: '10000.00', currency: 'USD' }),
    of('scored', features.out, {
      score: {
        points: [
          ['100.00', 10],
          ['50000.00', 55.5],
          ['700000.00', 99],
        ],
      },
    }),
    of('scored-by', features.times, {
      bands: bandsFrom([1]),
      score: {
        by: 'amount',
        points: [
          ['1000.00', 30],
          ['60000.00', 90],
        ],
      },
    }),
  ];
}

/** What a rule may say besides its features. */
function modifiers() {
  const count = { kind: 'count', window: '7d', of: OUT };
  const of = (id: string, more: Record<string, unknown>) =>
    rule(id, {
      features: { x: count, amount: { kind: 'amount' } },
      bands: bandsFrom([1, 3, 5]),
      ...more,
    } as SomeRule);
  const gate = (op: string, value: string | number, feature = 'amount') => ({ feature, op, value });
  return [
    of('cooldown-30m', { cooldown: '30m' }),
    of('cooldown-24h', { cooldown: '24h', on: MADE }),
    of('cooldown-30d', { cooldown: '30d' }),
    of('cooldown-bank-day', { cooldown: 'bank-day' }),
    of('shadow', { state: 'shadow', cooldown: '24h' }),
    of('paused', { state: 'paused' }),
    of('gate-at-least', { gates: [gate('atLeast', '5000.00')] }),
    of('gate-above', { gates: [gate('above', '5000.00')] }),
    of('gate-at-most', { gates: [gate('atMost', '5000.00')] }),
    of('gate-below', { gates: [gate('below', '5000.00')] }),
    of('gate-equals', { gates: [gate('equals', '5000.00')] }),
    of('gates', { gates: [gate('atLeast', 2, 'x'), gate('below', '60000.00')] }),
    of('kinds', { scope: { kinds: ['company', 'farmer'] } }),
    of('watch', { scope: { watch: ['elderly', 'loan'] } }),
    of('lists', { scope: { lists: ['fraud'], kinds: ['person', 'unknown'] } }),
    of('band-above', {
      bands: [{ ...bandsFrom([2])[0], from: undefined, above: 2 }],
    }),
  ];
}

/** At the close of a day. */
function dayClose() {
  const at = (id: string, x: SomeFeature, more: Record<string, unknown> = {}) =>
    one(`close-${id}`, x, { on: 'day-close', ...more });
  return [
    at('count', { kind: 'count', window: '7d', of: OUT }, { bands: bandsFrom([2, 5]) }),
    at('sum', { kind: 'sum', window: '1d', of: ANY }, { bands: bandsFrom(['0.01']) }),
    at('business', { kind: 'sum', window: '3bd', of: OUT }, { bands: bandsFrom(['60000.00']) }),
    at('made', { kind: 'customer-made', days: 30 }, { bands: bandsFrom([6]), cooldown: '7d' }),
    at('age', { kind: 'account-age' }, { bands: bandsFrom([400]), cooldown: '30d' }),
    at('balance', { kind: 'balance-total' }, { bands: bandsFrom(['0.00']), cooldown: '5d' }),
    at('mean-balance', { kind: 'mean-balance', days: 30 }, { cooldown: '5d' }),
    at(
      'new-out',
      { kind: 'new-counterparties', direction: 'out', days: 10 },
      {
        bands: bandsFrom([2, 4]),
        cooldown: '3d',
      },
    ),
    at('mean-payment', { kind: 'mean-payment', days: 90 }, { cooldown: '9d' }),
    at('largest', { kind: 'largest-payment', days: 60 }, { cooldown: '9d' }),
    at(
      'outflow',
      { kind: 'mean-daily-outflow', days: 60 },
      {
        bands: bandsFrom(['1000.00']),
        cooldown: '9d',
      },
    ),
  ];
}

function typologies() {
  const of = (id: string, members: [string, number][], more: Record<string, unknown>) => ({
    ...common,
    ...people,
    id,
    members: members.map(([rule, weight]) => ({ rule, weight })),
    bands: bandsFrom([10, 25, 50]),
    examples: EXAMPLES,
    ...more,
  });
  return [
    of(
      'typology-day',
      [
        ['count-24h', 0.5],
        ['cooldown-30d', 0.7],
        ['surprise-high', 0.3],
      ],
      {
        cooldown: '24h',
      },
    ),
    of(
      'typology-week',
      [
        ['class-firstpayment', 1],
        ['distinct-counterparties-48h', 1],
        ['close-count', 0.6],
      ],
      {
        window: '7d',
      },
    ),
    of(
      'typology-shadow',
      [
        ['count-30m', 1],
        ['shadow', 0.4],
      ],
      { state: 'shadow' },
    ),
  ];
}

/** Parts of it, so that a part can be tried alone. */
export const SYNTHETIC_PARTS = { windows, filters, ofLeg, ofOwnNormal, made, modifiers, dayClose };

export function syntheticCatalogue(
  parts: readonly (keyof typeof SYNTHETIC_PARTS)[] = Object.keys(
    SYNTHETIC_PARTS,
  ) as (keyof typeof SYNTHETIC_PARTS)[],
): Catalogue {
  const rules = parts.flatMap((part) => SYNTHETIC_PARTS[part]());
  const all = parts.length === Object.keys(SYNTHETIC_PARTS).length ? typologies() : [];
  return catalogueFromJson(JSON.stringify({ rules, typologies: all }));
}

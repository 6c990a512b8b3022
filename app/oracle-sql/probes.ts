/**
 * Rules that show the engine's values. One of any leg and one of the close of every day tell the
 * value of every feature as facts of their hits; then, for each feature, one that is told at a
 * line through the middle of its values and one with such a gate: those are told when a late leg
 * carries a value over the line.
 */
import type { Catalogue, Rule } from '../../schemas/catalogue.js';
import { FEATURE_UNITS, type Feature, type Filter } from '../../schemas/features.js';
import { operandsOf } from '../../scoring/catalogue/operands.js';
import type { SqlHit } from './oracle.js';

const filter = (given: Partial<Filter>): Filter => ({ all: [], none: [], ...given });
const ANY = filter({});
const FILTERS: readonly Filter[] = [
  filter({ all: ['debit'] }),
  filter({ all: ['credit'], none: ['bankMade'] }),
  filter({ all: ['customerMade'] }),
  filter({ all: ['debit', 'transfer'], none: ['crossBorder'] }),
  filter({ all: ['cash'], amount: { min: '40000.00', below: '50000.00' } }),
  filter({ none: ['cash', 'ownAccount'], amount: { max: '62000.00' } }),
  filter({ channels: ['online', 'counter', 'unknown'] }),
  filter({ types: ['transfer', 'cash-in', 'unknown'], amount: { min: '50000.01' } }),
  filter({ all: ['firstPayment'] }),
  filter({ all: ['trustedPair'] }),
  filter({ all: ['newChannel'] }),
];
const WINDOWS = ['24h', '7d', 'bank-day', 'bank-month', '45m', '30d', '10bd', '48h'] as const;
const SAMES = [['counterparty'], ['amount'], ['channel'], ['account'], ['counterparty', 'amount']];

type Features = Record<string, Feature>;

/** Turns through the filters, so that windows and filters meet in many ways. */
class Filters {
  #next = 0;
  next(): Filter {
    this.#next += 1;
    return FILTERS[this.#next % FILTERS.length] as Filter;
  }
}

function windowed(filters: Filters): Features {
  const features: Features = {};
  WINDOWS.forEach((window, w) => {
    const kinds = ['count', 'sum', 'max', 'min', 'distinct-counterparties', 'distinct-countries'];
    for (const kind of [...kinds, 'mean', 'deviation', 'largest-share', 'benford'] as const) {
      const of = kind === 'benford' ? ANY : filters.next();
      const name = `${camel(kind)}${w}`;
      features[name] = { kind, window, of } as Feature;
    }
  });
  return features;
}

const camel = (kind: string) => kind.replace(/-([a-z])/g, (_, letter) => letter.toUpperCase());

/** Those that a leg has and a day's close has not. */
function ofLegs(filters: Filters): Features {
  const features: Features = {
    amount: { kind: 'amount' },
    silence: { kind: 'silence' },
    newCounterparty: { kind: 'new-counterparty' },
    balanceBefore: { kind: 'balance-before' },
    balanceAfter: { kind: 'balance-after' },
    balanceBeforeOutflow: { kind: 'balance-before-outflow', outflow: 'outflow' },
    limitUse: { kind: 'limit-use', of: filter({ all: ['debit'] }) },
    limitExcess: { kind: 'limit-excess', of: filter({ all: ['debit'] }) },
    sinceAny: { kind: 'since-previous', of: ANY },
    larger: { kind: 'larger-of', among: ['shareOfDay', 'percent', 'largestShare0'] },
    shareOfDay: { kind: 'percent', of: 'amount', to: 'sum2' },
    percent: { kind: 'percent', of: 'outflow', to: 'balanceBeforeOutflow' },
    times: { kind: 'ratio', of: 'amount', to: 'meanPayment180' },
    shareOfLine: { kind: 'share-of-line', of: 'amount', line: '50000.00' },
    outflow: { kind: 'sum', window: 'bank-day', of: filter({ all: ['debit'] }) },
  };
  for (const [i, window] of WINDOWS.entries()) {
    const of = i % 2 === 0 ? ANY : filters.next();
    features[`zScore${i}`] = { kind: 'z-score', window, of, min: 3 };
    features[`since${i}`] = { kind: 'since-previous', of: filters.next() };
    const same = SAMES[i % SAMES.length] as ['counterparty'];
    features[`same${i}`] = { kind: i % 2 === 0 ? 'count' : 'sum', window, of: ANY, same };
    features[`sameMax${i}`] = { kind: 'max', window, of: filters.next(), same };
  }
  return features;
}

/** Those of days, panes and what is made of others. */
function ofBoth(): Features {
  const features: Features = {
    accountAge: { kind: 'account-age' },
    balanceTotal: { kind: 'balance-total' },
    recent: { kind: 'customer-made', days: 30, before: 0 },
    baseline: { kind: 'customer-made', days: 90, before: 30 },
    lastDay: { kind: 'customer-made', days: 1, before: 0 },
    all: { kind: 'customer-made', days: 120, before: 0 },
    drop: {
      kind: 'drop',
      recent: 'recent',
      recentDays: 30,
      baseline: 'baseline',
      baselineDays: 90,
    },
    rateRatio: {
      kind: 'rate-ratio',
      recent: 'recent',
      recentDays: 30,
      baseline: 'baseline',
      baselineDays: 90,
    },
    difference: { kind: 'count-difference', of: 'recent', less: 'lastDay' },
    moneyDifference: { kind: 'money-difference', of: 'sum1', less: 'sum0' },
    largestPayment30: { kind: 'largest-payment', days: 30 },
    largestPayment150: { kind: 'largest-payment', days: 150 },
  };
  for (const days of [30, 90, 180] as const) {
    features[`meanPayment${days}`] = { kind: 'mean-payment', days };
  }
  for (const days of [5, 60, 120]) {
    features[`meanDailyOutflow${days}`] = { kind: 'mean-daily-outflow', days };
  }
  for (const days of [5, 30, 60]) features[`meanBalance${days}`] = { kind: 'mean-balance', days };
  for (const direction of ['in', 'out'] as const) {
    for (const [days, before] of [
      [5, 0],
      [60, 0],
      [90, 30],
    ] as const) {
      const name = `new${direction}${days}`;
      features[name] = { kind: 'new-counterparties', direction, days, before };
    }
  }
  const tails = [
    ['high', 1, 1],
    ['high', 64, 0.5],
    ['low', 3, 1],
  ] as const;
  for (const [tail, shape, prior] of tails) {
    features[`surprise${tail}${shape}`] = {
      kind: 'surprise',
      of: 'recent',
      ofDays: 30,
      expected: 'baseline',
      expectedDays: 90,
      prior,
      shape,
      tail,
    };
  }
  return features;
}

const names = { zh: '试', en: 'probe' };
const LOWEST = -1e300;

interface ProbeParts {
  id: string;
  on: Rule['on'];
  features: Features;
  observed: string;
  edges: (string | number)[];
  facts?: string[];
  gates?: Rule['gates'];
}

function probe({ id, on, features, observed, edges, facts = [], gates = [] }: ProbeParts): Rule {
  return {
    id,
    version: 1,
    names,
    family: 'operations',
    formula: 'a probe',
    scope: { kinds: [], watch: [], lists: [] },
    on,
    features,
    gates,
    observed,
    bands: edges.map((from, i) => ({
      outcome: `band-${i}`,
      from,
      severity: 'low',
      score: 1 + i,
      decision: 'none',
      sentence: names,
    })),
    facts,
    normals: {},
    requires: [],
    action: 'notify',
    riskType: 'operational',
    state: 'active',
    owner: 'tests',
    references: [],
    examples: [],
  };
}

const catalogueOf = (rules: Rule[]): Catalogue => ({
  sha256: '0'.repeat(64),
  rules,
  typologies: [],
});

function probeFeatures(): { leg: Features; day: Features } {
  const filters = new Filters();
  const day = { ...windowed(filters), ...ofBoth() };
  return { leg: { ...day, ...ofLegs(filters) }, day };
}

/** The features of these names and those that they are made of. */
function needed(all: Features, wanted: readonly string[]): Features {
  const found: Features = {};
  const add = (name: string): void => {
    if (name in found) return;
    const feature = all[name];
    if (feature === undefined) throw new Error(`no feature ${name}`);
    found[name] = feature;
    for (const [, operand] of operandsOf(feature)) add(operand);
  };
  wanted.forEach(add);
  return found;
}

/** Facts of one probe; a rule has at most 64 features. */
const FACTS = 40;

/** Every value of every kind, at each leg's own place and at the close of each day. */
export function valueProbes(): Catalogue {
  const { leg, day } = probeFeatures();
  const rulesOf = (
    of: string,
    on: Rule['on'],
    all: Features,
    observed: string,
    edge: string | number,
  ) =>
    chunks(Object.keys(all)).map((facts, i) => {
      const features = needed(all, [observed, ...facts]);
      return probe({ id: `${of}-${i}`, on, features, observed, edges: [edge], facts });
    });
  return catalogueOf([
    ...rulesOf('leg', ANY, leg, 'amount', '0.00'),
    ...rulesOf('day', 'day-close', day, 'accountAge', LOWEST),
  ]);
}

function chunks(names: readonly string[]): string[][] {
  const count = Math.ceil(names.length / FACTS);
  return Array.from({ length: count }, (_, i) => names.slice(i * FACTS, (i + 1) * FACTS));
}

/** The middle of what was seen, so that about half of the values reach it; an edge is exact. */
function middle(values: readonly (number | null)[]): number | undefined {
  const seen = values.filter((v): v is number => v !== null && v > 0).sort((a, b) => a - b);
  return seen[seen.length >> 1];
}

/** Lines through the middle of the values that `hits` of the value probes show. */
export function lineProbes(values: Catalogue, hits: readonly SqlHit[]): Catalogue {
  const { leg } = probeFeatures();
  const rules = values.rules.flatMap((rule) => {
    const mine = rule.on === 'day-close' ? [] : hits.filter((hit) => hit.rule === rule.id);
    return rule.facts.flatMap((name, i) => {
      const at = middle(mine.map((hit) => hit.facts[i] ?? null));
      return at === undefined || name === 'amount' ? [] : linesAt(leg, name, at);
    });
  });
  return catalogueOf(rules);
}

/** Two rules: one that is told when the line is reached, one while it is not. */
function linesAt(all: Features, name: string, at: number): Rule[] {
  const feature = all[name] as Feature;
  const isMoney = FEATURE_UNITS[feature.kind] === 'money';
  // Of numbers that are not whole only the last digits may differ: not at the line.
  const beside = Number.isInteger(at) ? at : at * 1.000001;
  const edge = isMoney ? (Math.round(at) / 100).toFixed(2) : beside;
  const gates: Rule['gates'] = [{ feature: name, op: 'below', value: edge }];
  const features = needed(all, [name, 'amount']);
  return [
    probe({ id: `line-${name}`, on: ANY, features, observed: name, edges: [edge] }),
    probe({ id: `gate-${name}`, on: ANY, features, observed: 'amount', edges: ['0.00'], gates }),
  ];
}

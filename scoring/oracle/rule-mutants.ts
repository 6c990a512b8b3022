/**
 * Wrong versions of a rule: every line, window, number, filter, scope and cooldown moved by the
 * least that can be written, each strictness and direction turned, each class, channel and currency
 * left out. Only what decides on a hit or its value: facts are left out.
 */
import { type Rule, ruleSchema } from '../../schemas/catalogue.js';
import type { ClassName } from '../../schemas/classes.js';
import type { Feature, Filter } from '../../schemas/features.js';
import type { Unit } from '../../schemas/hit.js';
import { operandsOf } from '../catalogue/operands.js';
import { featureUnit } from '../catalogue/units.js';
import { durationMs, moneyMinor } from './legs.js';

export interface RuleMutant {
  /** In words: what was changed. */
  what: string;
  rule: Rule;
  /** A class that was left out of a filter, and what the filter asked for. */
  leftOut?: { name: ClassName; of: 'all' | 'none'; filter: Filter } | undefined;
  /** A line that a value must reach was moved: of a gate, of the lowest band, of the trigger. */
  isLine?: boolean | undefined;
  /** Name of a feature that was changed from a count to a count of counterparties. */
  distinct?: string | undefined;
}

type Changed = Omit<RuleMutant, 'rule'> & { by: (rule: Rule) => void };
type Value = string | number;

const MINUTE_MS = 60_000;
const STRICTER = { atLeast: 'above', above: 'atLeast', atMost: 'below', below: 'atMost' } as const;
/** The least that a value of a unit is moved by; a millisecond for days and seconds. */
const STEP: Record<Unit, number> = {
  money: 0.01,
  count: 1,
  flag: 1,
  percent: 0.01,
  ratio: 0.01,
  number: 0.01,
  days: 1 / 86_400_000,
  seconds: 0.001,
};
/** Numbers of a feature: how far the next value that the schema takes is. */
const NUMBERS: readonly (readonly [field: string, step: number])[] = [
  ['days', 1],
  ['days', 5],
  ['days', 30],
  ['before', 1],
  ['before', 5],
  ['recentDays', 1],
  ['baselineDays', 1],
  ['ofDays', 1],
  ['expectedDays', 1],
  ['prior', 1],
  ['shape', 1],
  ['min', 1],
];

/** The next value up or down. */
function nudged(value: Value, by: number, unit: Unit): Value {
  if (typeof value === 'number') return value + by * STEP[unit];
  const minor = moneyMinor(value) + by;
  return minor < 0 ? value : `${Math.floor(minor / 100)}.${String(minor % 100).padStart(2, '0')}`;
}

function otherWindows(window: string): string[] {
  if (window === 'bank-day') return ['24h'];
  if (window === 'bank-month') return ['30d'];
  if (window.endsWith('bd')) {
    const n = Number(window.slice(0, -2));
    return [`${n + 1}bd`, ...(n > 1 ? [`${n - 1}bd`] : [])];
  }
  const minutes = durationMs(window) / MINUTE_MS;
  return [`${minutes + 1}m`, `${minutes - 1}m`];
}

/** Features that decide on hits, without those that are only told. */
function deciding(rule: Rule): string[] {
  const found = new Set<string>();
  const visit = (name: string): void => {
    found.add(name);
    const feature = rule.features[name];
    if (feature !== undefined) for (const [, operand] of operandsOf(feature)) visit(operand);
  };
  for (const name of [rule.observed, ...rule.gates.map((g) => g.feature)]) visit(name);
  return [...found];
}

function* filterChanges(at: string, filter: Filter, of: (rule: Rule) => Filter) {
  const change = (what: string, by: (filter: Filter) => void): Changed => ({
    what: `${at}: ${what}`,
    by: (rule) => by(of(rule)),
  });
  for (const list of ['all', 'none'] as const) {
    for (const name of filter[list]) {
      const without = change(`without ${list} ${name}`, (f) => {
        f[list] = f[list].filter((other) => other !== name);
      });
      yield { ...without, leftOut: { name, of: list, filter } };
    }
  }
  const turned = { debit: 'credit', credit: 'debit' } as const;
  yield change('the other direction', (f) => {
    f.all = f.all.map((n) => (n === 'debit' || n === 'credit' ? turned[n] : n));
  });
  for (const edge of ['min', 'below', 'max'] as const) {
    for (const by of [1, -1] as const) {
      const moved = change(`${edge} ${by > 0 ? 'up' : 'down'}`, ({ amount }) => {
        if (amount?.[edge] !== undefined) amount[edge] = String(nudged(amount[edge], by, 'money'));
      });
      yield { ...moved, isLine: at === 'on' && edge === 'min' };
    }
  }
  for (const list of ['channels', 'types'] as const) {
    for (const name of filter[list] ?? []) {
      yield change(`without ${list} ${name}`, (f) => {
        (f[list] as string[]) = (f[list] ?? []).filter((other) => other !== name);
      });
    }
    yield change(`any ${list}`, (f) => {
      delete f[list];
    });
  }
}

/** What else the feature could be a slip of the pen for. */
function otherFeatures(feature: Feature): [string, object][] {
  switch (feature.kind) {
    case 'distinct-counterparties':
      return [['count', { kind: 'count' }]];
    case 'count':
      return [['distinct', { kind: 'distinct-counterparties' }]];
    case 'sum':
      return [['largest', { kind: 'max' }]];
    case 'new-counterparties':
      return [['the other direction', { direction: feature.direction === 'in' ? 'out' : 'in' }]];
    case 'surprise':
      return [['the other tail', { tail: feature.tail === 'high' ? 'low' : 'high' }]];
    case 'mean-payment':
      return [['days', { days: feature.days === 90 ? 180 : 90 }]];
    case 'share-of-line':
      return [
        ['line up', { line: nudged(feature.line, 1, 'money') }],
        ['line down', { line: nudged(feature.line, -1, 'money') }],
        ['without currency', { currency: undefined }],
      ];
    default:
      return [];
  }
}

function* featureChanges(name: string, feature: Feature): Generator<Changed> {
  const change = (what: string, to: object): Changed => ({
    what: `${name}: ${what}`,
    by: (rule) => {
      rule.features[name] = { ...rule.features[name], ...to } as Feature;
    },
  });
  if ('window' in feature) {
    for (const window of otherWindows(feature.window)) {
      yield change(`window ${feature.window} is ${window}`, { window });
    }
  }
  const numbers = feature as unknown as Record<string, number>;
  for (const [field, step] of NUMBERS) {
    if (typeof numbers[field] !== 'number') continue;
    yield change(`${field} up`, { [field]: numbers[field] + step });
    yield change(`${field} down`, { [field]: numbers[field] - step });
  }
  for (const [what, to] of otherFeatures(feature)) {
    yield { ...change(what, to), ...(what === 'distinct' ? { distinct: name } : {}) };
  }
  const same = 'same' in feature ? feature.same : undefined;
  for (const each of same ?? []) {
    const rest = (same ?? []).filter((other) => other !== each);
    yield change(`without same ${each}`, { same: rest.length === 0 ? undefined : rest });
  }
  if ('of' in feature && typeof feature.of === 'object') {
    const { of } = feature;
    yield* filterChanges(`${name} of`, of, (r) => (r.features[name] as { of: Filter }).of);
  }
}

function* gateChanges(rule: Rule, unitOf: (feature: string) => Unit): Generator<Changed> {
  for (const [i, gate] of rule.gates.entries()) {
    const at = `gate ${gate.feature} ${gate.op} ${gate.value}`;
    const unit = unitOf(gate.feature);
    const set = (what: string, to: object): Changed => ({
      what: `${at}: ${what}`,
      by: (r) => Object.assign(r.gates[i] as object, to),
      isLine: gate.op === 'atLeast' || gate.op === 'above',
    });
    yield set('up', { value: nudged(gate.value, 1, unit) });
    yield set('down', { value: nudged(gate.value, -1, unit) });
    if (gate.op !== 'equals') yield set('strictness', { op: STRICTER[gate.op] });
  }
}

function* bandChanges(rule: Rule, unit: Unit): Generator<Changed> {
  for (const [i, band] of rule.bands.entries()) {
    const { from, above } = band;
    const edge = from ?? above ?? 0;
    const [key, other] = from === undefined ? ['above', 'from'] : ['from', 'above'];
    const set = (what: string, to: object): Changed => ({
      what: `band ${band.outcome} ${key} ${edge}: ${what}`,
      by: (r) => {
        r.bands[i] = { ...band, from: undefined, above: undefined, ...to } as typeof band;
      },
      isLine: i === 0,
    });
    yield set('up', { [key]: nudged(edge, 1, unit) });
    yield set('down', { [key]: nudged(edge, -1, unit) });
    yield set('strictness', { [other]: edge });
  }
}

function* scopeChanges({ scope, cooldown }: Rule): Generator<Changed> {
  for (const list of ['kinds', 'watch', 'lists'] as const) {
    if (scope[list].length === 0) continue;
    const set = (what: string, to: readonly string[]): Changed => ({
      what: `scope: ${what}`,
      by: (r) => {
        (r.scope[list] as readonly string[]) = to;
      },
    });
    yield set(`any ${list}`, []);
    for (const name of scope[list]) {
      const rest = scope[list].filter((other) => other !== name);
      if (rest.length > 0) yield set(`without ${name}`, rest);
    }
  }
  if (cooldown === undefined) return;
  const others = cooldown === 'bank-day' ? ['24h'] : otherWindows(cooldown);
  for (const to of [undefined, ...others]) {
    yield {
      what: to === undefined ? 'no cooldown' : `cooldown ${cooldown} is ${to}`,
      by: (r) => {
        r.cooldown = to;
      },
    };
  }
}

function* changes(rule: Rule): Generator<Changed> {
  const unitOf = (name: string): Unit => {
    return featureUnit((rule.features[name] as Feature).kind);
  };
  yield* gateChanges(rule, unitOf);
  yield* bandChanges(rule, unitOf(rule.observed));
  for (const name of deciding(rule)) {
    const feature = rule.features[name];
    if (feature !== undefined) yield* featureChanges(name, feature);
  }
  if (rule.on !== 'day-close') yield* filterChanges('on', rule.on, (r) => r.on as Filter);
  yield* scopeChanges(rule);
}

/** All of them that differ from the rule and that the schema takes. */
export function ruleMutants(rule: Rule): RuleMutant[] {
  const known = new Set([JSON.stringify(rule)]);
  const found: RuleMutant[] = [];
  for (const { by, ...told } of changes(rule)) {
    const copy = structuredClone(rule);
    by(copy);
    const text = JSON.stringify(copy);
    if (known.has(text) || !ruleSchema.safeParse(copy).success) continue;
    known.add(text);
    found.push({ ...told, rule: copy });
  }
  return found;
}

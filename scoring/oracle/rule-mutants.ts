/**
 * Wrong versions of a rule: each line, window, filter and cooldown moved by the least that can be
 * written, each strictness and direction turned. Only what a hit can show: facts are left out.
 */
import type { Rule } from '../../schemas/catalogue.js';
import type { ClassName } from '../../schemas/classes.js';
import type { Feature, Filter } from '../../schemas/features.js';
import { operandsOf } from '../catalogue/operands.js';
import { durationMs, moneyMinor } from './legs.js';

export interface RuleMutant {
  /** In words: what was changed. */
  what: string;
  rule: Rule;
}

type Change = (rule: Rule) => void;
type Value = string | number;

const MINUTE_MS = 60_000;
const STRICTER = { atLeast: 'above', above: 'atLeast', atMost: 'below', below: 'atMost' } as const;
const TURNED: Partial<Record<ClassName, ClassName>> = { debit: 'credit', credit: 'debit' };

/** The next value up or down: a minor unit, one for whole numbers, else a hundredth. */
function nudged(value: Value, by: 1 | -1): Value {
  if (typeof value === 'string') {
    const minor = moneyMinor(value) + by;
    if (minor < 0) return value;
    return `${Math.floor(minor / 100)}.${String(minor % 100).padStart(2, '0')}`;
  }
  return value + by * (Number.isInteger(value) && value < 100 ? 1 : 0.01);
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

function* filterChanges(at: string, of: (rule: Rule) => Filter): Generator<[string, Change]> {
  const change = (what: string, by: (filter: Filter) => void): [string, Change] => [
    `${at}: ${what}`,
    (rule) => by(of(rule)),
  ];
  for (const name of ['debit', 'credit'] as const) {
    yield change(`${name} turned`, (f) => {
      f.all = f.all.map((n) => (n === name ? (TURNED[n] ?? n) : n));
    });
  }
  for (const edge of ['min', 'below', 'max'] as const) {
    for (const by of [1, -1] as const) {
      yield change(`${edge} ${by > 0 ? 'up' : 'down'}`, ({ amount }) => {
        if (amount?.[edge] !== undefined) amount[edge] = String(nudged(amount[edge], by));
      });
    }
  }
}

function* featureChanges(name: string, feature: Feature): Generator<[string, Change]> {
  const change = (what: string, to: object): [string, Change] => [
    `${name}: ${what}`,
    (rule) => {
      rule.features[name] = { ...rule.features[name], ...to } as Feature;
    },
  ];
  if ('window' in feature) {
    for (const window of otherWindows(feature.window)) {
      yield change(`window ${feature.window} is ${window}`, { window });
    }
  }
  if (feature.kind === 'distinct-counterparties') yield change('count', { kind: 'count' });
  if (feature.kind === 'count') yield change('distinct', { kind: 'distinct-counterparties' });
  if (feature.kind === 'sum') yield change('largest', { kind: 'max' });
  if (feature.kind === 'new-counterparties') {
    const direction = feature.direction === 'in' ? 'out' : 'in';
    yield change('direction', { direction });
  }
  if (feature.kind === 'customer-made') {
    yield change('a day more', { days: feature.days + 1 });
    yield change('a day less', { days: Math.max(1, feature.days - 1) });
  }
  if ('of' in feature && typeof feature.of === 'object') {
    yield* filterChanges(`${name} of`, (rule) => (rule.features[name] as { of: Filter }).of);
  }
}

function* changes(rule: Rule): Generator<[string, Change]> {
  for (const [i, gate] of rule.gates.entries()) {
    const at = `gate ${gate.feature} ${gate.op} ${gate.value}`;
    const set = (to: object): Change => {
      return (r) => {
        Object.assign(r.gates[i] as object, to);
      };
    };
    yield [`${at}: up`, set({ value: nudged(gate.value, 1) })];
    yield [`${at}: down`, set({ value: nudged(gate.value, -1) })];
    if (gate.op !== 'equals') yield [`${at}: strictness`, set({ op: STRICTER[gate.op] })];
  }
  for (const [i, band] of rule.bands.entries()) {
    const { from, above } = band;
    const edge = from ?? above ?? 0;
    const key = from === undefined ? 'above' : 'from';
    const set = (to: object): Change => {
      return (r) => {
        r.bands[i] = { ...band, from: undefined, above: undefined, ...to } as typeof band;
      };
    };
    yield [`band ${band.outcome}: up`, set({ [key]: nudged(edge, 1) })];
    yield [`band ${band.outcome}: down`, set({ [key]: nudged(edge, -1) })];
    const other = key === 'from' ? 'above' : 'from';
    yield [`band ${band.outcome}: strictness`, set({ [other]: edge })];
  }
  for (const name of deciding(rule)) {
    const feature = rule.features[name];
    if (feature !== undefined) yield* featureChanges(name, feature);
  }
  if (rule.on !== 'day-close') yield* filterChanges('on', (r) => r.on as Filter);
  if (rule.cooldown !== undefined) {
    yield [
      'no cooldown',
      (r) => {
        r.cooldown = undefined;
      },
    ];
  }
}

/** All of them that differ from the rule. */
export function ruleMutants(rule: Rule): RuleMutant[] {
  const found: RuleMutant[] = [];
  for (const [what, change] of changes(rule)) {
    const copy = structuredClone(rule);
    change(copy);
    if (JSON.stringify(copy) !== JSON.stringify(rule)) found.push({ what, rule: copy });
  }
  return found;
}

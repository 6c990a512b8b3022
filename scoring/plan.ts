/**
 * Compiles a catalogue to what a shard runs: distinct windowed aggregates ("groups"), shared by
 * every rule that asks for the same (list, window, filter); a column layout of the subject's row;
 * and per class of leg the groups and rules that can concern it. The trick: rules are cheap
 * because they read numbers that are kept anyway.
 */
import type { Band, Catalogue, Rule } from '../schemas/catalogue.js';
import {
  ClassBit,
  LIST_KINDS,
  PROFILE_LIST_SHIFT,
  PROFILE_WATCH_SHIFT,
  SUBJECT_KINDS,
  WATCH_CLASSES,
} from '../schemas/classes.js';
import type { Feature, Filter } from '../schemas/features.js';
import { ACTIONS, FAMILIES, SEVERITIES, type Unit } from '../schemas/hit.js';
import { operandsOf } from './catalogue/operands.js';
import { featureUnit, parseDurationMs, parseMoney, windowReachMs } from './catalogue/units.js';
import { LEGS_MAX } from './lists.js';
import { type CompiledScore, compileScore } from './outcomes.js';
import { type CompiledTypology, compileTypologies, placeOutcomes } from './typologies.js';

export const RECENT = 0;
export const NOTABLE = 1;
const RECENT_WINDOW_MAX_MS = 48 * 3_600_000;
const RECENT_RETENTION_MIN_MS = 48 * 3_600_000;
const NOTABLE_RETENTION_MIN_MS = 35 * 86_400_000;
/** A leg this late (the watermark may lag behind) still finds all legs of its windows. */
const LATE_MIN_MS = 86_400_000;

/** Kind of a window: sliding by `ms`, or from the start of the bank day or month. */
export type WindowKind = 'sliding' | 'bank-day' | 'bank-month';

export interface Window {
  index: number;
  list: number;
  kind: WindowKind;
  /** Longest that the window can be. */
  ms: number;
  groups: number[];
}

/** One maintained aggregate: count and sum of the legs of `window` that pass the filter. */
export interface Group {
  index: number;
  window: number;
  list: number;
  all: number;
  none: number;
  /** Base minor units, inclusive and exclusive. */
  min: number;
  below: number;
}

export type OpCode = 0 | 1 | 2 | 3 | 4;
export const OPS = ['atLeast', 'above', 'atMost', 'below', 'equals'] as const;

export interface CompiledFeature {
  name: string;
  unit: Unit;
  spec: Feature;
  /** Group behind a windowed feature, else -1. */
  group: number;
  /** The bank day's group beside the month's of a limit-use feature, else -1. */
  dayGroup: number;
  /** Features that this one is computed from (indices within the rule). */
  inputs: number[];
  cost: number;
}

export interface CompiledGate {
  feature: number;
  op: OpCode;
  threshold: number;
}

export interface CompiledBand {
  band: Band;
  threshold: number;
  strict: boolean;
  severity: number;
  action: number;
}

export interface CompiledRule {
  index: number;
  rule: Rule;
  /** Scored and stored, shown to nobody. */
  shadow: boolean;
  onDayClose: boolean;
  all: number;
  none: number;
  min: number;
  below: number;
  kinds: number;
  watch: number;
  lists: number;
  features: CompiledFeature[];
  gates: CompiledGate[];
  observed: number;
  bands: CompiledBand[];
  /** Absent: a hit has the score of its band. */
  score: CompiledScore | undefined;
  /** First slot of its bands in a subject's block of outcomes; -1 = member of no typology. */
  outcomes: number;
  facts: number[];
  normals: Map<number, number>;
  /** Index of the cooldown column or -1. */
  cooldown: number;
  cooldownMs: number;
  /** Feature whose legs are the evidence, or -1. */
  evidence: number;
  family: number;
}

/** What concerns legs of one exact set of class bits. */
export interface ClassPlan {
  groups: Group[];
  rules: CompiledRule[];
  /** Bit per list (1 recent, 2 notable) that some rule of `rules` reads. */
  listsRead: number;
}

export interface Plan {
  catalogueVersion: string;
  catalogueSha256: string;
  windows: Window[];
  windowsOfList: [Window[], Window[]];
  groups: Group[];
  rules: CompiledRule[];
  dayCloseRules: CompiledRule[];
  typologies: CompiledTypology[];
  /** Words of a subject's block of outcomes. */
  outcomeSlots: number;
  cooldowns: number;
  retentionMs: [number, number];
  /** Most legs that a subject's recent and notable list hold. */
  legsMax: readonly [number, number];
  classPlan(classBits: number): ClassPlan;
}

/**
 * Compiles the rules that are active or in shadow; throws only on what the loader should have
 * refused.
 */
export function compilePlan(
  catalogue: Catalogue,
  latenessMs: number,
  legsMax: readonly [number, number] = LEGS_MAX,
): Plan {
  const windows: Window[] = [];
  const groups: Group[] = [];
  const rules = catalogue.rules
    .filter((r) => r.state === 'active' || r.state === 'shadow')
    .map((rule, index) => compileRule(rule, index, windows, groups));
  const typologies = compileTypologies(catalogue, rules, cooldownMsOf);
  let cooldowns = 0;
  for (const r of [...rules, ...typologies]) if (r.cooldownMs > 0) r.cooldown = cooldowns++;
  const longest = (list: number) =>
    Math.max(0, ...windows.filter((w) => w.list === list).map((w) => w.ms));
  const lateMs = Math.max(latenessMs, LATE_MIN_MS);
  const cache = new Map<number, ClassPlan>();
  const legRules = rules.filter((r) => !r.onDayClose);
  return {
    catalogueVersion: catalogue.sha256.slice(0, 12),
    catalogueSha256: catalogue.sha256,
    windows,
    windowsOfList: [
      windows.filter((w) => w.list === RECENT),
      windows.filter((w) => w.list === NOTABLE),
    ],
    groups,
    rules,
    dayCloseRules: rules.filter((r) => r.onDayClose),
    typologies,
    outcomeSlots: placeOutcomes(typologies, rules),
    cooldowns,
    legsMax,
    retentionMs: [
      Math.max(RECENT_RETENTION_MIN_MS, longest(RECENT) + lateMs),
      Math.max(NOTABLE_RETENTION_MIN_MS, longest(NOTABLE) + lateMs),
    ],
    classPlan(bits) {
      let plan = cache.get(bits);
      if (plan === undefined) {
        plan = planOfClass(bits, groups, legRules);
        cache.set(bits, plan);
      }
      return plan;
    },
  };
}

function planOfClass(bits: number, groups: Group[], rules: CompiledRule[]): ClassPlan {
  const matching = rules.filter((r) => (bits & r.all) === r.all && (bits & r.none) === 0);
  let listsRead = 0;
  for (const r of matching) {
    for (const f of r.features) {
      if (f.group >= 0) listsRead |= 1 << groups[f.group].list;
      if (f.dayGroup >= 0) listsRead |= 1 << groups[f.dayGroup].list;
    }
  }
  return {
    groups: groups.filter((g) => (bits & g.all) === g.all && (bits & g.none) === 0),
    rules: matching,
    listsRead,
  };
}

function compileRule(rule: Rule, index: number, windows: Window[], groups: Group[]): CompiledRule {
  const onDayClose = rule.on === 'day-close';
  const trigger: Filter = rule.on === 'day-close' ? { all: [], none: [] } : rule.on;
  const names = featureOrder(rule);
  const indexOf = (name: string): number => names.indexOf(name);
  const features = names.map((name) =>
    compileFeature(name, rule.features[name], trigger, indexOf, windows, groups),
  );
  const value = (feature: number, t: string | number): number =>
    features[feature].unit === 'money' ? minorOf(String(t)) : Number(t);
  const gates = rule.gates.map((g) => ({
    feature: indexOf(g.feature),
    op: OPS.indexOf(g.op) as OpCode,
    threshold: value(indexOf(g.feature), g.value),
  }));
  gates.sort((a, b) => features[a.feature].cost - features[b.feature].cost);
  const observed = indexOf(rule.observed);
  return {
    index,
    rule,
    shadow: rule.state === 'shadow',
    onDayClose,
    ...bitsOf(trigger),
    kinds: maskOf(rule.scope.kinds, SUBJECT_KINDS, 0),
    watch: maskOf(rule.scope.watch, WATCH_CLASSES, PROFILE_WATCH_SHIFT),
    lists: maskOf(rule.scope.lists, LIST_KINDS, PROFILE_LIST_SHIFT),
    features,
    gates,
    observed,
    bands: rule.bands.map((band) => ({
      band,
      threshold: value(observed, band.from ?? band.above ?? 0),
      strict: band.above !== undefined,
      severity: SEVERITIES.indexOf(band.severity),
      action: ACTIONS.indexOf(band.action ?? rule.action),
    })),
    score: compileScore(rule, features),
    outcomes: -1,
    facts: rule.facts.map(indexOf),
    normals: new Map(Object.entries(rule.normals).map(([k, v]) => [indexOf(k), indexOf(v)])),
    cooldown: -1,
    cooldownMs: cooldownMsOf(rule.cooldown),
    evidence: evidenceFeature(observed, gates, features),
    family: FAMILIES.indexOf(rule.family),
  };
}

function cooldownMsOf(text: string | undefined): number {
  return text === undefined ? 0 : parseDurationMs(text);
}

/** The windowed feature that the observed value rests on, else the first gate's, else none. */
function evidenceFeature(
  observed: number,
  gates: CompiledGate[],
  features: CompiledFeature[],
): number {
  const find = (i: number): number => {
    if (features[i].group >= 0 || features[i].spec.kind === 'limit-use') return i;
    for (const input of features[i].inputs) {
      const found = find(input);
      if (found >= 0) return found;
    }
    return -1;
  };
  for (const i of [observed, ...gates.map((g) => g.feature)]) {
    const found = find(i);
    if (found >= 0) return found;
  }
  return -1;
}

/** Names in an order in which every feature stands behind those that it is computed from. */
function featureOrder(rule: Rule): string[] {
  const done: string[] = [];
  const visit = (name: string, depth: number): void => {
    if (done.includes(name)) return;
    if (depth > 20) throw new Error(`rule ${rule.id}: feature ${name} is computed from itself`);
    for (const [, input] of operandsOf(rule.features[name])) visit(input, depth + 1);
    done.push(name);
  };
  for (const name of Object.keys(rule.features)) visit(name, 0);
  return done;
}

const COST: Record<Feature['kind'], number> = {
  amount: 0,
  'account-age': 1,
  silence: 1,
  count: 2,
  sum: 2,
  'new-counterparty': 3,
  'balance-before': 3,
  'balance-after': 3,
  'balance-total': 3,
  'share-of-line': 3,
  'money-difference': 3,
  'count-difference': 3,
  'balance-before-outflow': 4,
  percent: 4,
  ratio: 4,
  'rate-ratio': 4,
  'larger-of': 4,
  'largest-payment': 5,
  'mean-payment': 5,
  'mean-daily-outflow': 6,
  'customer-made': 6,
  'new-counterparties': 6,
  'mean-balance': 6,
  drop: 7,
  'limit-use': 7,
  'limit-excess': 7,
  max: 8,
  min: 8,
  mean: 8,
  'since-previous': 8,
  'distinct-counterparties': 9,
  'distinct-countries': 9,
  deviation: 10,
  'z-score': 10,
  'largest-share': 10,
  benford: 10,
  surprise: 11,
};

function compileFeature(
  name: string,
  spec: Feature,
  trigger: Filter,
  indexOf: (name: string) => number,
  windows: Window[],
  groups: Group[],
): CompiledFeature {
  let group = -1;
  let dayGroup = -1;
  if (
    spec.kind === 'count' ||
    spec.kind === 'sum' ||
    spec.kind === 'max' ||
    spec.kind === 'distinct-counterparties'
  ) {
    group = findGroup(spec.window, spec.of ?? trigger, windows, groups).index;
  } else if (spec.kind === 'limit-use' || spec.kind === 'limit-excess') {
    dayGroup = findGroup('bank-day', spec.of ?? trigger, windows, groups).index;
    group = findGroup('bank-month', spec.of ?? trigger, windows, groups).index;
  }
  return {
    name,
    spec,
    group,
    dayGroup,
    inputs: operandsOf(spec).map(([, input]) => indexOf(input)),
    cost: COST[spec.kind],
    unit: featureUnit(spec.kind),
  };
}

function findGroup(spec: string, filter: Filter, windows: Window[], groups: Group[]): Group {
  const kind: WindowKind = spec === 'bank-day' || spec === 'bank-month' ? spec : 'sliding';
  const ms = windowReachMs(spec);
  const list = ms <= RECENT_WINDOW_MAX_MS ? RECENT : NOTABLE;
  let window = windows.find((w) => w.kind === kind && w.ms === ms);
  if (window === undefined) {
    window = { index: windows.length, list, kind, ms, groups: [] };
    windows.push(window);
  }
  const bits = bitsOf(filter);
  const found = groups.find(
    (g) =>
      g.window === window.index &&
      g.all === bits.all &&
      g.none === bits.none &&
      g.min === bits.min &&
      g.below === bits.below,
  );
  if (found !== undefined) return found;
  const group = { index: groups.length, window: window.index, list, ...bits };
  groups.push(group);
  window.groups.push(group.index);
  return group;
}

function bitsOf(f: Filter): { all: number; none: number; min: number; below: number } {
  const mask = (names: readonly (keyof typeof ClassBit)[]): number =>
    names.reduce((bits, n) => bits | ClassBit[n], 0);
  const amount = f.amount ?? {};
  let below = Number.POSITIVE_INFINITY;
  if (amount.below !== undefined) below = minorOf(amount.below);
  if (amount.max !== undefined) below = Math.min(below, minorOf(amount.max) + 1);
  return {
    all: mask(f.all),
    none: mask(f.none),
    min: amount.min === undefined ? 0 : minorOf(amount.min),
    below,
  };
}

function maskOf(names: readonly string[], all: readonly string[], shift: number): number {
  return names.reduce((bits, n) => bits | (1 << (shift + all.indexOf(n))), 0);
}

/** The loader has refused whatever is not money. */
function minorOf(text: string): number {
  const minor = parseMoney(text);
  if (minor === null) throw new Error(`not an amount: ${text}`);
  return minor;
}

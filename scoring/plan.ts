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
import { parseDurationMs } from './catalogue/units.js';
import { COOLDOWN_BANDS_MAX } from './cooldowns.js';
import { DISTINCT_MAX } from './distinct.js';
import {
  generateListsOf,
  generateMoveGroups,
  type ListsOf,
  type MoveGroups,
} from './generated-groups.js';
import { type Candidates, generateCandidates } from './generated-rules.js';
import { LEGS_MAX, NOTABLE, RECENT } from './lists.js';
import { type CompiledScore, compileScore } from './outcomes.js';
import { bitsOf, compileFeature, maskOf, minorOf } from './plan-features.js';
import type { Same } from './scan.js';
import { type CompiledTypology, compileTypologies, placeOutcomes } from './typologies.js';

export { NOTABLE, RECENT };

const RECENT_RETENTION_MIN_MS = 48 * 3_600_000;
const NOTABLE_RETENTION_MIN_MS = 35 * 86_400_000;
/** A leg this late (the watermark may lag behind) still finds all legs of its windows. */
const LATE_MIN_MS = 86_400_000;

/** Kind of a window: sliding by `ms`, or from the start of a bank day or month. */
export type WindowKind = 'sliding' | 'bank-day' | 'bank-month' | 'business-days';

export interface Window {
  index: number;
  list: number;
  kind: WindowKind;
  /** Longest that the window can be. */
  ms: number;
  /** How many business days, 0 for other kinds. */
  days: number;
  groups: number[];
}

/** Which legs: the compiled filter. */
export interface LegFilter {
  all: number;
  none: number;
  /** Base minor units, inclusive and exclusive. */
  min: number;
  below: number;
  /** One bit each, by the places in CHANNELS and TRANSACTION_TYPES; -1 = any. */
  channels: number;
  types: number;
}

/** The legs of `window` that pass the filter. */
export interface Group extends LegFilter {
  index: number;
  window: number;
  list: number;
  /** Place among the groups whose count and sum are kept in the row; -1 = only ever scanned. */
  column: number;
  /** Place among the groups whose counterparties may be kept (distinct.ts); -1 = not asked for. */
  distinct: number;
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
  /** Of a windowed feature: what its legs share with the leg that is evaluated. */
  same: Same | undefined;
  /** Of share-of-line: minor units of its currency, base minor units without one. */
  line: number;
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

export interface CompiledRule extends LegFilter {
  index: number;
  rule: Rule;
  /** Scored and stored, shown to nobody. */
  shadow: boolean;
  onDayClose: boolean;
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
  /** Which of `groups` a leg of this class moves, and which lists keep it. */
  moveGroups: MoveGroups;
  /** Columns that scoring such a leg moves or reads. */
  columns: number[];
  /** Which of `rules` are worth evaluating for a leg in order. */
  candidates: Candidates;
  listsOf: ListsOf;
  /** The counterparty's name is kept, or some rule compares it. */
  namesRead: boolean;
}

export interface Plan {
  catalogueVersion: string;
  catalogueSha256: string;
  windows: Window[];
  windowsOfList: [Window[], Window[]];
  groups: Group[];
  /** Groups that have a column. */
  columns: number;
  rules: CompiledRule[];
  dayCloseRules: CompiledRule[];
  typologies: CompiledTypology[];
  /** Words of a subject's block of outcomes. */
  outcomeSlots: number;
  cooldowns: number;
  /** Some rule asks what two parties are to one another: pairs are kept. */
  readsPairs: boolean;
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
  // What a debit moves lies together, then what both sides move, then what a credit moves: a leg
  // touches the fewest lines of the row.
  const kept = groups.filter((g) => g.column >= 0).sort((a, b) => sideOf(a) - sideOf(b));
  kept.forEach((g, column) => {
    g.column = column;
  });
  const columns = kept.length;
  placeDistinct(rules, groups);
  const typologies = compileTypologies(catalogue, rules, cooldownMsOf);
  let cooldowns = 0;
  for (const r of [...rules, ...typologies]) {
    if (r.bands.length > COOLDOWN_BANDS_MAX) throw new Error(`${r.rule.id}: too many bands`);
    if (r.cooldownMs !== 0) r.cooldown = cooldowns++;
  }
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
    columns,
    rules,
    dayCloseRules: rules.filter((r) => r.onDayClose),
    typologies,
    outcomeSlots: placeOutcomes(typologies, rules),
    cooldowns,
    readsPairs: rules.some((rule) => readsPairs(rule, groups)),
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

const PAIR_BITS = ClassBit.firstPayment | ClassBit.trustedPair;

/** Whether a rule asks what two parties are to one another. */
export function readsPairs(rule: CompiledRule, groups: readonly Group[]): boolean {
  const asks = ({ all, none }: LegFilter): boolean => ((all | none) & PAIR_BITS) !== 0;
  return (
    asks(rule) ||
    rule.features.some(
      ({ spec, group }) =>
        spec.kind === 'new-counterparty' ||
        spec.kind === 'new-counterparties' ||
        (group >= 0 && asks(groups[group])),
    )
  );
}

function sideOf(f: LegFilter): number {
  if ((f.all & ClassBit.debit) !== 0) return 0;
  return (f.all & ClassBit.credit) !== 0 ? 2 : 1;
}

/** Gives the groups whose distinct counterparties a rule asks for their places. */
function placeDistinct(rules: readonly CompiledRule[], groups: readonly Group[]): void {
  let place = 0;
  for (const { spec, same, group } of rules.flatMap((r) => r.features)) {
    if (spec.kind !== 'distinct-counterparties' || same !== undefined) continue;
    if (groups[group].distinct < 0 && place < DISTINCT_MAX) groups[group].distinct = place++;
  }
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
  const read = matching.flatMap((r) =>
    r.features.flatMap((f) => groups.filter((g) => g.index === f.group || g.index === f.dayGroup)),
  );
  const kept = groups.filter((g) => (bits & g.all) === g.all && (bits & g.none) === 0);
  const compares = (f: CompiledFeature): boolean => f.same?.counterparty === true;
  return {
    groups: kept,
    columns: [...new Set([...kept, ...read])].map((g) => g.column).filter((c) => c >= 0),
    moveGroups: generateMoveGroups(kept),
    listsOf: generateListsOf(kept),
    candidates: generateCandidates(matching, groups),
    rules: matching,
    listsRead,
    namesRead: kept.length > 0 || matching.some((r) => r.features.some(compares)),
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

/** As a cooldown's length: until the bank day of the last hit is over. */
export const UNTIL_DAY_ENDS = -1;

/** Milliseconds, 0 = none, or UNTIL_DAY_ENDS. */
function cooldownMsOf(text: string | undefined): number {
  if (text === 'bank-day') return UNTIL_DAY_ENDS;
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

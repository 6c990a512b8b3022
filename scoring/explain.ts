/**
 * What every rule and typology of the plan says at a moment, also where it says nothing: how far it
 * came, by which number, and what would have been needed. Asked of the very evaluator that scores,
 * before it does; asking changes no state.
 */
import type { Rule, Typology } from '../schemas/catalogue.js';
import {
  ClassBit,
  type ClassName,
  LIST_KINDS,
  PROFILE_LIST_SHIFT,
  PROFILE_WATCH_SHIFT,
  SUBJECT_KINDS,
  WATCH_CLASSES,
} from '../schemas/classes.js';
import type {
  Explained,
  ExplainedBand,
  ExplainedGate,
  ExplainedValue,
  Missing,
  Unmet,
} from '../schemas/explanation.js';
import type { Feature } from '../schemas/features.js';
import type { GateEvidence } from '../schemas/hit.js';
import { thresholdNumber } from './catalogue/units.js';
import { lastHit } from './cooldowns.js';
import type { Moment } from './evaluate.js';
import { scoreAt } from './outcomes.js';
import type { CompiledBand, CompiledRule } from './plan.js';
import type { Shard } from './shard.js';
import { type Reached, weigh } from './typologies.js';
import type { Judged } from './verdicts.js';
import { matches } from './windows.js';

/** Every rule and typology that is scored, in the order of the catalogue. */
export function explainMoment(shard: Shard, m: Readonly<Moment>): Explained[] {
  const { plan } = shard.context;
  const reached: Reached[] = [];
  const rules = plan.rules.map((rule) => explainRule(shard, rule, m, reached));
  const typologies = plan.typologies.map((typology) => {
    const { score, parts, cause } = weigh(shard.region, m.row, typology, reached, m.atMs);
    const explained: Explained = {
      ...headOf(typology, 'typology'),
      verdict: 'no-trigger',
      observed: { feature: 'score', unit: 'number', value: score },
      parts,
      ...edges(typology.bands, score),
    };
    const warming = Math.max(
      0,
      ...typology.members.map((each) => shard.verdicts.warmingUntil(each.rule)),
    );
    noteWarming(explained, warming, m);
    if (cause === undefined) return explained;
    const band = placeOf(typology.bands, score);
    return { ...explained, ...conclude(shard, typology, band, m) };
  });
  return [...rules, ...typologies];
}

function headOf(
  { rule, shadow }: { rule: Rule | Typology; shadow: boolean },
  kind: Explained['kind'],
): Pick<Explained, 'id' | 'kind' | 'version' | 'shadow'> {
  return { id: rule.id, kind, version: rule.version, shadow };
}

function explainRule(
  shard: Shard,
  rule: CompiledRule,
  m: Readonly<Moment>,
  reached: Reached[],
): Explained {
  const head = headOf(rule, 'rule');
  if (!inScope(rule, m.profile)) {
    const { kinds, watch, lists } = rule.rule.scope;
    return { ...head, verdict: 'out-of-scope', scope: { kinds, watch, lists } };
  }
  const unmet = unmetBy(rule, m);
  if (unmet !== undefined) return { ...head, verdict: 'no-trigger', unmet };
  const { region, context } = shard;
  const { evaluator } = context;
  const reachedBand = evaluator.evaluate(region, rule, m);
  const explain = (name: string): ExplainedValue => {
    const i = rule.features.findIndex((f) => f.name === name);
    const value = evaluator.value(region, rule, i, m);
    const { unit } = rule.features[i];
    if (!Number.isNaN(value)) return { feature: name, unit, value };
    const missing = whyMissing(rule, name, (n) => explain(n).value, m);
    return { feature: name, unit, value: null, missing };
  };
  const gates = rule.rule.gates.map((gate): ExplainedGate => {
    const found = explain(gate.feature);
    const threshold = thresholdNumber(found.unit, gate.value) ?? Number.NaN;
    return { ...found, op: gate.op, threshold, held: holds(found.value, gate.op, threshold) };
  });
  const observed = explain(rule.rule.observed);
  const explained: Explained = {
    ...head,
    verdict: 'below-bands',
    gates,
    observed,
    ...edges(rule.bands, observed.value),
  };
  noteWarming(explained, shard.verdicts.warmingUntil(rule), m);
  if (reachedBand >= 0) {
    reached.push({ rule, band: reachedBand });
    const by =
      rule.rule.score === undefined ? undefined : explain(rule.rule.score.by ?? rule.rule.observed);
    const value =
      rule.score === undefined || by?.value == null
        ? rule.bands[reachedBand].band.score
        : scoreAt(rule.score, by.value);
    explained.score = { value, ...(by !== undefined && { by }) };
    return { ...explained, ...conclude(shard, rule, reachedBand, m) };
  }
  if (gates.some((g) => !g.held)) {
    const lacks = gates.every((g) => g.held || g.value === null);
    explained.verdict = lacks ? 'not-available' : 'gate';
  } else if (observed.value === null) explained.verdict = 'not-available';
  return explained;
}

/** A hit, or one that a cooldown keeps silent. */
function conclude(
  shard: Shard,
  judged: Judged,
  band: number,
  m: Readonly<Moment>,
): Pick<Explained, 'verdict' | 'silencedSinceMs'> {
  if (band < 0) return { verdict: 'below-bands' };
  const { region, context } = shard;
  return context.evaluator.isQuiet(region, judged, band, m)
    ? { verdict: 'silenced', silencedSinceMs: lastHit.ms }
    : { verdict: 'hit' };
}

function noteWarming(explained: Explained, untilMs: number, m: Readonly<Moment>): void {
  if (m.atMs < untilMs) explained.warmingUntilMs = untilMs;
}

const reaches = (band: CompiledBand, value: number): boolean =>
  band.strict ? value > band.threshold : value >= band.threshold;

function placeOf(bands: readonly CompiledBand[], value: number): number {
  let b = bands.length - 1;
  while (b >= 0 && !reaches(bands[b], value)) b--;
  return b;
}

function edges(
  bands: readonly CompiledBand[],
  value: number | null,
): Pick<Explained, 'band' | 'next'> {
  const place = value === null ? -1 : placeOf(bands, value);
  const shown = ({ band, threshold, strict }: CompiledBand): ExplainedBand => ({
    outcome: band.outcome,
    threshold,
    strict,
  });
  const next = bands[place + 1];
  return {
    ...(place >= 0 && { band: shown(bands[place]) }),
    ...(next !== undefined &&
      value !== null && { next: { ...shown(next), missing: next.threshold - value } }),
  };
}

function inScope(rule: CompiledRule, profile: number): boolean {
  const { kinds, watch, lists } = rule.rule.scope;
  const kind = SUBJECT_KINDS[profile & 15] ?? 'unknown';
  const has = (bit: number): boolean => (profile & (1 << bit)) !== 0;
  return (
    (kinds.length === 0 || kinds.includes(kind)) &&
    (watch.length === 0 ||
      watch.some((w) => has(PROFILE_WATCH_SHIFT + WATCH_CLASSES.indexOf(w)))) &&
    (lists.length === 0 || lists.some((l) => has(PROFILE_LIST_SHIFT + LIST_KINDS.indexOf(l))))
  );
}

/** Undefined when the moment triggers the rule. */
function unmetBy(rule: CompiledRule, m: Readonly<Moment>): Unmet | undefined {
  if (rule.onDayClose !== m.isTimer) return { missing: [], excluded: [], moment: true };
  if (rule.onDayClose || matches(rule, m.classBits, m.amount, m.packed)) return undefined;
  const names = Object.keys(ClassBit) as ClassName[];
  const unmet: Unmet = {
    missing: names.filter((n) => rule.all & ClassBit[n] & ~m.classBits),
    excluded: names.filter((n) => rule.none & ClassBit[n] & m.classBits),
  };
  if (m.amount < rule.min) unmet.amount = 'too-small';
  else if (m.amount >= rule.below) unmet.amount = 'too-large';
  else if (unmet.missing.length + unmet.excluded.length === 0) unmet.other = true;
  return unmet;
}

function holds(value: number | null, op: GateEvidence['op'], threshold: number): boolean {
  if (value === null) return false;
  switch (op) {
    case 'atLeast':
      return value >= threshold;
    case 'above':
      return value > threshold;
    case 'atMost':
      return value <= threshold;
    case 'below':
      return value < threshold;
    case 'equals':
      return value === threshold;
  }
}

/** Of a feature without a value; what it is made of is asked first. */
function whyMissing(
  rule: CompiledRule,
  name: string,
  read: (name: string) => number | null,
  m: Readonly<Moment>,
): Missing {
  const feature = rule.features.find((f) => f.name === name) as CompiledRule['features'][number];
  for (const input of feature.inputs) {
    const of = rule.features[input].name;
    if (read(of) === null) return whyMissing(rule, of, read, m);
  }
  const kind: Feature['kind'] = feature.spec.kind;
  switch (kind) {
    case 'balance-before':
    case 'balance-after':
    case 'balance-before-outflow':
    case 'balance-total':
    case 'mean-balance':
      return 'no-balance';
    case 'silence':
    case 'since-previous':
    case 'mean-payment':
    case 'largest-payment':
    case 'drop':
    case 'rate-ratio':
      return 'no-history';
    case 'z-score':
    case 'benford':
      return 'too-few-legs';
    case 'limit-use':
      return 'no-limit';
    case 'limit-excess':
      return 'not-exceeded';
    case 'share-of-line':
      return 'no-rate';
    case 'percent':
    case 'ratio':
    case 'larger-of':
    case 'surprise':
      return 'nothing-to-compare';
    default:
      return m.isTimer ? 'no-leg' : 'no-legs';
  }
}

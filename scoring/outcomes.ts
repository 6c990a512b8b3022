/**
 * What follows from a band that was reached: the hit's score by points, and the newest time of each
 * band of each member of a typology, which is all that a typology asks of the past. Few subjects
 * ever reach a band, so the times stand in a block of their own that a row gets with its first.
 */
import type { Rule } from '../schemas/catalogue.js';
import { thresholdNumber } from './catalogue/units.js';
import type { CompiledRule, Plan } from './plan.js';
import { classOfWords, type Region } from './region.js';
import { ROW } from './row.js';
import type { Judged } from './verdicts.js';

/** Points of a rule's score: `scores[i]` at `values[i]` of the feature, straight lines between. */
export interface CompiledScore {
  feature: number;
  values: readonly number[];
  scores: readonly number[];
}

/** `features` are the rule's compiled ones, in their order. */
export function compileScore(
  rule: Rule,
  features: readonly Pick<CompiledRule['features'][number], 'name' | 'unit'>[],
): CompiledScore | undefined {
  if (rule.score === undefined) return undefined;
  const { by = rule.observed, points } = rule.score;
  const feature = features.findIndex((f) => f.name === by);
  const unit = features[feature].unit;
  return {
    feature,
    values: points.map(([value]) => thresholdNumber(unit, value) ?? Number.NaN),
    scores: points.map(([, score]) => score),
  };
}

/** Score at a value, an integer; flat outside the points. */
export function scoreAt({ values, scores }: CompiledScore, value: number): number {
  const last = values.length - 1;
  if (value <= values[0]) return Math.round(scores[0]);
  if (value >= values[last]) return Math.round(scores[last]);
  let i = 1;
  while (value > values[i]) i++;
  const share = (value - values[i - 1]) / (values[i] - values[i - 1]);
  return Math.round(scores[i - 1] + share * (scores[i] - scores[i - 1]));
}

/**
 * What a rule has noted of subjects goes by this name over a change of the catalogue: once it
 * leaves the shadow, what it did there silences nothing and counts for nothing.
 */
export function standingName({ rule, shadow }: Pick<Judged, 'rule' | 'shadow'>): string {
  return shadow ? `shadow ${rule.id}` : rule.id;
}

/** Name of each slot of a subject's block, in their order: snapshots are read by it. */
export function outcomeColumns(plan: Plan): string[] {
  return plan.rules.flatMap((rule) =>
    rule.outcomes < 0 ? [] : rule.bands.map(({ band }) => `${standingName(rule)}:${band.outcome}`),
  );
}

/** The subject has reached this band at this time; only the newest time is kept. */
export function noteOutcome(
  region: Region,
  row: number,
  plan: Plan,
  rule: CompiledRule,
  band: number,
  atMs: number,
): void {
  const block = region.u32[row * 2 + ROW.outcomes] || newBlock(region, row, plan.outcomeSlots);
  const at = block + rule.outcomes + band;
  if (atMs > region.f64[at]) region.f64[at] = atMs;
}

/** Newest time at which the subject reached a slot's band; 0 = never. */
export function outcomeMs(region: Region, row: number, slot: number): number {
  const block = region.u32[row * 2 + ROW.outcomes];
  return block === 0 ? 0 : region.f64[block + slot];
}

function newBlock(region: Region, row: number, slots: number): number {
  const block = region.allocate(classOfWords(slots));
  region.f64.fill(0, block, block + slots);
  region.u32[row * 2 + ROW.outcomes] = block;
  return block;
}

/** Takes a row's times over to another catalogue: of bands that both have, by rule and outcome. */
export function moveOutcomes(
  from: Region,
  row: number,
  columns: readonly string[],
  to: Region,
  moved: number,
  plan: Plan,
): void {
  const old = from.u32[row * 2 + ROW.outcomes];
  if (old === 0) return;
  outcomeColumns(plan).forEach((column, slot) => {
    const was = columns.indexOf(column);
    const atMs = was < 0 ? 0 : from.f64[old + was];
    if (atMs === 0) return;
    const { outcomes } = ROW;
    const block = to.u32[moved * 2 + outcomes] || newBlock(to, moved, plan.outcomeSlots);
    to.f64[block + slot] = atMs;
  });
}

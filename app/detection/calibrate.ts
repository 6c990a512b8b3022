/**
 * Scores by rarity, without labels: score = -25 log10 of the share of customer-months in which such
 * a customer (one in the rule's scope) reaches such a value. 25 = once in ten customer-months,
 * 50 = once in 100, 75 = once in 1,000, 100 = once in 10,000. Shares are the mean over samples, so
 * that a large one does not speak alone.
 */
import type { Catalogue, Rule } from '../../schemas/catalogue.js';
import type { SubjectKind } from '../../schemas/classes.js';
import type { ReplayHit } from '../engine/index.js';
import type { Sample } from './sample.js';

const MONTH_MS = 30 * 86_400_000;
const SCORE_PER_POWER = 25;
/** A value that fewer customer-months reach is not told from chance: the points end there. */
const RANK_MIN = 3;
/** Points stand so far apart in score that a rule has about ten. */
const SCORE_STEP = 4;

const QUIET = new Set(['info', 'low']);

/**
 * Is this rule's score its rarity? Not where the manual or the law says how loud it is: for a watch
 * class or a list, with a recommended decision, or quiet on purpose in its first band (statutory
 * reports, the -30 % line of activity). Those keep the scores of their bands.
 */
export function isCalibrated({ scope, bands }: Rule): boolean {
  const quiet = QUIET.has(bands[0]?.severity ?? '');
  const decides = bands.some((b) => b.decision !== 'none');
  return !quiet && !decides && scope.watch.length === 0 && scope.lists.length === 0;
}

/** The catalogue as rules would hit were nothing held back: no cooldown, no band's score in it. */
export function unheld(catalogue: Catalogue): Catalogue {
  const rules = catalogue.rules.map(({ cooldown: _, score: __, ...rule }) => rule);
  return { ...catalogue, rules, typologies: [] };
}

/** What one sample says of a rule. */
export interface Reached {
  customerMonths: number;
  /** The largest value of each customer-month with a hit, largest first. */
  values: readonly number[];
}

export function reached(
  rule: Rule,
  hits: readonly ReplayHit[],
  sample: Pick<Sample, 'population' | 'reference'>,
  of: (subject: string) => boolean = () => true,
): Reached {
  const { fromMs, toMs, customers } = sample.population;
  const name = rule.score?.by ?? rule.observed;
  const largest = new Map<string, number>();
  for (const hit of hits) {
    if (hit.rule !== rule.id || !of(hit.subject)) continue;
    if (hit.eventTime < fromMs || hit.eventTime >= toMs) continue;
    const value = valueIn(hit, name);
    if (value === undefined) continue;
    const month = `${hit.subject}\u0000${Math.floor((hit.eventTime - fromMs) / MONTH_MS)}`;
    largest.set(month, Math.max(largest.get(month) ?? Number.NEGATIVE_INFINITY, value));
  }
  const inScope = scopeShare(rule, sample.reference);
  return {
    customerMonths: (customers * inScope * (toMs - fromMs)) / MONTH_MS,
    values: [...largest.values()].sort((a, b) => b - a),
  };
}

function valueIn(hit: ReplayHit, name: string): number | undefined {
  if (hit.observed.feature === name) return hit.observed.value;
  return hit.gates.find((g) => g.feature === name)?.value ?? hit.facts[name];
}

/** Share of the customers that the rule is for; of a bank that says nothing of them, all. */
function scopeShare(rule: Rule, { parties, lists }: Sample['reference']): number {
  if (parties.length === 0) return 1;
  const { kinds, watch, lists: listed } = rule.scope;
  const onLists = new Set(lists.filter((l) => listed.includes(l.list)).map((l) => l.key));
  const inside = parties.filter(
    (p) =>
      (kinds.length === 0 || kinds.includes(p.kind as SubjectKind)) &&
      (watch.length === 0 || p.watch.some((w) => watch.includes(w))) &&
      (listed.length === 0 || onLists.has(p.party)),
  );
  return inside.length / parties.length;
}

/**
 * Points of a rule: value, score, rising; undefined when too few reach it to tell. Samples in which
 * nobody could (no customer in scope) say nothing.
 */
export function pointsOf(
  samples: readonly Reached[],
): [value: number, score: number][] | undefined {
  const heard = samples.filter((s) => s.customerMonths > 0);
  const values = heard.flatMap((s) => s.values).sort((a, b) => b - a);
  const points: [number, number][] = [];
  // From the rarest value down; of equal values the last, which counts them all.
  for (let rank = RANK_MIN; rank <= values.length; rank++) {
    const value = values[rank - 1] as number;
    if (values[rank] === value) continue;
    const share = mean(heard.map((s) => countFrom(s.values, value) / s.customerMonths));
    const score = Math.max(0, Math.min(100, Math.round(-SCORE_PER_POWER * Math.log10(share))));
    const [above] = points;
    const isLast = rank === values.length;
    if (above !== undefined && above[1] - score < (isLast ? 1 : SCORE_STEP)) continue;
    points.unshift([value, score]);
  }
  return points.length < 2 ? undefined : points;
}

function countFrom(descending: readonly number[], value: number): number {
  const below = descending.findIndex((v) => v < value);
  return below < 0 ? descending.length : below;
}

function mean(numbers: readonly number[]): number {
  return numbers.reduce((a, b) => a + b, 0) / numbers.length;
}

/**
 * Typologies against the rules they weigh: members that stand and score, bands that some sum of
 * weights and outcomes reaches. Its trick: all sums that can come about are counted out, kind of
 * subject by kind, since rules for persons and rules for companies never meet at one subject.
 */
import type { Rule, Typology } from '../../schemas/catalogue.js';
import { SUBJECT_KINDS } from '../../schemas/classes.js';
import { checkOrder, type Edge, edgesOf } from './check-bands.js';
import type { Report } from './check-features.js';
import { checkTexts } from './check-texts.js';
import { parseDurationMs } from './units.js';

/** How long outcomes are kept for typologies. */
const WINDOW_MAX_DAYS = 35;
const DAY_MS = 86_400_000;
/** More distinct sums are not counted out: then only the largest is checked. */
const SUMS_MAX = 20_000;
const SCORE_MAX = 100;
/** Weights are decimal fractions: their binary error must not make a band reachable or not. */
const BINARY_ERROR = 1e-9;

/** What the loader knows of a member's id. */
export interface Known {
  rules: ReadonlyMap<string, Rule>;
  /** Ids of typologies. */
  typologies: ReadonlySet<string>;
  /** Ids of rules that were refused: what is wrong with them is told already. */
  refused: ReadonlySet<string>;
}

const scores = (state: string): boolean => state === 'active' || state === 'shadow';

/** Checks what stands in the typology alone. */
export function checkTypology(typology: Typology, report: Report): void {
  const windowMs = parseDurationMs(typology.window);
  if (windowMs === 0) report(['window'], 'the window is empty', 'write at least 1h');
  if (windowMs > WINDOW_MAX_DAYS * DAY_MS) {
    report(
      ['window'],
      `window ${typology.window} is longer than state keeps (${WINDOW_MAX_DAYS} d)`,
      `shorten it to ${WINDOW_MAX_DAYS}d`,
    );
  }
  const seen = new Set<string>();
  typology.members.forEach(({ rule }, i) => {
    if (seen.has(rule)) report(['members', i], `member ${rule} twice`, 'keep one of the two');
    seen.add(rule);
  });
  checkOrder(typology.bands, edgesOf(typology.bands, 'number', 'score', report), report);
  checkTexts(
    {
      bands: typology.bands,
      examples: typology.examples,
      observed: 'score',
      unit: 'number',
      gates: [],
      facts: new Map(),
      onLegs: true,
    },
    report,
  );
}

/** Checks the typology against the rules around it. */
export function checkMembers(typology: Typology, known: Known, report: Report): void {
  const members: { rule: Rule; weight: number }[] = [];
  typology.members.forEach(({ rule: id, weight }, i) => {
    const rule = known.rules.get(id);
    const path = ['members', i, 'rule'];
    if (rule === undefined) {
      if (known.refused.has(id)) return;
      if (known.typologies.has(id)) {
        report(path, `${id} is a typology`, 'name rules: typologies are not made of one another');
      } else {
        report(path, `there is no rule ${id}`, 'correct the name, or add the rule');
      }
      return;
    }
    if (scores(typology.state) && !scores(rule.state)) {
      report(path, `${id} is ${rule.state} and never scored`, 'switch it on, or take it out');
      return;
    }
    if (rule.bands.every((b) => b.score === 0)) {
      const what = `weight for an outcome that cannot happen: every band of ${id} scores 0`;
      report(path, what, 'give its bands a score, or take it out');
      return;
    }
    members.push({ rule, weight });
  });
  // A band may be out of reach only because a member is missing: one problem at a time.
  if (members.length !== typology.members.length || !scores(typology.state)) return;
  // In an active typology a member in shadow counts for nothing.
  const counting = members.filter((m) => typology.state === 'shadow' || m.rule.state === 'active');
  checkReach(typology, counting, report);
}

function checkReach(
  typology: Typology,
  members: readonly { rule: Rule; weight: number }[],
  report: Report,
): void {
  const sums = sumsOf(members);
  const edges = edgesOf(typology.bands, 'number', 'score', toldAlready);
  typology.bands.forEach((band, i) => {
    const edge = edges[i] ?? null;
    if (edge === null) return;
    const next = edges[i + 1] ?? null;
    if (sums.some((s) => reaches(s, edge) && (next === null || !reaches(s, next)))) return;
    const most = Math.max(...sums);
    const what = reaches(most, edge)
      ? `no sum of weights and outcomes lies in band ${band.outcome}`
      : `band ${band.outcome} is unreachable: weights x outcomes add up to ${shown(most)} at most`;
    report(['bands', i], what, 'move the band, or change weights or scores');
  });
}

/** `checkTypology` has reported what is wrong with an edge. */
const toldAlready: Report = () => undefined;

const reaches = (sum: number, edge: Edge): boolean =>
  edge.above ? sum > edge.value + BINARY_ERROR : sum >= edge.value - BINARY_ERROR;
const shown = (sum: number): string => String(Math.round(sum * 100) / 100);

/** Every score that the members can bring about together at some kind of subject. */
function sumsOf(members: readonly { rule: Rule; weight: number }[]): number[] {
  const all = new Set<number>();
  for (const kind of SUBJECT_KINDS) {
    let sums = new Set([0]);
    let most = 0;
    for (const { rule, weight } of members) {
      const kinds = rule.scope.kinds;
      if (kinds.length > 0 && !kinds.includes(kind)) continue;
      const outcomes = rule.bands.map((b) => b.score);
      most += weight * Math.max(...outcomes);
      const more = new Set(sums);
      for (const s of sums) for (const o of outcomes) more.add(rounded(s + weight * o));
      sums = more.size > SUMS_MAX ? new Set(spread(most)) : more;
    }
    for (const s of sums) all.add(Math.min(SCORE_MAX, s));
  }
  return [...all];
}

/** Sums that are equal but for binary error are one. */
const rounded = (sum: number): number => Math.round(sum * 1e9) / 1e9;

/** Too many sums to count out lie everywhere between 0 and the largest. */
function spread(most: number): number[] {
  const places = 1_000;
  return Array.from({ length: places + 1 }, (_, i) => rounded((most * i) / places));
}

/** What the members of a typology reached, and what it says together. */
import type { Rule, Typology } from '../../schemas/catalogue.js';
import { durationMs } from './legs.js';
import type { Finding } from './rules.js';
import type { OraclePart } from './types.js';

/** A band that a rule reached, cooldown or not, history or not. */
export interface Outcome {
  band: string;
  /** Score of the band. */
  outcome: number;
  eventTime: number;
}

/** What a rule finds at the moment. */
export interface Reached {
  rule: Rule;
  finding: Finding;
}

const SCORE_MAX = 100;
const MILLION = 1_000_000;

/** Members that count: those in shadow only for a typology in shadow. */
export function reachedBy(typology: Typology, reached: readonly Reached[]): Reached[] {
  return reached.filter(
    ({ rule }) =>
      typology.members.some((m) => m.rule === rule.id) &&
      (rule.state === 'active' || typology.state === 'shadow'),
  );
}

/**
 * Of each band the newest time at which it was reached, if that is in the window; a band whose
 * newest time is after the moment counts only if the moment itself reaches it.
 */
function newestOf(
  rule: string,
  outcomes: readonly Outcome[],
  now: readonly Reached[],
  fromMs: number,
  ms: number,
) {
  const newest = new Map<string, Outcome>();
  for (const o of outcomes) {
    const known = newest.get(o.band);
    if (known === undefined || o.eventTime > known.eventTime) newest.set(o.band, o);
  }
  return [...newest.values()].flatMap((o) => {
    if (o.eventTime <= ms) return o.eventTime > fromMs ? [o] : [];
    const isNow = now.some((r) => r.rule.id === rule && r.finding.band.outcome === o.band);
    return isNow ? [{ ...o, eventTime: ms }] : [];
  });
}

/** Highest outcome of each member in the window up to `ms`, and their weighted sum. */
export function partsOf(
  typology: Typology,
  isCounted: (rule: string) => boolean,
  outcomes: ReadonlyMap<string, readonly Outcome[]>,
  now: readonly Reached[],
  ms: number,
): { parts: OraclePart[]; score: number } {
  const fromMs = ms - durationMs(typology.window);
  const parts: OraclePart[] = [];
  let score = 0;
  for (const { rule, weight } of typology.members) {
    if (!isCounted(rule)) continue;
    const [best] = newestOf(rule, outcomes.get(rule) ?? [], now, fromMs, ms).sort(
      (a, b) => b.outcome - a.outcome || b.eventTime - a.eventTime,
    );
    if (best === undefined) continue;
    const { band, outcome, eventTime } = best;
    parts.push({ rule, weight, outcome, band, eventTime });
    score += weight * outcome;
  }
  parts.sort((a, b) => b.weight * b.outcome - a.weight * a.outcome);
  return { parts, score: Math.min(SCORE_MAX, Math.round(score * MILLION) / MILLION) };
}

/** Of the members that reached a band now, the one whose transactions the hit shows. */
export function leading(typology: Typology, now: readonly Reached[]): Reached | undefined {
  const weighed = typology.members.flatMap(({ rule, weight }) =>
    now.filter((r) => r.rule.id === rule).map((r) => ({ r, of: weight * r.finding.band.score })),
  );
  return weighed.sort((a, b) => b.of - a.of)[0]?.r;
}

/** What the members of a typology reached, and what it says together. */
import type { Typology } from '../../schemas/catalogue.js';
import { durationMs } from './legs.js';
import type { OraclePart } from './types.js';

/** A band that a rule reached, cooldown or not. */
export interface Outcome {
  rule: string;
  band: string;
  /** Score of the band. */
  outcome: number;
  eventTime: number;
}

const SCORE_MAX = 100;

/** Highest outcome of each member in the window up to `ms`, and their weighted sum. */
export function partsOf(
  typology: Typology,
  outcomes: readonly Outcome[],
  ms: number,
): { parts: OraclePart[]; score: number } {
  const fromMs = ms - durationMs(typology.window);
  const parts: OraclePart[] = [];
  let score = 0;
  for (const { rule, weight } of typology.members) {
    const best = outcomes
      .filter((o) => o.rule === rule && o.eventTime > fromMs && o.eventTime <= ms)
      .reduce<Outcome | undefined>(
        (a, b) => (a === undefined || b.outcome > a.outcome ? b : a),
        undefined,
      );
    if (best === undefined) continue;
    parts.push({ ...best, weight });
    score += weight * best.outcome;
  }
  parts.sort((a, b) => b.weight * b.outcome - a.weight * a.outcome);
  return { parts, score: Math.min(SCORE_MAX, score) };
}

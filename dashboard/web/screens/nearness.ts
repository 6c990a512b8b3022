/**
 * How near a rule is to a hit: a rule is as near as the condition that is farthest from holding.
 * Only orders a list; which rule hit is the engine's to say.
 */
import type { Explained, ExplainedGate } from '../../../schemas/explanation.js';

/** Sections of the list. */
export type Group = 'near' | 'missing' | 'untouched' | 'hit';

export const GROUP_OF: Record<Explained['verdict'], Group> = {
  hit: 'hit',
  silenced: 'hit',
  'below-bands': 'near',
  gate: 'near',
  'not-available': 'missing',
  'no-trigger': 'untouched',
  'out-of-scope': 'untouched',
};
const ORDER: readonly Group[] = ['hit', 'near', 'missing', 'untouched'];

/** From 0 to 1: what part of the threshold the value is, or the other way about. */
function reached(value: number, op: ExplainedGate['op'], threshold: number): number {
  if (op === 'equals') return 0;
  const [part, whole] =
    op === 'atLeast' || op === 'above' ? [value, threshold] : [threshold, value];
  return whole > 0 ? Math.max(0, Math.min(1, part / whole)) : 0;
}

/** Of a rule whose conditions do not hold, from 0 to 1; undefined where none could be compared. */
export function nearness(rule: Explained): number | undefined {
  if (GROUP_OF[rule.verdict] !== 'near') return undefined;
  const parts: number[] = [];
  for (const { value, op, threshold, held } of rule.gates ?? []) {
    if (!held) parts.push(value === null ? 0 : reached(value, op, threshold));
  }
  const { observed, band, next } = rule;
  if (band === undefined && next !== undefined && observed?.value != null) {
    parts.push(reached(observed.value, 'atLeast', next.threshold));
  }
  return parts.length === 0 ? undefined : Math.min(...parts);
}

/** What hit first, then the nearest; equal ones stay in the catalogue's order. */
export function byNearness<T extends Explained>(rules: readonly T[]): T[] {
  const rank = (rule: T): number => ORDER.indexOf(GROUP_OF[rule.verdict]);
  return [...rules].sort((a, b) => rank(a) - rank(b) || (nearness(b) ?? 0) - (nearness(a) ?? 0));
}

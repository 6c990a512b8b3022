/**
 * Since when the legs of each window are whole. After a change of the catalogue a new or wider
 * window has seen legs only since: its numbers are lower bounds until the change has left it. Legs
 * that the catalogue before kept for whatever reason count, for they were moved over.
 */
import type { CompiledRule, Group, Plan } from './plan.js';

/** Group (as in `groupKey`), event time since which its legs are all there. Whole ones are left out. */
export type WholeSince = [group: string, sinceMs: number][];

/** Which legs, in which list: what the window's own length does not change. */
function groupKey({ index: _, window: __, column: ___, ...rest }: Group): string {
  return JSON.stringify(rest);
}

/** Whether every leg that `b` takes is one that `a` takes. */
function covers(a: Group, b: Group): boolean {
  return (
    a.list === b.list &&
    (a.all & b.all) === a.all &&
    (a.none & b.none) === a.none &&
    a.min <= b.min &&
    a.below >= b.below &&
    (a.channels & b.channels) === b.channels &&
    (a.types & b.types) === b.types
  );
}

/** After a change from `before` to `after` at `atMs` of event time. */
export function wholeSinceAfter(
  before: Plan,
  known: WholeSince | undefined,
  after: Plan,
  atMs: number,
): WholeSince {
  const since = new Map(known);
  const found = new Map<string, number>();
  for (const group of after.groups) {
    const kept = before.groups.filter((g) => covers(g, group)).map((g) => since.get(groupKey(g)));
    const ofOld = kept.map((ms) => ms ?? Number.NEGATIVE_INFINITY);
    const keptMs = Math.max(Math.min(...ofOld, atMs), atMs - before.retentionMs[group.list]);
    // Nothing that a window of today reaches back to: whole.
    if (keptMs + windowMs(after, group) > atMs) found.set(groupKey(group), keptMs);
  }
  return [...found];
}

function windowMs(plan: Plan, group: Group): number {
  return plan.windows[group.window].ms;
}

/** Event time until which a rule's windows reach back behind what is whole; 0 = they do not. */
export function warmingUntil(
  plan: Plan,
  rule: CompiledRule,
  known: WholeSince | undefined,
): number {
  if (known === undefined || known.length === 0) return 0;
  const since = new Map(known);
  let until = 0;
  for (const { group, dayGroup } of rule.features) {
    for (const index of [group, dayGroup]) {
      if (index < 0) continue;
      const sinceMs = since.get(groupKey(plan.groups[index]));
      if (sinceMs === undefined) continue;
      until = Math.max(until, sinceMs + windowMs(plan, plan.groups[index]));
    }
  }
  return until;
}

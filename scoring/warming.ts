/**
 * Since when the legs of each window are whole. After a change of the catalogue a new or wider
 * window has seen legs only since: its numbers are lower bounds until the change has left it. Legs
 * that the catalogue before kept for whatever reason count, for they were moved over.
 */
import {
  type CompiledFeature,
  type CompiledRule,
  type Group,
  type Plan,
  readsPairs,
} from './plan.js';
import { PAIR_DAYS_KEPT } from './tables.js';

/**
 * Group (as in `groupKey`), kind of panes or pairs, event time since which its legs are all there.
 * Whole ones are left out.
 */
export type WholeSince = [group: string, sinceMs: number][];

const DAY_MS = 86_400_000;
const PANE_DAYS = 5;
/** Stands for all pairs, which are kept only where some rule asks for them. */
const PAIRS = 'pairs';
const PAIRS_REACH_MS = PAIR_DAYS_KEPT * DAY_MS;

/** Columns of panes that a row has only where some rule reads them; null = no such feature. */
function paneReachMs({ spec }: CompiledFeature): number | null {
  if (spec.kind === 'new-counterparties') return (spec.days + spec.before + PANE_DAYS) * DAY_MS;
  if (spec.kind === 'mean-balance') return (spec.days + PANE_DAYS) * DAY_MS;
  return null;
}

/** Longest reach of each kind of panes that a plan keeps. */
function paneReaches(plan: Plan): Map<string, number> {
  const reaches = new Map<string, number>();
  for (const feature of plan.rules.flatMap((rule) => rule.features)) {
    const reachMs = paneReachMs(feature);
    if (reachMs === null) continue;
    const { kind } = feature.spec;
    reaches.set(kind, Math.max(reachMs, reaches.get(kind) ?? 0));
  }
  return reaches;
}

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
  if (after.readsPairs) {
    const sinceMs = before.readsPairs ? (since.get(PAIRS) ?? Number.NEGATIVE_INFINITY) : atMs;
    if (sinceMs + PAIRS_REACH_MS > atMs) found.set(PAIRS, sinceMs);
  }
  const kept = paneReaches(before);
  for (const [kind, reachMs] of paneReaches(after)) {
    const sinceMs = kept.has(kind) ? (since.get(kind) ?? Number.NEGATIVE_INFINITY) : atMs;
    if (sinceMs + reachMs > atMs) found.set(kind, sinceMs);
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
  const pairsSinceMs = since.get(PAIRS);
  const isOfPairs = pairsSinceMs !== undefined && readsPairs(rule, plan.groups);
  let until = isOfPairs ? pairsSinceMs + PAIRS_REACH_MS : 0;
  for (const feature of rule.features) {
    const { group, dayGroup, spec } = feature;
    const paneSinceMs = since.get(spec.kind);
    const reachMs = paneReachMs(feature);
    if (paneSinceMs !== undefined && reachMs !== null)
      until = Math.max(until, paneSinceMs + reachMs);
    for (const index of [group, dayGroup]) {
      if (index < 0) continue;
      const sinceMs = since.get(groupKey(plan.groups[index]));
      if (sinceMs === undefined) continue;
      until = Math.max(until, sinceMs + windowMs(plan, plan.groups[index]));
    }
  }
  return until;
}

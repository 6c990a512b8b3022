/**
 * One generated function per exact set of class bits: which of its rules are worth evaluating for a
 * leg in order. Scope, amount, and the first gates, as far as they read numbers that the row keeps,
 * stand there as straight code with constants; most rules of most legs end here, in a few
 * nanoseconds. What is left goes to the evaluator, which finds the same and then the rest.
 */
import { restOf } from './generated-groups.js';
import type { CompiledFeature, CompiledGate, CompiledRule, Group } from './plan.js';

/**
 * Fills `found` with places in the class's rules and returns how many. `at` is the word of the
 * row's first column. Counts every rule whose scope and amount fit, as the evaluator would.
 */
export type Candidates = (
  f64: Float64Array,
  at: number,
  amount: number,
  packed: number,
  profile: number,
  evaluations: Float64Array,
  found: Int32Array,
) => number;

const OPERATORS = ['>=', '>', '<=', '<', '==='] as const;

export function generateCandidates(
  rules: readonly CompiledRule[],
  groups: readonly Group[],
): Candidates {
  const lines = rules.map((rule, place) => {
    const gates = readable(rule, groups);
    const take = `found[n++] = ${place};`;
    const body = gates.length === 0 ? take : `if (${gates.join(' && ')}) ${take}`;
    return `if (${fits(rule)}) { evaluations[${rule.index}]++; ${body} }`;
  });
  const body = `let n = 0;\n${lines.join('\n')}\nreturn n;`;
  return new Function(
    'f64',
    'at',
    'amount',
    'packed',
    'profile',
    'evaluations',
    'found',
    body,
  ) as Candidates;
}

/** Scope and filter, of a class whose bits fit. */
function fits(rule: CompiledRule): string {
  const parts = [restOf(rule)];
  if (rule.kinds !== 0) parts.push(`((${rule.kinds} >>> (profile & 15)) & 1) !== 0`);
  if (rule.watch !== 0) parts.push(`(profile & ${rule.watch}) !== 0`);
  if (rule.lists !== 0) parts.push(`(profile & ${rule.lists}) !== 0`);
  return parts.filter((p) => p !== 'true').join(' && ') || 'true';
}

/**
 * The first gates, up to the first that the row alone cannot tell: a later one must not hide that
 * it lacks an input. When the row can tell all of them, the lowest band too.
 */
function readable(rule: CompiledRule, groups: readonly Group[]): string[] {
  const parts: string[] = [];
  for (const gate of rule.gates) {
    const value = kept(rule.features[gate.feature], groups);
    if (value === undefined) return parts;
    parts.push(comparison(value, gate));
  }
  const observed = kept(rule.features[rule.observed], groups);
  if (observed === undefined) return parts;
  const bands = rule.bands.map((b) => `${observed} ${b.strict ? '>' : '>='} ${b.threshold}`);
  return [...parts, `(${bands.join(' || ')})`];
}

function comparison(value: string, gate: CompiledGate): string {
  return `${value} ${OPERATORS[gate.op]} ${gate.threshold}`;
}

/** JavaScript that reads a feature that is never missing; undefined when there is none. */
function kept(feature: CompiledFeature, groups: readonly Group[]): string | undefined {
  const { spec, group, same } = feature;
  if (spec.kind === 'amount') return 'amount';
  if ((spec.kind !== 'count' && spec.kind !== 'sum') || same !== undefined) return undefined;
  const { column } = groups[group];
  return `f64[at + ${column * 2 + (spec.kind === 'count' ? 0 : 1)}]`;
}

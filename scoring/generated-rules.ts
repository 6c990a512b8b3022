/**
 * One generated function per exact set of class bits: which of its rules are worth evaluating for a
 * leg in order. Scope, amount, and the first gates, as far as they read numbers that the row keeps,
 * stand there as straight code with constants; most rules of most legs end here, in a few
 * nanoseconds. What is left goes to the evaluator, which finds the same and then the rest.
 */
import type { Moment } from './evaluate.js';
import { restOf } from './generated-groups.js';
import type { CompiledRule, Group } from './plan.js';
import { ROW } from './row.js';

/**
 * Fills `found` with places in the class's rules and returns how many. `at` is the word of the
 * row's first column. Counts every rule whose scope and amount fit, as the evaluator would.
 */
export type Candidates = (
  f64: Float64Array,
  row: number,
  at: number,
  m: Readonly<Moment>,
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
  const body = `const { amount, packed, profile, atMs, silenceMs } = m;
let n = 0;
${lines.join('\n')}
return n;`;
  return new Function('f64', 'row', 'at', 'm', 'evaluations', 'found', body) as Candidates;
}

/** Scope and filter, of a class whose bits fit. */
function fits(rule: CompiledRule): string {
  const parts = [restOf(rule)];
  if (rule.kinds !== 0) parts.push(`((${rule.kinds} >>> (profile & 15)) & 1) !== 0`);
  if (rule.watch !== 0) parts.push(`(profile & ${rule.watch}) !== 0`);
  if (rule.lists !== 0) parts.push(`(profile & ${rule.lists}) !== 0`);
  return parts.filter((p) => p !== 'true').join(' && ') || 'true';
}

/** What a feature is as far as the row can tell. */
interface Told {
  /** JavaScript of its value, or of a number that it never exceeds. */
  value: string;
  isBound: boolean;
  /** NaN when an input is missing: then only the evaluator may decide, and count it. */
  mayMiss: boolean;
}

/**
 * Conditions without which the rule does not reach a band. A gate may be used when nothing before
 * it can lack an input: the evaluator stops at the first that does not hold, and counts what lacks.
 */
function readable(rule: CompiledRule, groups: readonly Group[]): string[] {
  const parts: string[] = [];
  for (const gate of rule.gates) {
    const told = tell(rule, gate.feature, groups);
    if (told === undefined || (told.isBound && told.mayMiss)) return parts;
    const isUpper = OPERATORS[gate.op].startsWith('>');
    const test = `${told.value} ${OPERATORS[gate.op]} ${gate.threshold}`;
    if (told.mayMiss) return [...parts, `(Number.isNaN(${told.value}) || ${test})`];
    if (isUpper || !told.isBound) parts.push(test);
  }
  const observed = tell(rule, rule.observed, groups);
  if (observed === undefined || observed.mayMiss) return parts;
  const bands = rule.bands.map((b) => `${observed.value} ${b.strict ? '>' : '>='} ${b.threshold}`);
  return [...parts, `(${bands.join(' || ')})`];
}

const DAY_MS = 86_400_000;

function tell(rule: CompiledRule, place: number, groups: readonly Group[]): Told | undefined {
  const feature = rule.features[place];
  const { spec, group, same } = feature;
  const exact = { isBound: false, mayMiss: false };
  const column = (part: 0 | 1): Told | undefined => {
    const place = groups[group].column;
    if (place < 0) return undefined;
    return { value: `f64[at + ${place * 2 + part}]`, isBound: same !== undefined, mayMiss: false };
  };
  switch (spec.kind) {
    case 'amount':
      return { value: 'amount', ...exact };
    case 'account-age':
      return { value: `((atMs - f64[row + ${ROW.firstMs}]) / ${DAY_MS})`, ...exact };
    case 'silence':
      return { value: `(silenceMs / ${DAY_MS})`, isBound: false, mayMiss: true };
    case 'count':
      return column(0);
    case 'sum':
      return column(1);
    case 'distinct-counterparties': {
      // Never more than there are legs.
      const legs = column(0);
      return legs && { ...legs, isBound: true };
    }
    case 'share-of-line': {
      const of = tell(rule, feature.inputs[0], groups);
      if (of === undefined || of.mayMiss) return undefined;
      if (spec.currency === undefined)
        return { ...of, value: `(${of.value} * 100 / ${feature.line})` };
      // By a rate that may change or be missing: nothing is 0, and anything may be much.
      return { value: `(${of.value} > 0 ? Infinity : 0)`, isBound: true, mayMiss: true };
    }
    case 'larger-of':
      return largest(feature.inputs.map((input) => tell(rule, input, groups)));
    default:
      return undefined;
  }
}

/** What is missing does not count, so one that cannot be missing is enough. */
function largest(among: readonly (Told | undefined)[]): Told | undefined {
  // Only a bound stands for what is missing, too.
  const told = among.filter(
    (each): each is Told => each !== undefined && (each.isBound || !each.mayMiss),
  );
  if (told.length < among.length || told.every((each) => each.mayMiss)) return undefined;
  const value = `Math.max(${told.map((each) => each.value).join(', ')})`;
  return { value, isBound: told.some((each) => each.isBound), mayMiss: false };
}

/**
 * One generated function per exact set of class bits: which groups of which window a leg of that
 * class moves, as straight code with the amounts as constants. Everything that the class decides
 * has been decided before; what is left are the comparisons that depend on the leg itself.
 */
import { PACKED } from './lists.js';
import type { Group, LegFilter } from './plan.js';

/** Adds (sign 1) or takes out (sign -1) a leg from one window's columns, the first at word `at`. */
export type MoveGroups = (
  f64: Float64Array,
  at: number,
  window: number,
  amount: number,
  packed: number,
  sign: number,
) => void;

/** Bit per list that keeps the leg. */
export type ListsOf = (amount: number, packed: number) => number;

/** JavaScript that is true when a leg of a class that fits passes the rest of the filter. */
export function restOf(f: LegFilter): string {
  const parts: string[] = [];
  if (f.min > 0) parts.push(`amount >= ${f.min}`);
  if (f.below < Number.POSITIVE_INFINITY) parts.push(`amount < ${f.below}`);
  const one = (mask: number, shift: number, bits: number): string =>
    `((${mask} >>> ((packed >>> ${shift}) & ${bits})) & 1) !== 0`;
  if (f.channels !== -1) parts.push(one(f.channels, PACKED.channelShift, PACKED.channelMask));
  if (f.types !== -1) parts.push(one(f.types, PACKED.typeShift, PACKED.typeMask));
  return parts.length === 0 ? 'true' : parts.join(' && ');
}

/** Groups with a column, of a class whose bits all of them fit. */
export function generateMoveGroups(groups: readonly Group[]): MoveGroups {
  const kept = groups.filter((g) => g.column >= 0);
  const windows = [...new Set(kept.map((g) => g.window))];
  const cases = windows.map((window) => {
    const lines = kept
      .filter((g) => g.window === window)
      .map((g) => {
        const move = `f64[at + ${g.column * 2}] += sign; f64[at + ${g.column * 2 + 1}] += moved;`;
        const rest = restOf(g);
        return rest === 'true' ? move : `if (${rest}) { ${move} }`;
      });
    return `case ${window}: ${lines.join('\n')} return;`;
  });
  const body = `const moved = sign * amount; switch (window) { ${cases.join('\n')} }`;
  return new Function('f64', 'at', 'window', 'amount', 'packed', 'sign', body) as MoveGroups;
}

export function generateListsOf(groups: readonly Group[]): ListsOf {
  const lists = [...new Set(groups.map((g) => g.list))].map((list) => {
    const tests = new Set(groups.filter((g) => g.list === list).map(restOf));
    const test = tests.has('true') ? 'true' : [...tests].map((t) => `(${t})`).join(' || ');
    return `((${test}) ? ${1 << list} : 0)`;
  });
  const body = `return ${lists.length === 0 ? '0' : lists.join(' | ')};`;
  return new Function('amount', 'packed', body) as ListsOf;
}

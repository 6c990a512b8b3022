/** Thresholds, bands and scores: in the unit of their feature, in order, and reachable. */

import type { Band, Rule } from '../../schemas/catalogue.js';
import type { Unit } from '../../schemas/hit.js';
import type { Path, Report } from './check-features.js';
import { featureUnit, thresholdNumber } from './units.js';

export function unitOf(rule: Rule, name: string): Unit | undefined {
  const feature = Object.hasOwn(rule.features, name) ? rule.features[name] : undefined;
  return feature === undefined ? undefined : featureUnit(feature.kind);
}

/** The threshold as a number; reports and returns null when it is in another unit. */
export function numberIn(
  unit: Unit,
  name: string,
  value: string | number,
  path: Path,
  report: Report,
): number | null {
  const number = thresholdNumber(unit, value);
  if (number === null) {
    const mend = unit === 'money' ? 'write money in quotes, "50000.00"' : 'write a plain number';
    report(
      path,
      `threshold in the wrong unit: ${name} is ${unit}, not ${
        typeof value === 'string' ? 'money' : 'a number'
      }`,
      mend,
    );
  } else if (unit === 'flag' && number !== 0 && number !== 1) {
    report(path, `${name} is a flag and never ${number}`, 'write 0 or 1');
  } else if (unit === 'count' && !Number.isInteger(number)) {
    report(path, `${name} is a count and never ${number}`, 'write a whole number');
  }
  return number;
}

/** The same for a feature of the rule; null also when there is no such feature. */
function numberOf(
  rule: Rule,
  name: string,
  value: string | number,
  path: Path,
  report: Report,
): number | null {
  const unit = unitOf(rule, name);
  return unit === undefined ? null : numberIn(unit, name, value, path, report);
}

/** Where a band begins, or a gate ends: at `value`, or (`above`) just over it. */
export interface Edge {
  value: number;
  above: boolean;
}

/** The lower edge of each band, null where it has none or in another unit; all that is reported. */
export function edgesOf(
  bands: readonly Band[],
  unit: Unit | undefined,
  observed: string,
  report: Report,
): (Edge | null)[] {
  return bands.map((band, i) => {
    if ((band.from === undefined) === (band.above === undefined)) {
      report(
        ['bands', i],
        `band ${band.outcome} needs exactly one of from and above`,
        'keep one of the two',
      );
      return null;
    }
    if (unit === undefined) return null;
    const above = band.above !== undefined;
    const path = ['bands', i, above ? 'above' : 'from'];
    const value = numberIn(unit, observed, band.above ?? band.from ?? 0, path, report);
    return value === null ? null : { value, above };
  });
}

/** Largest value of a kind of feature, where its formula has one. */
const LARGEST: Partial<Record<string, number>> = {
  drop: 100,
  'largest-share': 100,
  'new-counterparty': 1,
  surprise: 12,
};

/** Largest value that an observed feature can have, by its kind and by the gates upon it. */
function ceilingOf(rule: Rule): Edge | null {
  let ceiling: Edge | null = null;
  const lower = (value: number, open: boolean): void => {
    if (ceiling === null || value < ceiling.value || (value === ceiling.value && open)) {
      ceiling = { value, above: open };
    }
  };
  const largest = LARGEST[rule.features[rule.observed]?.kind ?? ''];
  if (largest !== undefined) lower(largest, false);
  for (const gate of rule.gates) {
    if (gate.feature !== rule.observed) continue;
    const unit = unitOf(rule, gate.feature);
    const value = unit === undefined ? null : thresholdNumber(unit, gate.value);
    if (value === null) continue;
    if (gate.op === 'atMost' || gate.op === 'equals') lower(value, false);
    if (gate.op === 'below') lower(value, true);
  }
  return ceiling;
}

/** Lowest value that passes the gates on the observed feature. */
function floorOf(rule: Rule): Edge | null {
  let floor: Edge | null = null;
  for (const gate of rule.gates) {
    if (gate.feature !== rule.observed) continue;
    const unit = unitOf(rule, gate.feature);
    const value = unit === undefined ? null : thresholdNumber(unit, gate.value);
    if (value === null || gate.op === 'atMost' || gate.op === 'below') continue;
    const edge = { value, above: gate.op === 'above' };
    if (floor === null || !ascends(edge, floor)) floor = edge;
  }
  return floor;
}

/** Does `next` begin strictly higher than `edge`? "above 100" begins higher than "from 100". */
function ascends(edge: Edge, next: Edge): boolean {
  return next.value > edge.value || (next.value === edge.value && next.above && !edge.above);
}

/** Outcomes are unlike one another, and each band begins above the one before it. */
export function checkOrder(
  bands: readonly Band[],
  edges: readonly (Edge | null)[],
  report: Report,
): void {
  const outcomes = new Set<string>();
  bands.forEach((band, i) => {
    if (outcomes.has(band.outcome)) {
      report(['bands', i, 'outcome'], `outcome ${band.outcome} twice`, 'give each band its own');
    }
    outcomes.add(band.outcome);
    const edge = edges[i] ?? null;
    const before = edges[i - 1] ?? null;
    if (edge === null || before === null || ascends(before, edge)) return;
    report(
      ['bands', i],
      `band ${band.outcome} overlaps the one before it`,
      'write the bands strictly ascending',
    );
  });
}

function checkReach(rule: Rule, edges: readonly (Edge | null)[], report: Report): void {
  const ceiling = ceilingOf(rule);
  const floor = floorOf(rule);
  rule.bands.forEach((band, i) => {
    const edge = edges[i] ?? null;
    if (edge === null) return;
    if (
      ceiling !== null &&
      (edge.value > ceiling.value ||
        (edge.value === ceiling.value && (edge.above || ceiling.above)))
    ) {
      report(
        ['bands', i],
        `band ${band.outcome} is unreachable: ${rule.observed} stays below it`,
        'lower the band or change the gate',
      );
    }
    const next = edges[i + 1] ?? null;
    if (floor !== null && next !== null && !ascends(floor, next)) {
      report(
        ['bands', i],
        `band ${band.outcome} is unreachable: a gate on ${rule.observed} is higher`,
        'raise the band or lower the gate',
      );
    }
  });
}

function checkGates(rule: Rule, report: Report): void {
  rule.gates.forEach((gate, i) => {
    numberOf(rule, gate.feature, gate.value, ['gates', i, 'value'], report);
  });
  for (const [of, normal] of Object.entries(rule.normals)) {
    const a = unitOf(rule, of);
    const b = unitOf(rule, normal);
    if (a === undefined || b === undefined || a === b) continue;
    report(['normals', of], `${normal} is ${b}, ${of} is ${a}`, "a normal has its feature's unit");
  }
}

/** Values of the points strictly ascending, in the unit of `by`. */
function checkScore(rule: Rule, report: Report): void {
  if (rule.score === undefined) return;
  const by = rule.score.by ?? rule.observed;
  const unit = unitOf(rule, by);
  // Not through numberOf: a point between two counts is a place on a line, and may be half a count.
  const plain = unit === 'count' || unit === 'flag' ? 'number' : unit;
  if (plain === undefined) return;
  let before: number | null = null;
  rule.score.points.forEach(([value], i) => {
    const path = ['score', 'points', i];
    const number = numberIn(plain, by, value, [...path, 0], report);
    if (number !== null && before !== null && number <= before) {
      report(path, `score points of ${by} do not ascend`, 'write each value above the one before');
    }
    before = number ?? before;
  });
}

export function checkNumbers(rule: Rule, report: Report): void {
  checkGates(rule, report);
  const edges = edgesOf(rule.bands, unitOf(rule, rule.observed), rule.observed, report);
  checkOrder(rule.bands, edges, report);
  checkReach(rule, edges, report);
  checkScore(rule, report);
}

/**
 * Thresholds, bands, sentences and examples: in the unit of their feature, in order, reachable,
 * and saying the same in both languages.
 */

import type { Band, Rule } from '../../schemas/catalogue.js';
import { UNITS, type Unit } from '../../schemas/hit.js';
import { BUILT_INS, placeholdersOf } from '../../schemas/sentence.js';
import type { Path, Report } from './check-features.js';
import { featureUnit, thresholdNumber } from './units.js';

function unitOf(rule: Rule, name: string): Unit | undefined {
  const feature = Object.hasOwn(rule.features, name) ? rule.features[name] : undefined;
  return feature === undefined ? undefined : featureUnit(feature.kind);
}

/** The threshold as a number; reports and returns null when it is in another unit. */
function numberOf(
  rule: Rule,
  name: string,
  value: string | number,
  path: Path,
  report: Report,
): number | null {
  const unit = unitOf(rule, name);
  if (unit === undefined) return null;
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

interface Edge {
  value: number;
  above: boolean;
}

function edgeOf(rule: Rule, band: Band, i: number, report: Report): Edge | null {
  if ((band.from === undefined) === (band.above === undefined)) {
    report(
      ['bands', i],
      `band ${band.outcome} needs exactly one of from and above`,
      'keep one of the two',
    );
    return null;
  }
  const above = band.above !== undefined;
  const path = ['bands', i, above ? 'above' : 'from'];
  const value = numberOf(rule, rule.observed, band.above ?? band.from ?? 0, path, report);
  return value === null ? null : { value, above };
}

/** Largest value that an observed feature can have, by its kind and by the gates upon it. */
function ceilingOf(rule: Rule): Edge | null {
  let ceiling: Edge | null = null;
  const lower = (value: number, open: boolean): void => {
    if (ceiling === null || value < ceiling.value || (value === ceiling.value && open)) {
      ceiling = { value, above: open };
    }
  };
  const kind = rule.features[rule.observed]?.kind;
  if (kind === 'drop') lower(100, false);
  if (kind === 'new-counterparty') lower(1, false);
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

function checkBands(rule: Rule, report: Report): void {
  const edges = rule.bands.map((band, i) => edgeOf(rule, band, i, report));
  const ceiling = ceilingOf(rule);
  const floor = floorOf(rule);
  const outcomes = new Set<string>();
  rule.bands.forEach((band, i) => {
    if (outcomes.has(band.outcome)) {
      report(['bands', i, 'outcome'], `outcome ${band.outcome} twice`, 'give each band its own');
    }
    outcomes.add(band.outcome);
    const edge = edges[i] ?? null;
    const before = edges[i - 1] ?? null;
    if (edge === null) return;
    if (before !== null && !ascends(before, edge)) {
      report(
        ['bands', i],
        `band ${band.outcome} overlaps the one before it`,
        'write the bands strictly ascending',
      );
    }
    const closed = ceiling !== null && !ceiling.above && !edge.above;
    if (
      ceiling !== null &&
      (edge.value > ceiling.value || (edge.value === ceiling.value && !closed))
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

function checkPlaceholder(rule: Rule, raw: string, path: Path, report: Report): void {
  const [name = '', unit] = raw.split(':');
  const inEvidence = name === rule.observed || rule.gates.some((g) => g.feature === name);
  if (unit !== undefined && !(UNITS as readonly string[]).includes(unit)) {
    report(path, `{${raw}}: no unit ${unit}`, `use one of ${UNITS.join(', ')}`);
    return;
  }
  if (BUILT_INS.includes(name) || inEvidence) {
    if (name === 'amount' && !inEvidence && rule.on === 'day-close') {
      report(path, '{amount} names nothing: the close of a day has no leg', 'take it out');
    }
    return;
  }
  const factUnit = rule.facts.includes(name) ? unitOf(rule, name) : undefined;
  if (factUnit === undefined) {
    report(
      path,
      `{${raw}} names nothing`,
      `use the observed feature, a gate, a fact or one of ${BUILT_INS.join(', ')}`,
    );
  } else if (unit !== factUnit) {
    report(path, `fact {${raw}} needs its unit`, `write {${name}:${factUnit}}`);
  }
}

function checkSentences(rule: Rule, report: Report): void {
  rule.bands.forEach((band, i) => {
    const found = { zh: placeholdersOf(band.sentence.zh), en: placeholdersOf(band.sentence.en) };
    for (const lang of ['zh', 'en'] as const) {
      const path = ['bands', i, 'sentence', lang];
      if (/[{}]/.test(band.sentence[lang].replace(/\{[A-Za-z0-9:]+\}/g, ''))) {
        report(path, 'a brace without its partner', 'write placeholders as {name}');
      }
      const other = lang === 'zh' ? 'en' : 'zh';
      for (const raw of new Set(found[lang])) {
        checkPlaceholder(rule, raw, path, report);
        if (found[other].includes(raw)) continue;
        report(
          ['bands', i, 'sentence', other],
          `{${raw}} is missing in ${other}`,
          'name the same numbers in both languages',
        );
      }
    }
  });
}

/** Offset required: a bare local time would mean another moment on another machine. */
const ISO = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2})$/;

function checkExamples(rule: Rule, report: Report): void {
  const time = (text: string, path: Path): void => {
    if (ISO.test(text) && !Number.isNaN(Date.parse(text))) return;
    report(path, `not a time with offset: ${text}`, 'write 2026-03-02T09:10:00+08:00');
  };
  rule.examples.forEach((example, i) => {
    const at: Path = ['examples', i];
    example.transactions.forEach((t, j) => {
      time(t.at, [...at, 'transactions', j, 'at']);
    });
    if (example.until !== undefined) time(example.until, [...at, 'until']);
    const expect = example.expect;
    if (expect.band !== undefined && !rule.bands.some((b) => b.outcome === expect.band)) {
      report([...at, 'expect', 'band'], `no band ${expect.band}`, 'name an outcome of this rule');
    }
    if (expect.observed !== undefined) {
      numberOf(rule, rule.observed, expect.observed, [...at, 'expect', 'observed'], report);
    }
  });
  for (const [hit, what] of [
    [true, 'hits'],
    [false, 'does not hit'],
  ] as const) {
    if (rule.examples.some((e) => e.expect.hits > 0 === hit)) continue;
    report(['examples'], `no example that ${what}`, 'add one, best at the boundary');
  }
}

export function checkNumbers(rule: Rule, report: Report): void {
  checkGates(rule, report);
  checkBands(rule, report);
  checkSentences(rule, report);
  checkExamples(rule, report);
}

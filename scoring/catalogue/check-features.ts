/**
 * What a schema cannot see about features: names that lead nowhere, circles, filters that no leg
 * passes, and windows longer than what state keeps.
 */
import type { Rule } from '../../schemas/catalogue.js';
import type { ClassName } from '../../schemas/classes.js';
import type { Feature, Filter } from '../../schemas/features.js';
import { operandsOf } from './operands.js';
import { featureUnit, parseMoney, windowReachMs } from './units.js';

export type Path = (string | number)[];
/** Tells the author: where in the rule, what is wrong, how to mend it. */
export type Report = (path: Path, what: string, mend: string) => void;

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** What the longer of the two exact lists keeps; shorter windows always fit. */
const NOTABLE_MS = 35 * DAY_MS;
const RARE_MS = 180 * DAY_MS;
const RARE_CLASSES: readonly ClassName[] = [
  'loanDisbursement',
  'investmentRedeem',
  'crossBorder',
  'cash',
];
const BASELINE_DAYS = 120;

/** Kinds that read the leg being evaluated: at the close of a day there is none. */
const LEG_KINDS: ReadonlySet<Feature['kind']> = new Set([
  'amount',
  'silence',
  'balance-before',
  'balance-before-outflow',
  'new-counterparty',
  'limit-use',
  'limit-excess',
]);
const BALANCE_KINDS: ReadonlySet<Feature['kind']> = new Set([
  'balance-before',
  'balance-before-outflow',
]);

function checkFilter(filter: Filter, path: Path, report: Report): void {
  if (filter.all.includes('debit') && filter.all.includes('credit')) {
    report([...path, 'all'], 'a leg is never debit and credit', 'require one of the two');
  }
  for (const name of filter.all) {
    if (!filter.none.includes(name)) continue;
    report([...path, 'none'], `${name} is required and excluded`, `take it out of all or of none`);
  }
  if (filter.none.includes('debit') && filter.none.includes('credit')) {
    report([...path, 'none'], 'every leg is debit or credit', 'exclude at most one of the two');
  }
  const amount = filter.amount;
  if (amount === undefined) return;
  if (amount.below !== undefined && amount.max !== undefined) {
    report([...path, 'amount'], 'below and max both given', 'keep one upper edge');
  }
  const min = parseMoney(amount.min ?? '0') ?? 0;
  const below = parseMoney(amount.below ?? '');
  const max = parseMoney(amount.max ?? '');
  if ((below !== null && min >= below) || (max !== null && min > max)) {
    report([...path, 'amount'], 'no amount lies between its edges', 'lower min or raise the other');
  }
}

function checkWindow(rule: Rule, name: string, report: Report): void {
  const feature = rule.features[name];
  if (feature === undefined || !('window' in feature)) return;
  const path = ['features', name, 'window'];
  const filter = feature.of ?? (rule.on === 'day-close' ? undefined : rule.on);
  if (filter === undefined) {
    report(path, 'no leg triggers this rule and `of` is missing', 'say which legs with `of`');
    return;
  }
  if (rule.on === 'day-close' && feature.window.startsWith('bank-')) {
    report(path, `${feature.window} is empty at the close`, 'write days, for example 1d');
  }
  const reachMs = windowReachMs(feature.window);
  if (reachMs === 0) report(path, 'the window is empty', 'write at least 1m');
  const rare = filter.all.some((c) => RARE_CLASSES.includes(c));
  const keptMs = rare ? RARE_MS : NOTABLE_MS;
  if (reachMs <= keptMs) return;
  const kept = `${keptMs / DAY_MS} d`;
  const others = rare ? '' : `, or require one of ${RARE_CLASSES.join(', ')} (180 d)`;
  report(
    path,
    `window ${feature.window} is longer than state keeps (${kept})`,
    `shorten it to ${kept}${others}`,
  );
}

function checkOne(rule: Rule, name: string, report: Report): void {
  const feature = rule.features[name];
  if (feature === undefined) return;
  const path = ['features', name];
  let known = true;
  for (const [key, operand] of operandsOf(feature)) {
    if (Object.hasOwn(rule.features, operand)) continue;
    known = false;
    report(
      [...path, ...key],
      `unknown feature ${operand}`,
      'define it under features, or correct it',
    );
  }
  checkWindow(rule, name, report);
  if ('of' in feature && typeof feature.of === 'object') {
    checkFilter(feature.of, [...path, 'of'], report);
  }
  if (rule.on === 'day-close' && LEG_KINDS.has(feature.kind)) {
    report(
      [...path, 'kind'],
      `${feature.kind} needs a leg, and the close of a day has none`,
      'trigger the rule on legs, or use customer-made, drop or a window with `of`',
    );
  }
  if (BALANCE_KINDS.has(feature.kind) && !rule.requires.includes('balance')) {
    report(
      [...path, 'kind'],
      `${feature.kind} is used without requires: [balance]`,
      'add requires: [balance], so that legs without one count as not applicable',
    );
  }
  if (feature.kind === 'customer-made' && feature.days + feature.before > BASELINE_DAYS) {
    report(
      [...path, 'days'],
      `days + before is ${feature.days + feature.before}`,
      `state keeps ${BASELINE_DAYS} daily counts: shorten one of them`,
    );
  }
  if (known) checkUnits(rule, name, report);
}

/** A quotient of unlike units has no unit, and no sentence could say what it means. */
function checkUnits(rule: Rule, name: string, report: Report): void {
  const feature = rule.features[name];
  if (feature === undefined) return;
  const unitOf = (n: string) => featureUnit((rule.features[n] as Feature).kind);
  const path = ['features', name];
  if (feature.kind === 'percent' || feature.kind === 'ratio') {
    if (unitOf(feature.of) === unitOf(feature.to)) return;
    report(
      path,
      `${name} has no unit: ${unitOf(feature.of)} to ${unitOf(feature.to)}`,
      'divide features of one unit',
    );
  }
  if (feature.kind === 'drop') {
    for (const key of ['recent', 'baseline'] as const) {
      if (unitOf(feature[key]) === 'count') continue;
      report([...path, key], `${feature[key]} is not a count`, 'drop compares two counts');
    }
  }
  if (feature.kind === 'balance-before-outflow') {
    const outflow = rule.features[feature.outflow];
    if (outflow?.kind === 'sum' && outflow.window === 'bank-day') return;
    report(
      [...path, 'outflow'],
      `${feature.outflow} is not the sum of a bank day`,
      'name a feature with kind: sum, window: bank-day',
    );
  }
}

/** Depth first; a feature met again on the way down closes a circle. Reports each circle once. */
function checkCycles(rule: Rule, report: Report): void {
  const done = new Set<string>();
  const visit = (name: string, way: string[]): void => {
    if (done.has(name)) return;
    const at = way.indexOf(name);
    if (at >= 0) {
      report(
        ['features', name],
        `features in a circle: ${[...way.slice(at), name].join(' -> ')}`,
        'make one of them from legs',
      );
      done.add(name);
      return;
    }
    const feature = rule.features[name];
    if (feature === undefined) return;
    for (const [, operand] of operandsOf(feature)) visit(operand, [...way, name]);
    done.add(name);
  };
  for (const name of Object.keys(rule.features)) visit(name, []);
}

function checkUses(rule: Rule, report: Report): void {
  const used = new Set<string>();
  const use = (name: string, path: Path): void => {
    used.add(name);
    if (Object.hasOwn(rule.features, name)) return;
    report(path, `unknown feature ${name}`, 'define it under features, or correct the name');
  };
  rule.gates.forEach((g, i) => {
    use(g.feature, ['gates', i, 'feature']);
  });
  use(rule.observed, ['observed']);
  rule.facts.forEach((name, i) => {
    use(name, ['facts', i]);
  });
  for (const [of, normal] of Object.entries(rule.normals)) {
    use(normal, ['normals', of]);
    if (of === rule.observed || rule.gates.some((g) => g.feature === of)) continue;
    report(['normals', of], `${of} is no gate and not observed`, 'name a gate or observed feature');
  }
  for (const feature of Object.values(rule.features)) {
    for (const [, operand] of operandsOf(feature)) used.add(operand);
  }
  for (const name of Object.keys(rule.features)) {
    if (used.has(name)) continue;
    report(['features', name], `feature ${name} is never used`, 'use it or take it out');
  }
}

export function checkFeatures(rule: Rule, report: Report): void {
  if (rule.on !== 'day-close') checkFilter(rule.on, ['on'], report);
  for (const name of Object.keys(rule.features)) checkOne(rule, name, report);
  checkCycles(rule, report);
  checkUses(rule, report);
}

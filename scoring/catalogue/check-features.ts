/**
 * What a schema cannot see about features: names that lead nowhere, circles, filters that no leg
 * passes, and windows longer than what state keeps.
 */
import type { Rule } from '../../schemas/catalogue.js';
import type { ClassName } from '../../schemas/classes.js';
import type { Feature, Filter } from '../../schemas/features.js';
import type { Unit } from '../../schemas/hit.js';
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
  'medical',
];
const BASELINE_DAYS = 120;

/** Kinds that read the leg being evaluated: at the close of a day there is none. */
const LEG_KINDS: ReadonlySet<Feature['kind']> = new Set([
  'amount',
  'z-score',
  'since-previous',
  'silence',
  'balance-before',
  'balance-after',
  'balance-before-outflow',
  'new-counterparty',
  'limit-use',
  'limit-excess',
]);
const BALANCE_KINDS: ReadonlySet<Feature['kind']> = new Set([
  'balance-before',
  'balance-after',
  'balance-before-outflow',
  'balance-total',
  'mean-balance',
]);
/** What one evaluation has room for. */
const FEATURES_MAX = 64;

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
  for (const key of ['channels', 'types'] as const) {
    const names = filter[key] ?? [];
    if (new Set(names).size === names.length) continue;
    report([...path, key], `one of ${key} stands twice`, 'keep one of each');
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
  if ('same' in feature && feature.same !== undefined && rule.on === 'day-close') {
    report([...path, 'same'], '`same` needs a leg to compare with', 'trigger the rule on legs');
  }
  if (feature.kind === 'customer-made' || feature.kind === 'new-counterparties') {
    checkDaysBack(feature.days + feature.before, [...path, 'days'], report);
  }
  if (feature.kind === 'share-of-line') checkLine(rule, feature, path, report);
  if (known) checkUnits(rule, name, report);
}

function checkDaysBack(days: number, path: Path, report: Report): void {
  if (days <= BASELINE_DAYS) return;
  report(
    path,
    `days + before is ${days}`,
    `state keeps ${BASELINE_DAYS} daily counts: shorten one of them`,
  );
}

function checkLine(
  rule: Rule,
  feature: Feature & { kind: 'share-of-line' },
  path: Path,
  report: Report,
): void {
  if (parseMoney(feature.line) === 0) {
    report([...path, 'line'], 'a share of nothing', 'write a line above 0');
  }
  const currency = feature.currency;
  if (currency === undefined) return;
  if (!/^[A-Z]{3}$/.test(currency)) {
    report([...path, 'currency'], `${currency} is no currency code`, 'write three capitals, "USD"');
  } else if (!rule.examples.some((e) => Object.hasOwn(e.rates, currency))) {
    report(
      [...path, 'currency'],
      `the line is in ${currency}, and no example says its rate`,
      `add rates: { ${currency}: ... } to the examples that reach it`,
    );
  }
}

/** A quotient or difference of unlike units has no unit: no sentence could say what it means. */
function checkUnits(rule: Rule, name: string, report: Report): void {
  const feature = rule.features[name];
  if (feature === undefined) return;
  const unitOf = (n: string) => featureUnit((rule.features[n] as Feature).kind);
  const path = ['features', name];
  const each = (wanted: Unit, mend: string): void => {
    for (const [key, operand] of operandsOf(feature)) {
      if (unitOf(operand) === wanted) continue;
      report([...path, ...key], `${operand} is ${unitOf(operand)}, not ${wanted}`, mend);
    }
  };
  const alike = (a: string, b: string): void => {
    if (unitOf(a) === unitOf(b)) return;
    report(
      path,
      `${name} has no unit: ${unitOf(a)} to ${unitOf(b)}`,
      'divide features of one unit',
    );
  };
  switch (feature.kind) {
    case 'percent':
    case 'ratio':
      alike(feature.of, feature.to);
      break;
    case 'rate-ratio':
      alike(feature.recent, feature.baseline);
      break;
    case 'drop':
      each('count', 'drop compares two counts');
      break;
    case 'surprise':
      each('count', 'surprise is of counts: count, customer-made, distinct-counterparties');
      break;
    case 'money-difference':
      each('money', 'take money from money, or use count-difference');
      break;
    case 'count-difference':
      each('count', 'take a count from a count, or use money-difference');
      break;
    case 'larger-of':
      each('percent', 'compare percents only');
      break;
    case 'share-of-line':
      each('money', 'a line is an amount: name a sum or another feature of money');
      break;
    case 'balance-before-outflow':
      checkOutflow(rule, feature.outflow, [...path, 'outflow'], report);
      break;
  }
}

function checkOutflow(rule: Rule, name: string, path: Path, report: Report): void {
  const outflow = rule.features[name];
  if (outflow?.kind !== 'sum') {
    report(path, `${name} is not a sum of legs`, 'name a feature with kind: sum');
    return;
  }
  const filter = outflow.of ?? (rule.on === 'day-close' ? undefined : rule.on);
  if (filter === undefined || filter.all.includes('debit')) return;
  report(path, `${name} counts credits as well`, 'give it of: { all: [debit] }');
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
  if (rule.score?.by !== undefined) use(rule.score.by, ['score', 'by']);
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
  const count = Object.keys(rule.features).length;
  if (count > FEATURES_MAX) {
    report(['features'], `${count} features`, `use at most ${FEATURES_MAX}, or make two rules`);
  }
  for (const name of Object.keys(rule.features)) checkOne(rule, name, report);
  checkCycles(rule, report);
  checkUses(rule, report);
}

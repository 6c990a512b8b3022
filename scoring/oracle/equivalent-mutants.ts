/**
 * Wrong versions of a rule that can never be told from it, and why: what was changed stands in the
 * rule twice, or asks for what admission and scoring see to anyway.
 */
import type { Rule } from '../../schemas/catalogue.js';
import type { ClassName } from '../../schemas/classes.js';
import { featureUnit, thresholdNumber } from '../catalogue/units.js';
import type { RuleMutant } from './rule-mutants.js';

/** A leg has one type, and so one of these at most (ARCHITECTURE.md, "Activity"). */
const BY_TYPE: readonly ClassName[] = [
  'transfer',
  'cash',
  'card',
  'bankMade',
  'salary',
  'loanDisbursement',
  'loanRepayment',
  'investmentBuy',
  'investmentRedeem',
];
/** Class that says that another is not there. */
const EXCLUDES: Partial<Record<ClassName, readonly ClassName[]>> = {
  transfer: ['ownAccount', 'ownInside', 'merchantReceipt'],
  cash: ['merchantReceipt'],
  firstPayment: ['trustedPair', 'ownAccount', 'ownInside', 'merchantReceipt'],
  customerMade: ['bankMade', 'salary', 'loanDisbursement'],
};

function isExcluded(name: ClassName, all: readonly ClassName[]): boolean {
  return all.some(
    (other) =>
      EXCLUDES[other]?.includes(name) === true ||
      (other !== name && BY_TYPE.includes(other) && BY_TYPE.includes(name)),
  );
}

/** Of transfers the debits are what the customer makes; credits are made by others. */
function isImplied(name: ClassName, all: readonly ClassName[]): boolean {
  const has = (other: ClassName): boolean => all.includes(other);
  return (
    (name === 'customerMade' && has('debit') && has('transfer')) ||
    (name === 'debit' && has('customerMade') && has('transfer'))
  );
}

/** The highest line that each feature has to reach, and whether to exceed it. */
function linesToReach(rule: Rule): string {
  const lines = new Map<string, { value: number; strict: boolean }>();
  const reach = (feature: string, edge: string | number, strict: boolean): void => {
    const unit = featureUnit(rule.features[feature]?.kind ?? 'amount');
    const value = thresholdNumber(unit, edge) ?? Number.NaN;
    const old = lines.get(feature);
    if (old !== undefined && (old.value > value || (old.value === value && old.strict))) return;
    lines.set(feature, { value, strict });
  };
  for (const { feature, op, value } of rule.gates) {
    if (op === 'atLeast' || op === 'above') reach(feature, value, op === 'above');
  }
  const { from, above } = rule.bands[0] ?? {};
  reach(rule.observed, from ?? above ?? 0, above !== undefined);
  if (rule.on !== 'day-close' && rule.on.amount?.min !== undefined) {
    for (const [name, { kind }] of Object.entries(rule.features)) {
      if (kind === 'amount' && lines.has(name)) reach(name, rule.on.amount.min, false);
    }
  }
  const sorted = [...lines].sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify(sorted);
}

/** The trigger's own line, which no feature has to reach. */
function triggerLine(rule: Rule): string | undefined {
  if (rule.on === 'day-close') return undefined;
  const isRead = Object.values(rule.features).some((f) => f.kind === 'amount');
  return isRead ? undefined : rule.on.amount?.min;
}

/** Why nobody can tell the two; undefined when somebody might. */
export function whyEquivalent(rule: Rule, mutant: RuleMutant): string | undefined {
  const { leftOut, isLine, distinct } = mutant;
  if (leftOut !== undefined) {
    const { name, of, filter } = leftOut;
    if (of === 'none' && name === 'reversal') return 'a reversal is neither evaluated nor kept';
    if (of === 'none' && isExcluded(name, filter.all)) return 'another class of it says so too';
    if (of === 'all' && isImplied(name, filter.all)) return 'follows from its other classes';
  }
  if (
    isLine === true &&
    linesToReach(rule) === linesToReach(mutant.rule) &&
    triggerLine(rule) === triggerLine(mutant.rule)
  ) {
    return 'another line of the rule stands at or above it';
  }
  if (distinct !== undefined) {
    const feature = rule.features[distinct];
    const own = feature !== undefined && 'of' in feature ? feature.of : undefined;
    const filter = own ?? (rule.on === 'day-close' ? undefined : rule.on);
    if (typeof filter === 'object' && filter.all.includes('firstPayment')) {
      return 'first payments within a window are of as many counterparties';
    }
  }
  return undefined;
}

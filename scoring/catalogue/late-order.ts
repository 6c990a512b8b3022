/**
 * Can the order in which late legs arrive change which legs a rule hits? A leg is evaluated when it
 * comes, and again when a late one comes before it, so nothing is missed; but a hit is never taken
 * back. So the set is the same whenever more legs can only raise what a rule asks to be high and
 * only lower what it asks to be low. The reasons why not, in words, from the rule alone.
 */
import type { Rule } from '../../schemas/catalogue.js';
import { ClassBit, SCORED_BITS } from '../../schemas/classes.js';
import type { Feature, Filter } from '../../schemas/features.js';

/** What a value does when more of the past is known. */
type Way = 'stays' | 'rises' | 'falls' | 'either';

const WAYS: Partial<Record<Feature['kind'], Way>> = {
  amount: 'stays',
  count: 'rises',
  sum: 'rises',
  max: 'rises',
  min: 'falls',
  'distinct-counterparties': 'rises',
  'distinct-countries': 'rises',
  'since-previous': 'falls',
  silence: 'falls',
  'account-age': 'rises',
  'customer-made': 'rises',
  'largest-payment': 'rises',
  'mean-daily-outflow': 'rises',
  'limit-use': 'rises',
};

const turned: Record<Way, Way> = {
  stays: 'stays',
  rises: 'falls',
  falls: 'rises',
  either: 'either',
};

function joined(a: Way, b: Way): Way {
  if (a === 'stays' || a === b) return b;
  return b === 'stays' ? a : 'either';
}

function wayOf(rule: Rule, name: string): Way {
  const feature = rule.features[name];
  if (feature === undefined) return 'either';
  switch (feature.kind) {
    case 'percent':
    case 'ratio':
      return joined(wayOf(rule, feature.of), turned[wayOf(rule, feature.to)]);
    case 'money-difference':
    case 'count-difference':
      return joined(wayOf(rule, feature.of), turned[wayOf(rule, feature.less)]);
    case 'share-of-line':
      return wayOf(rule, feature.of);
    case 'larger-of':
      return feature.among.map((n) => wayOf(rule, n)).reduce(joined, 'stays');
    default:
      return WAYS[feature.kind] ?? 'either';
  }
}

/** Bits that are fixed when a leg first comes in. */
function isFixedAtArrival(filter: Filter | undefined): boolean {
  return [...(filter?.all ?? []), ...(filter?.none ?? [])].some((c) => ClassBit[c] & SCORED_BITS);
}

/** Empty: the set of legs that the rule hits does not depend on the order of arrival. */
export function orderReasons(rule: Rule): string[] {
  // A day closes on the watermark, when everything that still counts has come.
  if (rule.on === 'day-close') return [];
  const reasons: string[] = [];
  if (rule.cooldown !== undefined) reasons.push('what comes first starts the cooldown');
  const values = Object.values(rule.features);
  const filters = [
    rule.on,
    ...values.map((f) => ('of' in f && typeof f.of === 'object' ? f.of : undefined)),
  ];
  if (filters.some(isFixedAtArrival)) reasons.push('what is known of the pair when a leg comes in');
  for (const gate of rule.gates) {
    const way = wayOf(rule, gate.feature);
    const wanted = gate.op === 'atLeast' || gate.op === 'above' ? 'rises' : 'falls';
    if (way === 'stays' || (way === wanted && gate.op !== 'equals')) continue;
    reasons.push(`\`${gate.feature}\` can go either way`);
  }
  const observed = wayOf(rule, rule.observed);
  if (observed !== 'stays' && observed !== 'rises') {
    reasons.push(`\`${rule.observed}\` can go either way`);
  }
  return [...new Set(reasons)];
}

/** Features and filters in words, for docs/rules.md: one sentence a kind, its parameters in it. */
import type { Feature, Filter } from '../../schemas/features.js';
import { formatMoney } from '../../schemas/sentence.js';
import { parseMoney } from './units.js';

const money = (text: string): string => formatMoney(parseMoney(text) ?? 0, 'en', 'CNY');

export function filterText(filter: Filter): string {
  const parts = [filter.all.length > 0 ? filter.all.join(' and ') : 'any leg'];
  if (filter.none.length > 0) parts.push(`not ${filter.none.join(', ')}`);
  const amount = filter.amount;
  if (amount?.min !== undefined) parts.push(`amount >= ${money(amount.min)}`);
  if (amount?.below !== undefined) parts.push(`amount < ${money(amount.below)}`);
  if (amount?.max !== undefined) parts.push(`amount <= ${money(amount.max)}`);
  if (filter.channels !== undefined) parts.push(`by ${filter.channels.join(' or ')}`);
  if (filter.types !== undefined) parts.push(`of type ${filter.types.join(' or ')}`);
  return parts.join('; ');
}

const AGGREGATES: Partial<Record<Feature['kind'], string>> = {
  count: 'number of legs',
  sum: 'sum',
  max: 'largest amount',
  min: 'smallest amount',
  mean: 'mean amount',
  deviation: 'deviation of the amounts from their mean',
  'distinct-counterparties': 'different counterparties',
  'distinct-countries': 'different countries of counterparties',
  'largest-share': 'share of the sum that one counterparty has, the largest',
  benford: "chi-square of the leading digits against Benford's law, from 50 legs on",
};

const WINDOWS: Record<string, string> = {
  'bank-day': 'bank day so far',
  'bank-month': 'bank month so far',
};
function windowText(window: string): string {
  if (window.endsWith('bd')) return `${window.slice(0, -2)} business days`;
  return WINDOWS[window] ?? window;
}

export function featureText(feature: Feature): string {
  const of =
    'of' in feature && typeof feature.of === 'object' ? ` (${filterText(feature.of)})` : '';
  const aggregate = AGGREGATES[feature.kind];
  if (aggregate !== undefined && 'window' in feature) {
    const same = 'same' in feature && feature.same ? `, same ${feature.same.join(' and ')}` : '';
    return `${aggregate}, ${windowText(feature.window)}${same}${of}`;
  }
  if (feature.kind === 'z-score') {
    const others = `the other legs, at least ${feature.min} of them`;
    return `deviations above the mean of ${others}, ${windowText(feature.window)}${of}`;
  }
  if (feature.kind === 'since-previous') {
    return `seconds since the newest earlier such leg, within 48 h${of}`;
  }
  if (feature.kind === 'limit-use') return `largest use of the list's limits${of}`;
  if (feature.kind === 'limit-excess') return `money above the limit of the largest use${of}`;
  return madeOfFeatures(feature) ?? ofTheLeg(feature) ?? ofTheCustomer(feature) ?? feature.kind;
}

function madeOfFeatures(feature: Feature): string | undefined {
  switch (feature.kind) {
    case 'drop':
      return `fall of ${feature.recent} a day against ${feature.baseline} a day, in percent`;
    case 'rate-ratio': {
      const { recent, recentDays, baseline, baselineDays } = feature;
      return `${recent} a day (${recentDays} d) / ${baseline} a day (${baselineDays} d)`;
    }
    case 'surprise':
      return (
        `how improbable so ${feature.tail === 'high' ? 'many' : 'few'} ${feature.of} are by ` +
        `${feature.expected}, in powers of ten (negative binomial, shape ${feature.shape}, ` +
        `prior ${feature.prior})`
      );
    case 'percent':
      return `${feature.of} in percent of ${feature.to}`;
    case 'ratio':
      return `${feature.of} / ${feature.to}`;
    case 'money-difference':
    case 'count-difference':
      return `${feature.of} less ${feature.less}`;
    case 'larger-of':
      return `the largest of ${feature.among.join(', ')}`;
    case 'share-of-line': {
      const { currency } = feature;
      const line = currency === undefined ? money(feature.line) : `${currency} ${feature.line}`;
      const rate = currency === undefined ? '' : ' at the rate in force';
      return `${feature.of} in percent of ${line}${rate}`;
    }
    case 'balance-before-outflow':
      return `the account's balance before the day's ${feature.outflow}`;
    default:
      return undefined;
  }
}

function ofTheLeg(feature: Feature): string | undefined {
  switch (feature.kind) {
    case 'amount':
      return 'amount of the leg';
    case 'silence':
      return 'days since the previous leg not made by the bank';
    case 'balance-before':
      return "the account's balance before the leg";
    case 'balance-after':
      return "the account's balance after the leg";
    case 'new-counterparty':
      return 'first payment between the two within 400 d';
    default:
      return undefined;
  }
}

function ofTheCustomer(feature: Feature): string | undefined {
  switch (feature.kind) {
    case 'account-age':
      return 'days since the customer was first seen';
    case 'customer-made':
      return feature.before === 0
        ? `customer-made transactions of the last ${feature.days} closed days`
        : `customer-made transactions of ${feature.days} days before the last ${feature.before}`;
    case 'new-counterparties': {
      const side = feature.direction === 'in' ? 'senders' : 'payees';
      const back = feature.before === 0 ? '' : `, ${feature.before} d before that`;
      return `new ${side} of ${feature.days} d, in five-day panes up to the last one${back}`;
    }
    case 'balance-total':
      return "known balances of the customer's accounts together";
    case 'mean-balance':
      return `mean of the balances together over ${feature.days} d, by time`;
    case 'mean-payment':
      return `own mean payment, decayed over ${feature.days} d, up to yesterday`;
    case 'largest-payment':
      return `own largest payment of ${feature.days} d, in blocks of 30 d before this one`;
    case 'mean-daily-outflow':
      return `own mean outflow a day of ${feature.days} d`;
    default:
      return undefined;
  }
}

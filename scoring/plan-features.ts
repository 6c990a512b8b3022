/**
 * Compiles features and filters: the windowed groups that a feature reads are found or added, so
 * that features with the same window and filter share one. Part of the plan (plan.ts).
 */
import { ClassBit } from '../schemas/classes.js';
import type { Feature, Filter, SAME } from '../schemas/features.js';
import { CHANNELS, TRANSACTION_TYPES } from '../schemas/json-transaction.js';
import { currencyExponent } from '../schemas/money.js';
import { operandsOf } from './catalogue/operands.js';
import { businessDays, featureUnit, parseMoney, windowReachMs } from './catalogue/units.js';
import { NOTABLE, PACKED, RECENT } from './lists.js';
import type { CompiledFeature, Group, LegFilter, Window, WindowKind } from './plan.js';
import type { Same } from './scan.js';

const RECENT_WINDOW_MAX_MS = 48 * 3_600_000;

const COST: Record<Feature['kind'], number> = {
  amount: 0,
  'account-age': 1,
  silence: 1,
  count: 2,
  sum: 2,
  'new-counterparty': 3,
  'balance-before': 3,
  'balance-after': 3,
  'balance-total': 3,
  'share-of-line': 3,
  'money-difference': 3,
  'count-difference': 3,
  'balance-before-outflow': 4,
  percent: 4,
  ratio: 4,
  'rate-ratio': 4,
  'larger-of': 4,
  'largest-payment': 5,
  'mean-payment': 5,
  'mean-daily-outflow': 6,
  'customer-made': 6,
  'new-counterparties': 6,
  'mean-balance': 6,
  drop: 7,
  'limit-use': 7,
  'limit-excess': 7,
  max: 8,
  min: 8,
  mean: 8,
  'since-previous': 8,
  'distinct-counterparties': 9,
  'distinct-countries': 9,
  deviation: 10,
  'z-score': 10,
  'largest-share': 10,
  benford: 10,
  surprise: 11,
};

/** Whether a feature reads count and sum that the row keeps, or needs the legs themselves. */
const WINDOWED: Partial<Record<Feature['kind'], 'kept' | 'scanned'>> = {
  count: 'kept',
  sum: 'kept',
  mean: 'kept',
  'limit-use': 'kept',
  'limit-excess': 'kept',
  max: 'scanned',
  min: 'scanned',
  'distinct-counterparties': 'scanned',
  'distinct-countries': 'scanned',
  deviation: 'scanned',
  'z-score': 'scanned',
  'largest-share': 'scanned',
  benford: 'scanned',
  'since-previous': 'scanned',
};
const SINCE_PREVIOUS_WINDOW = '48h';

export function compileFeature(
  name: string,
  spec: Feature,
  trigger: Filter,
  indexOf: (name: string) => number,
  windows: Window[],
  groups: Group[],
): CompiledFeature {
  const same = 'same' in spec && spec.same !== undefined ? sameOf(spec.same) : undefined;
  const windowed = WINDOWED[spec.kind];
  // Whoever asks for counterparties, or for legs like this one, is answered by the count or sum of
  // all legs of the window where these are too few (generated-rules.ts).
  const kept = windowed === 'kept' || spec.kind === 'distinct-counterparties';
  const groupOf = (window: string): number => {
    const filter = ('of' in spec && typeof spec.of === 'object' && spec.of) || trigger;
    return findGroup(window, filter, kept, windows, groups).index;
  };
  let group = -1;
  let dayGroup = -1;
  if (spec.kind === 'limit-use' || spec.kind === 'limit-excess') {
    dayGroup = groupOf('bank-day');
    group = groupOf('bank-month');
  } else if (windowed !== undefined) {
    group = groupOf('window' in spec ? spec.window : SINCE_PREVIOUS_WINDOW);
  }
  return {
    name,
    spec,
    group,
    dayGroup,
    same,
    line: spec.kind === 'share-of-line' ? lineOf(spec.line, spec.currency) : Number.NaN,
    inputs: operandsOf(spec).map(([, input]) => indexOf(input)),
    cost: same === undefined ? COST[spec.kind] : Math.max(COST.max, COST[spec.kind]),
    unit: featureUnit(spec.kind),
  };
}

function sameOf(names: readonly (typeof SAME)[number][]): Same {
  return {
    counterparty: names.includes('counterparty'),
    amount: names.includes('amount'),
    packed:
      (names.includes('channel') ? PACKED.channelMask << PACKED.channelShift : 0) |
      (names.includes('account') ? PACKED.accountMask << PACKED.accountShift : 0),
  };
}

/** Money is written with two decimals; a currency may have more minor units, or fewer. */
function lineOf(line: string, currency: string | undefined): number {
  const minor = minorOf(line);
  if (currency === undefined) return minor;
  const exponent = currencyExponent(currency);
  if (exponent === undefined) throw new Error(`not a currency: ${currency}`);
  return minor * 10 ** (exponent - 2);
}

function findGroup(
  spec: string,
  filter: Filter,
  kept: boolean,
  windows: Window[],
  groups: Group[],
): Group {
  const days = businessDays(spec) ?? 0;
  const kind: WindowKind =
    days > 0 ? 'business-days' : spec === 'bank-day' || spec === 'bank-month' ? spec : 'sliding';
  const ms = windowReachMs(spec);
  const list = ms <= RECENT_WINDOW_MAX_MS ? RECENT : NOTABLE;
  let window = windows.find((w) => w.kind === kind && w.ms === ms && w.days === days);
  if (window === undefined) {
    window = { index: windows.length, list, kind, ms, days, groups: [] };
    windows.push(window);
  }
  const bits = bitsOf(filter);
  // A reversal never enters a list: filters that differ only in leaving it out are the same.
  bits.none &= ~ClassBit.reversal;
  const found = groups.find(
    (g) =>
      g.window === window.index &&
      g.all === bits.all &&
      g.none === bits.none &&
      g.min === bits.min &&
      g.below === bits.below &&
      g.channels === bits.channels &&
      g.types === bits.types,
  );
  if (found !== undefined) {
    if (kept) found.column = 0;
    return found;
  }
  const column = kept ? 0 : -1;
  const group = { index: groups.length, window: window.index, list, column, distinct: -1, ...bits };
  groups.push(group);
  window.groups.push(group.index);
  return group;
}

export function bitsOf(f: Filter): LegFilter {
  const mask = (names: readonly (keyof typeof ClassBit)[]): number =>
    names.reduce((bits, n) => bits | ClassBit[n], 0);
  const amount = f.amount ?? {};
  let below = Number.POSITIVE_INFINITY;
  if (amount.below !== undefined) below = minorOf(amount.below);
  if (amount.max !== undefined) below = Math.min(below, minorOf(amount.max) + 1);
  return {
    all: mask(f.all),
    none: mask(f.none),
    min: amount.min === undefined ? 0 : minorOf(amount.min),
    below,
    channels: anyOf(f.channels, CHANNELS),
    types: anyOf(f.types, TRANSACTION_TYPES),
  };
}

/** An empty list is any, like a missing one. */
function anyOf(names: readonly string[] | undefined, all: readonly string[]): number {
  return names === undefined || names.length === 0 ? -1 : maskOf(names, all, 0);
}

export function maskOf(names: readonly string[], all: readonly string[], shift: number): number {
  return names.reduce((bits, n) => bits | (1 << (shift + all.indexOf(n))), 0);
}

/** The loader has refused whatever is not money. */
export function minorOf(text: string): number {
  const minor = parseMoney(text);
  if (minor === null) throw new Error(`not an amount: ${text}`);
  return minor;
}

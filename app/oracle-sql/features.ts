/**
 * Features as SQL, each from its words in schemas/features.ts. An evaluation is the row `e`, the
 * subject's legs are `l`. A feature is an aggregate over a group of joined rows (one group for
 * each window, so that a short one joins few rows), or an expression of other features. "Not
 * available" is NULL.
 */
import { ClassBit } from '../../schemas/classes.js';
import type { Feature, Filter } from '../../schemas/features.js';
import { CHANNELS, TRANSACTION_TYPES } from '../../schemas/json-transaction.js';

export type Kind = Feature['kind'];
export type Of<K extends Kind> = Extract<Feature, { kind: K }>;

/** A group of rows: which legs of the subject are joined to an evaluation. */
export interface Group {
  condition: string;
}

export interface Compiled {
  /** Condition of the join that `aggregate` is over; missing = an expression of `e` and others. */
  group?: string;
  aggregate?: string;
  /** Value from `@` (the aggregate's column) and the columns of the row. */
  value: string;
}

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const UNIT_MS: Record<string, number> = { m: MINUTE_MS, h: 60 * MINUTE_MS, d: DAY_MS };

export const minor = (money: string): number => Math.round(Number(money) * 100);
export const windowMs = (text: string): number =>
  Number(text.slice(0, -1)) * (UNIT_MS[text.slice(-1)] as number);
export const businessDays = (window: string): number | undefined =>
  window.endsWith('bd') ? Number(window.slice(0, -2)) : undefined;

function mask(names: readonly (keyof typeof ClassBit)[]): number {
  return names.reduce((bits, name) => (bits | ClassBit[name]) >>> 0, 0);
}

/** SQL: the leg `alias` has all and none of these class bits. */
export function classesSql(alias: string, of: Filter): string {
  const all = mask(of.all);
  const parts = [`bitAnd(${alias}.bits, ${(all | mask(of.none)) >>> 0}) = ${all}`];
  return parts.join(' AND ');
}

/** SQL: the leg (or evaluation) `alias` passes the filter. */
export function filterSql(alias: string, of: Filter): string {
  const parts = [classesSql(alias, of)];
  const { min, below, max } = of.amount ?? {};
  if (min !== undefined) parts.push(`${alias}.amount >= ${minor(min)}`);
  if (below !== undefined) parts.push(`${alias}.amount < ${minor(below)}`);
  if (max !== undefined) parts.push(`${alias}.amount <= ${minor(max)}`);
  const among = (
    column: string,
    names: readonly string[],
    given: readonly string[] | undefined,
  ) => {
    if (given === undefined || given.length === 0) return;
    parts.push(`${alias}.${column} IN (${given.map((n) => names.indexOf(n)).join(', ')})`);
  };
  among('channel', CHANNELS, of.channels);
  among('type', TRANSACTION_TYPES, of.types);
  return `(${parts.join(' AND ')})`;
}

/** Stands at or before the place of the evaluation in the log, and nothing took it out by then. */
const IN_LOG = 'l.ord <= e.at AND NOT l.reversal';
const STANDS = `${IN_LOG} AND l.gone_at > e.at`;
const UP_TO = `${STANDS} AND (l.event, l.ord) <= (e.until, e.ord)`;

/** A list of legs is kept for its time behind the subject's newest leg: `@short` and `@long`. */
function windowSql(window: string): string {
  const up = `${UP_TO} AND l.event > e.newest - ${isLong(window) ? '@long' : '@short'}`;
  const n = businessDays(window);
  if (n !== undefined) return `${up} AND l.event >= e.business_${n}`;
  if (window === 'bank-day') return `${up} AND l.event >= e.day_start`;
  if (window === 'bank-month') return `${up} AND l.event >= e.month_start`;
  return `${up} AND l.event > e.until - ${windowMs(window)}`;
}

/** Longest window that the list of recent legs is for. */
export const SHORT_MS_MAX = 2 * DAY_MS;

/** At most so long; days of business are taken for days. */
export function lengthMs(window: string): number {
  if (window === 'bank-day') return DAY_MS;
  const days = window === 'bank-month' ? 31 : businessDays(window);
  return days === undefined ? windowMs(window) : days * DAY_MS;
}
const isLong = (window: string): boolean => lengthMs(window) > SHORT_MS_MAX;

type Windowed = Extract<Feature, { window: string }>;

/** Newest first: amounts of the legs that pass, folded in this order. */
const newestFirst = (passes: string) =>
  `arrayMap(x -> toFloat64(x.3), arrayReverseSort(groupArrayIf((l.event, l.ord, l.amount),
    ${passes})))`;
const MEAN = 'arraySum(@) / length(@)';
const DEVIATION = `sqrt(arrayFold((sum, x) -> sum + (x - ${MEAN}) * (x - ${MEAN}), @,
  toFloat64(0)) / length(@))`;

/** log10(1 + 1/d), d = 1..9 */
const BENFORD = [1, 2, 3, 4, 5, 6, 7, 8, 9].map((d) => Math.log10(1 + 1 / d));
const BENFORD_LEGS_MIN = 50;

const AGGREGATES: {
  [K in Windowed['kind']]?: (passes: string) => Pick<Compiled, 'aggregate' | 'value'>;
} = {
  count: (p) => ({ aggregate: `countIf(${p})`, value: 'ifNull(@, 0)' }),
  sum: (p) => ({ aggregate: `sumIf(l.amount, ${p})`, value: 'ifNull(@, 0)' }),
  max: (p) => ({ aggregate: `maxIf(l.amount, ${p})`, value: 'ifNull(@, 0)' }),
  min: (p) => ({ aggregate: `minOrNullIf(l.amount, ${p})`, value: '@' }),
  'distinct-counterparties': (p) => ({
    aggregate: `uniqExactIf(l.counterparty, ${p})`,
    value: 'ifNull(@, 0)',
  }),
  'distinct-countries': (p) => ({
    aggregate: `uniqExactIf(l.country, ${p} AND l.country != 0)`,
    value: 'ifNull(@, 0)',
  }),
  mean: (p) => ({ aggregate: `avgOrNullIf(l.amount, ${p})`, value: '@' }),
  deviation: (p) => ({
    aggregate: newestFirst(p),
    value: `if(length(@) > 0, ${DEVIATION}, NULL)`,
  }),
  'largest-share': (p) => ({
    aggregate: `arraySort(x -> -x, sumMapIf([l.counterparty], [l.amount], ${p}).2)`,
    value: 'if(arraySum(@) > 0, toFloat64(@[1]) * 100 / arraySum(@), NULL)',
  }),
  benford: (p) => ({
    aggregate: `sumMapIf([toUInt8(substring(toString(l.amount), 1, 1))], [toInt64(1)], ${p})`,
    value: `if(arraySum(@.2) >= ${BENFORD_LEGS_MIN}, ${BENFORD.map((e, i) => {
      const expected = `(arraySum(@.2) * ${e})`;
      const seen = `@.2[indexOf(@.1, ${i + 1})]`;
      return `(${seen} - ${expected}) * (${seen} - ${expected}) / ${expected}`;
    }).join(' + ')}, NULL)`,
  }),
};

/** Beyond the four accounts that are followed, all others count as one. */
const sameSql = (what: string): string =>
  what === 'account' ? 'if(l.followed, l.account, 0) = e.account' : `l.${what} = e.${what}`;

/** Of the subject's legs in its window: the kinds that have one. */
export function windowedSql(f: Windowed, of: Filter): Compiled {
  const group = windowSql(f.window);
  const same = 'same' in f ? (f.same ?? []) : [];
  const passes = [filterSql('l', of), ...same.map(sameSql)].join(' AND ');
  if (f.kind === 'z-score') {
    const value = `if(length(@) >= ${f.min} AND ${DEVIATION} > 0,
      (e.amount - ${MEAN}) / ${DEVIATION}, NULL)`;
    return { group, aggregate: newestFirst(`${passes} AND l.ord != e.ord`), value: legOnly(value) };
  }
  const made = AGGREGATES[f.kind]?.(passes);
  if (made === undefined) throw new Error(`no SQL for ${f.kind}`);
  return { group, ...made, value: same.length > 0 ? legOnly(made.value) : made.value };
}

/** Not at a day's close. */
export const legOnly = (value: string): string => `if(e.side = 2, NULL, ${value})`;

export function sincePreviousSql(of: Filter): Compiled {
  return {
    group: `${windowSql('48h')} AND l.ord != e.ord`,
    aggregate: `maxOrNullIf(l.event, ${filterSql('l', of)})`,
    value: legOnly('(e.event - @) / 1000'),
  };
}

/**
 * docs/rules.md: an undone payment has still broken a silence; of a late leg and on evaluating
 * again a silence up to a day reads 0.
 */
export function silenceSql(): Compiled {
  const broke = `bitAnd(l.bits, ${ClassBit.bankMade}) = 0`;
  return {
    group: `${IN_LOG} AND l.ord != e.ord`,
    aggregate: `(maxOrNullIf(l.event, ${broke} AND (l.event, l.ord) <= (e.event, e.ord)),
      countIf(${broke} AND l.event > e.event AND l.ord < e.ord))`,
    value: legOnly(`if((e.again OR @.2 > 0) AND e.event - @.1 <= ${DAY_MS}, 0,
      (e.event - @.1) / ${DAY_MS})`),
  };
}

/** Sums over bank days; no leg of a later day than the moment's counts in any of them. */
const DAYS = 'l.ord <= e.at AND l.made';
const PANE = 'intDiv(l.day, 5)';
const TODAY_PANE = 'intDiv(e.today, 5)';

export function dayCountSql(f: Of<'customer-made'>): Compiled {
  const last = `(e.closed - ${f.before})`;
  return {
    group: DAYS,
    aggregate: `countIf(l.gone_at > e.at AND l.day <= ${last} AND l.day > ${last} - ${f.days})`,
    value: 'ifNull(@, 0)',
  };
}

export function newCounterpartiesSql(f: Of<'new-counterparties'>): Compiled {
  const last = `(${TODAY_PANE} - 1 - ${f.before / 5})`;
  const side = f.direction === 'in' ? 1 : 0;
  return {
    group: STANDS,
    aggregate: `countIf(bitAnd(l.bits, ${ClassBit.firstPayment}) != 0 AND l.side = ${side} AND
      ${PANE} <= ${last} AND ${PANE} > ${last} - ${f.days / 5})`,
    value: 'ifNull(@, 0)',
  };
}

/** To 1/1024; as of the day before the newest leg's for one that is later than that. */
export function meanPaymentSql(f: Of<'mean-payment'>): Compiled {
  const today = 'greatest(e.today, e.newest_day - 1)';
  const counts = `l.side = 0 AND l.gone_at > e.at AND l.day < ${today}`;
  const weight = `pow(1 - 1 / ${f.days}, ${today} - l.day)`;
  return {
    group: DAYS,
    aggregate: `(sumIf(l.amount * ${weight}, ${counts}), sumIf(${weight}, ${counts}))`,
    value: 'floor(@.1 / nullIf(@.2, 0) * 1024 + 0.5) / 1024',
  };
}

/** A reversal does not lower it. */
export function largestPaymentSql(f: Of<'largest-payment'>): Compiled {
  const block = 'intDiv(l.day, 30)';
  const today = 'intDiv(e.today, 30)';
  return {
    group: DAYS,
    aggregate: `maxOrNullIf(l.amount, l.side = 0 AND ${block} < ${today} AND
      ${block} >= ${today} - ${f.days / 30})`,
    value: '@',
  };
}

export function meanDailyOutflowSql(f: Of<'mean-daily-outflow'>): Compiled {
  return {
    group: DAYS,
    aggregate: `sumIf(l.amount, l.side = 0 AND l.gone_at > e.at AND ${PANE} < ${TODAY_PANE} AND
      ${PANE} >= ${TODAY_PANE} - ${f.days / 5})`,
    value: `ifNull(@, 0) / ${f.days}`,
  };
}

/** The largest of the limits' uses, or what it is exceeded by; of equal ones the first. */
export function limitSql(f: Of<'limit-use' | 'limit-excess'>, of: Filter): Compiled {
  const uses = [
    ['if(e.amount > e.limit_single, e.amount, NULL)', 'e.limit_single'],
    ['ifNull(@.1, 0)', 'e.limit_day'],
    ['ifNull(@.2, 0)', 'e.limit_month'],
    // A use is reckoned from one minor unit at least, what is above it from the limit itself.
  ].map(
    ([sum, line]) => `(toFloat64(${sum}) * 100 / if(${line} < 1, 1, ${line}), ${sum} - ${line})`,
  );
  // The first of equal ones: sorting by use alone is stable.
  const largest = `arraySort(x -> -assumeNotNull(x.1),
    arrayFilter(x -> isNotNull(x.1), [${uses.join(', ')}]))`;
  const excess = `${largest}[1].2`;
  const value = f.kind === 'limit-use' ? `${largest}[1].1` : `if(${excess} > 0, ${excess}, NULL)`;
  const passes = filterSql('l', of);
  return {
    group: windowSql('bank-month'),
    aggregate: `(sumIf(l.amount, ${passes} AND l.event >= e.day_start), sumIf(l.amount,
      ${passes}))`,
    value: legOnly(value),
  };
}

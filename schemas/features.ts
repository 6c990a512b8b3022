/**
 * The numbers that rules are made of. Each kind is defined here once, by its formula; the kernel
 * and both oracles are written from these words, not from one another.
 *
 * Common to all. A feature is asked at a *moment*: a leg (or the close of a bank day). It sees the
 * subject's legs that stand at or before the position being scored in the log, reversed ones left
 * out, and of these the ones up to the moment: event time, then log position, then debit before
 * credit; the evaluated leg included unless the kind says otherwise. "Not available" is NaN: no
 * gate on it holds. Sums are of base minor units, integers, so exact. Numbers that are not integers
 * are computed in the order of operations that is written here, so that they are the same bits
 * anywhere.
 *
 * Late legs. A leg that comes late is asked about as of itself; so are the kept legs behind it,
 * once more (docs/rules.md, "What holds at the edges"). Fixed when a leg first came in, and kept
 * with it: its class bits with those that scoring sets, the balance after it, its channel and
 * country. Everything else is what stands in the log now: windows, silence, account age, counts by
 * day and by pane, total and mean balances, rates, profile and limits.
 *
 * Reversals. An undone leg is left out of windows, of counts by day and pane, of means and
 * outflows, as long as it is kept. It stays what made a counterparty known, a channel used, an
 * account older and a payment the largest; balances move back by the reversal itself.
 *
 * At the close of a day, windows end with the last millisecond of that day, and "today" is the
 * next: `1d` holds the whole day, panes and blocks are counted from the day behind it.
 */
import { z } from 'zod';
import { ClassBit, type ClassName } from './classes.js';
import type { Unit } from './hit.js';
import { CHANNELS, TRANSACTION_TYPES } from './json-transaction.js';

const classNames = Object.keys(ClassBit) as [ClassName, ...ClassName[]];
export const featureName = z.string().regex(/^[a-z][a-zA-Z0-9]*$/);
/** Money in YAML is a decimal string in major units of the base currency, "50000.00". */
export const money = z.string().regex(/^\d+(\.\d{1,2})?$/);
/**
 * `24h`, `7d`, `30m`: a sliding window (t - W, t]; `bank-day`, `bank-month`: from its start to t;
 * `10bd`: from the start of the business day that is the tenth counting back from t's bank day (t's
 * own day is the first when it is a business day) to t, but never longer than ceil(days / 5) weeks
 * and 14 days. Business days: Monday to Friday, less the calendar's holidays, plus its worked
 * weekend days.
 */
const windowSpec = z.string().regex(/^(\d+[mhd]|[1-9]\d?bd|bank-day|bank-month)$/);

/**
 * Which legs: all of these class bits, none of those, base amount in [min, below) or <= max, one of
 * these channels and types (empty = any).
 */
export const filterSchema = z.strictObject({
  all: z.array(z.enum(classNames)).default([]),
  none: z.array(z.enum(classNames)).default([]),
  amount: z
    .strictObject({ min: money.optional(), below: money.optional(), max: money.optional() })
    .optional(),
  channels: z.array(z.enum(CHANNELS)).optional(),
  types: z.array(z.enum(TRANSACTION_TYPES)).optional(),
});
export type Filter = z.infer<typeof filterSchema>;

/**
 * What a leg of the window must share with the evaluated leg. The four accounts that are followed
 * are told apart; all others of the subject count as one.
 */
export const SAME = ['counterparty', 'amount', 'channel', 'account'] as const;

const panes = (max: number) => z.number().int().min(5).max(max).multipleOf(5);
const windowed = { window: windowSpec, of: filterSchema.optional() };

/** `of` missing = the rule's own trigger filter. */
export const featureSchema = z.discriminatedUnion('kind', [
  /** Base amount of this leg (money). */
  z.strictObject({ kind: z.literal('amount') }),
  /**
   * Of the legs in the window: count (count); sum, maximum (0 without any), minimum (not available
   * without any) (money); distinct counterparties, distinct countries of counterparties (count; an
   * unknown country, or one that ISO 3166-1 does not assign, is none; XK counts).
   * With `same`, only legs that are equal to the evaluated leg in each of these; not at a day's
   * close.
   */
  z.strictObject({
    kind: z.enum(['count', 'sum', 'max', 'min', 'distinct-counterparties', 'distinct-countries']),
    ...windowed,
    same: z.array(z.enum(SAME)).min(1).optional(),
  }),
  /**
   * `mean` (money) = sum / n. `deviation` (money) = sqrt(d / n), d = the sum of (amount - mean)^2
   * over the window's legs, newest first. Not available without legs.
   */
  z.strictObject({ kind: z.enum(['mean', 'deviation']), ...windowed }),
  /**
   * (amount of this leg - mean) / deviation, both over the window's *other* legs, newest first. Not
   * available with fewer than `min` others, or when their deviation is 0. (number)
   */
  z.strictObject({
    kind: z.literal('z-score'),
    ...windowed,
    min: z.number().int().min(2).default(20),
  }),
  /**
   * Percent of the window's sum that the one counterparty with the largest sum has: its sum x 100 /
   * sum. Not available when the sum is 0. (percent)
   */
  z.strictObject({ kind: z.literal('largest-share'), ...windowed }),
  /**
   * Chi-square (8 degrees of freedom) of the leading digits 1 to 9 of the base minor amounts in the
   * window against Benford's law: sum over d = 1..9, in this order, of (seen - n e)^2 / (n e), with
   * log10(1 + 1/d) for e: 0.3010299956639812, 0.17609125905568124, 0.12493873660829995,
   * 0.09691001300805642, 0.07918124604762482, 0.06694678963061322, 0.05799194697768673,
   * 0.05115252244738129, 0.04575749056067514. Legs of amount 0 are left out of n. Not available
   * below 50 legs. (number)
   */
  z.strictObject({ kind: z.literal('benford'), ...windowed }),
  /**
   * Seconds since the newest earlier leg that passes the filter, in the window `48h`; not available
   * without one, nor at a day's close. Of equal times: 0. (seconds)
   */
  z.strictObject({ kind: z.literal('since-previous'), of: filterSchema.optional() }),
  /**
   * Days (fraction) since the subject's previous leg that was not bank-made; not available for its
   * first.
   */
  z.strictObject({ kind: z.literal('silence') }),
  /**
   * Days (fraction) since the smallest event time among the subject's legs that stand at or before
   * this position in the log, of whatever class, reversals included; what came below the watermark
   * and was not history never counts.
   */
  z.strictObject({ kind: z.literal('account-age') }),
  /**
   * Customer-made transactions of `days` bank days ending `before` days before the evaluated
   * moment's last closed day.
   */
  z.strictObject({
    kind: z.literal('customer-made'),
    days: z.number().int().min(1).max(120),
    before: z.number().int().min(0).max(119).default(0),
  }),
  /**
   * Legs with the class bit `firstPayment` that came in (credit) or went out (debit) in `days`
   * bank days: whole five-day panes (pane = floor(bank day / 5)), the newest of them `before`
   * days (a multiple of 5) behind the pane before today's. At most 120 days back in all. (count)
   * As of a moment more than two panes behind the subject's newest leg the oldest panes are gone.
   */
  z.strictObject({
    kind: z.literal('new-counterparties'),
    direction: z.enum(['in', 'out']),
    days: panes(120),
    before: z.number().int().min(0).max(115).multipleOf(5).default(0),
  }),
  /**
   * 100 x (1 - (recent / recentDays) / (baseline / baselineDays)), computed as
   * 100 x (baseline x recentDays - recent x baselineDays) / (baseline x recentDays): one rounding,
   * so that 60 in 90 d, then 14 in 30 d is 30 and not 29.999999999999993. Not available when
   * baseline is 0.
   */
  z.strictObject({
    kind: z.literal('drop'),
    recent: featureName,
    recentDays: z.number().int().positive(),
    baseline: featureName,
    baselineDays: z.number().int().positive(),
  }),
  /**
   * (recent x baselineDays) / (baseline x recentDays): how many times the daily rate of the
   * baseline. Not available when baseline is 0. (ratio)
   */
  z.strictObject({
    kind: z.literal('rate-ratio'),
    recent: featureName,
    recentDays: z.number().int().positive(),
    baseline: featureName,
    baselineDays: z.number().int().positive(),
  }),
  /**
   * How improbable a count is for this subject, in powers of ten: -log10 P, where P is P(X >= k)
   * (`tail: high`) or P(X <= k) (`tail: low`) of a negative binomial X with mean m = ((value of
   * `expected` + prior) x ofDays) / expectedDays and shape r = `shape` (variance m + m^2 / r, the
   * overdispersion), k = value of `of`. In this order: p(0) = 1, r times multiplied by r / (r + m);
   * p(j + 1) = p(j) x (((j + r) / (j + 1)) x (m / (r + m))). Low: P = p(0) + .. + p(k). High: for k
   * > m P = p(k) + p(k + 1) + .. until a term leaves the sum as it is; else P = 1 - (p(0) + .. +
   * p(k - 1)). -log10 by straight lines between powers of ten: 0 where P >= 1; else P is multiplied
   * by 10 until it is above 0.1, e times: e + (1 - that) / 0.9. 0 when k is 0 (high), at most 12.
   * See docs/detection.md for where shape and prior come from. (number)
   */
  z.strictObject({
    kind: z.literal('surprise'),
    of: featureName,
    ofDays: z.number().positive(),
    expected: featureName,
    expectedDays: z.number().positive(),
    prior: z.number().min(0).default(1),
    shape: z.number().int().min(1).max(64),
    tail: z.enum(['high', 'low']),
  }),
  /** of x 100 / to (percent), of / to (ratio); not available unless `to` is above 0. */
  z.strictObject({ kind: z.enum(['percent', 'ratio']), of: featureName, to: featureName }),
  /** of - less, in their common unit (money or count). */
  z.strictObject({
    kind: z.enum(['money-difference', 'count-difference']),
    of: featureName,
    less: featureName,
  }),
  /** The largest of the available ones, which are all percents; not available when none is. */
  z.strictObject({ kind: z.literal('larger-of'), among: z.array(featureName).min(2) }),
  /**
   * of x 100 / line. A line in another currency is first turned into base minor units,
   * Math.round(line x rate), by the rate in force (also when a leg is evaluated again); the line is
   * in that currency's minor units. Not available without a rate. (percent)
   */
  z.strictObject({
    kind: z.literal('share-of-line'),
    of: featureName,
    line: money,
    currency: z.string().length(3).optional(),
  }),
  /**
   * Balance of this leg's account before the payments counted by `outflow`, a sum of debit legs:
   * balance before this leg plus `outflow`, less this leg's amount when it is a debit.
   */
  z.strictObject({ kind: z.literal('balance-before-outflow'), outflow: featureName }),
  /** Balance of this leg's account just before this leg, and just after it. */
  z.strictObject({ kind: z.enum(['balance-before', 'balance-after']) }),
  /**
   * Sum of the known balances of the subject's followed accounts (four) as they stand in the log
   * at this position; not available when none is known. (money)
   */
  z.strictObject({ kind: z.literal('balance-total') }),
  /**
   * Time-weighted mean of `balance-total` over the days / 5 whole five-day panes before the pane of
   * the moment's bank day: (sum over panes of the integral) / (covered ms). In log order: when a
   * leg comes (of whatever class), the total that stood before it is taken to have held from the
   * newest event time seen before it to the newest seen with it, and each pane adds its part, total
   * x ms; time in which nothing was known is not covered. Panes are summed from the oldest on. Not
   * available when less than a day is covered. (money, not rounded) Of moments late by more than
   * two panes see `new-counterparties`.
   */
  z.strictObject({ kind: z.literal('mean-balance'), days: panes(60) }),
  /**
   * Mean amount of the subject's customer-made debits up to yesterday: day k days back weighs
   * (1 - 1/days)^k; sum of weighted amounts / sum of weighted counts, rounded to 1/1024 of a minor
   * unit, so that the order of the additions does not show. Not available without any.
   * For legs more than a bank day late see docs/rules.md, "What holds at the edges".
   */
  z.strictObject({
    kind: z.literal('mean-payment'),
    days: z.union([z.literal(30), z.literal(90), z.literal(180)]),
  }),
  /**
   * Largest customer-made debit in the days / 30 whole blocks (block = floor(bank day / 30)) before
   * the block of today. A reversal does not lower it. Not available without any. (money) As of a
   * moment more than one block behind the subject's newest leg the oldest block is gone.
   */
  z.strictObject({
    kind: z.literal('largest-payment'),
    days: z.number().int().min(30).max(150).multipleOf(30),
  }),
  /**
   * Mean customer-made outflow a day over the days/5 whole five-day panes (pane = floor(bank
   * day / 5)) before the pane of today: their sum / days.
   */
  z.strictObject({ kind: z.literal('mean-daily-outflow'), days: panes(120) }),
  /**
   * 1 when no leg between the two stands earlier in the log within 400 bank days, else 0. A
   * merchant's card receipts do not count, neither as earlier legs nor as first ones, nor do moves
   * between own accounts.
   */
  z.strictObject({ kind: z.literal('new-counterparty') }),
  /**
   * Percent of the subject's list limits in use: the day's and month's sums, and the single limit
   * once it is exceeded; the largest. Divided by one minor unit where a limit is 0.
   */
  z.strictObject({ kind: z.literal('limit-use'), of: filterSchema.optional() }),
  /** Money above the limit that `limit-use` names; not available while none is exceeded. */
  z.strictObject({ kind: z.literal('limit-excess'), of: filterSchema.optional() }),
]);
export type Feature = z.infer<typeof featureSchema>;

/** What a feature of each kind measures. */
export const FEATURE_UNITS: Record<Feature['kind'], Unit> = {
  amount: 'money',
  count: 'count',
  sum: 'money',
  max: 'money',
  min: 'money',
  mean: 'money',
  deviation: 'money',
  'z-score': 'number',
  'distinct-counterparties': 'count',
  'distinct-countries': 'count',
  'largest-share': 'percent',
  benford: 'number',
  'since-previous': 'seconds',
  silence: 'days',
  'account-age': 'days',
  'customer-made': 'count',
  'new-counterparties': 'count',
  drop: 'percent',
  'rate-ratio': 'ratio',
  surprise: 'number',
  percent: 'percent',
  ratio: 'ratio',
  'money-difference': 'money',
  'count-difference': 'count',
  'larger-of': 'percent',
  'share-of-line': 'percent',
  'balance-before-outflow': 'money',
  'balance-before': 'money',
  'balance-after': 'money',
  'balance-total': 'money',
  'mean-balance': 'money',
  'mean-payment': 'money',
  'largest-payment': 'money',
  'mean-daily-outflow': 'money',
  'new-counterparty': 'flag',
  'limit-use': 'percent',
  'limit-excess': 'money',
};

/**
 * Every feature kind by the words of schemas/features.ts, found by going over all legs: nothing is
 * kept from one question to the next.
 */
import type { Rule } from '../../schemas/catalogue.js';
import type { Feature, Filter, SAME } from '../../schemas/features.js';
import { currencyExponent } from '../../schemas/money.js';
import {
  DAY_MS,
  inWindow,
  is,
  type KnownLeg,
  type Moment,
  moneyMinor,
  order,
  type Subject,
  total,
  upTo,
} from './legs.js';
import { surprise } from './surprise.js';
import type { OracleSettings } from './types.js';

const NONE = Number.NaN;
/** log10(1 + 1/d) of d = 1 .. 9. */
const BENFORD = [
  0.3010299956639812, 0.17609125905568124, 0.12493873660829995, 0.09691001300805642,
  0.07918124604762482, 0.06694678963061322, 0.05799194697768673, 0.05115252244738129,
  0.04575749056067514,
];
const BENFORD_LEGS_MIN = 50;
const PANE_DAYS = 5;
const BLOCK_DAYS = 30;
const FORGOTTEN_AFTER_DAYS = 400;

type Same = (typeof SAME)[number];
type Of<K extends Feature['kind']> = Extract<Feature, { kind: K }>;

/** Where a feature is asked, and for which rule. */
export interface Question {
  subject: Subject;
  moment: Moment;
  rule: Pick<Rule, 'on' | 'features'>;
  settings: OracleSettings;
}

const pane = (day: number): number => Math.floor(day / PANE_DAYS);
const bool = (yes: boolean): number => (yes ? 1 : 0);

export function filterOf(q: Pick<Question, 'rule'>, of: Filter | undefined): Filter {
  if (of !== undefined) return of;
  if (q.rule.on === 'day-close') throw new Error('a feature at the close of a day says `of`');
  return q.rule.on;
}

/** Value of the rule's feature of that name; NaN = not available. */
export function featureValue(q: Question, name: string): number {
  const feature = q.rule.features[name];
  if (feature === undefined) throw new Error(`no feature ${name}`);
  return made(q, feature) ?? ofWindow(q, feature) ?? ofLeg(q, feature) ?? ofOwnNormal(q, feature);
}

/** Of other features. */
function made(q: Question, f: Feature): number | undefined {
  const value = (name: string): number => featureValue(q, name);
  const over = (of: number, to: number): number => (to > 0 ? of / to : NONE);
  switch (f.kind) {
    case 'drop': {
      const recent = value(f.recent);
      const baseline = value(f.baseline);
      return baseline === 0
        ? NONE
        : (100 * (baseline * f.recentDays - recent * f.baselineDays)) / (baseline * f.recentDays);
    }
    case 'rate-ratio': {
      const baseline = value(f.baseline);
      if (baseline === 0) return NONE;
      return (value(f.recent) * f.baselineDays) / (baseline * f.recentDays);
    }
    case 'surprise':
      return surprise(value(f.of), value(f.expected), f);
    case 'percent':
      return over(value(f.of) * 100, value(f.to));
    case 'ratio':
      return over(value(f.of), value(f.to));
    case 'money-difference':
    case 'count-difference':
      return value(f.of) - value(f.less);
    case 'larger-of':
      return f.among
        .map(value)
        .filter((v) => !Number.isNaN(v))
        .reduce((a, b) => (Number.isNaN(a) || b > a ? b : a), NONE);
    case 'share-of-line':
      return (value(f.of) * 100) / lineMinor(f, q.settings);
    case 'balance-before-outflow': {
      const { leg } = q.moment;
      if (leg === undefined) return NONE;
      return leg.balanceBefore + (value(f.outflow) - (leg.side === 'debit' ? leg.amount : 0));
    }
    default:
      return undefined;
  }
}

function lineMinor(f: Of<'share-of-line'>, settings: OracleSettings): number {
  if (f.currency === undefined) return moneyMinor(f.line);
  const rate = settings.rate(f.currency);
  if (rate === undefined) return NONE;
  const minor = moneyMinor(f.line) * 10 ** ((currencyExponent(f.currency) ?? 2) - 2);
  return Math.round(minor * rate);
}

/** The window's legs, newest first, with what `same` asks. */
export function windowLegs(
  q: Question,
  f: { window: string; of?: Filter | undefined; same?: readonly Same[] | undefined },
): KnownLeg[] {
  const { leg } = q.moment;
  const legs = inWindow(q.subject, q.moment, f.window, filterOf(q, f.of), q.settings);
  if (f.same === undefined || leg === undefined) return legs;
  // Accounts that are not followed are as one.
  const { balances } = q.subject;
  const of = (l: KnownLeg, key: Same) =>
    key === 'account' && !balances.has(l.account) ? '' : l[key];
  return legs.filter((l) => f.same?.every((key) => of(l, key) === of(leg, key)));
}

function ofWindow(q: Question, f: Feature): number | undefined {
  switch (f.kind) {
    case 'count':
      return windowLegs(q, f).length;
    case 'sum':
      return total(windowLegs(q, f));
    case 'max':
      return Math.max(0, ...windowLegs(q, f).map((l) => l.amount));
    case 'min': {
      const legs = windowLegs(q, f);
      return legs.length === 0 ? NONE : Math.min(...legs.map((l) => l.amount));
    }
    case 'distinct-counterparties':
      return new Set(windowLegs(q, f).map((l) => l.counterparty)).size;
    case 'distinct-countries':
      return new Set(windowLegs(q, f).flatMap((l) => (l.country === '' ? [] : [l.country]))).size;
    case 'mean':
      return spread(windowLegs(q, f)).mean;
    case 'deviation':
      return spread(windowLegs(q, f)).deviation;
    case 'z-score':
      return zScore(q, f);
    case 'largest-share':
      return largestShare(windowLegs(q, f));
    case 'benford':
      return benford(windowLegs(q, f));
    case 'limit-use':
      return limitUse(q, f)?.percent ?? NONE;
    case 'limit-excess': {
      const use = limitUse(q, f);
      return use !== undefined && use.percent > 100 ? use.used - use.limit : NONE;
    }
    default:
      return undefined;
  }
}

function spread(legs: readonly KnownLeg[]): { mean: number; deviation: number } {
  const n = legs.length;
  if (n === 0) return { mean: NONE, deviation: NONE };
  const mean = total(legs) / n;
  let d = 0;
  for (const leg of legs) d += (leg.amount - mean) * (leg.amount - mean);
  return { mean, deviation: Math.sqrt(d / n) };
}

function zScore(q: Question, f: Of<'z-score'>): number {
  const { leg } = q.moment;
  if (leg === undefined) return NONE;
  const others = windowLegs(q, f).filter((l) => order(l, leg) !== 0);
  const { mean, deviation } = spread(others);
  return others.length < f.min || deviation === 0 ? NONE : (leg.amount - mean) / deviation;
}

function largestShare(legs: readonly KnownLeg[]): number {
  const sums = new Map<string, number>();
  for (const l of legs) sums.set(l.counterparty, (sums.get(l.counterparty) ?? 0) + l.amount);
  const sum = total(legs);
  return sum === 0 ? NONE : (Math.max(...sums.values()) * 100) / sum;
}

function benford(legs: readonly KnownLeg[]): number {
  const n = legs.length;
  if (n < BENFORD_LEGS_MIN) return NONE;
  let chi = 0;
  for (let d = 1; d <= 9; d++) {
    const seen = legs.filter((l) => String(l.amount).startsWith(String(d))).length;
    const expected = n * (BENFORD[d - 1] as number);
    chi += ((seen - expected) * (seen - expected)) / expected;
  }
  return chi;
}

interface LimitUse {
  percent: number;
  used: number;
  limit: number;
  legs: KnownLeg[];
}

/** The first of the largest: the payment alone (once above), then the day, then the month. */
export function limitUse(q: Question, f: { of?: Filter | undefined }): LimitUse | undefined {
  const { leg } = q.moment;
  if (leg?.limits === undefined) return undefined;
  const { single, day, month } = leg.limits;
  const uses: LimitUse[] = [];
  const add = (legs: KnownLeg[], of: number): void => {
    if (Number.isNaN(of)) return;
    const used = total(legs);
    // A limit of nothing reads as one minor unit, so that a share of it can be told.
    uses.push({ percent: (used * 100) / Math.max(of, 1), used, limit: of, legs });
  };
  if (leg.amount > single) add([leg], single);
  add(windowLegs(q, { ...f, window: 'bank-day' }), day);
  add(windowLegs(q, { ...f, window: 'bank-month' }), month);
  return uses.reduce<LimitUse | undefined>(
    (best, next) => (best === undefined || next.percent > best.percent ? next : best),
    undefined,
  );
}

/** Of the leg, its account and its place among the subject's legs. */
function ofLeg(q: Question, f: Feature): number | undefined {
  const { subject, moment } = q;
  const { leg } = moment;
  const isEarlier = (l: KnownLeg): boolean => leg === undefined || order(l, leg) < 0;
  switch (f.kind) {
    case 'amount':
      return leg?.amount ?? NONE;
    case 'balance-before':
      return leg?.balanceBefore ?? NONE;
    case 'balance-after':
      return leg === undefined
        ? NONE
        : leg.balanceBefore + (leg.side === 'debit' ? -leg.amount : leg.amount);
    case 'balance-total':
      return balanceTotal(subject);
    case 'since-previous': {
      const previous = windowLegs(q, { window: '48h', of: f.of }).find(isEarlier);
      return previous === undefined ? NONE : (moment.ms - previous.eventMs) / 1000;
    }
    case 'silence': {
      for (const l of upTo(subject, moment)) {
        if (!breaksSilence(l) || !isEarlier(l)) continue;
        const days = (moment.ms - l.eventMs) / DAY_MS;
        return leg?.isLate === true && days <= 1 ? 0 : days;
      }
      return NONE;
    }
    case 'account-age':
      return (moment.ms - subject.oldestMs) / DAY_MS;
    case 'new-counterparty':
      return leg === undefined ? NONE : bool(isNewCounterparty(subject, leg));
    default:
      return undefined;
  }
}

export const breaksSilence = (leg: KnownLeg): boolean => !leg.isReversal && !is(leg, 'bankMade');

/** NaN when none is known. */
export function balanceTotal(subject: Subject): number {
  const known = [...subject.balances.values()].filter((b) => !Number.isNaN(b));
  return known.length === 0 ? NONE : known.reduce((a, b) => a + b, 0);
}

/** Neither a merchant's card receipt nor a move between own accounts makes two parties known. */
export const hasPair = (leg: KnownLeg): boolean =>
  !leg.isReversal && !is(leg, 'merchantReceipt') && !is(leg, 'ownAccount');

/**
 * Legs between the two that stand earlier in the log, without those from before a time of more than
 * 400 bank days in which there was none.
 */
export function earlierWith(subject: Subject, leg: KnownLeg): KnownLeg[] {
  const earlier = subject.legs
    .filter((l) => l.position < leg.position && l.counterparty === leg.counterparty && hasPair(l))
    .sort((a, b) => a.position - b.position);
  let since: KnownLeg[] = [];
  for (const l of [...earlier, leg]) {
    const lastDay = Math.max(...since.map((s) => s.bankDay));
    if (l.bankDay - lastDay > FORGOTTEN_AFTER_DAYS) since = [];
    since.push(l);
  }
  return since.filter((l) => l !== leg);
}

export function isNewCounterparty(subject: Subject, leg: KnownLeg): boolean {
  return hasPair(leg) && earlierWith(subject, leg).length === 0;
}

/** Of what the customer used to do, by bank days, panes of five and blocks of thirty. */
function ofOwnNormal(q: Question, f: Feature): number {
  const { subject, moment } = q;
  const today = pane(moment.bankDay);
  const payments = (): KnownLeg[] =>
    subject.legs.filter((l) => !l.reversed && l.side === 'debit' && is(l, 'customerMade'));
  const inPanes = (legs: readonly KnownLeg[], days: number, before: number): KnownLeg[] =>
    legs.filter((l) => {
      const back = today - 1 - before / PANE_DAYS - pane(l.bankDay);
      return back >= 0 && back < days / PANE_DAYS;
    });
  switch (f.kind) {
    case 'customer-made': {
      const last = moment.lastClosedDay - f.before;
      const isCounted = (l: KnownLeg): boolean =>
        l.bankDay <= last && l.bankDay > last - f.days && !l.reversed && is(l, 'customerMade');
      return subject.legs.filter(isCounted).length;
    }
    case 'new-counterparties': {
      const side = f.direction === 'in' ? 'credit' : 'debit';
      const first = subject.legs.filter(
        (l) => !l.reversed && l.side === side && is(l, 'firstPayment'),
      );
      return inPanes(first, f.days, f.before).length;
    }
    case 'mean-payment':
      return meanPayment(subject, moment, payments(), f.days);
    case 'largest-payment': {
      const block = (day: number): number => Math.floor(day / BLOCK_DAYS);
      const amounts = subject.legs
        .filter((l) => l.side === 'debit' && is(l, 'customerMade'))
        .filter((l) => {
          const back = block(moment.bankDay) - block(l.bankDay);
          return back >= 1 && back <= f.days / BLOCK_DAYS;
        })
        .map((l) => l.amount);
      return amounts.length === 0 ? NONE : Math.max(...amounts);
    }
    case 'mean-daily-outflow':
      return total(inPanes(payments(), f.days, 0)) / f.days;
    case 'mean-balance':
      return meanBalance(q, today, f.days / PANE_DAYS);
    default:
      throw new Error(`no formula for ${f.kind}`);
  }
}

function meanPayment(
  subject: Subject,
  moment: Moment,
  payments: readonly KnownLeg[],
  days: number,
): number {
  let weighted = 0;
  let weights = 0;
  const newest = Math.max(moment.bankDay, ...subject.legs.map((l) => l.bankDay));
  const asOf = Math.max(moment.bankDay, newest - 1);
  for (const leg of payments) {
    if (leg.bankDay >= asOf) continue;
    const weight = (1 - 1 / days) ** (asOf - leg.bankDay);
    weighted += weight * leg.amount;
    weights += weight;
  }
  return weights === 0 ? NONE : Math.round((weighted / weights) * 1024) / 1024;
}

function meanBalance(q: Question, today: number, panes: number): number {
  const fromMs = q.settings.bankDayStartMs((today - panes) * PANE_DAYS);
  const toMs = q.settings.bankDayStartMs(today * PANE_DAYS);
  let integral = 0;
  let coveredMs = 0;
  for (const h of q.subject.holdings) {
    const ms = Math.min(h.toMs, toMs) - Math.max(h.fromMs, fromMs);
    if (ms <= 0) continue;
    integral += h.total * ms;
    coveredMs += ms;
  }
  return coveredMs < DAY_MS ? NONE : integral / coveredMs;
}

/**
 * The shipped rules once more, written from their formulas in plain code and plain numbers: no
 * catalogue, no compiler, no incremental state. Every value is found by going over all legs.
 */
import { ClassBit, type Profile } from '../../schemas/classes.js';
import type { OracleSettings } from './types.js';

/** A leg as the oracle keeps it: everything of one side, for ever. */
export interface KnownLeg {
  position: number;
  eventMs: number;
  bankDay: number;
  side: 'debit' | 'credit';
  bits: number;
  amount: number;
  transactionId: string;
  counterparty: string;
  profile: Profile;
  limits: { single: number; day: number; month: number } | undefined;
  /** Of its account just before it; NaN = unknown. */
  balanceBefore: number;
  history: boolean;
  /** Undone by a reversal that the log has reached. */
  reversed: boolean;
  isReversal: boolean;
}

export interface Finding {
  rule: string;
  band: string;
  observed: number;
  count: number;
}

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const B = ClassBit;
const yuan = (n: number): number => n * 100;

/** (eventMs, position) decides; a debit stands before the credit of the same transaction. */
export function order(a: KnownLeg, b: KnownLeg): number {
  return (
    a.eventMs - b.eventMs ||
    a.position - b.position ||
    Number(a.side === 'credit') - Number(b.side === 'credit')
  );
}

function has(leg: KnownLeg, all: number, none: number): boolean {
  return (leg.bits & all) === all && (leg.bits & none) === 0;
}

/** Legs that count at `at`: not undone, not after it, event time above `fromMs` (or at it). */
function seen(
  legs: readonly KnownLeg[],
  at: KnownLeg,
  fromMs: number,
  fromIncluded: boolean,
  keep: (leg: KnownLeg) => boolean,
): KnownLeg[] {
  return legs.filter(
    (leg) =>
      !leg.reversed &&
      !leg.isReversal &&
      order(leg, at) <= 0 &&
      (leg.eventMs > fromMs || (fromIncluded && leg.eventMs === fromMs)) &&
      keep(leg),
  );
}

const total = (legs: readonly KnownLeg[]): number => legs.reduce((s, l) => s + l.amount, 0);

/** Highest band whose lower edge is reached: [edge, outcome], ascending. */
function bandOf(value: number, edges: readonly [number, string][]): string | null {
  let reached: string | null = null;
  for (const [edge, outcome] of edges) if (value >= edge) reached = outcome;
  return reached;
}

function finding(rule: string, band: string | null, observed: number, count: number): Finding[] {
  return band === null ? [] : [{ rule, band, observed, count }];
}

/** Several large cross-border remittances: at least 3 within 24 h, each and together large. */
function crossBorder(legs: readonly KnownLeg[], at: KnownLeg, own: OwnHistory): Finding[] {
  const person = ['person', 'farmer', 'unknown'].includes(at.profile.kind);
  const company = ['company', 'government', 'rural-firm', 'rural-cooperative'].includes(
    at.profile.kind,
  );
  if (!person && !company) return [];
  const each = person ? yuan(50_000) : yuan(500_000);
  const large = (leg: KnownLeg): boolean =>
    has(leg, B.debit | B.crossBorder, B.bankMade | B.reversal) && leg.amount >= each;
  if (!large(at)) return [];
  const window = seen(legs, at, at.eventMs - 24 * HOUR, false, large);
  const sum = total(window);
  if (window.length < 3) return [];
  if (person) {
    const band = bandOf(sum, [
      [yuan(200_000), 'large'],
      [yuan(1_000_000), 'very-large'],
    ]);
    return finding('cross-border-remittances-person', band, sum, window.length);
  }
  if (sum < 2 * own.meanDailyOutflow(90)) return [];
  const band = bandOf(sum, [
    [yuan(2_000_000), 'large'],
    [yuan(10_000_000), 'very-large'],
  ]);
  return finding('cross-border-remittances-company', band, sum, window.length);
}

/** Cash of 80 % to under 100 % of CNY 50,000, receipts and payments apart. */
function structuring(legs: readonly KnownLeg[], at: KnownLeg): Finding[] {
  const direction = at.side === 'debit' ? B.debit : B.credit;
  const under = (leg: KnownLeg): boolean =>
    has(leg, direction | B.cash, B.bankMade | B.reversal) &&
    leg.amount >= yuan(40_000) &&
    leg.amount < yuan(50_000);
  if (!under(at)) return [];
  const name = `structuring-cash-${at.side === 'debit' ? 'withdrawals' : 'deposits'}`;
  const variant = (rule: string, windowMs: number, repeated: number, persistent: number) => {
    const window = seen(legs, at, at.eventMs - windowMs, false, under);
    if (total(window) < yuan(50_000)) return [];
    const band = bandOf(window.length, [
      [repeated, 'repeated'],
      [persistent, 'persistent'],
    ]);
    return finding(rule, band, window.length, window.length);
  };
  return [...variant(name, 24 * HOUR, 3, 5), ...variant(`${name}-7d`, 7 * DAY, 5, 10)];
}

/** Largest share of the day's, the month's and (once exceeded) the single limit, all accounts. */
function listedLimits(
  legs: readonly KnownLeg[],
  at: KnownLeg,
  settings: OracleSettings,
): Finding[] {
  const counts = (leg: KnownLeg): boolean =>
    has(leg, B.debit | B.listed, B.bankMade | B.ownAccount | B.reversal);
  if (at.profile.lists.length === 0 || !counts(at) || at.limits === undefined) return [];
  const dayStart = settings.bankDayStartMs(at.bankDay);
  const day = seen(legs, at, dayStart, true, counts);
  const month = seen(legs, at, settings.bankMonthStartMs(at.eventMs), true, counts);
  // A limit of nothing reads as one minor unit, so that a share of it can be told.
  const share = (value: number, limit: number) => (value * 100) / Math.max(limit, 1);
  // The first of equal shares is told: the payment alone, then the day, then the month.
  const shares: [share: number, count: number][] = [];
  if (at.amount > at.limits.single) shares.push([share(at.amount, at.limits.single), 1]);
  if (!Number.isNaN(at.limits.day)) shares.push([share(total(day), at.limits.day), day.length]);
  if (!Number.isNaN(at.limits.month)) {
    shares.push([share(total(month), at.limits.month), month.length]);
  }
  if (shares.length === 0) return [];
  const [used, count] = shares.reduce((best, next) => (next[0] > best[0] ? next : best));
  const band = used > 100 ? 'exceeded' : used >= 80 ? 'nearly-used' : null;
  return finding('listed-customer-limits', band, used, count);
}

/** CNY 50,000 or more after a long silence; what the bank made breaks no silence. */
function dormant(legs: readonly KnownLeg[], at: KnownLeg): Finding[] {
  if (!has(at, 0, B.bankMade | B.reversal) || at.amount < yuan(50_000)) return [];
  let previous: KnownLeg | undefined;
  for (const leg of legs) {
    if (leg.isReversal || !has(leg, 0, B.bankMade | B.reversal) || order(leg, at) >= 0) continue;
    if (previous === undefined || order(leg, previous) > 0) previous = leg;
  }
  if (previous === undefined) return [];
  const days = (at.eventMs - previous.eventMs) / DAY;
  const band = bandOf(days, [
    [90, 'quiet'],
    [180, 'dormant'],
    [365, 'long-dormant'],
  ]);
  return finding('dormant-reactivation', band, days, 1);
}

/**
 * No leg between the two stands earlier in the log within 400 bank days; a merchant and the holder
 * of a card are not counted as two.
 */
function isNewCounterparty(legs: readonly KnownLeg[], at: KnownLeg): boolean {
  const isReceipt = (leg: KnownLeg) => (leg.bits & ClassBit.merchantReceipt) !== 0;
  if (isReceipt(at)) return false;
  return !legs.some(
    (leg) =>
      !leg.isReversal &&
      !isReceipt(leg) &&
      leg.counterparty === at.counterparty &&
      leg.position < at.position &&
      leg.bankDay >= at.bankDay - 400,
  );
}

/** The day's outflow against the balance of the payment's account before it. */
function watchedOutflow(
  legs: readonly KnownLeg[],
  at: KnownLeg,
  settings: OracleSettings,
  own: OwnHistory,
): Finding[] {
  const counts = (leg: KnownLeg): boolean =>
    has(leg, B.debit, B.medical | B.bankMade | B.ownAccount | B.reversal);
  if (!counts(at) || Number.isNaN(at.balanceBefore)) return [];
  const day = seen(legs, at, settings.bankDayStartMs(at.bankDay), true, counts);
  const outflow = total(day);
  const before = at.balanceBefore + (outflow - at.amount);
  if (before === 0) return [];
  const share = (outflow * 100) / before;
  const found: Finding[] = [];
  const watch = at.profile.watch;
  if (watch.includes('critically-ill') && isNewCounterparty(legs, at)) {
    const mean = own.meanPayment(180);
    if (mean !== null && mean > 0 && at.amount / mean >= 3) {
      const band = bandOf(share, [
        [30, 'large'],
        [80, 'most'],
      ]);
      found.push(...finding('watched-outflow-special-care', band, share, day.length));
    }
  }
  const others = ['key-corporate', 'suspected-critically-ill', 'loan', 'retention', 'elderly'];
  if (watch.some((w) => others.includes(w)) && outflow >= yuan(50_000)) {
    const band = bandOf(share, [
      [30, 'large'],
      [50, 'half'],
      [80, 'most'],
    ]);
    found.push(...finding('watched-outflow', band, share, day.length));
  }
  return found;
}

/**
 * The customer's own normal on bank days before a leg's, as the log stands now. For the mean
 * payment a leg more than a bank day behind the newest is measured as of the day before that.
 */
export interface OwnHistory {
  meanDailyOutflow: (days: number) => number;
  /** null = no payment yet. */
  meanPayment: (days: number) => number | null;
}

export function ownHistory(legs: readonly KnownLeg[], at: KnownLeg): OwnHistory {
  const before = (day: number): KnownLeg[] =>
    legs.filter(
      (leg) => leg.bankDay < day && !leg.reversed && has(leg, B.debit | B.customerMade, 0),
    );
  const pane = (day: number): number => Math.floor(day / 5);
  return {
    meanDailyOutflow(days) {
      const today = pane(at.bankDay);
      const inPanes = before(at.bankDay).filter((l) => {
        const back = today - pane(l.bankDay);
        return back >= 1 && back <= days / 5;
      });
      return total(inPanes) / days;
    },
    meanPayment(days) {
      let weighted = 0;
      let weights = 0;
      const newest = legs.reduce((day, leg) => Math.max(day, leg.bankDay), at.bankDay);
      const asOf = Math.max(at.bankDay, newest - 1);
      for (const leg of before(asOf)) {
        const weight = (1 - 1 / days) ** (asOf - leg.bankDay);
        weighted += weight * leg.amount;
        weights += weight;
      }
      return weights === 0 ? null : weighted / weights;
    },
  };
}

export function legFindings(
  legs: readonly KnownLeg[],
  at: KnownLeg,
  settings: OracleSettings,
): Finding[] {
  const own = ownHistory(legs, at);
  return [
    ...crossBorder(legs, at, own),
    ...structuring(legs, at),
    ...listedLimits(legs, at, settings),
    ...dormant(legs, at),
    ...watchedOutflow(legs, at, settings, own),
  ];
}

/** Activity of the 30 days up to `closedDay` against the 90 before, at its close. */
export function dayCloseFindings(legs: readonly KnownLeg[], closedDay: number): Finding[] {
  const made = (first: number, last: number): number =>
    legs.filter(
      (leg) =>
        !leg.reversed && has(leg, B.customerMade, 0) && leg.bankDay >= first && leg.bankDay <= last,
    ).length;
  const recent = made(closedDay - 29, closedDay);
  const baseline = made(closedDay - 119, closedDay - 30);
  if (baseline < 8) return [];
  // 100 x (1 - (recent / 30) / (baseline / 90)) with whole numbers and one division.
  const drop = (100 * (baseline * 30 - recent * 90)) / (baseline * 30);
  const band = bandOf(drop, [
    [30, 'down'],
    [50, 'halved'],
    [80, 'collapsed'],
  ]);
  return finding('activity-drop', band, drop, recent);
}

/**
 * How far behind the subject's newest leg a list still keeps one: those that a window up to 48 h
 * reads for 49 h (the longest such window, a bank day of 25 h, and a day for late legs), those
 * that a longer one reads for 35 d. 0 = in no list. Reversals and re-evaluation find what is kept.
 */
export function keptMs(leg: KnownLeg): number {
  const debit = has(leg, B.debit, B.bankMade | B.ownAccount | B.reversal);
  const underLine = leg.amount >= yuan(40_000) && leg.amount < yuan(50_000);
  if (has(leg, B.cash, B.bankMade | B.reversal) && underLine) return 35 * DAY;
  if (debit && (leg.bits & B.listed) !== 0) return 35 * DAY;
  const remittance = has(leg, B.debit | B.crossBorder, B.bankMade | B.reversal);
  if (remittance && leg.amount >= yuan(50_000)) return 49 * HOUR;
  return debit && (leg.bits & B.medical) === 0 ? 49 * HOUR : 0;
}

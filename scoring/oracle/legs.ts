/**
 * Legs as the oracle knows them, what a filter lets pass, and which legs a window holds. Every
 * question is answered by going over all legs of the subject.
 */
import { ClassBit, type Profile } from '../../schemas/classes.js';
import type { Filter } from '../../schemas/features.js';
import type { Channel, OracleSettings, OracleSide, TransactionType } from './types.js';

const MINUTE_MS = 60_000;
export const HOUR_MS = 3_600_000;
export const DAY_MS = 86_400_000;

/** A leg as the oracle keeps it: everything of one side, for ever. */
export interface KnownLeg {
  position: number;
  eventMs: number;
  bankDay: number;
  side: 'debit' | 'credit';
  /** With the bits that scoring sets. */
  bits: number;
  amount: number;
  transactionId: string;
  account: string;
  counterparty: string;
  /** Of the counterparty, '' = unknown. */
  country: string;
  channel: Channel;
  type: TransactionType;
  profile: Profile;
  limits: OracleSide['limits'];
  /** Of its account just before it; NaN = unknown. */
  balanceBefore: number;
  history: boolean;
  /** Undone by a reversal that the log has reached. */
  reversed: boolean;
  isReversal: boolean;
  /** Behind one that breaks a silence when it came in, or evaluated again behind a late one. */
  isLate: boolean;
}

/** Time in which a total balance stood. */
export interface Holding {
  fromMs: number;
  toMs: number;
  total: number;
}

/** Everything known of a subject at a position of the log. */
export interface Subject {
  name: string;
  /** In `order`. */
  legs: KnownLeg[];
  newestMs: number;
  oldestMs: number;
  /** Of the first four accounts seen; NaN = not known. */
  balances: Map<string, number>;
  holdings: Holding[];
}

/** When and for what features are asked: a leg, or the close of a bank day. */
export interface Moment {
  ms: number;
  /** Of the leg; the day behind the one that closes. */
  bankDay: number;
  lastClosedDay: number;
  leg: KnownLeg | undefined;
}

/** (eventMs, position) decides; a debit stands before the credit of the same transaction. */
export function order(a: KnownLeg, b: KnownLeg): number {
  return (
    a.eventMs - b.eventMs ||
    a.position - b.position ||
    Number(a.side === 'credit') - Number(b.side === 'credit')
  );
}

export const is = (leg: KnownLeg, bit: keyof typeof ClassBit): boolean =>
  (leg.bits & ClassBit[bit]) !== 0;

/** Decimal string in major units, "49999.99", in minor ones. */
export function moneyMinor(text: string): number {
  const [whole, fraction = ''] = text.split('.');
  return Number(whole) * 100 + Number(fraction.padEnd(2, '0'));
}

interface Mask {
  all: number;
  none: number;
  min: number;
  below: number;
  max: number;
}
/** A filter's words as numbers, made once: words are read slowly. */
const masks = new WeakMap<Filter, Mask>();

function maskOf(filter: Filter): Mask {
  let mask = masks.get(filter);
  if (mask === undefined) {
    const bits = (names: Filter['all']) => names.reduce((m, name) => m | ClassBit[name], 0);
    const { min = '0', below, max } = filter.amount ?? {};
    const most = (text?: string) => (text === undefined ? Infinity : moneyMinor(text));
    mask = {
      all: bits(filter.all),
      none: bits(filter.none),
      min: moneyMinor(min),
      below: most(below),
      max: most(max),
    };
    masks.set(filter, mask);
  }
  return mask;
}

export function passes(leg: KnownLeg, filter: Filter): boolean {
  const { all, none, min, below, max } = maskOf(filter);
  if ((leg.bits & all) !== all || (leg.bits & none) !== 0) return false;
  if (leg.amount < min || leg.amount >= below || leg.amount > max) return false;
  const { channels = [], types = [] } = filter;
  if (channels.length > 0 && !channels.includes(leg.channel)) return false;
  return types.length === 0 || types.includes(leg.type);
}

/** `30m`, `24h`, `7d`. */
export function durationMs(text: string): number {
  const unit = { m: MINUTE_MS, h: HOUR_MS, d: DAY_MS }[text.slice(-1)];
  const n = Number(text.slice(0, -1));
  if (unit === undefined || !Number.isInteger(n)) throw new Error(`not a duration: ${text}`);
  return n * unit;
}

/**
 * First instant of the window of `spec` that ends at the moment: with the leg, or with the last
 * millisecond of the day that closes.
 */
function windowStart(spec: string, moment: Moment, settings: OracleSettings): number {
  const untilMs = moment.leg === undefined ? moment.ms - 1 : moment.ms;
  let day = settings.bankDay(untilMs);
  if (spec === 'bank-day') return settings.bankDayStartMs(day);
  if (spec === 'bank-month') return settings.bankMonthStartMs(untilMs);
  if (!spec.endsWith('bd')) return untilMs - durationMs(spec) + 1;
  let left = Number(spec.slice(0, -2));
  if (settings.isBusinessDay(day)) left--;
  while (left > 0) if (settings.isBusinessDay(--day)) left--;
  return settings.bankDayStartMs(day);
}

/** What stands up to the moment, the evaluated leg included, whatever it is; newest first. */
export function* upTo({ legs }: Subject, { leg, ms }: Moment): Generator<KnownLeg> {
  for (let i = legs.length - 1; i >= 0; i--) {
    const l = legs[i] as KnownLeg;
    if (leg === undefined ? l.eventMs < ms : order(l, leg) <= 0) yield l;
  }
}

/** Legs that count, in the window, newest first. */
export function inWindow(
  subject: Subject,
  moment: Moment,
  spec: string,
  filter: Filter,
  settings: OracleSettings,
): KnownLeg[] {
  const fromMs = windowStart(spec, moment, settings);
  const found: KnownLeg[] = [];
  for (const l of upTo(subject, moment)) {
    if (l.eventMs < fromMs) break;
    if (!l.reversed && !l.isReversal && passes(l, filter)) found.push(l);
  }
  return found;
}

export const total = (legs: readonly KnownLeg[]): number => legs.reduce((s, l) => s + l.amount, 0);

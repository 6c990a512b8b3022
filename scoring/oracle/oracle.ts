/**
 * A brute-force oracle of the shipped rules, for tests only: it reads admitted transactions and
 * watermarks in log order and tells which hits there must be. It shares no code with the kernel;
 * its one trick is to have none: it keeps every leg and looks at all of them each time.
 */
import { ClassBit, unpackProfile } from '../../schemas/classes.js';
import {
  dayCloseFindings,
  type Finding,
  type KnownLeg,
  keptMs,
  legFindings,
  order,
} from './rules.js';
import type {
  OracleHit,
  OracleRecord,
  OracleResult,
  OracleSettings,
  OracleSide,
  OracleTransaction,
  OracleWatermark,
} from './types.js';

export type * from './types.js';

const DAY_MS = 86_400_000;
const DROP_COOLDOWN_MS = 30 * DAY_MS;
/** History opens no alert and starts no cooldown. */
const HISTORY_AFTER_MS = 7 * DAY_MS;
/** The same where the subject's newest leg, in log order, was history. */
const HISTORY_AFTER_MS_OF_HISTORY = DAY_MS;
const DROP_BANDS = ['down', 'halved', 'collapsed'];

interface Subject {
  name: string;
  /** In `order`. */
  legs: KnownLeg[];
  newestMs: number;
  fromHistory: boolean;
  balances: Map<string, number>;
  /** Next bank day whose close is to be looked at; null = nothing customer-made yet. */
  nextCloseDay: number | null;
  lastDrop: { deadlineMs: number; band: number } | null;
}

/** A bank zone with a fixed offset from UTC, as Asia/Shanghai has. */
export function fixedOffsetSettings(offsetMs: number): OracleSettings {
  const bankDay = (ms: number): number => Math.floor((ms + offsetMs) / DAY_MS);
  const bankDayStartMs = (day: number): number => day * DAY_MS - offsetMs;
  return {
    bankDay,
    bankDayStartMs,
    bankMonthStartMs(ms) {
      const local = new Date(ms + offsetMs);
      return Date.UTC(local.getUTCFullYear(), local.getUTCMonth(), 1) - offsetMs;
    },
    spreadMs: () => 0,
    reevaluatedMax: 64,
  };
}

class Oracle {
  readonly #settings: OracleSettings;
  readonly #subjects = new Map<string, Subject>();
  readonly #known = new Set<string>();
  #watermarkMs = Number.NEGATIVE_INFINITY;
  readonly result: OracleResult = { hits: [], tooLate: 0, notReevaluated: 0 };

  constructor(settings: OracleSettings) {
    this.#settings = settings;
  }

  take(record: OracleRecord): void {
    if (record.kind === 'watermark') this.#advance(record);
    else {
      if (!record.debtor.external) this.#leg(record, 'debit', record.debtor, record.creditor);
      if (!record.creditor.external) this.#leg(record, 'credit', record.creditor, record.debtor);
    }
  }

  #subject(name: string): Subject {
    let subject = this.#subjects.get(name);
    if (subject === undefined) {
      subject = {
        name,
        legs: [],
        newestMs: Number.NEGATIVE_INFINITY,
        fromHistory: false,
        balances: new Map(),
        nextCloseDay: null,
        lastDrop: null,
      };
      this.#subjects.set(name, subject);
    }
    return subject;
  }

  #leg(t: OracleTransaction, side: 'debit' | 'credit', own: OracleSide, other: OracleSide): void {
    if (t.eventMs < this.#watermarkMs) {
      this.result.tooLate++;
      return;
    }
    const subject = this.#subject(own.subject);
    subject.fromHistory = t.history;
    const leg: KnownLeg = {
      position: t.position,
      eventMs: t.eventMs,
      bankDay: this.#settings.bankDay(t.eventMs),
      side,
      bits: own.classBits,
      amount: t.amountBaseMinor,
      transactionId: t.id,
      counterparty: other.subject,
      profile: unpackProfile(own.profile),
      limits: own.limits,
      balanceBefore: balanceBefore(subject, side, own, t.amountBaseMinor),
      history: t.history,
      reversed: false,
      isReversal: (own.classBits & ClassBit.reversal) !== 0,
    };
    const late = t.eventMs < subject.newestMs;
    subject.newestMs = Math.max(subject.newestMs, t.eventMs);
    const after = subject.legs.findIndex((l) => order(l, leg) > 0);
    subject.legs.splice(after < 0 ? subject.legs.length : after, 0, leg);
    if (leg.isReversal) {
      undo(subject, t.reversedId);
      return;
    }
    if (subject.nextCloseDay === null && (leg.bits & ClassBit.customerMade) !== 0) {
      subject.nextCloseDay = leg.bankDay;
    }
    this.#evaluate(subject, leg);
    if (late) this.#evaluateLater(subject, leg);
  }

  #evaluate(subject: Subject, leg: KnownLeg): void {
    for (const f of legFindings(subject.legs, leg, this.#settings)) {
      this.#tell(subject, f, leg.side, leg.position, leg.eventMs, leg.history);
    }
  }

  /** A late leg may complete the windows of legs that came before it in the log. */
  #evaluateLater(subject: Subject, late: KnownLeg): void {
    const later = subject.legs.filter(
      (leg) => order(leg, late) > 0 && !leg.isReversal && !leg.reversed && isKept(subject, leg),
    );
    const first = Math.max(0, later.length - this.#settings.reevaluatedMax);
    this.result.notReevaluated += first;
    // Who the customer is and may do is asked as of now; the rest stands in the leg.
    const { profile, limits } = late;
    for (const leg of later.slice(first)) this.#evaluate(subject, { ...leg, profile, limits });
  }

  #tell(
    subject: Subject,
    f: Finding,
    side: OracleHit['side'],
    at: number,
    evaluatedEventMs: number,
    history: boolean,
  ): void {
    const id = JSON.stringify([f.rule, subject.name, side, at]);
    if (this.#known.has(id)) return;
    this.#known.add(id);
    const { rule, band, observed, count } = f;
    this.result.hits.push({
      rule,
      subject: subject.name,
      side,
      at,
      evaluatedEventMs,
      band,
      observed,
      count,
      history,
    });
  }

  /** Closes every bank day that the watermark has passed by the subject's spread. */
  #advance(record: OracleWatermark): void {
    if (record.watermarkMs <= this.#watermarkMs) return;
    this.#watermarkMs = record.watermarkMs;
    for (const subject of this.#subjects.values()) {
      if (subject.nextCloseDay === null) continue;
      const spreadMs = this.#settings.spreadMs(subject.name);
      for (;;) {
        const deadlineMs = this.#settings.bankDayStartMs(subject.nextCloseDay + 1);
        if (deadlineMs + spreadMs > this.#watermarkMs) break;
        const { fromHistory } = subject;
        const afterMs = fromHistory ? HISTORY_AFTER_MS_OF_HISTORY : HISTORY_AFTER_MS;
        const history = (record.ingestMs ?? 0) - deadlineMs > afterMs;
        this.#close(subject, subject.nextCloseDay, deadlineMs, history);
        subject.nextCloseDay++;
      }
    }
  }

  #close(subject: Subject, day: number, deadlineMs: number, history: boolean): void {
    for (const f of dayCloseFindings(subject.legs, day)) {
      const band = DROP_BANDS.indexOf(f.band);
      const last = subject.lastDrop;
      const cooling = last !== null && deadlineMs - last.deadlineMs < DROP_COOLDOWN_MS;
      // History neither starts a cooldown nor is silenced by one.
      if (!history && cooling && band <= last.band) continue;
      if (!history) subject.lastDrop = { deadlineMs, band };
      this.#tell(subject, f, 'timer', deadlineMs, deadlineMs, history);
    }
  }
}

/** In log order: as reported with this leg, else from the last reported and the legs since. */
function balanceBefore(
  subject: Subject,
  side: 'debit' | 'credit',
  own: OracleSide,
  amount: number,
): number {
  const change = side === 'debit' ? -amount : amount;
  const known = subject.balances.get(own.account) ?? Number.NaN;
  const reported = !Number.isNaN(own.balanceAfterMinor);
  const before = reported ? own.balanceAfterMinor - change : known;
  subject.balances.set(own.account, before + change);
  return before;
}

function isKept(subject: Subject, leg: KnownLeg): boolean {
  return subject.newestMs - leg.eventMs < keptMs(leg);
}

/** From here on the original counts nowhere, if a list still keeps it. */
function undo(subject: Subject, reversedId: string): void {
  if (reversedId === '') return;
  for (const leg of subject.legs) {
    if (leg.isReversal || leg.transactionId !== reversedId) continue;
    if (isKept(subject, leg)) leg.reversed = true;
  }
}

/** Hits of the whole log, in the order found. */
export function runOracle(
  records: Iterable<OracleRecord>,
  settings: OracleSettings = fixedOffsetSettings(8 * 3_600_000),
): OracleResult {
  const oracle = new Oracle(settings);
  for (const record of records) oracle.take(record);
  return oracle.result;
}

/** The order of the promise: (origin or deadline, subject, side, rule). */
export function sortHits(hits: readonly OracleHit[]): OracleHit[] {
  const key = (h: OracleHit): string => `${h.subject}\u0000${h.side}\u0000${h.rule}`;
  return [...hits].sort((a, b) => a.at - b.at || (key(a) < key(b) ? -1 : 1));
}

/**
 * A brute-force oracle of a catalogue, for tests only: it reads admitted transactions and
 * watermarks in log order and tells which hits there must be. It is written from the words of
 * schemas/features.ts, schemas/catalogue.ts and docs/rules.md and shares no code with the kernel;
 * its one trick is to have none: it keeps every leg and looks at all of them each time.
 *
 * A new rule can be tried on it before the kernel knows its features: write the rule with its
 * examples and run `npx vitest run scoring/oracle/oracle.test.ts -t <rule id>`.
 */
import type { Catalogue, Rule, Typology } from '../../schemas/catalogue.js';
import { ClassBit, type Profile, unpackProfile } from '../../schemas/classes.js';
import { bankDay, bankDayStartMs, bankMonthStartMs, type ZoneTable } from '../../schemas/time.js';
import { balanceTotal, breaksSilence } from './features.js';
import { DAY_MS, is, type KnownLeg, type Moment, order, type Subject } from './legs.js';
import { ask, bandOf, type Finding, isCooling, keeper } from './rules.js';
import { scoredBits } from './scored-bits.js';
import type {
  OracleHit,
  OraclePart,
  OracleRecord,
  OracleResult,
  OracleSettings,
  OracleSide,
  OracleTransaction,
  OracleWatermark,
} from './types.js';
import { leading, type Outcome, partsOf, type Reached, reachedBy } from './typologies.js';

export type * from './types.js';

/** History opens no alert and starts no cooldown. */
const HISTORY_AFTER_MS = 7 * DAY_MS;
/** The same where the subject's newest leg, in log order, was history. */
const HISTORY_AFTER_MS_OF_HISTORY = DAY_MS;
const FOLLOWED_ACCOUNTS = 4;
const ACTIVE_DAYS = 120;

interface Known extends Subject {
  fromHistory: boolean;
  /** Of its newest leg in the log. */
  profile: Profile;
  /** Next bank day whose close is to be looked at; null = nothing customer-made yet. */
  nextCloseDay: number | null;
  /** Last hit of each rule and typology that was not history. */
  said: Map<string, { ms: number; level: number }>;
  /** What each rule reached so far. */
  outcomes: Map<string, Outcome[]>;
}

/** Bank days by a table of zone offsets; business days Monday to Friday unless told. */
export function zoneSettings(
  table: ZoneTable,
  given: Partial<OracleSettings> = {},
): OracleSettings {
  return {
    bankDay: (ms) => bankDay(ms, table),
    bankDayStartMs: (day) => bankDayStartMs(day, table),
    bankMonthStartMs: (ms) => bankMonthStartMs(ms, table),
    // Day 0 was a Thursday.
    isBusinessDay: (day) => (day + 3) % 7 < 5,
    rate: () => undefined,
    spreadMs: () => 0,
    reevaluatedMax: 64,
    ...given,
  };
}

/** A bank zone with a fixed offset from UTC, as Asia/Shanghai has. */
export const fixedOffsetSettings = (offsetMs: number): OracleSettings =>
  zoneSettings([{ fromMs: 0, offsetMs }]);

/** Where a hit is told. */
interface Place {
  side: OracleHit['side'];
  at: number;
  ms: number;
  history: boolean;
}

class Oracle {
  readonly #settings: OracleSettings;
  readonly #typologies: Typology[];
  readonly #active: ReadonlySet<string>;
  readonly #ofDays: Rule[];
  readonly #ofLegs: Rule[];
  readonly #keptMs: (leg: KnownLeg) => number;
  readonly #subjects = new Map<string, Known>();
  readonly #known = new Set<string>();
  #watermarkMs = Number.NEGATIVE_INFINITY;
  readonly result: OracleResult = { hits: [], tooLate: 0, notReevaluated: 0 };

  constructor(catalogue: Pick<Catalogue, 'rules' | 'typologies'>, settings: OracleSettings) {
    const isScored = (r: { state: Rule['state'] }) => r.state === 'active' || r.state === 'shadow';
    const rules = catalogue.rules.filter(isScored);
    this.#typologies = catalogue.typologies.filter(isScored);
    const active = rules.filter((r) => r.state === 'active');
    this.#active = new Set(active.map((r) => r.id));
    this.#ofDays = rules.filter((r) => r.on === 'day-close');
    this.#ofLegs = rules.filter((r) => r.on !== 'day-close');
    this.#keptMs = keeper(rules);
    this.#settings = settings;
  }

  take(record: OracleRecord): void {
    if (record.kind === 'watermark') this.#advance(record);
    else {
      if (!record.debtor.external) this.#leg(record, 'debit', record.debtor, record.creditor);
      if (!record.creditor.external) this.#leg(record, 'credit', record.creditor, record.debtor);
    }
  }

  #subject(name: string, profile: Profile): Known {
    let subject = this.#subjects.get(name);
    if (subject === undefined) {
      subject = {
        name,
        legs: [],
        newestMs: Number.NEGATIVE_INFINITY,
        oldestMs: Number.POSITIVE_INFINITY,
        fromHistory: false,
        profile,
        balances: new Map(),
        holdings: [],
        nextCloseDay: null,
        said: new Map(),
        outcomes: new Map(),
      };
      this.#subjects.set(name, subject);
    }
    return subject;
  }

  #leg(t: OracleTransaction, side: 'debit' | 'credit', own: OracleSide, other: OracleSide): void {
    const isTooLate = t.eventMs < this.#watermarkMs;
    if (isTooLate && !t.history) {
      this.result.tooLate++;
      return;
    }
    const subject = this.#subject(own.subject, unpackProfile(own.profile));
    subject.fromHistory = t.history;
    subject.profile = unpackProfile(own.profile);
    const isLate = t.eventMs < subject.newestMs;
    const leg = this.#insert(t, side, own, other, subject, isTooLate);
    if (leg.isReversal) {
      this.#undo(subject, t.reversedId);
      return;
    }
    if (subject.nextCloseDay === null && (leg.bits & ClassBit.customerMade) !== 0) {
      subject.nextCloseDay = leg.bankDay;
    }
    // What a history source sends below the watermark fills the state and is not scored.
    if (isTooLate) return;
    this.#evaluate(subject, leg);
    if (isLate) this.#evaluateLater(subject, leg);
  }

  /** The leg, put among the subject's, with its effect on times and balances. */
  #insert(
    t: OracleTransaction,
    side: 'debit' | 'credit',
    own: OracleSide,
    other: OracleSide,
    subject: Known,
    isTooLate: boolean,
  ): KnownLeg {
    const leg: KnownLeg = {
      position: t.position,
      eventMs: t.eventMs,
      bankDay: this.#settings.bankDay(t.eventMs),
      side,
      bits: own.classBits,
      amount: t.amountBaseMinor,
      transactionId: t.id,
      account: own.account,
      counterparty: other.subject,
      country: other.country ?? '',
      channel: t.channel ?? 'unknown',
      type: t.type ?? 'unknown',
      profile: subject.profile,
      limits: own.limits,
      balanceBefore: Number.NaN,
      history: t.history,
      reversed: false,
      isLate: subject.legs.some((l) => breaksSilence(l) && l.eventMs > t.eventMs),
      isReversal: (own.classBits & ClassBit.reversal) !== 0,
    };
    leg.bits |= scoredBits(subject, leg);
    const newestMs = Math.max(subject.newestMs, t.eventMs);
    // What a history source sends below the watermark is of the past: balances stand.
    if (!isTooLate) {
      const total = balanceTotal(subject);
      if (!Number.isNaN(total)) {
        subject.holdings.push({ fromMs: subject.newestMs, toMs: newestMs, total });
      }
      leg.balanceBefore = moveBalance(subject, side, own, t.amountBaseMinor);
    }
    subject.newestMs = newestMs;
    subject.oldestMs = Math.min(subject.oldestMs, t.eventMs);
    const after = subject.legs.findIndex((l) => order(l, leg) > 0);
    subject.legs.splice(after < 0 ? subject.legs.length : after, 0, leg);
    return leg;
  }

  #evaluate(subject: Known, leg: KnownLeg): void {
    const moment: Moment = {
      ms: leg.eventMs,
      bankDay: leg.bankDay,
      lastClosedDay: leg.bankDay - 1,
      leg,
    };
    const { side, position: at, eventMs: ms, history } = leg;
    this.#askAll(subject, moment, leg.profile, { side, at, ms, history });
  }

  /** A late leg may complete the windows of legs that came before it in the log. */
  #evaluateLater(subject: Known, late: KnownLeg): void {
    const later = subject.legs.filter(
      (leg) =>
        order(leg, late) > 0 && !leg.isReversal && !leg.reversed && this.#isKept(subject, leg),
    );
    const first = Math.max(0, later.length - this.#settings.reevaluatedMax);
    this.result.notReevaluated += first;
    // Who the customer is and may do is asked as of now; the rest stands in the leg.
    const { profile, limits } = late;
    for (const leg of later.slice(first))
      this.#evaluate(subject, { ...leg, profile, limits, isLate: true });
  }

  #askAll(subject: Known, moment: Moment, profile: Profile, place: Place): void {
    const reached: Reached[] = [];
    for (const rule of moment.leg === undefined ? this.#ofDays : this.#ofLegs) {
      const finding = ask(rule, subject, moment, profile, this.#settings);
      if (finding === undefined) continue;
      reached.push({ rule, finding });
      const { outcome: band, score: outcome } = finding.band;
      const outcomes = subject.outcomes.get(rule.id) ?? [];
      outcomes.push({ band, outcome, eventTime: place.ms });
      subject.outcomes.set(rule.id, outcomes);
      this.#say(subject, rule, finding, place);
    }
    if (reached.length === 0) return;
    for (const typology of this.#typologies) this.#together(subject, typology, reached, place);
  }

  #together(subject: Known, typology: Typology, reached: readonly Reached[], place: Place): void {
    const now = reachedBy(typology, reached);
    const shown = leading(typology, now);
    if (shown === undefined) return;
    const isCounted = (id: string): boolean => typology.state === 'shadow' || this.#active.has(id);
    const { parts, score } = partsOf(typology, isCounted, subject.outcomes, now, place.ms);
    const band = bandOf(typology.bands, score);
    if (band === undefined) return;
    const { count } = shown.finding;
    const finding = { ...band, observed: score, count, score: Math.round(score) };
    this.#say(subject, typology, finding, place, parts);
  }

  /** Tells it unless the cooldown silences it. History neither starts nor heeds a cooldown. */
  #say(
    subject: Known,
    rule: Rule | Typology,
    finding: Finding,
    place: Place,
    parts?: OraclePart[],
  ): void {
    const { ms, history } = place;
    const { level } = finding;
    if (!history) {
      const last = subject.said.get(rule.id);
      const cooling = last !== undefined && isCooling(rule.cooldown, last.ms, ms, this.#settings);
      if (cooling && level <= last.level) return;
      subject.said.set(rule.id, { ms, level });
    }
    const id = JSON.stringify([rule.id, subject.name, place.side, place.at]);
    if (this.#known.has(id)) return;
    this.#known.add(id);
    this.result.hits.push({
      rule: rule.id,
      subject: subject.name,
      side: place.side,
      at: place.at,
      evaluatedEventMs: ms,
      band: finding.band.outcome,
      observed: finding.observed,
      count: finding.count,
      score: finding.score,
      history,
      ...(rule.state === 'shadow' ? { shadow: true } : {}),
      ...(parts === undefined ? {} : { parts }),
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
        const afterMs = subject.fromHistory ? HISTORY_AFTER_MS_OF_HISTORY : HISTORY_AFTER_MS;
        const history = (record.ingestMs ?? 0) - deadlineMs > afterMs;
        const day = subject.nextCloseDay++;
        if (!isActive(subject, day)) continue;
        const moment = { ms: deadlineMs, bankDay: day + 1, lastClosedDay: day, leg: undefined };
        const place: Place = { side: 'timer', at: deadlineMs, ms: deadlineMs, history };
        this.#askAll(subject, moment, subject.profile, place);
      }
    }
  }

  #isKept(subject: Subject, leg: KnownLeg): boolean {
    return subject.newestMs - leg.eventMs < this.#keptMs(leg);
  }

  /** From here on the original counts nowhere, if a list still keeps it. */
  #undo(subject: Subject, reversedId: string): void {
    if (reversedId === '') return;
    for (const leg of subject.legs) {
      if (leg.isReversal || leg.transactionId !== reversedId) continue;
      if (this.#isKept(subject, leg)) leg.reversed = true;
    }
  }
}

/** Days close while the customer did something within 120 days. */
function isActive(subject: Subject, day: number): boolean {
  return subject.legs.some(
    (l) =>
      !l.reversed && is(l, 'customerMade') && l.bankDay <= day && l.bankDay > day - ACTIVE_DAYS,
  );
}

/**
 * Balance before, in log order: as reported with this leg, else from the last reported and the legs
 * since. Of an account that is not followed only what is reported counts.
 */
function moveBalance(
  subject: Subject,
  side: 'debit' | 'credit',
  own: OracleSide,
  amount: number,
): number {
  const change = side === 'debit' ? -amount : amount;
  const { balances } = subject;
  const known = balances.get(own.account) ?? Number.NaN;
  const reported = !Number.isNaN(own.balanceAfterMinor);
  const before = reported ? own.balanceAfterMinor - change : known;
  if (balances.has(own.account) || balances.size < FOLLOWED_ACCOUNTS) {
    balances.set(own.account, before + change);
  }
  return before;
}

/** Hits of the whole log, in the order found. */
export function runOracle(
  records: Iterable<OracleRecord>,
  catalogue: Pick<Catalogue, 'rules' | 'typologies'>,
  settings: OracleSettings = fixedOffsetSettings(8 * 3_600_000),
): OracleResult {
  const oracle = new Oracle(catalogue, settings);
  for (const record of records) oracle.take(record);
  return oracle.result;
}

/** The order of the promise: (origin or deadline, subject, side, rule). */
export function sortHits(hits: readonly OracleHit[]): OracleHit[] {
  const key = (h: OracleHit): string => `${h.subject}\u0000${h.side}\u0000${h.rule}`;
  return [...hits].sort((a, b) => a.at - b.at || (key(a) < key(b) ? -1 : 1));
}

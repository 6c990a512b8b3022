/**
 * A shard of subjects: takes legs and watermarks in log order, keeps the state, reports hits. Pure:
 * what it emits depends on nothing but what it was given, in that order.
 */
import { ClassBit, RecordFlag } from '../schemas/classes.js';
import type { Hit } from '../schemas/hit.js';
import type { BankTime } from './bank-time.js';
import { advanceDay, countActivity, hasActivitySince } from './baselines.js';
import { type Evaluator, type Moment, newMoment } from './evaluate.js';
import { buildHit, type LegWords, NO_LEG } from './evidence.js';
import type { LegView } from './leg-view.js';
import { findLegById, insertLeg, legAt, listCount, PACKED } from './lists.js';
import { type ClassPlan, type CompiledRule, NOTABLE, type Plan, RECENT } from './plan.js';
import { H, type Region } from './region.js';
import { BALANCE_SLOTS, DAYS_KEPT, ROW, type RowLayout } from './row.js';
import { addSubject, eachSubject, findSubject, formatTables, intern, internedText, touchPair,
} from './tables.js';
import { advanceTimers, armTimer, formatTimers } from './timers.js';
import { advanceWindows, enterWindows, reverseLeg } from './windows.js';

const DAILY = 1;
const SPREAD_MS = 3_600_000;
/** A deadline so far behind the recorded ingest time belongs to history. */
const HISTORY_AFTER_MS = 7 * 86_400_000;
const REEVALUATED_MAX = 64;
const OTHER_ACCOUNT = 7;

export interface ShardContext {
  plan: Plan;
  layout: RowLayout;
  time: BankTime;
  evaluator: Evaluator;
  latenessMs: number;
  /** Transactions kept as evidence, newest. */
  evidenceMax: number;
  referenceVersion: number;
  /** Called with every hit, in order. `position` is the journal record being scored. */
  emit(hit: Hit, rule: CompiledRule, band: number, position: number, ingestMs: number): void;
}

export class Shard {
  readonly #m: Moment = newMoment();
  #ingestMs = 0;

  constructor(
    readonly region: Region,
    readonly context: ShardContext,
  ) {
    if (!region.formatted) {
      region.format();
      formatTables(region);
      formatTimers(region);
    }
  }

  get position(): number {
    return this.region.f64[H.position];
  }

  /** Scores one leg. Legs at or below what the shard has seen are dropped. */
  applyLeg(leg: LegView): void {
    const { region, context } = this;
    const f64 = region.f64;
    if (leg.position < f64[H.position]) return;
    if (leg.position > f64[H.position]) f64[H.position] = leg.position;
    if (!region.admitOrigin(leg.source, leg.partition, leg.offset, leg.index * 2 + leg.side)) return;
    const history = (leg.flags & RecordFlag.history) !== 0;
    const tooLate = leg.eventMs < f64[H.watermarkMs];
    if (tooLate) {
      f64[H.lateDropped]++;
      if (!history) return;
    }
    this.#ingestMs = leg.ingestMs;
    const row = this.#row(leg);
    const day = context.time.dayOf(leg.eventMs);
    advanceDay(region, row, day);
    if ((leg.classBits & ClassBit.reversal) !== 0) {
      this.#reverse(row, leg);
      return;
    }
    const m = this.#moment(row, leg, day, history);
    const plan = context.plan.classPlan(leg.classBits);
    const counterparty = this.#counterparty(row, leg, day);
    const account = this.#account(row, leg);
    this.#noteTime(row, leg);
    if ((leg.classBits & ClassBit.customerMade) !== 0) {
      countActivity(region, row, day, leg.side === 0, leg.amount, 1);
      this.#armDaily(row, day);
    }
    this.#insert(row, leg, plan, counterparty, account);
    if (tooLate) return;
    this.#judge(plan.rules, m, leg);
    if (!m.inOrder) {
      f64[H.lateScored]++;
      this.#judgeLater(row, leg);
    }
  }

  /** Moves the shard's time on; timers fire in order. `position` is the control record's. */
  applyWatermark(
    watermarkMs: number,
    ingestMs: number,
    position: number,
    silentSources: readonly number[],
  ): void {
    const f64 = this.region.f64;
    if (position < f64[H.position]) return;
    f64[H.position] = position + 1;
    if (!(watermarkMs > f64[H.watermarkMs])) return;
    f64[H.watermarkMs] = watermarkMs;
    this.#ingestMs = ingestMs;
    advanceTimers(this.region, watermarkMs, (row, _kind, deadlineMs) => {
      this.#closeDay(row, deadlineMs, ingestMs, position, silentSources);
    });
  }

  /** A history source has ended: day-close rules once more for everybody, live, as of `asOfMs`. */
  applyHistoryEnd(asOfMs: number, ingestMs: number, position: number): void {
    if (position < this.region.f64[H.position]) return;
    this.region.f64[H.position] = position + 1;
    this.#ingestMs = ingestMs;
    const day = this.context.time.dayOf(asOfMs);
    eachSubject(this.region, (row) => {
      this.#judgeDay(row, day, asOfMs, position, false);
    });
  }

  /** New profile from reference data, for a subject that the shard knows. */
  applyProfile(row: number, profile: number): void {
    this.region.u32[row * 2 + ROW.profile] = profile;
  }

  #row(leg: LegView): number {
    const { region } = this;
    let row = findSubject(
      region, leg.hashLow, leg.hashHigh, leg.bytes, leg.subjectStart, leg.subjectLength,
    );
    if (row === 0) {
      row = addSubject(
        region, this.context.layout.strideWords, leg.hashLow, leg.hashHigh, leg.bytes,
        leg.subjectStart, leg.subjectLength,
      );
      region.f64[row + ROW.firstMs] = leg.eventMs;
    }
    region.u32[row * 2 + ROW.profile] = leg.profile;
    region.u32[row * 2 + ROW.source] = leg.source;
    return row;
  }

  #moment(row: number, leg: LegView, day: number, history: boolean): Moment {
    const m = this.#m;
    m.row = row;
    m.atMs = leg.eventMs;
    m.position = leg.position;
    m.day = day;
    m.inOrder = leg.eventMs >= this.region.f64[row + ROW.lastMs];
    m.isTimer = false;
    m.history = history;
    m.amount = leg.amount;
    m.side = leg.side;
    m.classBits = leg.classBits;
    m.profile = leg.profile;
    m.balanceAfter = this.#balanceAfter(row, leg, m.inOrder);
    m.silenceMs = this.#silence(row, leg.eventMs, m.inOrder);
    m.newPair = false;
    m.limitSingle = leg.limitSingle;
    m.limitDay = leg.limitDay;
    m.limitMonth = leg.limitMonth;
    return m;
  }

  /** Time since the subject's previous leg that the bank did not make; NaN for the first. */
  #silence(row: number, eventMs: number, inOrder: boolean): number {
    const f64 = this.region.f64;
    if (inOrder) {
      const active = f64[row + ROW.activeMs];
      return active === Number.NEGATIVE_INFINITY ? Number.NaN : eventMs - active;
    }
    // Behind the newest gap every silence is at most the allowed lateness: as good as none.
    const start = f64[row + ROW.gapStartMs];
    if (eventMs > f64[row + ROW.gapEndMs]) return 0;
    return start === Number.NEGATIVE_INFINITY ? Number.NaN : Math.max(0, eventMs - start);
  }

  #noteTime(row: number, leg: LegView): void {
    const f64 = this.region.f64;
    if (leg.eventMs > f64[row + ROW.lastMs]) f64[row + ROW.lastMs] = leg.eventMs;
    if ((leg.classBits & ClassBit.bankMade) !== 0) return;
    const active = f64[row + ROW.activeMs];
    if (leg.eventMs >= active) {
      if (leg.eventMs - active > this.context.latenessMs) {
        f64[row + ROW.gapStartMs] = active;
        f64[row + ROW.gapEndMs] = leg.eventMs;
      }
      f64[row + ROW.activeMs] = leg.eventMs;
    } else if (leg.eventMs < f64[row + ROW.gapEndMs] && leg.eventMs > f64[row + ROW.gapStartMs]) {
      f64[row + ROW.gapEndMs] = leg.eventMs;
    }
  }

  /** Interned counterparty (0 for none); notes in the moment whether the pair is new. */
  #counterparty(row: number, leg: LegView, day: number): number {
    if (leg.counterpartyLength === 0) return 0;
    const { region } = this;
    const id = intern(region, leg.bytes, leg.counterpartyStart, leg.counterpartyLength);
    if ((leg.classBits & ClassBit.ownAccount) !== 0) return id;
    this.#m.newPair = touchPair(region, row, id, day, leg.side, leg.amount);
    return id;
  }

  /** Balance of the leg's account after it: reported, else derived from the last known. */
  #balanceAfter(row: number, leg: LegView, inOrder: boolean): number {
    if (!Number.isNaN(leg.balanceAfter)) return leg.balanceAfter;
    if (!inOrder) return Number.NaN;
    const { region } = this;
    const account = intern(region, leg.bytes, leg.accountStart, leg.accountLength);
    for (let s = 0; s < BALANCE_SLOTS; s++) {
      const at = row + ROW.balances + s * 2;
      if (region.u32[at * 2] === account && region.u32[at * 2 + 1] === 1) {
        return region.f64[at + 1] + (leg.side === 0 ? -leg.amount : leg.amount);
      }
    }
    return Number.NaN;
  }

  /** Slot of the leg's account (7 = more accounts than slots); keeps its newest balance there. */
  #account(row: number, leg: LegView): number {
    const { region } = this;
    const account = intern(region, leg.bytes, leg.accountStart, leg.accountLength);
    for (let s = 0; s < BALANCE_SLOTS; s++) {
      const at = row + ROW.balances + s * 2;
      const held = region.u32[at * 2];
      if (held !== 0 && held !== account) continue;
      region.u32[at * 2] = account;
      if (this.#m.inOrder) {
        region.u32[at * 2 + 1] = Number.isNaN(this.#m.balanceAfter) ? 0 : 1;
        region.f64[at + 1] = this.#m.balanceAfter;
      }
      return s;
    }
    return OTHER_ACCOUNT;
  }

  #armDaily(row: number, day: number): void {
    const { region } = this;
    if (region.u32[row * 2 + ROW.timerArmed] === 1) return;
    region.u32[row * 2 + ROW.timerArmed] = 1;
    armTimer(region, row, DAILY, this.#closeMoment(row, day));
  }

  /** When the day closes for this subject: spread over the hour behind its end. */
  #closeMoment(row: number, day: number): number {
    const hash = this.region.u32[row * 2 + ROW.hashLow];
    return this.context.time.dayStartMs(day + 1) + (hash % 3600) * (SPREAD_MS / 3600);
  }

  #insert(row: number, leg: LegView, plan: ClassPlan, counterparty: number, account: number): void {
    const { region, context } = this;
    let lists = 0;
    for (const g of plan.groups) {
      if (leg.amount >= g.min && leg.amount < g.below) lists |= 1 << g.list;
    }
    const asOf = Math.max(region.f64[row + ROW.lastMs], leg.eventMs);
    for (let list = RECENT; list <= NOTABLE; list++) {
      const inserts = (lists & (1 << list)) !== 0;
      if (!inserts && (plan.listsRead & (1 << list)) === 0) continue;
      advanceWindows(region, row, context.layout, context.plan, list, asOf, context.time);
      if (!inserts || leg.eventMs <= asOf - context.plan.retentionMs[list]) continue;
      const at = insertLeg(region, row, list, leg.eventMs, leg.position);
      this.#write(at, leg, counterparty, account);
      enterWindows(region, row, context.layout, context.plan, list, at, asOf, context.time);
    }
  }

  #write(at: number, leg: LegView, counterparty: number, account: number): void {
    const { region } = this;
    const { f64, u32, u16 } = region;
    f64[at] = leg.eventMs;
    f64[at + 1] = leg.position;
    f64[at + 2] = leg.amount;
    u32[(at + 3) * 2] = leg.classBits;
    u32[(at + 3) * 2 + 1] = counterparty;
    u32[(at + 4) * 2] = region.putBytes(leg.bytes, leg.idStart, leg.idLength);
    u32[(at + 4) * 2 + 1] =
      leg.idLength |
      (leg.side === 1 ? PACKED.credit : 0) |
      ((leg.flags & RecordFlag.history) !== 0 ? PACKED.history : 0) |
      (this.#m.newPair ? PACKED.newPair : 0) |
      (account << PACKED.accountShift);
    f64[at + 5] = this.#m.balanceAfter;
    f64[at + 6] = leg.offset;
    u16[(at + 7) * 4] = leg.source;
    u16[(at + 7) * 4 + 1] = leg.partition;
    u32[(at + 7) * 2 + 1] = leg.index;
  }

  #reverse(row: number, leg: LegView): void {
    const { region, context } = this;
    let found = -1;
    for (let list = RECENT; list <= NOTABLE; list++) {
      const i = findLegById(
        region, row, list, leg.bytes, leg.reversedStart, leg.reversedLength,
      );
      if (i < 0) continue;
      const at = legAt(region, row, list, i);
      if ((region.u32[(at + 4) * 2 + 1] & PACKED.reversed) !== 0) continue;
      reverseLeg(region, row, context.layout, context.plan, list, i);
      found = at;
    }
    if (found < 0) {
      region.f64[H.reversalsUnmatched]++;
      return;
    }
    region.f64[H.reversalsApplied]++;
    const classBits = region.u32[(found + 3) * 2];
    if ((classBits & ClassBit.customerMade) === 0) return;
    const credit = (region.u32[(found + 4) * 2 + 1] & PACKED.credit) !== 0;
    const day = context.time.dayOf(region.f64[found]);
    countActivity(region, row, day, !credit, region.f64[found + 2], -1);
  }

  #judge(rules: readonly CompiledRule[], m: Moment, leg: LegView): void {
    let words: LegWords | undefined;
    for (const rule of rules) {
      const band = this.context.evaluator.evaluate(this.region, rule, m);
      if (band < 0) continue;
      words ??= legWords(leg);
      this.#emit(rule, band, m, words, leg.position);
    }
  }

  /** The legs behind a late one, newest 64, each as of itself. */
  #judgeLater(row: number, late: LegView): void {
    const { region } = this;
    const later: number[] = [];
    const taken = new Set<number>();
    for (let list = RECENT; list <= NOTABLE; list++) {
      for (let i = listCount(region, row, list) - 1; i >= 0; i--) {
        const at = legAt(region, row, list, i);
        if (region.f64[at] <= late.eventMs) break;
        const credit = (region.u32[(at + 4) * 2 + 1] & PACKED.credit) !== 0 ? 1 : 0;
        const key = region.f64[at + 1] * 2 + credit;
        if (!taken.has(key)) later.push(at);
        taken.add(key);
      }
    }
    const f64 = region.f64;
    later.sort((a, b) => f64[a] - f64[b] || f64[a + 1] - f64[b + 1]);
    for (const at of later.slice(-REEVALUATED_MAX)) this.#judgeKept(row, at, late);
    f64[H.laterUnjudged] += Math.max(0, later.length - REEVALUATED_MAX);
  }

  #judgeKept(row: number, at: number, late: LegView): void {
    const { region, context } = this;
    const { f64, u32, u16 } = region;
    const m = this.#m;
    const packed = u32[(at + 4) * 2 + 1];
    if ((packed & PACKED.reversed) !== 0) return;
    m.atMs = f64[at];
    m.position = f64[at + 1];
    m.day = context.time.dayOf(m.atMs);
    m.inOrder = false;
    m.history = (packed & PACKED.history) !== 0;
    m.amount = f64[at + 2];
    m.side = (packed & PACKED.credit) !== 0 ? 1 : 0;
    m.classBits = u32[(at + 3) * 2];
    m.balanceAfter = f64[at + 5];
    m.silenceMs = this.#silence(row, m.atMs, false);
    m.newPair = (packed & PACKED.newPair) !== 0;
    const slot = (packed >>> PACKED.accountShift) & 7;
    for (const rule of context.plan.classPlan(m.classBits).rules) {
      const band = context.evaluator.evaluate(region, rule, m);
      if (band < 0) continue;
      this.#emit(rule, band, m, {
        transactionId: region.text(u32[(at + 4) * 2], packed & PACKED.idLengthMask),
        account: slot < BALANCE_SLOTS
          ? internedText(region, u32[(row + ROW.balances + slot * 2) * 2]) : '',
        counterparty: internedText(region, u32[(at + 3) * 2 + 1]),
        origin: {
          source: u16[(at + 7) * 4],
          partition: u16[(at + 7) * 4 + 1],
          offset: f64[at + 6],
          index: u32[(at + 7) * 2 + 1],
        },
      }, late.position);
    }
  }

  #closeDay(
    row: number, firedMs: number, ingestMs: number, position: number,
    silentSources: readonly number[],
  ): void {
    const { region, context } = this;
    const day = context.time.dayOf(firedMs);
    const deadline = context.time.dayStartMs(day);
    const history = ingestMs - deadline > HISTORY_AFTER_MS;
    if (silentSources.includes(region.u32[row * 2 + ROW.source])) region.f64[H.postponed]++;
    else this.#judgeDay(row, day, deadline, position, history);
    const asOf = Math.max(deadline, region.f64[row + ROW.lastMs]);
    for (let list = RECENT; list <= NOTABLE; list++) {
      advanceWindows(region, row, context.layout, context.plan, list, asOf, context.time);
    }
    if (hasActivitySince(region, row, day - DAYS_KEPT)) {
      armTimer(region, row, DAILY, this.#closeMoment(row, day));
    } else {
      region.u32[row * 2 + ROW.timerArmed] = 0;
    }
  }

  /** Day-close rules of one subject; `day` is the first day that is not counted. */
  #judgeDay(row: number, day: number, atMs: number, position: number, history: boolean): void {
    const m = this.#m;
    m.row = row;
    m.atMs = atMs;
    m.position = position;
    m.day = day;
    m.inOrder = true;
    m.isTimer = true;
    m.history = history;
    m.amount = 0;
    m.side = 0;
    m.classBits = 0;
    m.profile = this.region.u32[row * 2 + ROW.profile];
    m.balanceAfter = Number.NaN;
    m.silenceMs = Number.NaN;
    m.newPair = false;
    m.limitSingle = m.limitDay = m.limitMonth = Number.NaN;
    for (const rule of this.context.plan.dayCloseRules) {
      const band = this.context.evaluator.evaluate(this.region, rule, m);
      if (band >= 0) this.#emit(rule, band, m, NO_LEG, position);
    }
  }

  #emit(rule: CompiledRule, band: number, m: Moment, leg: LegWords, position: number): void {
    const { region, context } = this;
    if (context.evaluator.silenced(region, rule, band, m)) return;
    const hit = buildHit(region, context.evaluator, rule, band, m, leg, context.evidenceMax);
    hit.referenceVersion = context.referenceVersion;
    context.emit(hit, rule, band, position, this.#ingestMs);
  }
}

function legWords(leg: LegView): LegWords {
  const text = (start: number, length: number): string =>
    Buffer.from(leg.bytes.subarray(start, start + length)).toString('utf8');
  return {
    transactionId: text(leg.idStart, leg.idLength),
    account: text(leg.accountStart, leg.accountLength),
    counterparty: text(leg.counterpartyStart, leg.counterpartyLength),
    origin: {
      source: leg.source, partition: leg.partition, offset: leg.offset, index: leg.index,
    },
  };
}


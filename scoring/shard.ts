/**
 * A shard of subjects: takes legs and watermarks in log order, keeps the state, reports hits. Pure:
 * what it emits depends on nothing but what it was given, in that order.
 */
import { ClassBit, RecordFlag } from '../schemas/classes.js';
import type { Hit } from '../schemas/hit.js';
import { accountSlot, moveBalance } from './balances.js';
import { advanceDay, countActivity, hasActivitySince } from './baselines.js';
import { noteChannel } from './channels.js';
import { type Evaluator, type Moment, newMoment } from './evaluate.js';
import { type LegWords, NO_LEG, wordsOfKept, wordsOfLeg } from './evidence.js';
import { type KeepContext, keepLeg, packLeg, undoLeg } from './keep.js';
import { legsBehind, momentOfKept } from './later.js';
import type { LegView } from './leg-view.js';
import { advancePanes, countNewcomer, holdBalance } from './panes.js';
import { type ClassPlan, type CompiledRule, NOTABLE, RECENT } from './plan.js';
import type { RegionDescription } from './rebuild.js';
import { H, type Region } from './region.js';
import { ROW } from './row.js';
import { noteActive, silenceBefore } from './silence.js';
import { addSubject, eachSubject, findSubject, formatTables, intern, touchPair } from './tables.js';
import { advanceTimers, armTimer, formatTimers } from './timers.js';
import { type Judged, Verdicts } from './verdicts.js';
import { advanceWindows } from './windows.js';

/** Places of the rules that are worth evaluating for the leg in hand; grows with the catalogue. */
let found = new Int32Array(64);

const DAILY = 1;
const SPREAD_MS = 3_600_000;
/**
 * A deadline so far behind the recorded ingest time belongs to history. A live feed that was away
 * is still told about; where history brought the subject, only the day just over is news: what was
 * before is told once, as of now, when the source ends, and not with a due time long past.
 */
const HISTORY_AFTER_MS = 7 * 86_400_000;
const HISTORY_AFTER_MS_OF_HISTORY = 86_400_000;
/** In a row's word `source`, beside the number: its newest leg was history. */
const FROM_HISTORY = 1 << 31;
/** Daily rules look back at most so far: without activity since, no day need be closed. */
const BASELINE_DAYS = 120;

export interface ShardContext extends KeepContext {
  evaluator: Evaluator;
  /** Transactions kept as evidence, newest. */
  evidenceMax: number;
  referenceVersion: number;
  /** Hits of a rule in ten minutes above which its breaker opens. */
  breakerHits: number;
  /** Called instead of building a hit, with the moment that the rule was evaluated at. */
  onOutcome?:
    | ((rule: CompiledRule, band: number, observed: number, m: Readonly<Moment>) => void)
    | undefined;
  /** Called at each new leg and each close of a day, before its rules are evaluated. */
  onMoment?: ((shard: Shard, m: Readonly<Moment>) => void) | undefined;
  /** Called with every hit, in order. `position` is the journal record being scored. */
  emit(hit: Hit, rule: Judged, band: number, position: number, ingestMs: number): void;
}

export class Shard {
  readonly #m: Moment = newMoment();
  readonly verdicts: Verdicts;

  constructor(
    readonly region: Region,
    readonly context: ShardContext,
  ) {
    if (!region.formatted) {
      region.format();
      formatTables(region);
      formatTimers(region);
    }
    this.verdicts = new Verdicts(region, context);
  }

  /** The region's columns, and what of the shard does not stand in them. */
  get description(): RegionDescription {
    return this.verdicts.description;
  }

  set description(described: RegionDescription) {
    this.verdicts.description = described;
  }

  /** Log position from which the shard wants to be fed again after a restore. */
  get position(): number {
    return this.region.f64[H.position];
  }

  /** Scores one leg. Legs at or below what the shard has seen are dropped. */
  applyLeg(leg: LegView): void {
    const { region, context } = this;
    const f64 = region.f64;
    if (leg.position < f64[H.position]) return;
    if (leg.position > f64[H.position]) f64[H.position] = leg.position;
    if (!region.admitOrigin(leg.source, leg.partition, leg.offset, leg.index * 2 + leg.side))
      return;
    const history = (leg.flags & RecordFlag.history) !== 0;
    // Too late to be scored. History still fills the state, muted.
    const muted = leg.eventMs < f64[H.watermarkMs];
    if (muted && !history) {
      f64[H.lateDropped]++;
      return;
    }
    this.verdicts.ingestMs = leg.ingestMs;
    const row = this.#row(leg);
    const day = context.time.dayOf(leg.eventMs);
    advancePanes(region, row, context.layout, day);
    advanceDay(region, row, day);
    holdBalance(region, row, context.layout, leg.eventMs, context.time);
    const lastMs = f64[row + ROW.lastMs];
    const inOrder = leg.eventMs >= lastMs;
    // In order only the very first can be it: the line it stands on is left alone.
    if (lastMs === Number.NEGATIVE_INFINITY) f64[row + ROW.firstMs] = leg.eventMs;
    else if (!inOrder && leg.eventMs < f64[row + ROW.firstMs]) {
      f64[row + ROW.firstMs] = leg.eventMs;
    }
    if (inOrder) f64[row + ROW.lastMs] = leg.eventMs;
    const slot = accountSlot(region, row, leg);
    const balanceAfter = muted ? Number.NaN : moveBalance(region, row, slot, leg);
    if ((leg.classBits & ClassBit.reversal) !== 0) {
      undoLeg(region, context, row, leg);
      return;
    }
    const m = this.#moment(row, leg, day, history);
    m.inOrder = inOrder;
    m.balanceAfter = balanceAfter;
    m.packed = packLeg(leg, m.silenceMs, slot);
    this.#takeCounterparty(m, leg);
    this.#takeChannel(m, leg);
    const plan = context.plan.classPlan(m.classBits);
    if ((leg.classBits & ClassBit.bankMade) === 0) noteActive(region, row, leg.eventMs);
    if ((leg.classBits & ClassBit.customerMade) !== 0) {
      countActivity(region, row, day, leg.side === 0, leg.amount, 1);
      this.#armDaily(row, day);
    }
    keepLeg(region, context, m, leg, plan);
    if (muted) return;
    context.onMoment?.(this, m);
    this.#judge(plan, m, leg);
    if (!inOrder) {
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
    this.verdicts.ingestMs = ingestMs;
    advanceTimers(this.region, watermarkMs, (row, _kind, deadlineMs) => {
      this.#closeDay(row, deadlineMs, ingestMs, position, silentSources);
    });
  }

  /** A history source has ended: day-close rules once more for everybody, live, as of `asOfMs`. */
  applyHistoryEnd(asOfMs: number, ingestMs: number, position: number): void {
    if (position < this.region.f64[H.position]) return;
    this.region.f64[H.position] = position + 1;
    this.verdicts.ingestMs = ingestMs;
    const day = this.context.time.dayOf(asOfMs);
    eachSubject(this.region, (row) => {
      this.#judgeDay(row, day, asOfMs, position, false);
    });
  }

  /** New profile from reference data, for a subject that the shard knows. */
  applyProfile(row: number, profile: number, position: number): void {
    // Seen before the snapshot; legs behind it may have brought a newer one.
    if (position < this.region.f64[H.position]) return;
    this.region.u32[row * 2 + ROW.profile] = profile;
  }

  #row(leg: LegView): number {
    const { region } = this;
    let row = findSubject(
      region,
      leg.hashLow,
      leg.hashHigh,
      leg.bytes,
      leg.subjectStart,
      leg.subjectLength,
    );
    if (row === 0) {
      row = addSubject(
        region,
        this.context.layout.strideWords,
        leg.hashLow,
        leg.hashHigh,
        leg.bytes,
        leg.subjectStart,
        leg.subjectLength,
      );
    }
    region.u32[row * 2 + ROW.profile] = leg.profile;
    const isHistory = (leg.flags & RecordFlag.history) !== 0;
    region.u32[row * 2 + ROW.source] = isHistory ? leg.source | FROM_HISTORY : leg.source;
    return row;
  }

  #moment(row: number, leg: LegView, day: number, history: boolean): Moment {
    const m = this.#m;
    m.row = row;
    m.atMs = leg.eventMs;
    m.position = leg.position;
    m.day = day;
    m.isTimer = false;
    m.history = history;
    m.amount = leg.amount;
    m.side = leg.side;
    m.classBits = leg.classBits;
    m.profile = leg.profile;
    m.silenceMs = silenceBefore(this.region, row, leg.eventMs);
    m.counterparty = 0;
    m.limitSingle = leg.limitSingle;
    m.limitDay = leg.limitDay;
    m.limitMonth = leg.limitMonth;
    return m;
  }

  /**
   * The interned counterparty (0 for none), and what the two are to one another. A merchant and the
   * holder of a card are no pair: there are millions, and nobody asks whether one is new.
   */
  #takeCounterparty(m: Moment, leg: LegView): void {
    if (leg.counterpartyLength === 0) return;
    const { region, context } = this;
    const isReceipt = (leg.classBits & ClassBit.merchantReceipt) !== 0;
    // Nothing would ever read its name.
    if (isReceipt && !context.plan.classPlan(leg.classBits).namesRead) return;
    const { bytes, counterpartyHash, counterpartyStart, counterpartyLength } = leg;
    m.counterparty = intern(region, counterpartyHash, bytes, counterpartyStart, counterpartyLength);
    if (isReceipt || !context.plan.readsPairs) return;
    if ((leg.classBits & ClassBit.ownAccount) !== 0) return;
    const bits = touchPair(region, m.row, m.counterparty, m.day, leg.side, leg.amount);
    m.classBits |= bits;
    if ((bits & ClassBit.firstPayment) === 0) return;
    countNewcomer(region, m.row, context.layout, m.day, leg.side, 1);
  }

  /** A payment between own accounts says which channels are used; it is never a new one itself. */
  #takeChannel(m: Moment, leg: LegView): void {
    if (leg.side !== 0 || (leg.classBits & ClassBit.customerMade) === 0) return;
    const isNew = noteChannel(this.region, m.row, leg.channel, m.day);
    if (isNew && (leg.classBits & ClassBit.ownAccount) === 0) m.classBits |= ClassBit.newChannel;
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

  #judge(classPlan: ClassPlan, m: Moment, leg: LegView): void {
    const { region, context } = this;
    const { evaluator, plan } = context;
    const { rules } = classPlan;
    let count = rules.length;
    if (m.inOrder) {
      const { evaluations } = evaluator.counters;
      const at = m.row + context.layout.groups;
      if (found.length < count) found = new Int32Array(count);
      count = classPlan.candidates(region.f64, m.row, at, m, evaluations, found);
    }
    let words: LegWords | undefined;
    for (let i = 0; i < count; i++) {
      const rule = rules[m.inOrder ? found[i] : i];
      const band = m.inOrder
        ? evaluator.judge(region, rule, m)
        : evaluator.evaluate(region, rule, m);
      if (band < 0) continue;
      // What only counts outcomes asks for no words.
      const isTold = context.onOutcome === undefined || plan.typologies.length > 0;
      words ??= isTold ? wordsOfLeg(leg) : NO_LEG;
      this.verdicts.reach(rule, band, m, words, leg.position);
    }
    if (words !== undefined) this.verdicts.settle(m, words, leg.position);
  }

  #judgeLater(row: number, late: LegView): void {
    const { region, context } = this;
    const m = this.#m;
    for (const at of legsBehind(region, row, late.eventMs)) {
      momentOfKept(region, at, m);
      m.day = context.time.dayOf(m.atMs);
      let words: LegWords | undefined;
      for (const rule of context.plan.classPlan(m.classBits).rules) {
        const band = context.evaluator.evaluate(region, rule, m);
        if (band < 0) continue;
        words ??= wordsOfKept(region, row, at);
        this.verdicts.reach(rule, band, m, words, late.position);
      }
      if (words !== undefined) this.verdicts.settle(m, words, late.position);
    }
  }

  #closeDay(
    row: number,
    firedMs: number,
    ingestMs: number,
    position: number,
    silentSources: readonly number[],
  ): void {
    const { region, context } = this;
    const day = context.time.dayOf(firedMs);
    const deadline = context.time.dayStartMs(day);
    const source = region.u32[row * 2 + ROW.source];
    const fromHistory = (source & FROM_HISTORY) !== 0;
    const afterMs = fromHistory ? HISTORY_AFTER_MS_OF_HISTORY : HISTORY_AFTER_MS;
    const history = ingestMs - deadline > afterMs;
    if (silentSources.includes(source & ~FROM_HISTORY)) region.f64[H.postponed]++;
    else this.#judgeDay(row, day, deadline, position, history);
    const asOf = Math.max(deadline, region.f64[row + ROW.lastMs]);
    for (let list = RECENT; list <= NOTABLE; list++) {
      advanceWindows(region, row, context.layout, context.plan, list, asOf, context.time);
    }
    if (hasActivitySince(region, row, day - BASELINE_DAYS)) {
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
    // Legs of the very deadline belong to the next day; the row's aggregates may be past it.
    m.position = -1;
    m.day = day;
    m.inOrder = false;
    m.isTimer = true;
    m.history = history;
    m.amount = 0;
    m.side = 0;
    m.classBits = 0;
    m.profile = this.region.u32[row * 2 + ROW.profile];
    m.balanceAfter = Number.NaN;
    m.silenceMs = Number.NaN;
    m.counterparty = 0;
    m.packed = 0;
    m.limitSingle = m.limitDay = m.limitMonth = Number.NaN;
    this.context.onMoment?.(this, m);
    for (const rule of this.context.plan.dayCloseRules) {
      const band = this.context.evaluator.evaluate(this.region, rule, m);
      if (band >= 0) this.verdicts.reach(rule, band, m, NO_LEG, position);
    }
    this.verdicts.settle(m, NO_LEG, position);
  }
}

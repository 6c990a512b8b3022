/**
 * Evaluates rules at a moment of a subject: gates in the order of their cost, then the observed
 * number and its band. A feature is computed once a rule, and only when something asks for it. In
 * order, windowed numbers are read from the row; for a late leg, and for the legs behind it, they
 * are scanned from the lists as of that leg.
 */
import { ClassBit } from '../schemas/classes.js';
import { balanceTotal } from './balances.js';
import type { BankTime } from './bank-time.js';
import { customerMadeDays, largestPayment, meanDailyOutflow, meanPayment } from './baselines.js';
import { combined } from './combine.js';
import { lastHit, readLastHit, writeLastHit } from './cooldowns.js';
import { keptDistinct, reachesDistinct } from './distinct.js';
import { meanBalance, newCounterparties } from './panes.js';
import {
  type CompiledFeature,
  type CompiledGate,
  type CompiledRule,
  type Plan,
  UNTIL_DAY_ENDS,
} from './plan.js';
import { H, type Region } from './region.js';
import { ROW, type RowLayout } from './row.js';
import { pickedSum, pickLegs, scannedValue } from './scan.js';
import { matches } from './windows.js';

/** The moment that rules are evaluated at. One reused record a thread. */
export interface Moment {
  row: number;
  /** Event time of the leg, or the deadline of a timer. */
  atMs: number;
  position: number;
  /** Bank day of the leg; for a day close the day after the closed one. */
  day: number;
  inOrder: boolean;
  isTimer: boolean;
  history: boolean;
  amount: number;
  side: number;
  classBits: number;
  profile: number;
  /** NaN = unknown. */
  balanceAfter: number;
  silenceMs: number;
  /** Interned, 0 = none. */
  counterparty: number;
  /** The leg's packed word, as its line in a list has it. */
  packed: number;
  limitSingle: number;
  limitDay: number;
  limitMonth: number;
}

export function newMoment(): Moment {
  return {
    row: 0,
    atMs: 0,
    position: 0,
    day: 0,
    inOrder: true,
    isTimer: false,
    history: false,
    amount: 0,
    side: 0,
    classBits: 0,
    profile: 0,
    balanceAfter: Number.NaN,
    silenceMs: Number.NaN,
    counterparty: 0,
    packed: 0,
    limitSingle: Number.NaN,
    limitDay: Number.NaN,
    limitMonth: Number.NaN,
  };
}

/** By the rule's place in the plan; whoever runs the operator may share them with who reads. */
export interface RuleCounters {
  /** Moments that passed the rule's prefilter: class, scope and amount. */
  evaluations: Float64Array;
  /** Of these, those that lacked an input. */
  notApplicable: Float64Array;
}

/** What a cooldown needs of a rule or a typology. */
type Cooling = Pick<CompiledRule, 'cooldown' | 'cooldownMs'>;

const FEATURES_MAX = 64;
const DAY_MS = 86_400_000;

export class Evaluator {
  /** Values of the current rule's features; valid after `evaluate` returned a band. */
  readonly values = new Float64Array(FEATURES_MAX);
  /** Group behind the last limit-use value; -1 = the single limit, of this leg alone. */
  limitGroup = -1;
  /** Money above the limit of the last limit-use value, base minor units. */
  #limitExcess = 0;
  /** Place of the rule evaluated last, -1 before: what fails is that rule's failure. */
  current = -1;
  readonly #known = new Uint8Array(FEATURES_MAX);

  constructor(
    readonly plan: Plan,
    readonly layout: RowLayout,
    readonly time: BankTime,
    readonly counters: RuleCounters,
    /** Base minor units for one minor unit of a currency. */
    readonly rates: Readonly<Record<string, number>> = {},
  ) {
    for (const r of plan.rules) {
      if (r.features.length > FEATURES_MAX) throw new Error(`rule ${r.rule.id}: > 64 features`);
    }
  }

  /** Index of the band that the rule reaches at this moment, or -1. */
  evaluate(region: Region, rule: CompiledRule, m: Moment): number {
    if (!inScope(rule, m.profile)) return -1;
    if (!rule.onDayClose && !matches(rule, m.classBits, m.amount, m.packed)) return -1;
    this.counters.evaluations[rule.index]++;
    return this.judge(region, rule, m);
  }

  /** The same of a rule whose scope and filter are known to fit, and which has been counted. */
  judge(region: Region, rule: CompiledRule, m: Moment): number {
    this.current = rule.index;
    this.#known.fill(0, 0, rule.features.length);
    for (const gate of rule.gates) {
      const reached = this.#reaches(region, rule, gate, m);
      if (reached !== undefined) {
        if (reached) continue;
        return -1;
      }
      const v = this.value(region, rule, gate.feature, m);
      if (!holds(v, gate.op, gate.threshold)) {
        if (Number.isNaN(v)) this.#noteNotApplicable(region, rule);
        return -1;
      }
    }
    const observed = this.value(region, rule, rule.observed, m);
    if (Number.isNaN(observed)) {
      this.#noteNotApplicable(region, rule);
      return -1;
    }
    for (let b = rule.bands.length - 1; b >= 0; b--) {
      const band = rule.bands[b];
      if (band.strict ? observed > band.threshold : observed >= band.threshold) return b;
    }
    return -1;
  }

  #noteNotApplicable(region: Region, rule: CompiledRule): void {
    region.f64[H.notApplicable]++;
    this.counters.notApplicable[rule.index]++;
  }

  /** Value of feature i of the rule at this moment; NaN = not available. */
  value(region: Region, rule: CompiledRule, i: number, m: Moment): number {
    if (this.#known[i] === 1) return this.values[i];
    const v = this.#compute(region, rule, i, m);
    this.#known[i] = 1;
    this.values[i] = v;
    return v;
  }

  #compute(region: Region, rule: CompiledRule, i: number, m: Moment): number {
    const feature = rule.features[i];
    const { spec } = feature;
    switch (spec.kind) {
      case 'amount':
        return m.amount;
      case 'count':
      case 'sum':
      case 'mean':
        return this.#windowed(region, feature, m);
      case 'distinct-counterparties':
        return this.#distinct(region, feature, m);
      case 'silence':
        return m.silenceMs / DAY_MS;
      case 'account-age':
        return (m.atMs - region.f64[m.row + ROW.firstMs]) / DAY_MS;
      case 'customer-made':
        return customerMadeDays(region, m.row, m.day - 1 - spec.before, spec.days);
      case 'balance-before':
        return balanceBefore(m);
      case 'balance-after':
        return m.balanceAfter;
      case 'balance-before-outflow':
        return (
          balanceBefore(m) +
          this.value(region, rule, feature.inputs[0], m) -
          (m.side === 0 ? m.amount : 0)
        );
      case 'balance-total':
        return balanceTotal(region, m.row);
      case 'mean-balance':
        return meanBalance(region, m.row, this.layout, m.day, spec.days);
      case 'new-counterparties': {
        const side = spec.direction === 'in' ? 1 : 0;
        const { days, before } = spec;
        return newCounterparties(region, m.row, this.layout, m.day, side, days, before);
      }
      case 'largest-payment':
        return largestPayment(region, m.row, m.day, spec.days);
      case 'mean-payment':
        return meanPayment(region, m.row, m.day, spec.days);
      case 'mean-daily-outflow':
        return meanDailyOutflow(region, m.row, m.day, spec.days);
      case 'new-counterparty':
        return (m.classBits & ClassBit.firstPayment) !== 0 ? 1 : 0;
      case 'limit-use':
        return this.#limitUse(region, feature, m);
      case 'limit-excess':
        this.#limitUse(region, feature, m);
        return this.#limitExcess > 0 ? this.#limitExcess : Number.NaN;
      default:
        if (feature.group >= 0) return scannedValue(region, this.plan, feature, m, this.time);
        return combined(feature, (n) => this.value(region, rule, feature.inputs[n], m), this.rates);
    }
  }

  /** See `limit-use` in schemas/catalogue.ts. Sets `limitGroup` to what the largest share is of. */
  #limitUse(region: Region, feature: CompiledFeature, m: Moment): number {
    const none =
      Number.isNaN(m.limitSingle) && Number.isNaN(m.limitDay) && Number.isNaN(m.limitMonth);
    this.#limitExcess = 0;
    if (none) return Number.NaN;
    let use = m.amount > m.limitSingle ? percentOfLimit(m.amount, m.limitSingle) : 0;
    this.limitGroup = -1;
    this.#limitExcess = use > 0 ? m.amount - m.limitSingle : 0;
    if (m.limitDay >= 0) {
      const sum = this.#kept(region, feature.dayGroup, m, 1);
      const share = percentOfLimit(sum, m.limitDay);
      if (share > use) {
        use = share;
        this.limitGroup = feature.dayGroup;
        this.#limitExcess = sum - m.limitDay;
      }
    }
    if (m.limitMonth >= 0) {
      const sum = this.#kept(region, feature.group, m, 1);
      const share = percentOfLimit(sum, m.limitMonth);
      if (share > use) {
        use = share;
        this.limitGroup = feature.group;
        this.#limitExcess = sum - m.limitMonth;
      }
    }
    return use;
  }

  /** Whether a gate of "at least so many counterparties" holds, where that is cheaper to tell. */
  #reaches(region: Region, rule: CompiledRule, gate: CompiledGate, m: Moment): boolean | undefined {
    const { spec, same, group } = rule.features[gate.feature];
    if (spec.kind !== 'distinct-counterparties' || same !== undefined || !m.inOrder) return;
    const { threshold } = gate;
    if (gate.op !== 0 || threshold < 1 || threshold > 16) return undefined;
    return reachesDistinct(region, m.row, this.layout, this.plan.groups[group], threshold);
  }

  /** From the table that a busy subject has of them, else from the list. */
  #distinct(region: Region, feature: CompiledFeature, m: Moment): number {
    if (m.inOrder && feature.same === undefined) {
      const group = this.plan.groups[feature.group];
      const kept = keptDistinct(region, m.row, this.layout, group);
      if (kept >= 0) return kept;
    }
    return scannedValue(region, this.plan, feature, m, this.time);
  }

  /** Count, sum or mean: from the row where it stands as of this moment, else from the list. */
  #windowed(region: Region, feature: CompiledFeature, m: Moment): number {
    if (!m.inOrder || feature.same !== undefined) {
      return scannedValue(region, this.plan, feature, m, this.time);
    }
    const count = this.#kept(region, feature.group, m, 0);
    if (feature.spec.kind === 'count') return count;
    const sum = this.#kept(region, feature.group, m, 1);
    if (feature.spec.kind === 'sum') return sum;
    return count > 0 ? sum / count : Number.NaN;
  }

  /** Count (part 0) or sum (1) of a group as of this moment. */
  #kept(region: Region, group: number, m: Moment, part: 0 | 1): number {
    const { column } = this.plan.groups[group];
    if (m.inOrder) return region.f64[m.row + this.layout.groups + column * 2 + part];
    const count = pickLegs(region, this.plan, this.plan.groups[group], m, this.time);
    return part === 0 ? count : pickedSum(region);
  }

  /**
   * Event-time cooldown: true when this hit is to be kept silent; else notes it. History neither
   * starts a cooldown nor is silenced by one.
   */
  silenced(region: Region, rule: Cooling, band: number, m: Moment): boolean {
    if (rule.cooldown < 0 || m.history) return false;
    if (this.isQuiet(region, rule, band, m)) return true;
    writeLastHit(region, m.row, this.plan.cooldowns, rule.cooldown, m.atMs, band);
    return false;
  }

  /** The same without noting anything; `lastHit` is then the hit that keeps it silent. */
  isQuiet(region: Region, rule: Cooling, band: number, m: Readonly<Moment>): boolean {
    if (rule.cooldown < 0 || m.history) return false;
    readLastHit(region, m.row, rule.cooldown);
    return band <= lastHit.band && m.atMs < this.#quietUntilMs(rule, lastHit.ms);
  }

  #quietUntilMs({ cooldownMs }: Cooling, lastMs: number): number {
    if (cooldownMs !== UNTIL_DAY_ENDS) return lastMs + cooldownMs;
    return this.time.dayStartMs(this.time.dayOf(lastMs) + 1);
  }

  /** Lower bound only: a cap pushed legs out that the evidence's window would hold. */
  isLowerBound(region: Region, row: number, list: number, cutoffMs: number): boolean {
    const dropped = list === 0 ? ROW.droppedRecentMs : ROW.droppedNotableMs;
    return region.f64[row + dropped] > cutoffMs;
  }
}

function balanceBefore(m: Moment): number {
  return m.side === 0 ? m.balanceAfter + m.amount : m.balanceAfter - m.amount;
}

/** A limit of 0 allows nothing: it reads as one minor unit, so that a share of it can be told. */
function percentOfLimit(sum: number, limit: number): number {
  return (sum * 100) / Math.max(limit, 1);
}

function inScope(rule: CompiledRule, profile: number): boolean {
  return (
    (rule.kinds === 0 || (rule.kinds & (1 << (profile & 15))) !== 0) &&
    (rule.watch === 0 || (rule.watch & profile) !== 0) &&
    (rule.lists === 0 || (rule.lists & profile) !== 0)
  );
}

function holds(v: number, op: number, threshold: number): boolean {
  switch (op) {
    case 0:
      return v >= threshold;
    case 1:
      return v > threshold;
    case 2:
      return v <= threshold;
    case 3:
      return v < threshold;
    default:
      return v === threshold;
  }
}

/**
 * Builds the canonical hit: every number that the decision rested on, and the transactions. Runs
 * only when a rule has hit, so it may make objects.
 */
import type { Contribution, Hit } from '../schemas/hit.js';
import { hitIdOfLeg, hitIdOfTimer } from '../schemas/identity.js';
import { customerMadeDays } from './baselines.js';
import type { Evaluator, Moment } from './evaluate.js';
import type { LegView } from './leg-view.js';
import { PACKED } from './lists.js';
import { scoreAt } from './outcomes.js';
import { type CompiledRule, OPS } from './plan.js';
import type { Region } from './region.js';
import { BALANCE_SLOTS, ROW } from './row.js';
import { pickedLeg, pickLegs } from './scan.js';
import { internedText } from './tables.js';
import { windowCutoff } from './windows.js';

export interface HitOrigin {
  source: number;
  partition: number;
  offset: number;
  index: number;
}

/** What a hit says of the leg that it is evaluated at; empty for a timer. */
export interface LegWords {
  transactionId: string;
  account: string;
  counterparty: string;
  origin: HitOrigin;
}

export const NO_LEG: LegWords = {
  transactionId: '',
  account: '',
  counterparty: '',
  origin: { source: 0, partition: 0, offset: 0, index: 0 },
};

/** Words of the leg that has just come. */
export function wordsOfLeg(leg: LegView): LegWords {
  const text = (start: number, length: number): string =>
    Buffer.from(leg.bytes.subarray(start, start + length)).toString('utf8');
  return {
    transactionId: text(leg.idStart, leg.idLength),
    account: text(leg.accountStart, leg.accountLength),
    counterparty: text(leg.counterpartyStart, leg.counterpartyLength),
    origin: {
      source: leg.source,
      partition: leg.partition,
      offset: leg.offset,
      index: leg.index,
    },
  };
}

/** Words of a leg that a list keeps at `at`; a fifth account's name is not kept: ''. */
export function wordsOfKept(region: Region, row: number, at: number): LegWords {
  const { f64, u32, u16 } = region;
  const packed = u32[(at + 4) * 2 + 1];
  const slot = (packed >>> PACKED.accountShift) & 7;
  return {
    transactionId: region.text(u32[(at + 4) * 2], packed & PACKED.idLengthMask),
    account: slot < BALANCE_SLOTS ? internedText(region, u32[row * 2 + ROW.accounts + slot]) : '',
    counterparty: internedText(region, u32[(at + 3) * 2 + 1]),
    origin: {
      source: u16[(at + 7) * 4],
      partition: u16[(at + 7) * 4 + 1],
      offset: f64[at + 6],
      index: u32[(at + 7) * 2 + 1],
    },
  };
}

const DAY_MS = 86_400_000;

/** The hit of `rule` in `band` at the moment `m`; `evaluator.values` holds the rule's features. */
export function buildHit(
  region: Region,
  evaluator: Evaluator,
  rule: CompiledRule,
  bandIndex: number,
  m: Moment,
  leg: LegWords,
  evidenceMax: number,
): Hit {
  const band = rule.bands[bandIndex];
  const value = (i: number): number => evaluator.value(region, rule, i, m);
  const observed = { ...named(rule, rule.observed), value: value(rule.observed) };
  const gates = rule.gates.map((g) => gateEvidence(rule, g, value));
  const facts: Record<string, number> = {};
  const by = rule.score?.feature ?? rule.observed;
  const scored = by === rule.observed ? [] : [by];
  for (const i of [...rule.facts, ...rule.normals.values(), ...scored]) {
    const v = value(i);
    if (!Number.isNaN(v)) facts[rule.features[i].name] = v;
  }
  // Behind every `value` call: a scan reuses the values that those calls may need.
  const found = contributions(region, evaluator, rule, m, leg, evidenceMax);
  const subject = region.text(
    region.u32[m.row * 2 + ROW.idAddress],
    region.u32[m.row * 2 + ROW.idLength],
  );
  const side = m.isTimer ? 'timer' : m.side === 0 ? 'debit' : 'credit';
  const { id, version, family } = rule.rule;
  return {
    id:
      side === 'timer'
        ? hitIdOfTimer(id, version, subject, m.atMs)
        : hitIdOfLeg(id, version, subject, leg.origin, side),
    rule: id,
    ruleVersion: version,
    catalogueVersion: evaluator.plan.catalogueVersion,
    family,
    subject,
    account: leg.account,
    eventTime: m.atMs,
    severity: band.band.severity,
    score: scoreOf(rule, band.band.score, value),
    action: band.band.action ?? rule.rule.action,
    observed,
    threshold: band.threshold,
    band: band.band.outcome,
    gates,
    window: found.window,
    facts,
    transactions: found.transactions,
    transactionIds: found.transactions.map((t) => t.id),
    transactionCount: found.count,
    atLeast: found.atLeast,
    counterparties: [...new Set(found.transactions.map((t) => t.counterparty).reverse())],
    transactionId: leg.transactionId,
    amountBaseMinor: m.amount,
    profile: m.profile,
    referenceVersion: 0,
    origin: leg.origin,
    side,
    history: m.history,
  };
}

/** By points where the rule has them and their number is there, else the band's. */
function scoreOf(rule: CompiledRule, ofBand: number, value: (i: number) => number): number {
  const by = rule.score === undefined ? Number.NaN : value(rule.score.feature);
  return rule.score === undefined || Number.isNaN(by) ? ofBand : scoreAt(rule.score, by);
}

function named(rule: CompiledRule, i: number) {
  return { feature: rule.features[i].name, unit: rule.features[i].unit };
}

function gateEvidence(
  rule: CompiledRule,
  g: CompiledRule['gates'][number],
  value: (i: number) => number,
): Hit['gates'][number] {
  const v = value(g.feature);
  const normalFeature = rule.normals.get(g.feature);
  const normal = normalFeature === undefined ? Number.NaN : value(normalFeature);
  return {
    ...named(rule, g.feature),
    value: Number.isNaN(v) ? null : v,
    op: OPS[g.op],
    threshold: g.threshold,
    ...(Number.isNaN(normal) ? {} : { normal }),
  };
}

interface Found {
  window: { from: number; to: number };
  transactions: Contribution[];
  count: number;
  atLeast: boolean;
}

/** Of a rule that observes the larger of some: the one that it is, else -1. */
function largestInput(region: Region, evaluator: Evaluator, rule: CompiledRule, m: Moment): number {
  const { spec, inputs } = rule.features[rule.observed];
  if (spec.kind !== 'larger-of') return -1;
  const observed = evaluator.value(region, rule, rule.observed, m);
  return inputs.find((i) => evaluator.value(region, rule, i, m) === observed) ?? -1;
}

/** The first windowed feature that this one is made from, or it itself; -1 = none. */
function windowedUnder(rule: CompiledRule, i: number): number {
  const { group, spec, inputs } = rule.features[i];
  if (group >= 0 || spec.kind === 'limit-use') return i;
  return inputs.map((input) => windowedUnder(rule, input)).find((found) => found >= 0) ?? -1;
}

/** Newest `max` contributing legs, newest last, with the total. */
function contributions(
  region: Region,
  evaluator: Evaluator,
  rule: CompiledRule,
  m: Moment,
  leg: LegWords,
  max: number,
): Found {
  const largest = largestInput(region, evaluator, rule, m);
  const evidence = largest < 0 ? rule.evidence : windowedUnder(rule, largest);
  if (evidence < 0) return m.isTimer ? dayWindow(region, rule, m) : single(m, leg);
  const feature = rule.features[evidence];
  const index = feature.dayGroup < 0 ? feature.group : evaluator.limitGroup;
  if (index < 0) return single(m, leg);
  const group = evaluator.plan.groups[index];
  // At the close of a day windows end with its last millisecond, as the pick has it.
  const untilMs = m.isTimer ? m.atMs - 1 : m.atMs;
  const cutoff = windowCutoff(evaluator.plan.windows[group.window], untilMs, evaluator.time);
  const transactions: Contribution[] = [];
  const { plan, time } = evaluator;
  const count = pickLegs(region, plan, group, m, time, feature.same);
  for (let i = 0; i < Math.min(count, max); i++) {
    transactions.push(contribution(region, pickedLeg(i)));
  }
  return {
    window: { from: cutoff, to: m.atMs },
    transactions: transactions.reverse(),
    count,
    atLeast: evaluator.isLowerBound(region, m.row, group.list, cutoff),
  };
}

function contribution(region: Region, at: number): Contribution {
  const packed = region.u32[(at + 4) * 2 + 1];
  return {
    id: region.text(region.u32[(at + 4) * 2], packed & PACKED.idLengthMask),
    eventTime: region.f64[at],
    side: (packed & PACKED.credit) !== 0 ? 'credit' : 'debit',
    amountBaseMinor: region.f64[at + 2],
    counterparty: internedText(region, region.u32[(at + 3) * 2 + 1]),
  };
}

function single(m: Moment, leg: LegWords): Found {
  return {
    window: {
      from: Number.isNaN(m.silenceMs) ? m.atMs : m.atMs - m.silenceMs,
      to: m.atMs,
    },
    transactions: [
      {
        id: leg.transactionId,
        eventTime: m.atMs,
        side: m.side === 0 ? 'debit' : 'credit',
        amountBaseMinor: m.amount,
        counterparty: leg.counterparty,
      },
    ],
    count: 1,
    atLeast: false,
  };
}

/**
 * A rule of a day's close without a window of legs looks at days, not at kept transactions: at the
 * latest of the spans that its features name. Only what the customer made is counted.
 */
function dayWindow(region: Region, rule: CompiledRule, m: Moment): Found {
  let days = 1;
  let before = Number.POSITIVE_INFINITY;
  let counted = true;
  for (const { spec } of rule.features) {
    if (!('days' in spec)) continue;
    const back = 'before' in spec ? spec.before : 0;
    const counts = spec.kind === 'customer-made';
    // What was counted says more than what was only averaged.
    const isBetter = counts === counted ? back < before : counts;
    if (before !== Number.POSITIVE_INFINITY && !isBetter) continue;
    days = spec.days;
    before = back;
    counted = counts;
  }
  return {
    window: { from: m.atMs - days * DAY_MS, to: m.atMs },
    transactions: [],
    count: counted ? customerMadeDays(region, m.row, m.day - 1, days) : 0,
    atLeast: false,
  };
}

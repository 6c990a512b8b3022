/**
 * What the alerts of a catalogue are worth on a labelled sample. An alert gathers the hits of a
 * rule and subject for 30 days. It is true when it rests on a transaction of a labelled pattern; it
 * finds the pattern when it also names whom an officer must see (its hub, where it has one).
 */

import { createLogger } from '../../platform/index.js';
import type { Catalogue } from '../../schemas/catalogue.js';
import { type ReplayHit, type ReplaySummary, replayFiles } from '../engine/index.js';
import {
  type Alert,
  alertsOf,
  type CurvePoint,
  curveOf,
  type Judged,
  judge,
  type Pattern,
  type Population,
  rateOf,
  type Shows,
  sharesTransaction,
  type TypeFigures,
  typeFigures,
} from '../report/index.js';
import type { Sample } from './sample.js';

const ALERT_DAYS = 30;
const DAY_MS = 86_400_000;
const WEEK_MS = 7 * DAY_MS;
export const BUDGETS = [5, 10, 20, 50, 100];
export const TOPS = [10, 50, 100];

export interface Scored {
  hits: readonly ReplayHit[];
  summary: ReplaySummary;
}

/** The real way: file, admission, router, rings and one thread, hits in canonical order. */
export async function score(sample: Sample, catalogue: Catalogue): Promise<Scored> {
  const hits: ReplayHit[] = [];
  const { files, mapping, reference } = sample;
  const summary = await replayFiles({
    files,
    ...(mapping !== undefined && { mapping }),
    catalogue,
    reference,
    threads: 1,
    evidence: 'all',
    logger: createLogger({ role: 'detection', level: 'warn' }),
    onHit: (hit) => hits.push(hit),
  });
  return { hits, summary };
}

export interface RuleWorth {
  rule: string;
  alerts: number;
  trueAlerts: number;
  falsePer1000Month: number;
  /** Patterns that it finds, of all types. */
  found: number;
}

/** Share of true alerts among the first `top`. */
export interface Precision {
  top: number;
  byScore: number;
  byTime: number;
}

export interface Worth {
  alerts: number;
  falsePer1000Month: number;
  curve: readonly CurvePoint[];
  types: readonly TypeFigures[];
  rules: readonly RuleWorth[];
  /** Of the whole queue. */
  precision: readonly Precision[];
  /** Of the first ten of every week, together. */
  weekly: Precision;
}

export interface MeasureOptions {
  hits: readonly ReplayHit[];
  population: Population;
  patterns: readonly Pattern[];
  hubs: Sample['hubs'];
  /** Hits, and patterns by hub, of these subjects alone. */
  of?: (subject: string) => boolean;
}

export function measure({ population, hubs, of = () => true, ...options }: MeasureOptions): Worth {
  const { fromMs, toMs } = population;
  const inside = (h: ReplayHit): boolean => h.eventTime >= fromMs && h.eventTime < toMs;
  const alerts = alertsOf(
    options.hits.filter((h) => inside(h) && of(h.subject)),
    ALERT_DAYS,
  );
  const patterns = options.patterns.filter(
    (p) => p.firstMs >= fromMs && [...(hubs.get(p.id) ?? p.accounts)].some(of),
  );
  const names: Shows = (hit, pattern, shared) =>
    shared > 0 && (hubs.get(pattern.id)?.has(hit.subject) ?? true);
  const touching = judge(alerts, options.patterns, sharesTransaction);
  const naming = judge(alerts, patterns, names);
  const judged: Judged = { ...naming, true: touching.true };
  return {
    alerts: alerts.length,
    falsePer1000Month: rateOf(alerts.length - touching.true.size, population),
    curve: curveOf(alerts, patterns, judged, population, BUDGETS),
    types: typeFigures(patterns, naming),
    rules: worthOfRules(alerts, judged, population),
    precision: TOPS.map((top) => precisionOf([alerts], touching.true, top)),
    weekly: precisionOf(weeksOf(alerts), touching.true, 10),
  };
}

function worthOfRules(
  alerts: readonly Alert[],
  judged: Judged,
  population: Population,
): RuleWorth[] {
  const rules = [...new Set(alerts.map((a) => a.rule))].sort();
  return rules.map((rule) => {
    const ofRule = alerts.filter((a) => a.rule === rule);
    const trueAlerts = ofRule.filter((a) => judged.true.has(a)).length;
    return {
      rule,
      alerts: ofRule.length,
      trueAlerts,
      falsePer1000Month: rateOf(ofRule.length - trueAlerts, population),
      found: new Set(ofRule.flatMap((a) => judged.patternsOf.get(a) ?? [])).size,
    };
  });
}

function weeksOf(alerts: readonly Alert[]): Alert[][] {
  const weeks = new Map<number, Alert[]>();
  for (const a of alerts) {
    const week = Math.floor(a.openedMs / WEEK_MS);
    weeks.set(week, [...(weeks.get(week) ?? []), a]);
  }
  return [...weeks.values()];
}

/** Equal scores stand in order of time, as they do in an officer's queue. */
function precisionOf(
  queues: readonly (readonly Alert[])[],
  isTrue: ReadonlySet<Alert>,
  top: number,
): Precision {
  const share = (order: (a: Alert, b: Alert) => number): number => {
    const first = queues.flatMap((queue) => [...queue].sort(order).slice(0, top));
    return first.length === 0 ? 0 : first.filter((a) => isTrue.has(a)).length / first.length;
  };
  const byTime = (a: Alert, b: Alert): number => a.openedMs - b.openedMs;
  return {
    top,
    byScore: share((a, b) => b.score - a.score || byTime(a, b)),
    byTime: share(byTime),
  };
}

/** Two halves of the subjects that stay the same: defaults are set on one, told of the other. */
export function half(subject: string): 'tuning' | 'held-out' {
  let hash = 2_166_136_261;
  for (let i = 0; i < subject.length; i++) {
    hash = Math.imul(hash ^ subject.charCodeAt(i), 16_777_619) >>> 0;
  }
  return (hash >>> 16) & 1 ? 'tuning' : 'held-out';
}

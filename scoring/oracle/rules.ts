/**
 * What a rule says at a moment: scope, gates, bands, score, and how many transactions are behind
 * the observed value. Cooldowns and what was said before are not asked here.
 */
import type { Band, Rule } from '../../schemas/catalogue.js';
import type { Profile } from '../../schemas/classes.js';
import { operandsOf } from '../catalogue/operands.js';
import { featureValue, filterOf, limitUse, type Question, windowLegs } from './features.js';
import {
  DAY_MS,
  durationMs,
  HOUR_MS,
  type Moment,
  moneyMinor,
  passes,
  type Subject,
} from './legs.js';
import type { OracleSettings } from './types.js';

/** Windows up to this long read the list of recent legs, longer ones that of notable legs. */
const RECENT_WINDOW_MS = 48 * HOUR_MS;
const RECENT_KEPT_MS_MIN = 48 * HOUR_MS;
const NOTABLE_KEPT_MS_MIN = 35 * DAY_MS;

export interface Finding {
  band: Band;
  /** Place of the band, 0 = lowest. */
  level: number;
  observed: number;
  count: number | null;
  score: number;
}

const thresholdOf = (value: string | number): number =>
  typeof value === 'string' ? moneyMinor(value) : value;

function holds(value: number, op: Rule['gates'][number]['op'], limit: number): boolean {
  switch (op) {
    case 'atLeast':
      return value >= limit;
    case 'above':
      return value > limit;
    case 'atMost':
      return value <= limit;
    case 'below':
      return value < limit;
    case 'equals':
      return value === limit;
  }
}

/** Highest band reached; bands stand in ascending order. */
export function bandOf(
  bands: readonly Band[],
  value: number,
): { band: Band; level: number } | undefined {
  for (let level = bands.length - 1; level >= 0; level--) {
    const band = bands[level] as Band;
    const { from, above } = band;
    const reached =
      from === undefined ? value > thresholdOf(above ?? Number.NaN) : value >= thresholdOf(from);
    if (reached) return { band, level };
  }
  return undefined;
}

function inScope(scope: Rule['scope'], profile: Profile): boolean {
  const some = <T>(wanted: readonly T[], has: readonly T[]): boolean =>
    wanted.length === 0 || wanted.some((w) => has.includes(w));
  return (
    some(scope.kinds, [profile.kind]) &&
    some(scope.watch, profile.watch) &&
    some(scope.lists, profile.lists)
  );
}

/** Straight lines between the points, flat outside, rounded. */
function scoreOf(q: Question, rule: Rule, band: Band): number {
  if (rule.score === undefined) return band.score;
  const value = featureValue(q, rule.score.by ?? rule.observed);
  if (Number.isNaN(value)) return band.score;
  const points = rule.score.points.map(([x, y]) => [thresholdOf(x), y] as const);
  let [lastX, lastY] = points[0] as readonly [number, number];
  if (value <= lastX) return Math.round(lastY);
  for (const [x, y] of points) {
    if (value <= x) return Math.round(lastY + ((value - lastX) / (x - lastX)) * (y - lastY));
    [lastX, lastY] = [x, y];
  }
  return Math.round(lastY);
}

/** Transactions of the first window that the value is made from, none = undefined. */
function windowCount(q: Question, name: string): number | undefined {
  const f = q.rule.features[name];
  if (f === undefined) throw new Error(`no feature ${name}`);
  if ('window' in f) return windowLegs(q, f).length;
  if (f.kind === 'limit-use' || f.kind === 'limit-excess') return limitUse(q, f)?.legs.length ?? 0;
  const names = operandsOf(f).map(([, operand]) => operand);
  if (f.kind === 'larger-of') {
    const value = featureValue(q, name);
    names.sort(
      (a, b) => Number(featureValue(q, b) === value) - Number(featureValue(q, a) === value),
    );
  }
  for (const operand of names) {
    const count = windowCount(q, operand);
    if (count !== undefined) return count;
  }
  return undefined;
}

/**
 * Transactions behind the observed value: those of its window, else of the first gate that has one;
 * null where nothing is said about it (an own normal).
 */
function countOf(q: Question, rule: Rule): number | null {
  for (const name of [rule.observed, ...rule.gates.map((g) => g.feature)]) {
    const count = windowCount(q, name);
    if (count !== undefined) return count;
  }
  const f = rule.features[rule.observed];
  if (f?.kind === 'drop' && q.moment.leg === undefined) return featureValue(q, f.recent);
  return f?.kind === 'amount' || f?.kind === 'silence' ? 1 : null;
}

/** What the rule finds, or undefined. */
export function ask(
  rule: Rule,
  subject: Subject,
  moment: Moment,
  profile: Profile,
  settings: OracleSettings,
): Finding | undefined {
  if ((rule.on === 'day-close') !== (moment.leg === undefined)) return undefined;
  if (rule.on !== 'day-close' && !passes(moment.leg!, rule.on)) return undefined;
  if (!inScope(rule.scope, profile)) return undefined;
  const q: Question = { subject, moment, rule, settings };
  for (const gate of rule.gates) {
    const value = featureValue(q, gate.feature);
    if (!holds(value, gate.op, thresholdOf(gate.value))) return undefined;
  }
  const observed = featureValue(q, rule.observed);
  const reached = bandOf(rule.bands, observed);
  if (reached === undefined) return undefined;
  return {
    ...reached,
    observed,
    count: countOf(q, rule),
    score: scoreOf(q, rule, reached.band),
  };
}

/** True while the last hit at `lastMs` silences one of the same or a lower band. */
export function isCooling(
  cooldown: string | undefined,
  lastMs: number,
  ms: number,
  settings: OracleSettings,
): boolean {
  if (cooldown === undefined) return false;
  if (cooldown === 'bank-day') return settings.bankDay(ms) <= settings.bankDay(lastMs);
  return ms - lastMs < durationMs(cooldown);
}

function reachMs(window: string): number {
  if (window === 'bank-day') return 25 * HOUR_MS;
  if (window === 'bank-month') return 31 * DAY_MS + HOUR_MS;
  // Ten business days are two weeks; holidays make them longer, never five weeks.
  if (window.endsWith('bd')) return Number(window.slice(0, -2)) * 2 * DAY_MS;
  return durationMs(window);
}

/** Each window that some rule reads, with the legs that it reads. */
function windowsOf(rules: readonly Rule[]) {
  return rules.flatMap((rule) =>
    Object.values(rule.features).flatMap((f) => {
      const windows =
        f.kind === 'limit-use' || f.kind === 'limit-excess'
          ? ['bank-day', 'bank-month']
          : f.kind === 'since-previous'
            ? ['48h']
            : 'window' in f
              ? [f.window]
              : [];
      return windows.map((window) => ({
        ms: reachMs(window),
        filter: filterOf({ rule }, 'of' in f && typeof f.of === 'object' ? f.of : undefined),
      }));
    }),
  );
}

/**
 * How far behind the subject's newest leg a list still keeps one (docs/rules.md, "Kept"), 0 = in
 * none. Reversals and re-evaluation find what is kept.
 */
export function keeper(rules: readonly Rule[]): (leg: Parameters<typeof passes>[0]) => number {
  const windows = windowsOf(rules);
  const kept = (ofMs: (ms: number) => boolean, minMs: number) => {
    const mine = windows.filter((w) => ofMs(w.ms));
    const ms = Math.max(minMs, ...mine.map((w) => w.ms + DAY_MS));
    return { ms, filters: mine.map((w) => w.filter) };
  };
  const lists = [
    kept((ms) => ms <= RECENT_WINDOW_MS, RECENT_KEPT_MS_MIN),
    kept((ms) => ms > RECENT_WINDOW_MS, NOTABLE_KEPT_MS_MIN),
  ];
  return (leg) =>
    Math.max(0, ...lists.map((l) => (l.filters.some((f) => passes(leg, f)) ? l.ms : 0)));
}

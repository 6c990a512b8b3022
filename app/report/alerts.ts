/** Hits gathered into alerts, as officers would see them, and figures of them by rule. */
import type { Alert, Overlap, Population, ReportHit, RuleFigures } from './types.js';

const DAY_MS = 86_400_000;
const MONTH_MS = 30 * DAY_MS;

export const monthsOf = (p: Population): number => Math.max(0, p.toMs - p.fromMs) / MONTH_MS;

/** So many alerts as a rate: per 1,000 customers in 30 days. */
export function rateOf(alerts: number, population: Population): number {
  const customerMonths = population.customers * monthsOf(population);
  return customerMonths === 0 ? 0 : (1_000 * alerts) / customerMonths;
}

/**
 * One alert a rule and subject while it is open. Nobody closes one in a replay: it stays open, or
 * with `closeAfterDays` is taken to be closed so long after it was opened. Hits in canonical order.
 */
export function alertsOf(
  hits: readonly ReportHit[],
  closeAfterDays = Number.POSITIVE_INFINITY,
): Alert[] {
  const open = new Map<string, Alert & { hits: ReportHit[] }>();
  const alerts: Alert[] = [];
  for (const hit of hits) {
    const key = keyOf(hit.rule, hit.subject);
    const before = open.get(key);
    if (before !== undefined && hit.eventTime < before.openedMs + closeAfterDays * DAY_MS) {
      before.hits.push(hit);
      before.score = Math.max(before.score, hit.score);
      continue;
    }
    const { id, rule, subject, score } = hit;
    const alert = { id, rule, subject, openedMs: hit.eventTime, score, hits: [hit] };
    open.set(key, alert);
    alerts.push(alert);
  }
  return alerts;
}

const keyOf = (a: string, b: string): string => `${a}\u0000${b}`;

export function groupBy<T>(items: readonly T[], key: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const name = key(item);
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [item]);
    else group.push(item);
  }
  return groups;
}

/** Every rule of `names` and every rule that hits, by name. */
export function ruleFigures(
  names: readonly string[],
  hits: readonly ReportHit[],
  alerts: readonly Alert[],
  population: Population,
): RuleFigures[] {
  const hitsByRule = groupBy(hits, (h) => h.rule);
  const alertsByRule = groupBy(alerts, (a) => a.rule);
  return [...new Set([...names, ...hitsByRule.keys()])].sort().map((rule) => {
    const ofRule = hitsByRule.get(rule) ?? [];
    return {
      rule,
      shadow: ofRule.some((h) => h.shadow === true),
      ...figures(ofRule, alertsByRule.get(rule) ?? [], population),
    };
  });
}

export function figures(
  hits: readonly ReportHit[],
  alerts: readonly Alert[],
  population: Population,
): Omit<RuleFigures, 'rule' | 'shadow'> {
  return {
    hits: hits.length,
    alerts: alerts.length,
    subjects: new Set(hits.map((h) => h.subject)).size,
    alertsPer1000Month: rateOf(alerts.length, population),
    ...(hits.length > 0 && { legsPerHit: population.legs / hits.length }),
  };
}

/** A leg of a hit; of a timer the moment stands for it. */
export function legKey(hit: ReportHit): string {
  const leg = hit.transactionId === '' ? String(hit.eventTime) : hit.transactionId;
  return `${hit.subject}\u0000${hit.side}\u0000${leg}`;
}

/** Each two rules that hit a subject in common, both ways, the largest share of subjects first. */
export function overlapsOf(hits: readonly ReportHit[]): Overlap[] {
  const sets = [...groupBy(hits, (h) => h.rule)].map(([rule, ofRule]) => ({
    rule,
    subjects: new Set(ofRule.map((h) => h.subject)),
    legs: new Set(ofRule.map(legKey)),
  }));
  const overlaps: Overlap[] = [];
  for (const a of sets) {
    for (const b of sets) {
      if (a === b) continue;
      const subjects = common(a.subjects, b.subjects);
      if (subjects === 0) continue;
      const legs = common(a.legs, b.legs);
      overlaps.push({
        rule: a.rule,
        other: b.rule,
        subjects,
        subjectShare: subjects / a.subjects.size,
        legs,
        legShare: legs / a.legs.size,
      });
    }
  }
  return overlaps.sort(
    (x, y) =>
      y.subjectShare - x.subjectShare || compare(x.rule, y.rule) || compare(x.other, y.other),
  );
}

function common(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  let count = 0;
  for (const item of a) if (b.has(item)) count++;
  return count;
}

export function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The whole report from hits, population and labels. Pure: no file, no clock. */
import { changes } from './against.js';
import { alertsOf, figures, monthsOf, overlapsOf, rateOf, ruleFigures } from './alerts.js';
import { curveOf, judge, sharesTransaction, typeFigures } from './labels.js';
import type { Pattern, Population, Report, ReportHit, Shows } from './types.js';

export interface ReportOptions {
  /** In canonical order, as `weir replay` writes them. */
  hits: readonly ReportHit[];
  population: Population;
  /** Rules and typologies that are scored: those without a hit are listed too. */
  rules: readonly string[];
  /** An alert is taken to be closed so long after it was opened; missing = never. */
  closeAfterDays?: number;
  patterns?: readonly Pattern[];
  shows?: Shows;
  /** Hits of another catalogue on the same transactions. */
  against?: readonly ReportHit[];
}

/** Hits outside [fromMs, toMs) of the population are left out; shadow hits count like others. */
export function makeReport(options: ReportOptions): Report {
  const { population, patterns } = options;
  const inside = (h: ReportHit): boolean =>
    h.eventTime >= population.fromMs && h.eventTime < population.toMs;
  const hits = options.hits.filter(inside);
  const alerts = alertsOf(hits, options.closeAfterDays);
  const report: Report = {
    population,
    months: monthsOf(population),
    rules: ruleFigures(options.rules, hits, alerts, population),
    total: figures(hits, alerts, population),
    overlaps: overlapsOf(hits),
    ...(options.against !== undefined && {
      against: changes(hits, options.against.filter(inside)),
    }),
  };
  if (patterns === undefined) return report;
  const judged = judge(alerts, patterns, options.shows ?? sharesTransaction);
  const precise = (trueAlerts: number, of: number) => ({
    trueAlerts,
    ...(of > 0 && { precision: trueAlerts / of }),
  });
  const falseAlerts = alerts.length - judged.true.size;
  return {
    ...report,
    rules: report.rules.map((r) => {
      const trueAlerts = [...judged.true].filter((a) => a.rule === r.rule).length;
      return { ...r, ...precise(trueAlerts, r.alerts) };
    }),
    total: { ...report.total, ...precise(judged.true.size, alerts.length) },
    labels: {
      types: typeFigures(patterns, judged),
      falseAlerts,
      falseAlertsPer1000Month: rateOf(falseAlerts, population),
      curve: curveOf(alerts, patterns, judged, population),
    },
  };
}

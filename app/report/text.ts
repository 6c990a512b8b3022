/** A report as tables for a terminal. */
import { table } from '../columns.js';
import type { Change, Report, RuleFigures } from './types.js';

const OVERLAPS_SHOWN_MAX = 20;

const percent = (share: number | undefined): string =>
  share === undefined ? '-' : `${(100 * share).toFixed(1)} %`;
const fixed = (n: number | undefined, digits = 1): string =>
  n === undefined ? '-' : n.toFixed(digits);
const day = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

export function reportText(report: Report): string {
  const { population: p, total, labels, against } = report;
  const parts = [
    `${p.customers} customers, ${p.legs} legs, ${day(p.fromMs)} to ${day(p.toMs)} (UTC), ` +
      `${fixed(report.months, 2)} months of 30 days\n`,
    rulesText(report),
  ];
  if (report.overlaps.length > 0) parts.push(overlapsText(report));
  if (labels !== undefined) parts.push(typesText(labels), curveText(labels));
  if (against !== undefined) {
    parts.push(
      `Against the other catalogue: ${against.same} of ${total.hits} hits are the same\n`,
      changesText('new', against.fresh),
      changesText('gone', against.gone),
    );
  }
  return parts.join('\n');
}

function rulesText(report: Report): string {
  const labelled = report.labels !== undefined;
  const head = ['rule', 'hits', 'alerts', 'subjects', 'alerts/1,000/month', 'legs a hit'];
  const row = (name: string, r: Omit<RuleFigures, 'rule' | 'shadow'>): string[] => [
    name,
    String(r.hits),
    String(r.alerts),
    String(r.subjects),
    fixed(r.alertsPer1000Month, 2),
    fixed(r.legsPerHit, 0),
    ...(labelled ? [String(r.trueAlerts ?? 0), percent(r.precision)] : []),
  ];
  const rows = report.rules.map((r) => row(r.shadow ? `${r.rule} (shadow)` : r.rule, r));
  const labels = labelled ? ['true alerts', 'precision'] : [];
  return table([[...head, ...labels], ...rows, row('all', report.total)]);
}

function overlapsText({ overlaps }: Report): string {
  const rows = overlaps
    .slice(0, OVERLAPS_SHOWN_MAX)
    .map((o) => [
      o.rule,
      o.other,
      `${o.subjects} (${percent(o.subjectShare)})`,
      `${o.legs} (${percent(o.legShare)})`,
    ]);
  const rest = overlaps.length - rows.length;
  const more = rest > 0 ? `... and ${rest} more: --json\n` : '';
  return `${table([['of the rule', 'also hit by', 'subjects', 'legs'], ...rows])}${more}`;
}

function typesText(labels: NonNullable<Report['labels']>): string {
  const rows = labels.types.map((t) => [
    t.type,
    String(t.patterns),
    String(t.found),
    percent(t.recall),
    fixed(t.medianDays),
    fixed(t.longestDays),
    Object.entries(t.byRule)
      .sort((a, b) => b[1] - a[1])
      .map(([rule, n]) => `${rule} ${n}`)
      .join(', '),
  ]);
  const head = ['pattern', 'there', 'found', 'recall', 'median days', 'longest', 'by rule'];
  return (
    table([head, ...rows]) +
    `false alerts: ${labels.falseAlerts}, ` +
    `${fixed(labels.falseAlertsPer1000Month, 2)} per 1,000 customers a month\n`
  );
}

function curveText({ curve, types }: NonNullable<Report['labels']>): string {
  const names = types.map((t) => t.type);
  const rows = curve.map((c) => [
    String(c.falseAlertsPer1000Month),
    String(c.scoreMin),
    String(c.alerts),
    percent(c.recall),
    ...names.map((name) => percent(c.recallByType[name])),
  ]);
  return table([['false/1,000/month', 'score from', 'alerts', 'recall', ...names], ...rows]);
}

function changesText(what: string, changes: readonly Change[]): string {
  if (changes.length === 0) return `nothing ${what}\n`;
  const rows = changes.map((c) => [
    c.rule,
    String(c.hits),
    String(c.subjects),
    c.examples.map((e) => `${e.subject} ${e.transactionId || day(e.eventTime)}`).join('; '),
  ]);
  return table([[what, 'hits', 'subjects', 'first of them'], ...rows]);
}

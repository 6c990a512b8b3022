/** Figures of detection as Markdown, for docs/evidence/detection.md and whoever runs it. */
import type { Worth } from './measure.js';

const decimal = (n: number, digits = 1): string => n.toFixed(digits);
const share = (n: number): string => n.toFixed(2);

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const rule = head.map((_, i) => (i === 0 ? '---' : '---:'));
  return [head, rule, ...rows].map((cells) => `| ${cells.join(' | ')} |`);
}

/** Recall by type at each budget of false alerts. */
export function curveText({ curve, types }: Worth): string[] {
  const names = types.map((t) => t.type);
  return table(
    ['false alerts', 'score from', 'alerts', ...names, 'all'],
    curve.map((p) => [
      String(p.falseAlertsPer1000Month),
      decimal(p.scoreMin),
      String(p.alerts),
      ...names.map((name) => share(p.recallByType[name] ?? 0)),
      share(p.recall),
    ]),
  );
}

/** With every alert taken: what was found, how late, by which rules. */
export function typesText({ types }: Worth): string[] {
  const days = (n: number | undefined): string => (n === undefined ? '' : decimal(n));
  return table(
    ['pattern', 'found', 'median days', 'longest', 'rules', 'missed'],
    types.map((t) => [
      t.type,
      `${t.found} of ${t.patterns}`,
      days(t.medianDays),
      days(t.longestDays),
      Object.entries(t.byRule)
        .sort((a, b) => b[1] - a[1])
        .map(([rule, count]) => `${rule} ${count}`)
        .join(', '),
      t.missed.length <= 5 ? t.missed.join(' ') : `${t.missed.length}`,
    ]),
  );
}

export function rulesText({ rules }: Worth): string[] {
  return table(
    ['rule', 'alerts', 'true', 'false per 1,000 a month', 'patterns found'],
    [...rules]
      .sort((a, b) => b.falsePer1000Month - a.falsePer1000Month)
      .map((r) => [
        r.rule,
        String(r.alerts),
        String(r.trueAlerts),
        decimal(r.falsePer1000Month, 2),
        String(r.found),
      ]),
  );
}

export function precisionText({ precision, weekly }: Worth): string[] {
  return table(
    ['queue', 'true by score', 'true by time'],
    [
      ...precision.map((p) => [`first ${p.top}`, share(p.byScore), share(p.byTime)]),
      ['first 10 of each week', share(weekly.byScore), share(weekly.byTime)],
    ],
  );
}

/** All four tables under one heading. */
export function worthText(title: string, worth: Worth): string[] {
  return [
    `## ${title}`,
    '',
    `${worth.alerts} alerts; false ones ${decimal(worth.falsePer1000Month)} ` +
      'per 1,000 customers a month.',
    '',
    ...curveText(worth),
    '',
    ...typesText(worth),
    '',
    ...precisionText(worth),
    '',
    ...rulesText(worth),
    '',
  ];
}

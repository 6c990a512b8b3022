/** The report's figures, on hits small enough to count by hand. */
import { describe, expect, it } from 'vitest';
import { alertsOf, curveOf, judge, makeReport, readPatterns } from './index.js';
import type { ReportHit } from './types.js';

const DAY_MS = 86_400_000;

/** On a day, with the transactions that it rests on; the last of them is its own. */
function hit(rule: string, subject: string, day: number, ids: string, score = 50): ReportHit {
  const transactionIds = ids.split(' ').filter((id) => id !== '');
  return {
    id: `${rule}/${subject}/${day}`,
    rule,
    subject,
    side: transactionIds.length === 0 ? 'timer' : 'debit',
    eventTime: day * DAY_MS,
    score,
    transactionId: transactionIds.at(-1) ?? '',
    transactionIds,
  };
}

const population = { customers: 500, legs: 1_000, fromMs: 0, toMs: 60 * DAY_MS };
const hits = [
  hit('fan', 'a', 1, 't1 t2', 90),
  hit('drop', 'b', 2, '', 40),
  hit('fan', 'a', 3, 't1 t2 t3', 95),
  hit('night', 'a', 3, 't3', 30),
  hit('fan', 'c', 40, 't8 t9', 60),
];
const patterns = readPatterns(
  `pattern_id,pattern_type,n_tx,first_date,accounts,tx_ids
p1,fan_in,2,1970-01-01,a x,t1 t3
p2,fan_in,1,1970-02-01,y,t5
p3,stack,1,1970-02-05,c z,t8
`,
  (date) => Date.parse(date),
);

describe('alerts', () => {
  it('gather the hits of a rule and subject, with the highest score', () => {
    const alerts = alertsOf(hits);
    expect(alerts.map((a) => [a.id, a.score, a.hits.length])).toEqual([
      ['fan/a/1', 95, 2],
      ['drop/b/2', 40, 1],
      ['night/a/3', 30, 1],
      ['fan/c/40', 60, 1],
    ]);
    expect(alertsOf(hits, 2)).toHaveLength(5);
    expect(alertsOf(hits, 2.5)).toHaveLength(4);
  });
});

describe('a report', () => {
  it('counts hits and alerts, as a rate per 1,000 customers in 30 days', () => {
    const report = makeReport({ hits, population, rules: ['fan', 'silent'] });
    expect(report.months).toBe(2);
    expect(report.rules.map((r) => [r.rule, r.hits, r.alerts, r.alertsPer1000Month])).toEqual([
      ['drop', 1, 1, 1],
      ['fan', 3, 2, 2],
      ['night', 1, 1, 1],
      ['silent', 0, 0, 0],
    ]);
    expect(report.total).toMatchObject({ hits: 5, alerts: 4, subjects: 3, legsPerHit: 200 });
    expect(report.total).not.toHaveProperty('precision');
  });

  it('leaves out what lies outside its time, the end exclusive', () => {
    const short = { ...population, fromMs: 2 * DAY_MS, toMs: 40 * DAY_MS };
    expect(makeReport({ hits, population: short, rules: [] }).total.hits).toBe(3);
  });

  it('tells which rules speak of the same subjects and legs', () => {
    const { overlaps } = makeReport({ hits, population, rules: [] });
    expect(overlaps).toEqual([
      { rule: 'night', other: 'fan', subjects: 1, subjectShare: 1, legs: 1, legShare: 1 },
      { rule: 'fan', other: 'night', subjects: 1, subjectShare: 0.5, legs: 1, legShare: 1 / 3 },
    ]);
  });

  it('tells precision by rule, recall and time to detection by type', () => {
    const report = makeReport({ hits, population, rules: ['silent'], patterns });
    expect(report.rules.map((r) => [r.rule, r.trueAlerts, r.precision])).toEqual([
      ['drop', 0, 0],
      ['fan', 2, 1],
      ['night', 1, 1],
      ['silent', 0, undefined],
    ]);
    expect(report.labels?.types).toEqual([
      {
        type: 'fan_in',
        patterns: 2,
        found: 1,
        recall: 0.5,
        medianDays: 1,
        longestDays: 1,
        byRule: { fan: 1, night: 1 },
        missed: ['p2'],
      },
      {
        type: 'stack',
        patterns: 1,
        found: 1,
        recall: 1,
        medianDays: 5,
        longestDays: 5,
        byRule: { fan: 1 },
        missed: [],
      },
    ]);
    expect(report.labels).toMatchObject({ falseAlerts: 1, falseAlertsPer1000Month: 1 });
  });

  it('judges by another measure where one is given', () => {
    const shows = (h: ReportHit, _: unknown, shared: number) => shared > 1 || h.subject === 'c';
    const report = makeReport({ hits, population, rules: [], patterns, shows });
    expect(report.total.trueAlerts).toBe(2);
    // p1 only when its second transaction has come.
    expect(report.labels?.types[0]?.medianDays).toBe(3);
  });

  it('tells what another catalogue changes', () => {
    const others = [...hits.slice(1), hit('fan', 'd', 9, 't7'), hit('new', 'a', 9, 't7')];
    const { against } = makeReport({ hits, population, rules: [], against: others });
    expect(against?.same).toBe(4);
    // A hit is new, but its subject is known to the other catalogue: no new alert.
    expect(against?.fresh).toEqual([
      {
        rule: 'fan',
        hits: 1,
        alerts: 0,
        subjects: 0,
        examples: [{ subject: 'a', eventTime: DAY_MS, transactionId: 't2' }],
      },
    ]);
    expect(against?.gone.map((c) => [c.rule, c.hits, c.alerts, c.subjects])).toEqual([
      ['fan', 1, 1, 1],
      ['new', 1, 1, 1],
    ]);
  });
});

describe('the curve', () => {
  const alerts = alertsOf([
    ...hits,
    hit('noise', 'e', 5, 't77', 70),
    hit('noise', 'f', 5, 't78', 60),
  ]);
  const judged = judge(alerts, patterns);
  const at = (budget: number) => curveOf(alerts, patterns, judged, population, [budget])[0];

  it('takes alerts from the top until the budget of false ones is spent', () => {
    // Rate of one false alert: 1 per 1,000 customers a month.
    expect(at(0)).toMatchObject({ alerts: 1, scoreMin: 95, recall: 1 / 3 });
    expect(at(1)).toMatchObject({ alerts: 2, scoreMin: 70, recall: 1 / 3 });
    // At 60 stand a true and a false one: both or none.
    expect(at(2)).toMatchObject({ alerts: 4, scoreMin: 60, recall: 2 / 3 });
    expect(at(2)?.recallByType).toEqual({ fan_in: 0.5, stack: 1 });
  });
});

describe('labels', () => {
  it('that are broken say where', () => {
    const parse = (text: string) => readPatterns(text, (date) => Date.parse(date));
    expect(() => parse('a,b\n')).toThrow(/line 1: no column pattern_id/);
    const head = 'pattern_id,pattern_type,first_date,accounts,tx_ids\n';
    expect(() => parse(`${head}p,fan_in,soon,a,t1\n`)).toThrow(/line 2: not a pattern/);
    expect(() => parse(`${head}p,fan_in,2024-01-01,a,\n`)).toThrow(/line 2: not a pattern/);
  });
});

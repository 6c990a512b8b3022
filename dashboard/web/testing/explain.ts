/** What 80 rules said of a made-up payment: every verdict, long names, each kind of unit. */
import type { Explained } from '../../../schemas/explanation.js';
import type { AlertRow, ExplainReply } from '../../../schemas/protocol.js';

type Rule = ExplainReply['rules'][number];

const base = (id: string, zh: string, en: string): Omit<Rule, 'verdict'> => ({
  ...{ id, kind: 'rule', version: 1, shadow: false, names: { zh, en }, family: 'aml' },
});
const gates = (value: number | null, held = false): NonNullable<Explained['gates']> => [
  {
    ...{ feature: 'count', unit: 'count', value, op: 'atLeast', threshold: 3, held },
    ...(value === null && { missing: 'no-history' as const }),
  },
  { feature: 'sum', unit: 'money', value: 4_120_000, op: 'above', threshold: 20_000_000, held },
];
const sum = (value: number) => ({ feature: 'sum', unit: 'money' as const, value });
const next = { outcome: 'reached', threshold: 20_000_000, strict: false, missing: 1_000_000 };

export function makeExplain(row: AlertRow): ExplainReply {
  const rules: Rule[] = [
    {
      ...base(row.rule, row.ruleName.zh, row.ruleName.en),
      verdict: 'silenced',
      silencedSinceMs: row.eventTime - 3_600_000,
    },
    {
      ...base('emptied-account', '账户被清空', 'Account emptied by one payment to a new payee'),
      ...{ verdict: 'below-bands', gates: gates(4, true), observed: sum(19_000_000), next },
    },
    {
      ...base('cash-below-line', '现金略低于报告线', 'Cash just below the reporting line'),
      ...{ verdict: 'gate', gates: gates(2), shadow: true },
    },
    {
      ...base('spike', '金额突增', 'Spike above the own normal'),
      ...{ verdict: 'not-available', gates: gates(null) },
    },
    {
      ...base('mule', '疑似洗钱中转账户', 'Suspected mule account'),
      ...{ kind: 'typology', verdict: 'below-bands', next: { ...next, threshold: 60 } },
      observed: { feature: 'score', unit: 'number', value: 41 },
      parts: [{ rule: 'spike', weight: 0.9, outcome: 45, eventTime: row.eventTime, band: 'x' }],
    },
    {
      ...base('day-drop', '当日活跃度骤降', 'Drop in activity at the close of a day'),
      ...{ verdict: 'no-trigger', unmet: { missing: [], excluded: [], moment: true } },
    },
  ];
  for (let n = 0; rules.length < 80; n += 1) {
    rules.push({
      ...base(`untouched-${n}`, `其他规则 ${n}`, `Another rule of the catalogue ${n}`),
      verdict: 'no-trigger',
      unmet: { missing: ['cash', 'crossBorder'], excluded: ['ownAccount'], amount: 'too-small' },
    });
  }
  return { atMs: row.eventTime, isCut: false, rules, outOfScope: 7, notScored: 2 };
}

/** Made-up alerts for the page's own tests: same seed, same alerts. No customer is a real one. */
import type { Hit } from '../../../schemas/hit.js';
import type { AlertDetail, AlertRow } from '../../../schemas/protocol.js';

/** A small generator of numbers in [0, 1): mulberry32. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

interface Kind {
  rule: string;
  family: AlertRow['family'];
  severity: AlertRow['severity'];
  action: AlertRow['action'];
  name: { zh: string; en: string };
  sentence: { zh: string; en: string };
  feature: string;
  unit: Hit['observed']['unit'];
  value: number;
  threshold: number;
  dueHours: number;
  watch: string[];
}

const KINDS: readonly Kind[] = [
  {
    rule: 'several-cross-border',
    family: 'aml',
    severity: 'critical',
    action: 'due-diligence',
    name: { zh: '短期内多笔大额跨境汇款', en: 'Several large cross-border remittances' },
    sentence: {
      zh: '24 小时内跨境汇出 3 笔，共 21.0 万元，阈值 20 万元',
      en: '3 cross-border remittances in 24 h, ¥210,000.00 in total, threshold ¥200,000.00',
    },
    feature: 'total',
    unit: 'money',
    value: 21_000_000,
    threshold: 20_000_000,
    dueHours: 120,
    watch: [],
  },
  {
    rule: 'watched-outflow',
    family: 'outflow',
    severity: 'critical',
    action: 'notify-and-verify',
    name: { zh: '关怀客户大额流出', en: 'Large outflow on a watched customer' },
    sentence: {
      zh: '向首次付款对象转出 6.2 万元，占付款前余额的 31.0%，是 180 天平均付款的 41 倍',
      en: '¥62,000.00 to a new payee: 31.0 % of the balance before, 41 times the mean payment',
    },
    feature: 'share',
    unit: 'percent',
    value: 31,
    threshold: 30,
    dueHours: 2,
    watch: ['special-care'],
  },
  {
    rule: 'structuring',
    family: 'aml',
    severity: 'high',
    action: 'due-diligence',
    name: { zh: '分拆交易规避大额报告', en: 'Structuring under the reporting line' },
    sentence: {
      zh: '24 小时内 4 笔现金存入略低于 5 万元，共 19.4 万元',
      en: '4 cash deposits just under ¥50,000.00 within 24 h, ¥194,000.00 in total',
    },
    feature: 'count',
    unit: 'count',
    value: 4,
    threshold: 3,
    dueHours: 96,
    watch: [],
  },
  {
    rule: 'activity-drop',
    family: 'activity-drop',
    severity: 'medium',
    action: 'retention',
    name: { zh: '活跃度下降 30%', en: 'Activity down 30 %' },
    sentence: {
      zh: '近 30 天交易 14 笔，比前 90 天的平均水平下降 30.0%（仅交易数据）',
      en: '14 transactions in 30 days, 30.0 % below the 90 days before (transactions only)',
    },
    feature: 'drop',
    unit: 'percent',
    value: 30,
    threshold: 30,
    dueHours: 72,
    watch: ['retention'],
  },
  {
    rule: 'dormant-reactivation',
    family: 'aml',
    severity: 'low',
    action: 'manual-review',
    name: { zh: '久悬账户突然启用', en: 'Dormant account reactivated' },
    sentence: {
      zh: '静默 214 天后转出 8.0 万元，阈值 5 万元',
      en: '¥80,000.00 after 214 days of silence, threshold ¥50,000.00',
    },
    feature: 'silence',
    unit: 'days',
    value: 214,
    threshold: 180,
    dueHours: 240,
    watch: [],
  },
];

const NAMES = [
  '张*',
  '王*',
  '李*华',
  '欧阳*',
  '远东贸易（上海）有限公司',
  '陈*',
  '赵*敏',
  'Zhou *',
];
const TIERS = ['base', 'base', 'growth', 'strategic', 'attention'] as const;

export function kindOf(row: AlertRow): Kind {
  return KINDS.find((kind) => kind.rule === row.rule) ?? (KINDS[0] as Kind);
}

export function makeRow(n: number, random: () => number, nowMs: number): AlertRow {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  const weights = [0, 0, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 2, 3, random() < 0.3 ? 1 : 0];
  const kind = KINDS[pick(weights)] as Kind;
  const eventTime = nowMs - Math.floor(random() * 5_000);
  return {
    id: `${n.toString(16).padStart(8, '0')}${'0'.repeat(24)}`,
    rule: kind.rule,
    ruleVersion: 1,
    ruleName: kind.name,
    family: kind.family,
    subject: `P${(1_000_000 + n).toString()}`,
    subjectName: pick(NAMES),
    tier: pick(TIERS),
    watch: kind.watch,
    severity: kind.severity,
    score: Math.round(40 + random() * 59),
    action: kind.action,
    sentence: kind.sentence,
    amountBaseMinor: Math.round(random() * 9_000_000 + 100_000),
    hitCount: 1 + Math.floor(random() * 3),
    state: 'open',
    owner: null,
    closeReason: null,
    closeNote: null,
    dueMs: eventTime + Math.floor(kind.dueHours * 3_600_000 * (0.3 + 0.7 * random())),
    follows: null,
    eventTime,
    openedMs: nowMs,
    updatedMs: nowMs,
  };
}

function makeHit(row: AlertRow, n: number): Hit {
  const kind = kindOf(row);
  const transactions = Array.from({ length: 3 + (n % 4) }, (_, i) => ({
    id: `T${row.subject}-${i}`,
    eventTime: row.eventTime - (5 - i) * 3_600_000,
    side: 'debit' as const,
    amountBaseMinor: 6_000_000 + i * 1_000_000,
    counterparty: `6222${row.subject}${i}`,
  }));
  return {
    id: n === 0 ? row.id : `${row.id.slice(0, 30)}${n.toString(16).padStart(2, '0')}`,
    rule: row.rule,
    ruleVersion: row.ruleVersion,
    catalogueVersion: 'a1b2c3d4e5f6',
    family: row.family,
    subject: row.subject,
    account: `6222020000${row.subject}`,
    eventTime: row.eventTime - n * 3_600_000,
    severity: row.severity,
    score: row.score,
    action: row.action,
    observed: { feature: kind.feature, unit: kind.unit, value: kind.value },
    threshold: kind.threshold,
    band: 'reached',
    gates: [
      { feature: 'payees', unit: 'count', value: 5, op: 'atLeast', threshold: 3, normal: 1 },
      { feature: 'newCounterparty', unit: 'flag', value: 1, op: 'equals', threshold: 1 },
      { feature: 'before', unit: 'money', value: null, op: 'atLeast', threshold: 5_000_000 },
    ],
    window: { from: row.eventTime - 86_400_000, to: row.eventTime },
    facts: { meanPayment: 150_000, newCounterparty: 1 },
    transactions,
    transactionIds: transactions.map((each) => each.id),
    transactionCount: transactions.length,
    atLeast: n === 1,
    counterparties: transactions.map((each) => each.counterparty),
    transactionId: 'T1',
    amountBaseMinor: row.amountBaseMinor,
    profile: 0,
    referenceVersion: 3,
    origin: { source: 1, partition: 0, offset: n, index: 0 },
    side: 'debit',
    history: false,
  };
}

/** Of these kinds one is a typology, one has points, one warms up after a change. */
const TYPOLOGY = 'dormant-reactivation';
const MEMBERS = {
  'dormant-customer': { zh: '沉睡客户突然活跃', en: 'Dormant customer reactivated' },
  'new-payee-large': { zh: '向新收款方大额付款', en: 'Large payment to a new payee' },
};
type RuleScore = NonNullable<AlertDetail['rule']>['score'];

function scoreOf(row: AlertRow): RuleScore {
  if (row.rule !== 'structuring') return null;
  const points: [number, number][] = [
    [60, 40],
    [3_600, 60],
    [172_800, 90],
  ];
  return { by: 'sinceFirst', unit: 'seconds', points };
}

function special(hit: Hit): Hit {
  const { rule, eventTime } = hit;
  if (rule === 'structuring') return { ...hit, facts: { ...hit.facts, sinceFirst: 5_400 } };
  if (rule === 'activity-drop') return { ...hit, warmingUntil: eventTime + 5 * 86_400_000 };
  if (rule !== TYPOLOGY) return hit;
  const at = { eventTime, band: 'reached' };
  return {
    ...hit,
    observed: { feature: 'score', unit: 'number', value: 74.5 },
    threshold: 60,
    gates: [],
    facts: { 'dormant-customer': 49.5, 'new-payee-large': 25 },
    parts: [
      { rule: 'dormant-customer', weight: 0.9, outcome: 55, ...at },
      { rule: 'new-payee-large', weight: 0.5, outcome: 50, ...at },
    ],
  };
}

type Trail = AlertDetail['trail'];

export function makeDetail(row: AlertRow, trail: Trail, others: AlertRow[]): AlertDetail {
  const kind = kindOf(row);
  return {
    row,
    hits: Array.from({ length: Math.min(row.hitCount, 50) }, (_, n) => special(makeHit(row, n))),
    rule: {
      id: row.rule,
      version: row.ruleVersion,
      names: row.ruleName,
      formula: `${kind.feature} >= ${kind.threshold}`,
      units: {
        [kind.feature]: kind.unit,
        meanPayment: 'money',
        newCounterparty: 'flag',
        sinceFirst: 'seconds',
      },
      normals: {},
      bands: [
        { outcome: 'reached', from: kind.threshold, severity: row.severity },
        { outcome: 'far', from: kind.threshold * 5, severity: 'critical' },
      ],
      references: ['PBoC Order [2016] No. 3 Art. 5'],
      owner: 'compliance',
      score: scoreOf(row),
      members: row.rule === TYPOLOGY ? MEMBERS : {},
    },
    trail,
    otherAlerts: others,
    parties: { [`6222${row.subject}0`]: { subject: others[0]?.subject ?? '', name: '远东贸易' } },
    followedBy: null,
    hitsGone: 0,
  };
}

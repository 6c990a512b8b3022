/** Hits, a rule and a directory for tests. */

import type { Rule } from '../../../schemas/catalogue.js';
import { packProfile } from '../../../schemas/classes.js';
import type { Hit, Severity } from '../../../schemas/hit.js';
import { hitIdOfLeg } from '../../../schemas/identity.js';
import type { ReferenceData } from '../../../schemas/reference.js';
import { renderSentence } from '../../../schemas/sentence.js';
import { CustomerBook } from '../customers.js';
import { type BankDirectory, defaultCalendar } from '../directory.js';

export const sampleRule = {
  id: 'cross-border-several',
  version: 1,
  names: { zh: '多笔大额跨境汇款', en: 'Several large cross-border remittances' },
  family: 'aml',
  formula: 'count and sum of large cross-border payments in 24 h',
  features: { count: { kind: 'count', window: '24h' }, sum: { kind: 'sum', window: '24h' } },
  bands: [
    {
      outcome: 'reached',
      from: '200000.00',
      severity: 'high',
      score: 70,
      decision: 'review',
      sentence: { zh: '{window}共 {sum}', en: '{sum} within {window}' },
    },
  ],
  due: { workingDays: 5 },
  references: ['domain.md A1'],
  owner: 'compliance',
} as unknown as Rule;

export function sampleHit(n: number, change: Partial<Hit> = {}): Hit {
  const rule = change.rule ?? sampleRule.id;
  const subject = change.subject ?? 'G';
  const origin = { source: 1, partition: 0, offset: n, index: 0 };
  const eventTime = change.eventTime ?? Date.parse('2026-03-02T20:05:00+08:00');
  return {
    id: hitIdOfLeg(rule, 1, subject, origin, 'debit'),
    rule,
    ruleVersion: 1,
    catalogueVersion: 'abcdefabcdef',
    family: 'aml',
    subject,
    account: 'acc-1',
    eventTime,
    severity: 'high' as Severity,
    score: 70,
    action: 'due-diligence',
    observed: { feature: 'sum', unit: 'money', value: 21_000_000 },
    threshold: 20_000_000,
    band: 'reached',
    gates: [{ feature: 'count', unit: 'count', value: 3, op: 'atLeast', threshold: 3 }],
    window: { from: eventTime - 86_400_000, to: eventTime },
    facts: {},
    transactions: [],
    transactionIds: [`t${n}`],
    transactionCount: 3,
    atLeast: false,
    counterparties: ['x'],
    transactionId: `t${n}`,
    amountBaseMinor: 8_000_000,
    profile: packProfile({ kind: 'person', tier: 'base', riskClass: 0, watch: [], lists: [] }),
    referenceVersion: 1,
    origin,
    side: 'debit',
    history: false,
    ...change,
  };
}

export const sampleReference: Pick<ReferenceData, 'parties' | 'accounts' | 'lists'> = {
  parties: [
    {
      ...{ party: 'G', name: '陈玉兰', kind: 'person', tier: 'strategic', riskClass: 2 },
      ...{ watch: ['critically-ill', 'elderly'], manager: '李强', branch: '城东支行' },
    },
    {
      ...{ party: 'P-2', name: 'Harbour Trading Ltd', kind: 'company', tier: 'base' },
      ...{ riskClass: 0, watch: [], manager: '', branch: '' },
    },
  ],
  accounts: [
    { account: '6222000011112345', party: 'G', opened: '2019-05-06' },
    { account: '6222000011119876', party: 'G', opened: '2017-01-02' },
    { account: '6222000022229876', party: 'P-2' },
  ],
  lists: [{ list: 'fraud', key: '6222000022229876' }],
};

export function sampleDirectory(): BankDirectory {
  const customers = new CustomerBook(sampleReference, 0);
  const calendar = defaultCalendar('Asia/Shanghai');
  return {
    rule: (_version, id) => (id === sampleRule.id ? sampleRule : undefined),
    subjectName: (subject) =>
      subject.startsWith('wide') ? 'w'.repeat(3_000) : `name of ${subject}`,
    customers: () => customers,
    rulesInForce: () => [sampleRule],
    calendar: () => calendar,
    bank: { zone: 'Asia/Shanghai', baseCurrency: 'CNY' },
    sentence: (hit) => ({
      zh: renderSentence(sampleRule.bands[0]!.sentence.zh, hit, 'zh', 'CNY'),
      en: renderSentence(sampleRule.bands[0]!.sentence.en, hit, 'en', 'CNY'),
    }),
    refresh: () => false,
  };
}

const nothing = (): void => undefined;
export const silentLogger = { info: nothing, warn: nothing, error: nothing };

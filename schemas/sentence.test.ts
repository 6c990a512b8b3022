/** Sentences in both languages, to the last character. */
import { describe, expect, it } from 'vitest';
import type { Hit } from './hit.js';
import {
  formatDuration,
  formatMoney,
  formatValue,
  placeholdersOf,
  renderSentence,
} from './sentence.js';

const hit: Hit = {
  id: '0'.repeat(32),
  rule: 'r',
  ruleVersion: 1,
  catalogueVersion: '0'.repeat(12),
  family: 'aml',
  subject: 'G',
  account: 'a',
  eventTime: 0,
  severity: 'high',
  score: 70,
  action: 'due-diligence',
  observed: { feature: 'sum', unit: 'money', value: 21_000_000 },
  threshold: 20_000_000,
  band: 'large',
  gates: [
    { feature: 'times', unit: 'count', value: 3, op: 'atLeast', threshold: 3 },
    { feature: 'ratio', unit: 'ratio', value: null, op: 'atLeast', threshold: 3 },
  ],
  window: { from: 0, to: 86_400_000 },
  facts: { normal: 123_456, share: 31 },
  transactions: [],
  transactionIds: [],
  transactionCount: 1234,
  atLeast: false,
  counterparties: [],
  transactionId: 't',
  amountBaseMinor: 8_000_000,
  profile: 0,
  referenceVersion: 1,
  origin: { source: 0, partition: 0, offset: 0, index: 0 },
  side: 'debit',
  history: false,
};
const zh = (template: string) => renderSentence(template, hit, 'zh', 'CNY', '张*');
const en = (template: string) => renderSentence(template, hit, 'en', 'CNY', 'Zhang *');

describe('money', () => {
  it.each([
    [0, '0 元', '¥0'],
    [1, '0.01 元', '¥0.01'],
    [500_001, '5,000.01 元', '¥5,000.01'],
    [500_010, '5,000.1 元', '¥5,000.10'],
    [999_999, '9,999.99 元', '¥9,999.99'],
    [1_000_000, '1.0 万元', '¥10,000'],
    [6_200_000, '6.2 万元', '¥62,000'],
    [21_000_000, '21.0 万元', '¥210,000'],
    [19_999_999, '19.99 万元', '¥199,999.99'],
    [123_456_789_0, '1,234.56 万元', '¥12,345,678.90'],
    [999_999_999_9, '9,999.99 万元', '¥99,999,999.99'],
    [10_000_000_000, '1.0 亿元', '¥100,000,000'],
    [123_400_000_000_000, '12,340.0 亿元', '¥1,234,000,000,000'],
    [-6_200_000, '-6.2 万元', '-¥62,000'],
  ])('%d', (minor, inChinese, inEnglish) => {
    expect(formatMoney(minor, 'zh', 'CNY')).toBe(inChinese);
    expect(formatMoney(minor, 'en', 'CNY')).toBe(inEnglish);
  });

  it('is exact where a threshold is told', () => {
    expect(formatMoney(20_000_000, 'zh', 'CNY', true)).toBe('20 万元');
    expect(formatMoney(20_000_001, 'zh', 'CNY', true)).toBe('20.000001 万元');
  });

  it('names other currencies', () => {
    expect(formatMoney(1_000_000, 'zh', 'USD')).toBe('1.0 万美元');
    expect(formatMoney(1_000_000, 'en', 'USD')).toBe('USD 10,000');
    expect(formatMoney(1_000_000, 'zh', 'XAF')).toBe('1.0 万XAF');
  });
});

describe('other units', () => {
  it.each([
    ['percent', 31, '31 %', '31 %'],
    ['percent', 29.999, '29.9 %', '29.9 %'],
    ['percent', 100.0002, '100.0002 %', '100.0002 %'],
    ['percent', 100.00009, '100 %', '100 %'],
    ['percent', 32.258, '32.2 %', '32.2 %'],
    ['percent', -30.019, '-30.01 %', '-30.01 %'],
    ['percent', 1234.5, '1,234.5 %', '1,234.5 %'],
    ['percent', 76.999999_95, '76.9 %', '76.9 %'],
    ['percent', 29.999999999999996, '30 %', '30 %'],
    ['ratio', 41.33, '41 倍', '41x'],
    ['ratio', 3.19, '3.1 倍', '3.1x'],
    ['days', 90, '90 天', '90 days'],
    ['days', 1.9, '1 天', '1 day'],
    ['flag', 1, '是', 'yes'],
    ['flag', 0, '否', 'no'],
    ['count', 1024, '1,024', '1,024'],
    ['money', null, '—', '—'],
    ['ratio', Number.POSITIVE_INFINITY, '—', '—'],
  ] as const)('%s %d', (unit, value, inChinese, inEnglish) => {
    expect(formatValue(unit, value, 'zh', 'CNY')).toBe(inChinese);
    expect(formatValue(unit, value, 'en', 'CNY')).toBe(inEnglish);
  });

  it('tells durations', () => {
    const told = (ms: number) => [formatDuration(ms, 'zh'), formatDuration(ms, 'en')];
    expect(told(1_800_000)).toEqual(['30 分钟', '30 minutes']);
    expect(told(3_600_000)).toEqual(['1 小时', '1 hour']);
    expect(told(86_400_000)).toEqual(['24 小时', '24 hours']);
    expect(told(604_800_000)).toEqual(['7 天', '7 days']);
  });
});

describe('sentences', () => {
  it('put observed, gates, facts and built-ins in, in both languages', () => {
    expect(zh('{window}跨境汇出 {times} 笔共 {sum}，阈值 {threshold}')).toBe(
      '24 小时跨境汇出 3 笔共 21.0 万元，阈值 20 万元',
    );
    expect(en('{times} remittances within {window}, {sum} in all; threshold {threshold}')).toBe(
      '3 remittances within 24 hours, ¥210,000 in all; threshold ¥200,000',
    );
    expect(zh('{subject} {amount} {count} {normal:money} {share:percent}')).toBe(
      '张* 8.0 万元 1,234 1,234.56 元 31 %',
    );
    expect(en('{subject} {amount} {count} {normal:money} {share:percent}')).toBe(
      'Zhang * ¥80,000 1,234 ¥1,234.56 31 %',
    );
  });

  it('count one thing as one', () => {
    const one = { ...hit, facts: { one: 1, eleven: 11, cents: 101 } };
    const say = (template: string) => renderSentence(template, one, 'en', 'CNY');
    expect(say('{one:count} transactions; today {one:count} payments, {cents:money}')).toBe(
      '1 transaction; today 1 payment, ¥1.01',
    );
    expect(say('{eleven:count} payments, 0.1 payments')).toBe('11 payments, 0.1 payments');
  });

  it('never invent: what is not there is a dash', () => {
    expect(en('{ratio} {nothing} {constructor}')).toBe('— — —');
  });

  it('say when a cap was reached', () => {
    const capped = { ...hit, atLeast: true };
    expect(renderSentence('{count}', capped, 'zh', 'CNY')).toBe('至少 1,234');
    expect(renderSentence('{count}', capped, 'en', 'CNY')).toBe('at least 1,234');
  });

  it('show the subject key where no name is given, and a name is never a template', () => {
    expect(renderSentence('{subject}', hit, 'en', 'CNY')).toBe('G');
    expect(renderSentence('{subject}', hit, 'en', 'CNY', '{sum} $&')).toBe('{sum} $&');
  });

  it('lists placeholders as written', () => {
    expect(placeholdersOf('a {b} {c:money} {d')).toEqual(['b', 'c:money']);
  });
});

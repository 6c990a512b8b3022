/**
 * Acceptance scenarios of the bank, run against the whole program: transactions go in over HTTP,
 * and what is asserted is what an officer gets from the dashboard. The platform clock is set by
 * `--clock-start`; where a scenario takes longer than a moment the program is started again.
 */
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { TransactionJson } from '../schemas/json-transaction.js';
import type { AlertDetail, AlertRow } from '../schemas/protocol.js';
import { at, DAY_MS, daily, inOrder, payment, writeReference } from './testing/bank.js';
import { Officer, Sender } from './testing/clients.js';
import {
  cleanUp,
  freePorts,
  type Ports,
  type Program,
  startRun,
  temporaryFolder,
  until,
  untilReady,
} from './testing/program.js';

/** However slow the machine is: a source stays in use between two posts, decisions come in time. */
const PATIENT = ['--set', 'decisionTimeoutMs=20000'];
const NEVER_IDLE = [...PATIENT, '--set', 'idleAfterMs=3600000'];
const REMITTANCES = 'cross-border-remittances-person';
const REPORT = 'pboc-person-cross-border-payments';
let dir = '';
let ports: Ports;
let program: Program;
let sender: Sender;
let officer: Officer;

beforeEach(async () => {
  dir = temporaryFolder();
  ports = await freePorts();
  writeReference(join(dir, 'reference'));
});
afterEach(() => cleanUp(dir));

async function start(clock: string, more: readonly string[] = NEVER_IDLE): Promise<void> {
  const flags = ['--demo', 'none', '--clock-start', `${clock}+08:00`];
  program = startRun(dir, ports, [...flags, '--reference', join(dir, 'reference'), ...more]);
  await untilReady(program);
  sender = new Sender(dir, ports.ingest);
  officer = await Officer.signIn(program, ports);
}

async function startAgain(clock: string, more?: readonly string[]): Promise<void> {
  program.process.kill('SIGTERM');
  expect(await program.ended).toBe(0);
  await start(clock, more);
}

/** The customer's one alert of a rule, once it has so many hits. */
async function alertOf(subject: string, rule: string, hits = 1): Promise<[AlertRow, AlertDetail]> {
  let rows: AlertRow[] = [];
  await until(
    async () => {
      rows = (await officer.alertsOf(subject)).filter((row) => row.rule === rule);
      return rows.length === 1 && rows[0]?.hitCount === hits;
    },
    () => `alert ${rule} of ${subject} with ${hits} hits; there: ${JSON.stringify(rows)}`,
  );
  const row = rows[0] as AlertRow;
  return [row, await officer.detail(row.id)];
}

/** What is posted before is on the queue once this is: the hits log keeps the order. */
async function nobodyElseThan(local: string, ...subjects: string[]): Promise<void> {
  await sender.post(payment(local, '7000.00', { from: 'F1', to: 'sentinel' }));
  await until(async () => (await officer.alertsOf('F')).length === 1);
  const found = new Set((await officer.alerts()).map((row) => row.subject));
  expect([...found].sort()).toEqual([...subjects, 'F'].sort());
}

const gatesOf = (detail: AlertDetail) =>
  detail.hits[0]?.gates.map(({ feature, value, op, threshold }) => [feature, value, op, threshold]);

describe('A1: several large cross-border remittances', () => {
  it('alerts at the third, appends the fourth, due in five working days', async () => {
    await start('2026-03-02T13:41:00');
    const abroad = { from: 'G1', country: 'US' };
    const first = payment('2026-03-02T09:10:00', '60000.00', { ...abroad, to: 'us-1' });
    const second = payment('2026-03-02T13:40:00', '70000.00', { ...abroad, to: 'us-2' });
    const third = payment('2026-03-02T20:05:00', '80000.00', { ...abroad, to: 'us-1' });
    const fourth = payment('2026-03-02T21:00:00', '50000.00', { ...abroad, to: 'us-3' });
    for (const early of [first, second]) {
      const { ack, decision } = await sender.post(early);
      expect([ack, decision]).toEqual([
        'accepted',
        { state: 'scored', recommendation: 'none', rules: [] },
      ]);
    }
    await startAgain('2026-03-02T21:00:00');
    expect((await sender.post(third)).decision).toEqual({
      state: 'scored',
      recommendation: 'review',
      rules: [REMITTANCES, REPORT],
    });
    const [row, detail] = await alertOf('G', REMITTANCES);
    expect(row).toMatchObject({
      rule: REMITTANCES,
      family: 'aml',
      subjectName: '郭建国',
      severity: 'high',
      action: 'due-diligence',
      state: 'open',
      amountBaseMinor: 80_000_00,
      eventTime: at('2026-03-02T20:05:00'),
      dueMs: at('2026-03-09T17:30:00'),
    });
    expect(row.sentence.zh).toBe('24 小时跨境汇出 3 笔共 21.0 万元，阈值 20 万元');
    expect(row.sentence.en).toBe(
      '3 cross-border remittances within 24 hours, ¥210,000 in all; threshold ¥200,000',
    );
    const [hit] = detail.hits;
    expect(hit).toMatchObject({
      band: 'large',
      observed: { feature: 'sum', unit: 'money', value: 210_000_00 },
      threshold: 200_000_00,
      facts: { payees: 2 },
      transactionCount: 3,
      transactionIds: [first.id, second.id, third.id],
      transactionId: third.id,
      window: { from: at('2026-03-01T20:05:00'), to: at('2026-03-02T20:05:00') },
      account: '6222G1',
      atLeast: false,
    });
    expect(gatesOf(detail)).toEqual([['remittances', 3, 'atLeast', 3]]);
    expect(hit?.transactions.map((t) => [t.id, t.amountBaseMinor, t.counterparty])).toEqual([
      [first.id, 60_000_00, 'us-1'],
      [second.id, 70_000_00, 'us-2'],
      [third.id, 80_000_00, 'us-1'],
    ]);
    expect(detail.rule?.references).toContain('PBoC Order [2016] No. 3, Article 5');

    await sender.post(fourth);
    const [grown, after] = await alertOf('G', REMITTANCES, 2);
    expect(grown.id).toBe(row.id);
    expect(grown.dueMs).toBe(at('2026-03-09T17:30:00'));
    expect(after.hits[0]?.observed.value).toBe(260_000_00);
    expect(after.hits[0]?.transactionCount).toBe(4);
    expect(grown.sentence.zh).toContain('4 笔共 26.0 万元');
    // The large-value report of the day: once, at the third.
    const [report] = await alertOf('G', REPORT);
    expect(report).toMatchObject({ severity: 'low', action: 'notify', amountBaseMinor: 80_000_00 });
    expect(report.dueMs).toBe(at('2026-03-09T17:30:00'));
    expect(report.sentence.zh).toContain('人民币 21.0 万元');
    expect(report.sentence.zh).toContain('大额交易报告标准的 105 %');
    await nobodyElseThan('2026-03-02T21:00:00', 'G');
  });
});

describe('A2: the window is open on the left', () => {
  it('leaves the first behind after 24 h exactly, and not a millisecond earlier', async () => {
    await start('2026-03-03T09:10:00');
    for (const [local, amount] of [
      ['2026-03-02T09:10:00', '60000.00'],
      ['2026-03-02T13:40:00', '70000.00'],
    ] as const) {
      for (const from of ['G1', 'H1']) {
        await sender.post(payment(local, amount, { from, country: 'US' }));
      }
    }
    const early = payment('2026-03-03T09:09:59.999', '80000.00', { from: 'H1', country: 'US' });
    const late = payment('2026-03-03T09:10:00.000', '80000.00', { from: 'G1', country: 'US' });
    expect((await sender.post(early)).decision.recommendation).toBe('review');
    expect((await sender.post(late)).decision).toEqual({
      state: 'scored',
      recommendation: 'none',
      rules: [],
    });
    await nobodyElseThan('2026-03-03T09:10:00', 'H');
    const [row, detail] = await alertOf('H', REMITTANCES);
    expect(detail.hits[0]?.observed.value).toBe(210_000_00);
    expect(detail.hits[0]?.transactionCount).toBe(3);
    // Tuesday and five working days.
    expect(row.dueMs).toBe(at('2026-03-10T17:30:00'));
  });
});

describe('A3: limits of a customer on the fraud list, over all accounts', () => {
  it('lets 4,500 and 5,000 pass and recommends to hold 5,000.01', async () => {
    await start('2026-03-02T11:01:00');
    const passed = [
      payment('2026-03-02T09:00:00', '4500.00', { from: 'F1' }),
      payment('2026-03-02T10:00:00', '5000.00', { from: 'F2' }),
    ];
    for (const each of passed) {
      expect((await sender.post(each)).decision).toEqual({
        state: 'scored',
        recommendation: 'none',
        rules: [],
      });
    }
    expect(await officer.alerts()).toEqual([]);
    const over = payment('2026-03-02T11:00:00', '5000.01', { from: 'F1' });
    expect((await sender.post(over)).decision).toEqual({
      state: 'scored',
      recommendation: 'hold',
      rules: ['listed-customer-limits'],
    });
    const [row, detail] = await alertOf('F', 'listed-customer-limits');
    expect(row).toMatchObject({
      rule: 'listed-customer-limits',
      family: 'aml',
      severity: 'critical',
      action: 'manual-review',
      amountBaseMinor: 5_000_01,
      dueMs: null,
    });
    expect(row.sentence.zh).toContain('名单客户付款 5,000.01 元，超出交易限额 0.01 元');
    expect(row.sentence.zh).toContain('建议暂缓并人工复核；当日 3 笔共 1.45 万元');
    expect(row.sentence.en).toContain(
      '¥0.01 over the transaction limit: hold and review; today 3 payments, ¥14,500.01',
    );
    const [hit] = detail.hits;
    expect(hit).toMatchObject({
      band: 'exceeded',
      observed: { feature: 'limitUse', unit: 'percent' },
      threshold: 100,
      facts: { over: 1, payments: 3, daySum: 14_500_01 },
      account: '6222F1',
      referenceVersion: 1,
    });
    expect(hit?.observed.value).toBeCloseTo(100.0002, 9);
    expect(hit?.transactionIds).toContain(over.id);
  });
});

describe('A4: activity down 30 %', () => {
  /** D reaches -30.0 % with the close of 2026-06-29, E stays at -25 %. */
  const history = (lastDate: string): TransactionJson[] => {
    const missing = (at('2026-06-29T00:00:00') - at(`${lastDate}T00:00:00`)) / DAY_MS;
    return inOrder([
      ...daily('D1', '2026-05-30', 60),
      ...daily('D1', lastDate, 14 - missing),
      ...daily('E1', '2026-05-30', 60),
      ...daily('E1', lastDate, 15 - missing),
    ]);
  };

  async function expectChurnWarning(): Promise<void> {
    const [row, detail] = await alertOf('D', 'activity-drop');
    expect(row).toMatchObject({
      rule: 'activity-drop',
      family: 'activity-drop',
      severity: 'low',
      action: 'retention',
      dueMs: at('2026-07-03T17:30:00'),
    });
    expect(row.sentence.zh).toBe(
      '近 30 天交易 14 笔，此前 90 天 60 笔：活跃度下降 30 %（仅按交易计）',
    );
    expect(row.sentence.en).toBe(
      '14 transactions in 30 days, 60 in the 90 days before: activity down 30 % ' +
        '(transactions only)',
    );
    expect(detail.hits[0]).toMatchObject({
      band: 'down',
      observed: { feature: 'drop', unit: 'percent', value: 30 },
      threshold: 30,
      facts: { recent: 14 },
      account: '',
      side: 'timer',
      history: false,
    });
    expect(gatesOf(detail)).toEqual([['baseline', 60, 'atLeast', 8]]);
  }

  it('is told when a source of history ends', async () => {
    await start('2026-06-30T00:05:00');
    await sender.postAll(history('2026-06-29'), 'core-banking');
    expect(await officer.alerts()).toEqual([]);
    await sender.endHistory('core-banking');
    await expectChurnWarning();
    await nobodyElseThan('2026-06-30T00:05:00', 'D');
  });

  it('is told when the day closes with no traffic', async () => {
    await start('2026-06-29T20:00:00');
    await sender.postAll(history('2026-06-28'), 'core-banking');
    await sender.endHistory('core-banking');
    for (const from of ['D1', 'E1']) {
      const { ack } = await sender.post(payment('2026-06-29T19:59:00', '88.00', { from }));
      expect(ack).toBe('accepted');
    }
    expect(await officer.alerts()).toEqual([]);
    await startAgain('2026-06-30T01:15:00', [...PATIENT, '--set', 'idleAfterMs=300']);
    await expectChurnWarning();
    expect((await officer.alertsOf('D'))[0]?.eventTime).toBe(at('2026-06-30T00:00:00'));
    await nobodyElseThan('2026-06-30T01:15:00', 'D');
  });
});

describe('A5: a critically ill customer pays a large sum to somebody new', () => {
  const DAYS = 180;
  const past = (from: string): TransactionJson[] =>
    Array.from({ length: DAYS / 3 }, (_, i) => {
      const date = new Date(at('2026-03-01T12:00:00') - i * 3 * DAY_MS).toISOString().slice(0, 10);
      return payment(`${date}T10:00:00`, '1500.00', { from, to: 'landlord' });
    });

  it('is at the top of the queue within the two hours, a hospital bill is not', async () => {
    await start('2026-03-02T13:59:00');
    await sender.postAll(inOrder([...past('C1'), ...past('K1')]), 'core-banking');
    await sender.endHistory('core-banking');
    const hospital = payment('2026-03-02T13:58:00', '80000.00', {
      from: 'K1',
      to: 'hospital',
      purpose: 'HSPC',
      debtorBalanceAfter: '20000.00',
    });
    // A6: noted, no hold, no limit.
    expect((await sender.post(hospital)).decision).toEqual({
      state: 'scored',
      recommendation: 'none',
      rules: ['special-care-medical'],
    });
    const stranger = payment('2026-03-02T14:00:00', '62000.00', {
      from: 'C1',
      to: 'stranger',
      debtorBalanceAfter: '138000.00',
    });
    const { decision } = await sender.post(stranger);
    expect(decision).toMatchObject({ state: 'scored', recommendation: 'hold' });
    expect(decision.rules).toContain('watched-outflow-special-care');
    const [row, detail] = await alertOf('C', 'watched-outflow-special-care');
    expect(row).toMatchObject({
      rule: 'watched-outflow-special-care',
      family: 'outflow',
      severity: 'critical',
      action: 'notify-and-verify',
      watch: ['special-care'],
      dueMs: at('2026-03-02T16:00:00'),
    });
    expect(row.sentence.zh).toBe(
      '向新收款方付款 6.2 万元，当日流出占此前余额 31 %，为 180 天平均付款的 41 倍',
    );
    expect(row.sentence.en).toBe(
      '¥62,000 to a new payee: the day takes 31 % of the balance before it, the payment is 41x ' +
        'the mean of 180 days',
    );
    const [hit] = detail.hits;
    expect(hit).toMatchObject({
      band: 'large',
      observed: { feature: 'share', unit: 'percent', value: 31 },
      threshold: 30,
      transactionId: stranger.id,
    });
    const gates = Object.fromEntries(hit?.gates.map((gate) => [gate.feature, gate]) ?? []);
    expect(gates['newCounterparty']).toMatchObject({ op: 'equals', value: 1, threshold: 1 });
    expect(gates['times']).toMatchObject({ op: 'atLeast', threshold: 3 });
    expect(gates['times']?.value).toBeCloseTo(62_000 / 1_500, 6);
    expect(hit?.facts['meanPayment']).toBeCloseTo(1_500_00, 3);
    // The class itself is secret.
    expect(JSON.stringify(detail)).not.toMatch(/critical(ly)?-? ?ill|重症/i);
    const [noted] = await alertOf('K', 'special-care-medical');
    expect(noted).toMatchObject({ severity: 'info', action: 'notify', amountBaseMinor: 80_000_00 });
    expect(noted.sentence.zh).toContain('仅作记录，不暂缓、不限制');
    expect((await officer.alertsOf('K')).map((r) => r.rule)).toEqual(['special-care-medical']);
    // F's alert scores higher and is as severe; the critically ill come first all the same.
    await nobodyElseThan('2026-03-02T14:00:00', 'C', 'K');
    const queue = await officer.alerts();
    expect(queue[0]).toMatchObject({ subject: 'C', rule: row.rule });
  });
});

describe('A8: a large payment of a key corporate is checked before it goes', () => {
  it('asks from 5,000,000.00 on, and not for what stays in the bank', async () => {
    await start('2026-03-02T14:01:00');
    const to = (account: string, kind: 'company' | 'external') => ({
      creditor: { account, ...(kind === 'external' ? { bank: 'ICBKCNBJ', kind } : {}) },
    });
    const post = (minute: string, amount: string, over: ReturnType<typeof to>) =>
      sender.post(payment(`2026-03-02T13:${minute}:00`, amount, { from: 'B1', ...over }));
    const rule = 'key-corporate-payment';
    const below = await post('00', '4999999.99', to('elsewhere-1', 'external'));
    expect(below.decision.rules).not.toContain(rule);
    const own = await post('10', '9000000.00', to('6222B2', 'company'));
    expect(own.decision.rules).not.toContain(rule);
    const line = await post('20', '5000000.00', to('elsewhere-1', 'external'));
    expect(line.decision).toMatchObject({ state: 'scored', recommendation: 'review' });
    expect(line.decision.rules).toContain(rule);
    const [row] = await alertOf('B', rule);
    expect(row).toMatchObject({
      action: 'payment-check',
      severity: 'high',
      amountBaseMinor: 5_000_000_00,
      dueMs: at('2026-03-02T15:20:00'),
    });
    expect(row.sentence.zh).toBe('重要优质对公客户对外支付 500.0 万元，达到单笔把关线 500 万元');
  });
});

/** What scoring knows of the past and of reference data, leg by leg: bits, calendar, rates, age. */
import { describe, expect, it } from 'vitest';
import type { Catalogue } from '../schemas/catalogue.js';
import { ClassBit } from '../schemas/classes.js';
import type { OracleRecord, OracleTransaction } from './oracle/types.js';
import { Feeder, type FeederOptions } from './testing/feeder.js';
import { band, testCatalogue, testRule } from './testing/rules.js';

const B = ClassBit;
const DAY_MS = 86_400_000;
/** A Monday. */
const START_MS = Date.parse('2026-03-02T09:00:00+08:00');
const PAYMENT = B.debit | B.transfer | B.customerMade;

interface Given {
  day: number;
  to?: string;
  amount?: number;
  bits?: number;
  channel?: OracleTransaction['channel'];
  credit?: boolean;
  reverses?: number;
  balance?: number;
}

/** One customer's transactions, in this order in the log. */
function logOf(given: readonly Given[]): OracleRecord[] {
  return given.map((g, position) => {
    const eventMs = START_MS + g.day * DAY_MS;
    const isReversal = g.reverses !== undefined;
    const bits = isReversal ? B.reversal | B.credit : (g.bits ?? PAYMENT);
    const own = {
      subject: 'C',
      account: 'C-1',
      classBits: bits,
      profile: 1,
      balanceAfterMinor: g.balance ?? Number.NaN,
      external: false,
    };
    const name = g.to ?? 'X';
    const other = { ...own, subject: name, account: name, classBits: 0, external: true };
    const credit = isReversal || g.credit === true;
    return {
      kind: 'transaction' as const,
      position,
      eventMs,
      ingestMs: eventMs,
      id: `t${position}`,
      amountBaseMinor: g.amount ?? 100_00,
      channel: g.channel ?? 'online',
      debtor: credit ? other : own,
      creditor: credit ? own : other,
      reversedId: isReversal ? `t${g.reverses}` : '',
      history: false,
    };
  });
}

/** Observed values by the place of the leg in the log. */
function valuesOf(
  catalogue: Catalogue,
  records: readonly OracleRecord[],
  options: Partial<FeederOptions> = {},
): Map<number, number> {
  const feeder = new Feeder({ catalogue, shardsTotal: 1, ...options });
  feeder.feed(records);
  const hits = [...feeder.hits.values()];
  return new Map(hits.map((h) => [h.origin.offset, h.observed.value]));
}

const observing = (x: object, more: object = {}) =>
  testCatalogue([testRule('a-rule', { features: { x }, observed: 'x', ...more })]);
const from = (value: string | number) => ({ bands: [band('some', value, 10)] });
/** Hits of a rule that takes only legs with a class bit. */
const withBit = (bit: string, records: readonly OracleRecord[]): number[] => [
  ...valuesOf(
    observing({ kind: 'amount' }, { on: { all: ['debit', bit] }, ...from('0.00') }),
    records,
  ).keys(),
];
const every = (days: readonly number[], rest: Omit<Given, 'day'> = {}): Given[] =>
  days.map((day) => ({ day, ...rest }));

describe('class bits of the past', () => {
  it('call a payment the first for 400 days', () => {
    const days = every([0, 400, 801]);
    expect(withBit('firstPayment', logOf([...days, { day: 801, to: 'Y' }]))).toEqual([0, 2, 3]);
  });

  it('trust a pair after three payments, the first 90 days ago', () => {
    expect(withBit('trustedPair', logOf(every([0, 1, 89, 90, 91])))).toEqual([3, 4]);
    expect(withBit('trustedPair', logOf(every([0, 100, 101])))).toEqual([]);
    expect(withBit('trustedPair', logOf(every([0, 1, 2, 450, 451])))).toEqual([]);
  });

  it('know a new channel only of who has paid ten times', () => {
    const online = every([0, 1, 2, 3, 4, 5, 6, 7, 8]);
    const atm: Given = { day: 9, channel: 'atm' };
    expect(withBit('newChannel', logOf([...online, atm]))).toEqual([]);
    expect(withBit('newChannel', logOf([...online, { day: 8 }, atm]))).toEqual([10]);
    const unknown: Given = { day: 9, channel: 'unknown' };
    expect(withBit('newChannel', logOf([...online, { day: 8 }, unknown]))).toEqual([]);
    const own: Given = { ...atm, bits: PAYMENT | B.ownAccount };
    // It is no new channel itself, but it says that the channel is used.
    expect(withBit('newChannel', logOf([...online, { day: 8 }, own, atm]))).toEqual([]);
    const again = every([189, 370], { channel: 'atm' });
    expect(withBit('newChannel', logOf([...online, { day: 8 }, atm, ...again]))).toEqual([10, 12]);
  });

  it('stay with the leg when a later reversal undoes what came before', () => {
    const records = logOf([{ day: 0 }, { day: 1, reverses: 0 }, { day: 2 }]);
    expect(withBit('firstPayment', records)).toEqual([0]);
  });
});

describe('features', () => {
  it('filter by channel and type', () => {
    const of = { all: ['debit'], channels: ['atm', 'pos'] };
    const catalogue = observing({ kind: 'count', window: '7d', of }, from(1));
    const channels = ['atm', 'online', 'pos', 'mobile'] as const;
    const records = logOf(channels.map((channel, day) => ({ day, channel })));
    expect([...valuesOf(catalogue, records).values()]).toEqual([1, 1, 2, 2]);
    const onAtm = observing({ kind: 'amount' }, { on: { all: ['debit'], channels: ['atm'] } });
    expect([...valuesOf(onAtm, records).keys()]).toEqual([0]);
  });

  it('count business days by the calendar of reference data', () => {
    const catalogue = observing({ kind: 'count', window: '3bd' }, from(1));
    const days = every([0, 1, 2, 3, 4, 5, 6, 7]);
    const counted = (calendar?: FeederOptions['calendar']) => [
      ...valuesOf(catalogue, logOf(days), calendar && { calendar }).values(),
    ];
    // Monday to Monday; on Saturday and Sunday the third business day back is Wednesday.
    expect(counted()).toEqual([1, 2, 3, 3, 3, 4, 5, 5]);
    const calendar = { holidays: ['2026-03-05'], workdays: ['2026-03-07'] };
    // Thursday is free, Saturday is worked.
    expect(counted(calendar)).toEqual([1, 2, 3, 4, 4, 4, 5, 4]);
  });

  it('form windows of business days anew under another calendar', () => {
    const catalogue = observing({ kind: 'count', window: '2bd' }, from(1));
    const records = logOf(every([0, 1, 2, 2.1]));
    const feeder = new Feeder({ catalogue, shardsTotal: 1 });
    feeder.feed(records.slice(0, 3));
    const zoneTable = [{ fromMs: 0, offsetMs: 8 * 3_600_000 }];
    const calendar = { holidays: ['2026-03-03'], workdays: [] };
    const command = { type: 'reference', position: 3, version: 2, zoneTable, calendar } as const;
    feeder.operators[0]?.applyCommand(command);
    feeder.feed(records.slice(3));
    // Tuesday is a holiday now: the second business day back is Monday.
    expect([...feeder.hits.values()].map((h) => h.observed.value)).toEqual([1, 2, 2, 4]);
  });

  it('turn a line in another currency by the rate in force', () => {
    const rates = { JPY: 4.7 };
    const examples = [0, 1].map((hits) => ({
      ...{ name: `${hits}`, transactions: [], rates, expect: { hits } },
    }));
    const features = {
      sum: { kind: 'sum', window: '24h' },
      x: { kind: 'share-of-line', of: 'sum', line: '1000.00', currency: 'JPY' },
    };
    const catalogue = testCatalogue([
      testRule('a-rule', { features, observed: 'x', examples, ...from(0) }),
    ]);
    const records = logOf([{ day: 0, amount: 2_350 }]);
    // 1,000 yen are 1,000 minor units: at 4.7 they are 4,700 fen.
    expect([...valuesOf(catalogue, records, { rates }).values()]).toEqual([50]);
    expect([...valuesOf(catalogue, records).values()]).toEqual([]);
  });

  it('reckon an account by the oldest leg, also one that came late', () => {
    const catalogue = observing({ kind: 'account-age' }, from(0));
    const records = logOf([{ day: 1 }, { day: 3.5 }, { day: 0.5 }, { day: 4 }]);
    expect([...valuesOf(catalogue, records)].map(([, age]) => age)).toEqual([0, 2.5, 0, 3.5]);
  });

  it('sum the known balances of accounts, and their mean over whole panes', () => {
    const total = observing({ kind: 'balance-total' }, { requires: ['balance'], ...from('0.00') });
    const records = logOf([{ day: 0 }, { day: 1, balance: 500_00 }, { day: 40, amount: 20_00 }]);
    expect([...valuesOf(total, records)]).toEqual([
      [1, 500_00],
      [2, 480_00],
    ]);
    const mean = observing({ kind: 'mean-balance', days: 30 }, { requires: ['balance'] });
    expect([...valuesOf(mean, records)]).toEqual([[2, 500_00]]);
  });

  it('count who is new, without payments that were undone while they are kept', () => {
    const features = {
      x: { kind: 'new-counterparties', direction: 'out', days: 10 },
      recent: { kind: 'count', window: '30d' },
    };
    const catalogue = testCatalogue([
      testRule('a-rule', { features, observed: 'x', facts: ['recent'], ...from(0) }),
    ]);
    const given: Given[] = [
      { day: 0, to: 'P' },
      { day: 1, to: 'Q' },
      { day: 1, to: 'Q' },
      { day: 2, reverses: 0 },
      { day: 10, to: 'R' },
    ];
    expect(valuesOf(catalogue, logOf(given)).get(4)).toBe(1);
    expect(valuesOf(catalogue, logOf(given.filter((_, i) => i !== 3))).get(3)).toBe(2);
  });

  it('show as evidence the legs that are like this one, no others', () => {
    const same = { kind: 'count', window: '7d', same: ['counterparty', 'amount'] };
    const feeder = new Feeder({ catalogue: observing(same, from(2)), shardsTotal: 1 });
    feeder.feed(logOf([{ day: 0 }, { day: 1, to: 'Y' }, { day: 2, amount: 7 }, { day: 3 }]));
    const [hit] = [...feeder.hits.values()];
    expect(hit?.transactionIds).toEqual(['t0', 't3']);
    expect(hit?.transactionCount).toBe(2);
  });

  it('show as evidence of panes at the close of a day their days', () => {
    const x = { kind: 'new-counterparties', direction: 'out', days: 10 };
    const catalogue = observing(x, { on: 'day-close', cooldown: '30d', ...from(2) });
    const feeder = new Feeder({ catalogue, shardsTotal: 1 });
    const records = logOf([{ day: 0 }, { day: 1, to: 'Y' }]);
    const watermarkMs = START_MS + 9 * DAY_MS;
    feeder.feed([...records, { kind: 'watermark', position: 2, watermarkMs }]);
    const [hit] = [...feeder.hits.values()];
    expect(hit?.observed.value).toBe(2);
    expect((hit?.window.to ?? 0) - (hit?.window.from ?? 0)).toBe(10 * DAY_MS);
    expect([hit?.transactions, hit?.transactionCount]).toEqual([[], 0]);
  });

  it('keep a rule quiet until its bank day is over', () => {
    const catalogue = observing({ kind: 'amount' }, { cooldown: 'bank-day', ...from('0.00') });
    const hours = [0, 1, 14.999, 15, 38.999].map((hour) => ({ day: hour / 24 }));
    expect([...valuesOf(catalogue, logOf(hours)).keys()]).toEqual([0, 3]);
  });

  it('hit in shadow, and not as a draft or paused', () => {
    const rules = ['active', 'shadow', 'draft', 'paused'].map((state) =>
      testRule(`in-${state}`, { state }),
    );
    const feeder = new Feeder({ catalogue: testCatalogue(rules), shardsTotal: 1 });
    feeder.feed(logOf([{ day: 0 }]));
    const hits = [...feeder.hits.values()].map((h) => [h.rule, h.shadow]);
    expect(hits).toEqual([
      ['in-active', undefined],
      ['in-shadow', true],
    ]);
  });
});

/** What a shard does at its edges: the watermark, repeated origins, history, limits, accounts. */
import { describe, expect, it } from 'vitest';
import type { Catalogue } from '../schemas/catalogue.js';
import { ClassBit, packProfile } from '../schemas/classes.js';
import type { OracleRecord, OracleSide, OracleTransaction } from './oracle/types.js';
import { H } from './region.js';
import { Feeder, shippedCatalogue } from './testing/feeder.js';

const shipped = shippedCatalogue();
/** What the cases below are about; other rules have their own to say of them. */
const catalogue: Catalogue = {
  ...shipped,
  rules: shipped.rules.filter((r) =>
    /^(structuring-cash|activity-drop$|dormant|watched-outflow(-special-care)?$|listed-cust)/.test(
      r.id,
    ),
  ),
  typologies: [],
};
const B = ClassBit;
const START_MS = Date.parse('2026-03-02T09:00:00+08:00');
const MINUTE_MS = 60_000;
const DAY_MS = 1440 * MINUTE_MS;
const CASH = B.debit | B.cash | B.customerMade;
const LISTED = B.debit | B.transfer | B.listed | B.customerMade;
const person = { kind: 'person', tier: 'base', riskClass: 0, watch: [], lists: [] } as const;

function side(subject: string, over: Partial<OracleSide> = {}): OracleSide {
  return {
    subject,
    account: `${subject}-1`,
    classBits: 0,
    profile: packProfile({ ...person, watch: [], lists: [] }),
    balanceAfterMinor: Number.NaN,
    external: false,
    ...over,
  };
}

function payment(
  position: number,
  eventMs: number,
  amountBaseMinor: number,
  own: Partial<OracleSide>,
  over: Partial<OracleTransaction> = {},
): OracleTransaction {
  return {
    kind: 'transaction',
    position,
    eventMs,
    ingestMs: eventMs,
    id: `t${position}`,
    amountBaseMinor,
    debtor: side('G', own),
    creditor: side('X', { external: true }),
    reversedId: '',
    history: false,
    ...over,
  };
}

function run(records: OracleRecord[], rules = catalogue) {
  const feeder = new Feeder({ catalogue: rules, shardsTotal: 1, regionBytes: 1 << 20 });
  feeder.feed(records);
  const { region } = feeder.operators[0].shards[0];
  return { hits: [...feeder.hits.values()], counter: (c: keyof typeof H) => region.f64[H[c]] };
}

/** Three withdrawals just under the line within minutes. */
function withdrawals(third: Partial<OracleTransaction> = {}): OracleTransaction[] {
  const cash = { classBits: CASH };
  return [0, 1, 2].map((i) =>
    payment(i * 2, START_MS + i * MINUTE_MS, 4_500_000, cash, i === 2 ? third : {}),
  );
}

describe('a shard', () => {
  it('scores a leg at the watermark, and counts one below it', () => {
    const [a, b, c] = withdrawals();
    const at = (watermarkMs: number) =>
      run([a, b, { kind: 'watermark', position: 3, watermarkMs }, c]);
    expect(at(c.eventMs).hits.length).toBe(1);
    expect(at(c.eventMs + 1).hits).toEqual([]);
    expect(at(c.eventMs + 1).counter('lateDropped')).toBe(1);
  });

  it('drops what it has seen, by position and by origin', () => {
    const all = withdrawals();
    const { hits, counter } = run([...all, all[2], ...all]);
    expect(hits.length).toBe(1);
    expect(hits[0].transactionCount).toBe(3);
    expect(counter('repeatedOrigins')).toBe(2);
    expect(counter('legsRecent')).toBe(3);
  });

  it('takes history below the watermark into its state, muted', () => {
    const [a, b, c] = withdrawals();
    const watermark = { kind: 'watermark' as const, position: 3, watermarkMs: c.eventMs };
    const late = [a, b].map((t, i) => ({ ...t, position: 4 + i, history: true }));
    const { hits, counter } = run([watermark, ...late, { ...c, position: 9 }]);
    expect(hits.map((h) => [h.history, h.transactionCount])).toEqual([[false, 3]]);
    expect(counter('lateDropped')).toBe(0);
    const marked = run(withdrawals({ history: true })).hits;
    expect(marked.map((h) => h.history)).toEqual([true]);
  });

  it('tells a share of a limit of nothing, and shows the payments behind it', () => {
    const limits = (single: number, day: number, month: number) => ({
      classBits: LISTED,
      profile: packProfile({ ...person, watch: [], lists: ['fraud'] }),
      limits: { single, day, month },
    });
    const none = Number.NaN;
    const two = (own: Partial<OracleSide>) =>
      run([payment(0, START_MS - DAY_MS, 1_000, own), payment(1, START_MS, 1_000, own)])
        .hits.filter((h) => h.origin.offset === 1)
        .map((h) => [h.observed.value, h.transactionCount]);
    expect(two(limits(0, none, none))).toEqual([[100_000, 1]]);
    expect(two(limits(none, 0, none))).toEqual([[100_000, 1]]);
    expect(two(limits(none, 1_000, 1_000))).toEqual([[200, 2]]);
    expect(two(limits(500, 1_000, 1_000))).toEqual([[200, 1]]);
    expect(two(limits(1_000, none, none))).toEqual([]);
  });

  it('derives balances of four accounts, and of a fifth only takes what is reported', () => {
    const elderly = packProfile({ ...person, watch: ['elderly'], lists: [] });
    const from = (n: number, balanceAfterMinor: number): Partial<OracleSide> => ({
      account: `a${n}`,
      classBits: B.debit | B.transfer | B.customerMade,
      profile: elderly,
      balanceAfterMinor,
    });
    const five = [1, 2, 3, 4, 5].map((n, i) =>
      payment(i, START_MS + i * 2 * DAY_MS, 100, from(n, 10_000_000)),
    );
    const day = (i: number) => START_MS + (i + 20) * DAY_MS;
    const { hits, counter } = run([
      ...five,
      payment(10, day(0), 5_000_000, from(4, Number.NaN)),
      payment(11, day(1), 5_000_000, from(5, Number.NaN)),
      payment(12, day(2), 5_000_000, from(5, 5_000_000)),
    ]);
    expect(hits.map((h) => [h.account, h.observed.value])).toEqual([
      ['a4', 50],
      ['a5', 50],
    ]);
    expect(counter('notApplicable')).toBe(1);
  });

  it('undoes both legs of a move between own accounts, once', () => {
    const both = (own: number, other: number): Partial<OracleTransaction> => ({
      debtor: side('G', { classBits: B.debit | own }),
      creditor: side('G', { account: 'G-2', classBits: B.credit | other }),
    });
    const moved = payment(0, START_MS, 4_500_000, {}, both(B.cash | B.customerMade, B.cash));
    const undone = { ...both(B.reversal, B.reversal), reversedId: 't0' };
    const { counter } = run([moved, payment(2, START_MS + 1, 4_500_000, {}, undone)]);
    expect([counter('reversalsApplied'), counter('reversalsUnmatched')]).toEqual([1, 1]);
    const more = withdrawals().map((t, i) => ({ ...t, position: 10 + i, id: `w${i}` }));
    const after = run([
      moved,
      payment(2, START_MS + 1, 4_500_000, {}, undone),
      ...more.slice(0, 2),
    ]);
    expect(after.hits).toEqual([]);
  });

  it('tells of the last days of history once, as of now, and of a live feed day by day', () => {
    const told = (history: boolean) => {
      const feeder = new Feeder({ catalogue, shardsTotal: 1, regionBytes: 1 << 20 });
      // 100 days of payments, then silence for 15: -30 % was reached six days ago.
      const nowMs = START_MS;
      const classBits = B.debit | B.card | B.customerMade;
      feeder.feed(
        Array.from({ length: 100 }, (_, i) => ({
          ...payment(i, nowMs - (115 - i) * DAY_MS, 1_000, { classBits }),
          ingestMs: nowMs,
          history,
        })),
      );
      feeder.feed([{ kind: 'watermark', position: 170, watermarkMs: nowMs, ingestMs: nowMs }]);
      feeder.operators[0].applyCommand({
        type: 'history-end',
        position: 180,
        asOfMs: nowMs,
        ingestMs: nowMs,
      });
      return [...feeder.hits.values()].filter((h) => !h.history).map((h) => nowMs - h.eventTime);
    };
    const ofHistory = told(true);
    expect(ofHistory.length).toBeGreaterThan(0);
    for (const ageMs of ofHistory) expect(ageMs).toBeLessThanOrEqual(DAY_MS);
    expect(told(false).some((ageMs) => ageMs > DAY_MS)).toBe(true);
  });

  it('closes days again, live, when a history source ends', () => {
    const feeder = new Feeder({ catalogue, shardsTotal: 1, regionBytes: 1 << 20 });
    const old = START_MS - 130 * DAY_MS;
    feeder.feed(
      Array.from({ length: 60 }, (_, i) => ({
        ...payment(i, old + i * DAY_MS, 1_000, { classBits: B.debit | B.card | B.customerMade }),
        ingestMs: START_MS,
        history: true,
      })),
    );
    const watermarkMs = START_MS - 15 * DAY_MS;
    feeder.feed([{ kind: 'watermark', position: 70, watermarkMs, ingestMs: START_MS }]);
    expect(feeder.hits.size).toBeGreaterThan(10);
    expect([...feeder.hits.values()].every((h) => h.history)).toBe(true);
    const asOfMs = watermarkMs;
    feeder.operators[0].applyCommand({
      type: 'history-end',
      position: 80,
      asOfMs,
      ingestMs: START_MS,
    });
    const live = [...feeder.hits.values()].filter((h) => !h.history);
    expect(live.map((h) => [h.rule, h.eventTime])).toEqual([['activity-drop', asOfMs]]);
  });
});

describe('card receipts of a merchant', () => {
  const RECEIPT = B.credit | B.card | B.merchantReceipt | B.counterpartyExternal;
  const receipts = (count: number): OracleTransaction[] =>
    Array.from({ length: count }, (_, i) =>
      payment(
        i,
        START_MS + i * 1_000,
        2_550,
        {},
        {
          debtor: side(`holder-${i}`, { external: true }),
          creditor: side('M', { classBits: RECEIPT }),
        },
      ),
    );

  it('leave nothing of their card holders in the state', () => {
    const few = run(receipts(1), shipped).counter;
    const many = run(receipts(3_000), shipped).counter;
    expect(many('bump')).toBe(few('bump'));
    // One name: the merchant's own account.
    expect([many('pairs'), many('interned'), many('subjects')]).toEqual([0, 1, 1]);
    const transfer = payment(
      9_000,
      START_MS + 4_000_000,
      2_550,
      {},
      {
        debtor: side('payer', { external: true }),
        creditor: side('M', { classBits: B.credit | B.transfer }),
      },
    );
    expect(run([...receipts(10), transfer], shipped).counter('pairs')).toBe(1);
  });
});

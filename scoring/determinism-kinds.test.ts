/**
 * The promise of determinism.test.ts for every feature kind there is, and what late legs may not
 * change: whatever the order in which they come within the lateness, more legs only help a gate
 * that asks for more.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ClassBit } from '../schemas/classes.js';
import { randomLog } from './oracle/random-log.js';
import { RATES, syntheticCatalogue } from './oracle/synthetic.js';
import type { OracleRecord } from './oracle/types.js';
import { canonicalLines, Feeder, sha256 } from './testing/feeder.js';
import { band, testCatalogue, testRule } from './testing/rules.js';

const shardsTotal = 8;

describe('the set of hits of every feature kind', () => {
  const every = syntheticCatalogue();
  const options = { catalogue: every, shardsTotal, rates: RATES, evidenceMax: 3 };
  const part = randomLog({ seed: 12, transactions: 350, subjects: 8, days: 60 });
  const run = (operators: number): string => {
    const feeder = new Feeder({ ...options, operators });
    feeder.feed(part);
    return sha256(feeder.canonical());
  };

  it('is the same bytes with 1, 2 and 4 operators', () => {
    const one = run(1);
    expect([run(2), run(4)]).toEqual([one, one]);
  });

  it('is the same bytes from a snapshot half way', () => {
    const whole = new Feeder(options);
    whole.feed(part);
    expect(new Set([...whole.hits.values()].map((h) => h.rule)).size).toBeGreaterThan(60);
    const middle = Math.floor(part.length / 2);
    const before = new Feeder(options);
    before.feed(part.slice(0, middle));
    const after = new Feeder({ ...options, operators: 2 });
    before.handTo(after);
    after.feed(part.slice(middle - 50));
    const hits = new Map([...after.hits, ...before.hits]);
    expect(sha256(canonicalLines(hits.values()))).toBe(sha256(whole.canonical()));
  });
});

/** Gates that more legs can only help: late legs add hits, whatever their order. */
describe('the order in which late legs come', () => {
  const DAY_MS = 86_400_000;
  const LATE_MS = 500_000;
  const out = { all: ['debit'] as const };
  const kinds: [string, object, string | number][] = [
    ['count', { kind: 'count', window: '30m' }, 3],
    ['sum', { kind: 'sum', window: 'bank-day' }, '900.00'],
    ['max', { kind: 'max', window: '2bd' }, '300.00'],
    ['distinct', { kind: 'distinct-counterparties', window: '24h' }, 3],
    ['countries', { kind: 'distinct-countries', window: '7d' }, 2],
    ['same', { kind: 'count', window: '48h', same: ['counterparty', 'channel'] }, 3],
    ['age', { kind: 'account-age' }, 1.5],
  ];
  const monotone = testCatalogue(
    kinds.map(([id, x, from]) =>
      testRule(id, { on: out, features: { x }, observed: 'x', bands: [band('some', from, 10)] }),
    ),
  );

  /** Payments of three customers, each at its own millisecond. */
  const payment = fc.record({
    subject: fc.nat(2),
    ms: fc.nat(3 * DAY_MS),
    amount: fc.integer({ min: 1, max: 40_000 }),
    other: fc.nat(4),
    channel: fc.constantFrom('online' as const, 'atm' as const),
    country: fc.constantFrom('CN', 'US', 'JP'),
    delays: fc.tuple(fc.nat(LATE_MS), fc.nat(LATE_MS)),
  });
  type Payment = typeof payment extends fc.Arbitrary<infer P> ? P : never;

  function arriving(payments: readonly Payment[], which: 0 | 1): OracleRecord[] {
    const start = Date.UTC(2026, 2, 2);
    const unknown = { profile: 1, balanceAfterMinor: Number.NaN };
    const sent = payments.map((p, i) => ({ ...p, i, arrivalMs: p.ms + p.delays[which] }));
    sent.sort((a, b) => a.arrivalMs - b.arrivalMs || a.i - b.i);
    return sent.flatMap((p, n): OracleRecord[] => {
      const eventMs = start + p.ms;
      const watermarkMs = start + p.arrivalMs - LATE_MS;
      const name = `X${p.other}`;
      const bits = ClassBit.debit | ClassBit.transfer | ClassBit.customerMade;
      const subject = `S${p.subject}`;
      return [
        { kind: 'watermark', position: 2 * n, watermarkMs },
        {
          kind: 'transaction',
          position: 2 * n + 1,
          eventMs,
          ingestMs: start + p.arrivalMs,
          id: `t${p.i}`,
          amountBaseMinor: p.amount,
          channel: p.channel,
          debtor: { ...unknown, subject, account: subject, classBits: bits, external: false },
          creditor: {
            ...{ ...unknown, subject: name, account: name, classBits: 0, external: true },
            country: p.country,
          },
          reversedId: '',
          history: false,
        },
      ];
    });
  }

  it('does not change who hits what', () => {
    const payments = fc.uniqueArray(payment, {
      minLength: 1,
      maxLength: 50,
      selector: (p) => p.ms,
    });
    const found = (log: readonly OracleRecord[]): string[] => {
      const feeder = new Feeder({ catalogue: monotone, shardsTotal: 1, regionBytes: 1 << 20 });
      feeder.feed(log);
      return [...feeder.hits.values()].map((h) => `${h.rule} ${h.transactionId}`).sort();
    };
    let hits = 0;
    fc.assert(
      fc.property(payments, (given) => {
        const one = found(arriving(given, 0));
        hits += one.length;
        expect(found(arriving(given, 1))).toEqual(one);
      }),
      { numRuns: 60 },
    );
    expect(hits).toBeGreaterThan(200);
  });
});

/** The load is what the tables say: counted alerts, transactions that admission takes. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { transactionFromJson } from '../schemas/transaction-codec.js';
import { alertsBetween, bodyMaker, isAlert, type Load, numberOfSubject } from './load.js';

const load: Load = { postsPerSecond: 100, perPost: 10, alertEvery: 25 };

describe('load', () => {
  it('counts the alerts of a range as one would by looking at each number', () => {
    const range = fc.tuple(fc.nat(500), fc.nat(500), fc.integer({ min: 1, max: 60 }));
    fc.assert(
      fc.property(range, ([from, more, alertEvery]) => {
        const one = { ...load, alertEvery };
        const numbers = Array.from({ length: more }, (_, i) => from + i);
        const looked = numbers.filter((n) => isAlert(one, n)).length;
        expect(alertsBetween(one, from, from + more)).toBe(looked);
      }),
    );
  });

  it('makes transactions of the schema, whose alerting payers name their number', () => {
    const body = bodyMaker(load, 'run-1');
    const lines = [0, 10, 20].flatMap((first) => body(first, Date.now()).split('\n'));
    expect(lines).toHaveLength(30);
    const alerting = lines.flatMap((line, number) => {
      const read = transactionFromJson(JSON.parse(line));
      if (!read.ok) throw new Error(`${read.reason} ${read.detail}: ${line}`);
      expect(read.value.id).toBe(`run-1-${number}`);
      const payer = numberOfSubject(read.value.debtor.account);
      return payer === undefined ? [] : [{ number, payer, amount: read.value.amountMinor }];
    });
    expect(alerting).toEqual([{ number: 24, payer: 24, amount: 900_000_000 }]);
  });
});

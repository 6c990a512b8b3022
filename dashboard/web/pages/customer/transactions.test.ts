import { describe, expect, it } from 'vitest';
import type { CustomerTransaction } from '../../../../schemas/history.js';
import { withOlder } from './transactions.js';

const payment = (id: string, side: 'debit' | 'credit' = 'debit'): CustomerTransaction => ({
  id,
  eventMs: 1,
  side,
  account: 'A',
  counterparty: 'B',
  country: 'CN',
  amountBaseMinor: 1,
  amountMinor: 1,
  currency: 'CNY',
  type: 'transfer',
  channel: 'mobile',
  balanceAfterMinor: null,
});

describe('older payments', () => {
  it('come once, though pages overlap; both sides of one between own accounts stay', () => {
    const shown = [payment('3'), payment('2')];
    const more = [payment('2'), payment('2', 'credit'), payment('1')];
    expect(withOlder(shown, more).map((each) => `${each.id} ${each.side}`)).toEqual([
      '3 debit',
      '2 debit',
      '2 credit',
      '1 debit',
    ]);
  });
});

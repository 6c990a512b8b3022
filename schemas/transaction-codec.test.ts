import { describe, expect, it } from 'vitest';
import { transactionJsonSchema } from './json-transaction.js';
import { packCurrency } from './money.js';
import {
  decodeTransaction,
  decodeTransactionBatch,
  encodeTransaction,
  encodeTransactionBatch,
  encodeTransactionInto,
  type TransactionFields,
  transactionFromJson,
  transactionToJson,
} from './transaction-codec.js';
import {
  readAmountMinor,
  readChannel,
  readCurrencyPacked,
  readDebtorBalanceAfterMinor,
  readEventTimeMs,
  readText,
  readType,
  reasonOfFault,
  Text,
  textEnd,
  textStart,
  verifyTransaction,
} from './transaction-reader.js';

const least: TransactionFields = {
  id: 'T-1',
  debtor: { account: 'A' },
  creditor: { account: 'B' },
  currency: 'CNY',
};
const most: TransactionFields = {
  id: '交易-0002',
  eventTimeMs: 1_772_415_000_123,
  debtor: {
    account: '6222020000001234',
    party: 'P-1',
    bank: 'ICBC',
    country: 'CN',
    kind: 'person',
  },
  creditor: { account: 'HK-77', party: 'P-9', bank: '', country: 'HK', kind: 'external' },
  amountMinor: 2 ** 43,
  currency: 'USD',
  channel: 'mobile',
  type: 'investment-redeem',
  purpose: '\ufeffSALA',
  debtorBalanceAfterMinor: -12_345,
  creditorBalanceAfterMinor: Number.MAX_SAFE_INTEGER,
  productRiskClass: 5,
  loanId: 'L-1',
  reversedTransaction: 'T-0',
  recordingReference: 'rec/😀',
};
const json = {
  id: 'T-1',
  eventTime: '2026-03-02T09:10:00+08:00',
  debtor: { account: 'A', kind: 'rural-firm' },
  creditor: { account: 'B', country: 'HK' },
  amount: '1234.56',
  currency: 'CNY',
};

describe('FlatBuffers form', () => {
  it('gives back what was encoded', () => {
    expect(decodeTransaction(encodeTransaction(least))).toStrictEqual(least);
    expect(decodeTransaction(encodeTransaction(most))).toStrictEqual(most);
    const target = new Uint8Array(1_024);
    const end = encodeTransactionInto(most, target, 8);
    expect(target.slice(8, end)).toEqual(encodeTransaction(most));
    expect(encodeTransactionInto(most, target.subarray(0, end - 1), 8)).toBe(-1);
    for (const value of [0, -1, 1, 2 ** 31, -(2 ** 31), 2 ** 32, -(2 ** 32), -(2 ** 53) + 1]) {
      const t = { ...least, debtorBalanceAfterMinor: value };
      expect(decodeTransaction(encodeTransaction(t))).toStrictEqual(t);
    }
  });

  it('reads a message inside a larger slab without objects', () => {
    const bytes = encodeTransaction(most);
    const slab = new Uint8Array(bytes.length + 13).fill(0xff);
    slab.set(bytes, 7);
    expect(verifyTransaction(slab, 7, 7 + bytes.length)).toBeNull();
    expect(readText(slab, Text.id)).toBe(most.id);
    expect(textEnd(Text.debtorAccount) - textStart(Text.debtorAccount)).toBe(16);
    expect(readEventTimeMs(slab)).toBe(most.eventTimeMs);
    expect(readAmountMinor(slab)).toBe(2 ** 43);
    expect(readDebtorBalanceAfterMinor(slab)).toBe(-12_345);
    expect(readCurrencyPacked(slab)).toBe(packCurrency('USD'));
    expect([readChannel(slab), readType(slab)]).toEqual([5, 11]);
    expect(verifyTransaction(slab, 7, 6 + bytes.length)).not.toBeNull();
  });

  it('shows absent fields as absent, also after a message that had them', () => {
    verifyTransaction(encodeTransaction(most));
    const bytes = encodeTransaction(least);
    expect(verifyTransaction(bytes)).toBeNull();
    expect(readAmountMinor(bytes)).toBeNaN();
    expect(readDebtorBalanceAfterMinor(bytes)).toBeNaN();
    expect(readText(bytes, Text.purpose)).toBe('');
    expect([textStart(Text.purpose), textEnd(Text.purpose)]).toEqual([0, 0]);
    expect([readChannel(bytes), readType(bytes)]).toEqual([0, 0]);
  });

  it('carries batches', () => {
    const list = [most, least, { ...most, id: 'T-3' }];
    const bytes = encodeTransactionBatch(list);
    expect(decodeTransactionBatch(bytes)).toStrictEqual({ ok: true, transactions: list });
    const empty = encodeTransactionBatch([]);
    expect(decodeTransactionBatch(empty)).toStrictEqual({ ok: true, transactions: [] });
    expect(decodeTransactionBatch(bytes.subarray(0, 40)).ok).toBe(false);
  });

  it('names the field that is wrong', () => {
    const fault = verifyTransaction(new Uint8Array(4)) as string;
    expect(reasonOfFault(fault)).toBe('bad_structure');
    // A Party has the vtable place of `account` too, but no debtor: read as a Transaction it fails.
    expect(() => decodeTransaction(new Uint8Array(64))).toThrow('decodeTransaction: Transaction');
    const bytes = encodeTransaction({ ...least, channel: 'other' });
    verifyTransaction(bytes);
    const at = bytes.indexOf(9, 4);
    const faults = new Set<string>();
    for (let i = at; i < bytes.length; i++) {
      if (bytes[i] !== 9) continue;
      const changed = bytes.slice();
      changed[i] = 10;
      faults.add(verifyTransaction(changed) ?? '');
    }
    expect([...faults].map(reasonOfFault)).toContain('bad_enum');
  });

  it('refuses to encode what no reader could take back', () => {
    expect(() => encodeTransaction({ ...least, amountMinor: 0.5 })).toThrow('no exact integer');
    const bad = { ...least, channel: 'carrier-pigeon' } as unknown as TransactionFields;
    expect(() => encodeTransaction(bad)).toThrow('carrier-pigeon');
  });
});

describe('JSON form', () => {
  it('becomes fields and comes back', () => {
    const result = transactionFromJson({ ...json, debtorBalanceAfter: '-0.05', type: 'cash-in' });
    expect(result).toStrictEqual({
      ok: true,
      value: {
        id: 'T-1',
        eventTimeMs: Date.parse('2026-03-02T01:10:00Z'),
        debtor: { account: 'A', kind: 'rural-firm' },
        creditor: { account: 'B', country: 'HK' },
        amountMinor: 123456,
        currency: 'CNY',
        type: 'cash-in',
        debtorBalanceAfterMinor: -5,
      },
    });
    const all = { ...most, purpose: 'SALA', creditor: { ...most.creditor, bank: 'HSBC' } };
    const text = transactionToJson(all);
    expect(transactionJsonSchema.parse(text)).toEqual(text);
    expect(text.amount).toBe('87960930222.08');
    expect(transactionFromJson(text)).toStrictEqual({ ok: true, value: all });
  });

  it('scales amounts by the currency', () => {
    const yen = transactionFromJson({ ...json, amount: '500', currency: 'JPY' });
    expect(yen.ok && yen.value.amountMinor).toBe(500);
    const dinar = transactionFromJson({ ...json, amount: '1.234', currency: 'KWD' });
    expect(dinar.ok && dinar.value.amountMinor).toBe(1234);
  });

  it.each([
    [{ amount: '0.00' }, 'bad_amount', 'amount: is 0'],
    [{ amount: '-5' }, 'bad_amount', 'amount: not a decimal'],
    [{ amount: '1.005' }, 'bad_amount', 'amount: not a decimal'],
    [{ amount: 12 }, 'malformed', 'amount: wrong type; give a string'],
    [{ amount: '99999999999999' }, 'amount_too_large', 'amount: too large'],
    [{ amount: undefined }, 'missing_field', 'amount: missing'],
    [{ currency: 'RMB' }, 'unknown_currency', 'currency: not an ISO 4217 code'],
    [{ eventTime: '2026-03-02' }, 'bad_event_time', 'eventTime: not a time'],
    [{ eventTime: true }, 'bad_event_time', 'eventTime: wrong type'],
    [{ eventTime: undefined }, 'missing_field', 'eventTime: missing'],
    [{ id: ' x' }, 'bad_identifier', 'id: not an identifier'],
    [{ debtor: {} }, 'missing_field', 'debtor.account: missing'],
    [{ debtor: undefined }, 'missing_field', 'debtor: missing'],
    [{ debtor: 'A' }, 'malformed', 'debtor: wrong type; give an object'],
    [{ debtor: { account: 'A', acount: '1' } }, 'malformed', 'debtor: unknown key "acount"'],
    [{ creditor: { account: 'a'.repeat(65) } }, 'bad_identifier', 'creditor.account: not an'],
    [{ creditor: { account: 'B', country: 'Hk' } }, 'bad_country', 'creditor.country: not'],
    [{ creditor: { account: 'B', kind: 'alien' } }, 'bad_enum', 'creditor.kind: not a known value'],
    [{ channel: 'cash_in' }, 'bad_enum', 'channel: not a known value; use one of unknown, counter'],
    [{ creditorBalanceAfter: 'lots' }, 'bad_amount', 'creditorBalanceAfter: not a decimal'],
    [{ productRiskClass: 6 }, 'malformed', 'productRiskClass: '],
    [{ productRiskClass: 1.5 }, 'malformed', 'productRiskClass: wrong type; give a whole number'],
    [{ loanId: '' }, 'bad_identifier', 'loanId: not an identifier'],
    [{ note: 'x' }, 'malformed', 'transaction: unknown key "note"'],
  ])('refuses %j as %s', (change, reason, detail) => {
    const result = transactionFromJson({ ...json, ...change });
    if (result.ok) throw new Error('was taken');
    expect(result.reason).toBe(reason);
    expect(result.detail).toContain(detail);
    expect(result.detail).toContain('; ');
    expect(result.detail).not.toContain('\n');
  });

  it('refuses what is no object, and keys that would reach a prototype', () => {
    for (const value of [null, 5, 'x', [], undefined]) {
      expect(transactionFromJson(value)).toMatchObject({ ok: false, reason: 'malformed' });
    }
    const text = JSON.stringify(json).replace('{', '{"__proto__":{"amount":"1"},');
    expect(transactionFromJson(JSON.parse(text))).toMatchObject({ ok: false });
  });
});

// Generated from schemas/transaction.fbs by schemas/codegen/generate.ts. Do not edit.
import {
  followOffset, isExactInt64, readI32, readU16, readU32, slots, VECTOR_ELEMENTS_MAX,
  verifyString,
} from '../codegen/runtime.js';

/** Names of PartyKind by value, in the dashed form of JSON and rules. */
export const PARTY_KIND_NAMES = ['unknown', 'person', 'company', 'government', 'farmer', 'rural-firm', 'rural-cooperative', 'external', 'technical'] as const;
/** Names of Channel by value, in the dashed form of JSON and rules. */
export const CHANNEL_NAMES = ['unknown', 'counter', 'atm', 'pos', 'online', 'mobile', 'phone', 'batch', 'agent', 'other'] as const;
/** Names of TransactionType by value, in the dashed form of JSON and rules. */
export const TRANSACTION_TYPE_NAMES = ['unknown', 'transfer', 'cash-in', 'cash-out', 'card', 'salary', 'interest', 'fee', 'loan-disbursement', 'loan-repayment', 'investment-buy', 'investment-redeem', 'insurance', 'tax', 'refund', 'reversal', 'opening-balance', 'other'] as const;

// Party: slots, and places in the vtable for the encoder.
export const PARTY_ACCOUNT = 0; // string, required
export const PARTY_ACCOUNT_FIELD = 0;
export const PARTY_PARTY = 2; // string
export const PARTY_PARTY_FIELD = 1;
export const PARTY_BANK = 4; // string
export const PARTY_BANK_FIELD = 2;
export const PARTY_COUNTRY = 6; // string
export const PARTY_COUNTRY_FIELD = 3;
export const PARTY_KIND = 8; // PartyKind
export const PARTY_KIND_FIELD = 4;
export const PARTY_SLOTS = 9;
export const PARTY_FIELDS = 5;

// Transaction: slots, and places in the vtable for the encoder.
export const TRANSACTION_ID = 0; // string, required
export const TRANSACTION_ID_FIELD = 0;
export const TRANSACTION_EVENT_TIME_MS = 2; // int64 or absent
export const TRANSACTION_EVENT_TIME_MS_FIELD = 1;
export const TRANSACTION_DEBTOR = 3; // Party, required
export const TRANSACTION_DEBTOR_FIELD = 2;
export const TRANSACTION_CREDITOR = 13; // Party, required
export const TRANSACTION_CREDITOR_FIELD = 3;
export const TRANSACTION_AMOUNT_MINOR = 23; // int64 or absent
export const TRANSACTION_AMOUNT_MINOR_FIELD = 4;
export const TRANSACTION_CURRENCY = 24; // string, required
export const TRANSACTION_CURRENCY_FIELD = 5;
export const TRANSACTION_CHANNEL = 26; // Channel
export const TRANSACTION_CHANNEL_FIELD = 6;
export const TRANSACTION_TYPE = 27; // TransactionType
export const TRANSACTION_TYPE_FIELD = 7;
export const TRANSACTION_PURPOSE = 28; // string
export const TRANSACTION_PURPOSE_FIELD = 8;
export const TRANSACTION_DEBTOR_BALANCE_AFTER_MINOR = 30; // int64 or absent
export const TRANSACTION_DEBTOR_BALANCE_AFTER_MINOR_FIELD = 9;
export const TRANSACTION_CREDITOR_BALANCE_AFTER_MINOR = 31; // int64 or absent
export const TRANSACTION_CREDITOR_BALANCE_AFTER_MINOR_FIELD = 10;
export const TRANSACTION_PRODUCT_RISK_CLASS = 32; // ubyte
export const TRANSACTION_PRODUCT_RISK_CLASS_FIELD = 11;
export const TRANSACTION_LOAN_ID = 33; // string
export const TRANSACTION_LOAN_ID_FIELD = 12;
export const TRANSACTION_REVERSED_TRANSACTION = 35; // string
export const TRANSACTION_REVERSED_TRANSACTION_FIELD = 13;
export const TRANSACTION_RECORDING_REFERENCE = 37; // string
export const TRANSACTION_RECORDING_REFERENCE_FIELD = 14;
export const TRANSACTION_SLOTS = 39;
export const TRANSACTION_FIELDS = 15;

// TransactionBatch: slots, and places in the vtable for the encoder.
export const TRANSACTION_BATCH_TRANSACTIONS = 0; // [Transaction], required
export const TRANSACTION_BATCH_TRANSACTIONS_FIELD = 0;
export const TRANSACTION_BATCH_SLOTS = 2;
export const TRANSACTION_BATCH_FIELDS = 1;

function verifyPartyAt(
  b: Uint8Array,
  start: number,
  end: number,
  t: number,
  base: number,
): string | null {
  const vt = t - readI32(b, t);
  if (vt < start || ((vt - start) & 1) !== 0 || vt + 4 > end) {
    return 'Party: vtable outside';
  }
  const vtSize = readU16(b, vt);
  const size = readU16(b, vt + 2);
  if (vtSize < 4 || (vtSize & 1) !== 0 || vt + vtSize > end) {
    return 'Party: vtable size';
  }
  if (size < 4 || t + size > end) return 'Party: table size';
  let at = 0;
  let what: string | null = null;
  at = vtSize > 4 ? readU16(b, vt + 4) : 0;
  if (at === 0) return 'Party.account: required, absent';
  {
    if (at < 4 || at + 4 > size || ((t + at - start) & 3) !== 0) {
      return 'Party.account: outside its table or not aligned';
    }
    what = verifyString(b, start, end, t + at, base);
    if (what !== null) return `Party.account: ${what}`;
  }
  at = vtSize > 6 ? readU16(b, vt + 6) : 0;
  if (at === 0) slots[base + 2 + 1] = slots[base + 2] = 0;
  else {
    if (at < 4 || at + 4 > size || ((t + at - start) & 3) !== 0) {
      return 'Party.party: outside its table or not aligned';
    }
    what = verifyString(b, start, end, t + at, base + 2);
    if (what !== null) return `Party.party: ${what}`;
  }
  at = vtSize > 8 ? readU16(b, vt + 8) : 0;
  if (at === 0) slots[base + 4 + 1] = slots[base + 4] = 0;
  else {
    if (at < 4 || at + 4 > size || ((t + at - start) & 3) !== 0) {
      return 'Party.bank: outside its table or not aligned';
    }
    what = verifyString(b, start, end, t + at, base + 4);
    if (what !== null) return `Party.bank: ${what}`;
  }
  at = vtSize > 10 ? readU16(b, vt + 10) : 0;
  if (at === 0) slots[base + 6 + 1] = slots[base + 6] = 0;
  else {
    if (at < 4 || at + 4 > size || ((t + at - start) & 3) !== 0) {
      return 'Party.country: outside its table or not aligned';
    }
    what = verifyString(b, start, end, t + at, base + 6);
    if (what !== null) return `Party.country: ${what}`;
  }
  at = vtSize > 12 ? readU16(b, vt + 12) : 0;
  if (at === 0) slots[base + 8] = 0;
  else {
    if (at < 4 || at + 1 > size) {
      return 'Party.kind: outside its table or not aligned';
    }
    if (b[t + at] > 8) return 'Party.kind: unknown enum value';
    slots[base + 8] = t + at;
  }
  return null;
}

function verifyTransactionAt(
  b: Uint8Array,
  start: number,
  end: number,
  t: number,
  base: number,
): string | null {
  const vt = t - readI32(b, t);
  if (vt < start || ((vt - start) & 1) !== 0 || vt + 4 > end) {
    return 'Transaction: vtable outside';
  }
  const vtSize = readU16(b, vt);
  const size = readU16(b, vt + 2);
  if (vtSize < 4 || (vtSize & 1) !== 0 || vt + vtSize > end) {
    return 'Transaction: vtable size';
  }
  if (size < 4 || t + size > end) return 'Transaction: table size';
  let at = 0;
  let what: string | null = null;
  at = vtSize > 4 ? readU16(b, vt + 4) : 0;
  if (at === 0) return 'Transaction.id: required, absent';
  {
    if (at < 4 || at + 4 > size || ((t + at - start) & 3) !== 0) {
      return 'Transaction.id: outside its table or not aligned';
    }
    what = verifyString(b, start, end, t + at, base);
    if (what !== null) return `Transaction.id: ${what}`;
  }
  at = vtSize > 6 ? readU16(b, vt + 6) : 0;
  if (at === 0) slots[base + 2] = 0;
  else {
    if (at < 4 || at + 8 > size || ((t + at - start) & 7) !== 0) {
      return 'Transaction.event_time_ms: outside its table or not aligned';
    }
    if (!isExactInt64(b, t + at)) return 'Transaction.event_time_ms: beyond 2^53';
    slots[base + 2] = t + at;
  }
  at = vtSize > 8 ? readU16(b, vt + 8) : 0;
  if (at === 0) return 'Transaction.debtor: required, absent';
  {
    if (at < 4 || at + 4 > size || ((t + at - start) & 3) !== 0) {
      return 'Transaction.debtor: outside its table or not aligned';
    }
    at = followOffset(b, start, end, t + at);
    if (at < 0) return 'Transaction.debtor: offset leads outside the message or is not aligned';
    slots[base + 3] = at;
    what = verifyPartyAt(b, start, end, at, base + 4);
    if (what !== null) return `Transaction.debtor: ${what}`;
  }
  at = vtSize > 10 ? readU16(b, vt + 10) : 0;
  if (at === 0) return 'Transaction.creditor: required, absent';
  {
    if (at < 4 || at + 4 > size || ((t + at - start) & 3) !== 0) {
      return 'Transaction.creditor: outside its table or not aligned';
    }
    at = followOffset(b, start, end, t + at);
    if (at < 0) return 'Transaction.creditor: offset leads outside the message or is not aligned';
    slots[base + 13] = at;
    what = verifyPartyAt(b, start, end, at, base + 14);
    if (what !== null) return `Transaction.creditor: ${what}`;
  }
  at = vtSize > 12 ? readU16(b, vt + 12) : 0;
  if (at === 0) slots[base + 23] = 0;
  else {
    if (at < 4 || at + 8 > size || ((t + at - start) & 7) !== 0) {
      return 'Transaction.amount_minor: outside its table or not aligned';
    }
    if (!isExactInt64(b, t + at)) return 'Transaction.amount_minor: beyond 2^53';
    slots[base + 23] = t + at;
  }
  at = vtSize > 14 ? readU16(b, vt + 14) : 0;
  if (at === 0) return 'Transaction.currency: required, absent';
  {
    if (at < 4 || at + 4 > size || ((t + at - start) & 3) !== 0) {
      return 'Transaction.currency: outside its table or not aligned';
    }
    what = verifyString(b, start, end, t + at, base + 24);
    if (what !== null) return `Transaction.currency: ${what}`;
  }
  at = vtSize > 16 ? readU16(b, vt + 16) : 0;
  if (at === 0) slots[base + 26] = 0;
  else {
    if (at < 4 || at + 1 > size) {
      return 'Transaction.channel: outside its table or not aligned';
    }
    if (b[t + at] > 9) return 'Transaction.channel: unknown enum value';
    slots[base + 26] = t + at;
  }
  at = vtSize > 18 ? readU16(b, vt + 18) : 0;
  if (at === 0) slots[base + 27] = 0;
  else {
    if (at < 4 || at + 1 > size) {
      return 'Transaction.type: outside its table or not aligned';
    }
    if (b[t + at] > 17) return 'Transaction.type: unknown enum value';
    slots[base + 27] = t + at;
  }
  at = vtSize > 20 ? readU16(b, vt + 20) : 0;
  if (at === 0) slots[base + 28 + 1] = slots[base + 28] = 0;
  else {
    if (at < 4 || at + 4 > size || ((t + at - start) & 3) !== 0) {
      return 'Transaction.purpose: outside its table or not aligned';
    }
    what = verifyString(b, start, end, t + at, base + 28);
    if (what !== null) return `Transaction.purpose: ${what}`;
  }
  at = vtSize > 22 ? readU16(b, vt + 22) : 0;
  if (at === 0) slots[base + 30] = 0;
  else {
    if (at < 4 || at + 8 > size || ((t + at - start) & 7) !== 0) {
      return 'Transaction.debtor_balance_after_minor: outside its table or not aligned';
    }
    if (!isExactInt64(b, t + at)) return 'Transaction.debtor_balance_after_minor: beyond 2^53';
    slots[base + 30] = t + at;
  }
  at = vtSize > 24 ? readU16(b, vt + 24) : 0;
  if (at === 0) slots[base + 31] = 0;
  else {
    if (at < 4 || at + 8 > size || ((t + at - start) & 7) !== 0) {
      return 'Transaction.creditor_balance_after_minor: outside its table or not aligned';
    }
    if (!isExactInt64(b, t + at)) return 'Transaction.creditor_balance_after_minor: beyond 2^53';
    slots[base + 31] = t + at;
  }
  at = vtSize > 26 ? readU16(b, vt + 26) : 0;
  if (at === 0) slots[base + 32] = 0;
  else {
    if (at < 4 || at + 1 > size) {
      return 'Transaction.product_risk_class: outside its table or not aligned';
    }
    slots[base + 32] = t + at;
  }
  at = vtSize > 28 ? readU16(b, vt + 28) : 0;
  if (at === 0) slots[base + 33 + 1] = slots[base + 33] = 0;
  else {
    if (at < 4 || at + 4 > size || ((t + at - start) & 3) !== 0) {
      return 'Transaction.loan_id: outside its table or not aligned';
    }
    what = verifyString(b, start, end, t + at, base + 33);
    if (what !== null) return `Transaction.loan_id: ${what}`;
  }
  at = vtSize > 30 ? readU16(b, vt + 30) : 0;
  if (at === 0) slots[base + 35 + 1] = slots[base + 35] = 0;
  else {
    if (at < 4 || at + 4 > size || ((t + at - start) & 3) !== 0) {
      return 'Transaction.reversed_transaction: outside its table or not aligned';
    }
    what = verifyString(b, start, end, t + at, base + 35);
    if (what !== null) return `Transaction.reversed_transaction: ${what}`;
  }
  at = vtSize > 32 ? readU16(b, vt + 32) : 0;
  if (at === 0) slots[base + 37 + 1] = slots[base + 37] = 0;
  else {
    if (at < 4 || at + 4 > size || ((t + at - start) & 3) !== 0) {
      return 'Transaction.recording_reference: outside its table or not aligned';
    }
    what = verifyString(b, start, end, t + at, base + 37);
    if (what !== null) return `Transaction.recording_reference: ${what}`;
  }
  return null;
}

function verifyTransactionBatchAt(
  b: Uint8Array,
  start: number,
  end: number,
  t: number,
  base: number,
): string | null {
  const vt = t - readI32(b, t);
  if (vt < start || ((vt - start) & 1) !== 0 || vt + 4 > end) {
    return 'TransactionBatch: vtable outside';
  }
  const vtSize = readU16(b, vt);
  const size = readU16(b, vt + 2);
  if (vtSize < 4 || (vtSize & 1) !== 0 || vt + vtSize > end) {
    return 'TransactionBatch: vtable size';
  }
  if (size < 4 || t + size > end) return 'TransactionBatch: table size';
  let at = 0;
  let what: string | null = null;
  at = vtSize > 4 ? readU16(b, vt + 4) : 0;
  if (at === 0) return 'TransactionBatch.transactions: required, absent';
  {
    if (at < 4 || at + 4 > size || ((t + at - start) & 3) !== 0) {
      return 'TransactionBatch.transactions: outside its table or not aligned';
    }
    at = followOffset(b, start, end, t + at);
    if (at < 0) return 'TransactionBatch.transactions: offset leads outside the message or is not aligned';
    const count = readU32(b, at);
    if (count > VECTOR_ELEMENTS_MAX) return 'TransactionBatch.transactions: too many elements';
    if (at + 4 + count * 4 > end) return 'TransactionBatch.transactions: elements lie outside the message';
    slots[base] = at + 4;
    slots[base + 1] = count;
    for (let i = 0; i < count; i++) {
      const item = followOffset(b, start, end, at + 4 + i * 4);
      if (item < 0) return `TransactionBatch.transactions[${i}]: offset leads outside the message or is not aligned`;
      what = verifyTransactionAt(b, start, end, item, base - 39);
      if (what !== null) return `TransactionBatch.transactions[${i}]: ${what}`;
    }
  }
  return null;
}

/**
 * Checks that bytes[start, end) are a whole Transaction and notes its fields in `slots`.
 * Returns null, or what is wrong ("Table.field: what"). Never throws, never reads outside.
 */
export function verifyTransaction(
  b: Uint8Array,
  start = 0,
  end = b.length,
): string | null {
  if (!(start >= 0 && end <= b.length && end - start >= 8)) {
    return 'Transaction: too short';
  }
  const t = followOffset(b, start, end, start);
  if (t < 0) return 'Transaction: root lies outside the message or is not aligned';
  return verifyTransactionAt(b, start, end, t, 0);
}

/**
 * Checks that bytes[start, end) are a whole TransactionBatch and notes its fields in `slots`.
 * Returns null, or what is wrong ("Table.field: what"). Never throws, never reads outside.
 */
export function verifyTransactionBatch(
  b: Uint8Array,
  start = 0,
  end = b.length,
): string | null {
  if (!(start >= 0 && end <= b.length && end - start >= 8)) {
    return 'TransactionBatch: too short';
  }
  const t = followOffset(b, start, end, start);
  if (t < 0) return 'TransactionBatch: root lies outside the message or is not aligned';
  return verifyTransactionBatchAt(b, start, end, t, TRANSACTION_SLOTS);
}

/** Elements of the TransactionBatch verified last. */
export function countTransactionBatch(): number {
  return slots[TRANSACTION_SLOTS + TRANSACTION_BATCH_TRANSACTIONS + 1];
}

/** Notes the fields of element `index` of the TransactionBatch verified last in `slots`. */
export function openTransactionBatchItem(
  b: Uint8Array,
  start: number,
  end: number,
  index: number,
): string | null {
  const at = slots[TRANSACTION_SLOTS + TRANSACTION_BATCH_TRANSACTIONS] + index * 4;
  return verifyTransactionAt(b, start, end, at + readU32(b, at), 0);
}

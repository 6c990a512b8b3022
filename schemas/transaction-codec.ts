/**
 * A transaction as an object, and its way to and from FlatBuffers bytes and JSON. For the edges
 * and cold paths: the hot path reads bytes (transaction-reader.ts). Its one trick: int64 fields
 * are written as two 32-bit words, so that no BigInt is made.
 */
import { Builder } from 'flatbuffers';
import { STRING_BYTES_MAX, slots } from './codegen/runtime.js';
import {
  CHANNEL_NAMES,
  countTransactionBatch,
  openTransactionBatchItem,
  PARTY_ACCOUNT_FIELD,
  PARTY_BANK_FIELD,
  PARTY_COUNTRY_FIELD,
  PARTY_FIELDS,
  PARTY_KIND_FIELD,
  PARTY_KIND_NAMES,
  PARTY_PARTY_FIELD,
  TRANSACTION_AMOUNT_MINOR_FIELD,
  TRANSACTION_BATCH_FIELDS,
  TRANSACTION_BATCH_TRANSACTIONS_FIELD,
  TRANSACTION_CHANNEL_FIELD,
  TRANSACTION_CREDITOR_BALANCE_AFTER_MINOR_FIELD,
  TRANSACTION_CREDITOR_FIELD,
  TRANSACTION_CURRENCY_FIELD,
  TRANSACTION_DEBTOR_BALANCE_AFTER_MINOR_FIELD,
  TRANSACTION_DEBTOR_FIELD,
  TRANSACTION_EVENT_TIME_MS_FIELD,
  TRANSACTION_FIELDS,
  TRANSACTION_ID_FIELD,
  TRANSACTION_LOAN_ID_FIELD,
  TRANSACTION_PRODUCT_RISK_CLASS_FIELD,
  TRANSACTION_PURPOSE_FIELD,
  TRANSACTION_RECORDING_REFERENCE_FIELD,
  TRANSACTION_REVERSED_TRANSACTION_FIELD,
  TRANSACTION_TYPE_FIELD,
  TRANSACTION_TYPE_NAMES,
  verifyTransaction,
  verifyTransactionBatch,
} from './generated/transaction.js';
import type { DeadLetterReason } from './reasons.js';
import {
  readAmountMinor,
  readChannel,
  readCreditorBalanceAfterMinor,
  readCreditorKind,
  readDebtorBalanceAfterMinor,
  readDebtorKind,
  readEventTimeMs,
  readProductRiskClass,
  readText,
  readType,
  reasonOfFault,
  Text,
} from './transaction-reader.js';

export { transactionFromJson, transactionToJson } from './transaction-json.js';

export type PartyKind = (typeof PARTY_KIND_NAMES)[number];
export type Channel = (typeof CHANNEL_NAMES)[number];
export type TransactionType = (typeof TRANSACTION_TYPE_NAMES)[number];

/** Absent = not said; `unknown` and 0 are never given, they are absent. */
export interface PartyFields {
  account: string;
  party?: string;
  bank?: string;
  country?: string;
  kind?: PartyKind;
}

/** Every field of transaction.fbs. Absent = not said (a missing amount is not 0). */
export interface TransactionFields {
  id: string;
  eventTimeMs?: number;
  debtor: PartyFields;
  creditor: PartyFields;
  amountMinor?: number;
  currency: string;
  channel?: Channel;
  type?: TransactionType;
  purpose?: string;
  debtorBalanceAfterMinor?: number;
  creditorBalanceAfterMinor?: number;
  productRiskClass?: number;
  loanId?: string;
  reversedTransaction?: string;
  recordingReference?: string;
}

// One builder for all: encoding is synchronous, and each result is copied out.
const builder = new Builder(1024);
const encoder = new TextEncoder();
const textBytes = new Uint8Array(STRING_BYTES_MAX);

/** FlatBuffers bytes of one Transaction, in an array of their own. */
export function encodeTransaction(t: TransactionFields): Uint8Array {
  builder.clear();
  builder.finish(writeTransaction(t));
  return builder.asUint8Array().slice();
}

/**
 * The same into an array that is there: returns where the bytes end, or -1 when they do not fit.
 * For whoever makes many: an array for each costs more than the encoding.
 */
export function encodeTransactionInto(
  t: TransactionFields,
  target: Uint8Array,
  at: number,
): number {
  builder.clear();
  builder.finish(writeTransaction(t));
  const bytes = builder.asUint8Array();
  const end = at + bytes.length;
  if (end > target.length) return -1;
  target.set(bytes, at);
  return end;
}

/** FlatBuffers bytes of a TransactionBatch. */
export function encodeTransactionBatch(transactions: readonly TransactionFields[]): Uint8Array {
  builder.clear();
  const offsets = transactions.map(writeTransaction);
  builder.startVector(4, offsets.length, 4);
  for (const offset of offsets.reverse()) builder.addOffset(offset);
  const vector = builder.endVector();
  builder.startObject(TRANSACTION_BATCH_FIELDS);
  builder.addFieldOffset(TRANSACTION_BATCH_TRANSACTIONS_FIELD, vector, 0);
  builder.finish(builder.endObject());
  return builder.asUint8Array().slice();
}

function writeText(text: string | undefined): number {
  if (text === undefined) return 0;
  // Most texts are short and ASCII: a loop costs less than a call of the encoder.
  const { length } = text;
  if (length <= STRING_BYTES_MAX) {
    let i = 0;
    for (let code = 0; i < length && (code = text.charCodeAt(i)) < 128; i++) textBytes[i] = code;
    if (i === length) return builder.createString(textBytes.subarray(0, length));
  }
  const { read, written } = encoder.encodeInto(text, textBytes);
  // Longer than the scratch bytes: the builder encodes it itself, at the cost of an array.
  if (read !== text.length) return builder.createString(text);
  return builder.createString(textBytes.subarray(0, written));
}

function writeEnum(field: number, names: readonly string[], name: string | undefined): void {
  if (name === undefined) return;
  const value = names.indexOf(name);
  if (value < 0) throw new TypeError(`encodeTransaction: ${name} is not one of ${names.join(' ')}`);
  builder.addFieldInt8(field, value, 0);
}

function writeInt64(field: number, value: number | undefined): void {
  if (value === undefined) return;
  if (!Number.isSafeInteger(value)) {
    throw new TypeError(`encodeTransaction: ${value} is no exact integer`);
  }
  builder.prep(8, 0);
  builder.writeInt32(Math.floor(value / 0x100000000)); // written from the end: high word first
  builder.writeInt32(value | 0);
  builder.slot(field);
}

function writeParty(party: PartyFields): number {
  const account = writeText(party.account);
  const id = writeText(party.party);
  const bank = writeText(party.bank);
  const country = writeText(party.country);
  builder.startObject(PARTY_FIELDS);
  builder.addFieldOffset(PARTY_ACCOUNT_FIELD, account, 0);
  builder.addFieldOffset(PARTY_PARTY_FIELD, id, 0);
  builder.addFieldOffset(PARTY_BANK_FIELD, bank, 0);
  builder.addFieldOffset(PARTY_COUNTRY_FIELD, country, 0);
  writeEnum(PARTY_KIND_FIELD, PARTY_KIND_NAMES, party.kind);
  return builder.endObject();
}

function writeTransaction(t: TransactionFields): number {
  const id = writeText(t.id);
  const debtor = writeParty(t.debtor);
  const creditor = writeParty(t.creditor);
  const currency = writeText(t.currency);
  const purpose = writeText(t.purpose);
  const loanId = writeText(t.loanId);
  const reversed = writeText(t.reversedTransaction);
  const recording = writeText(t.recordingReference);
  builder.startObject(TRANSACTION_FIELDS);
  // The widest first, so that no padding stands between them.
  writeInt64(TRANSACTION_EVENT_TIME_MS_FIELD, t.eventTimeMs);
  writeInt64(TRANSACTION_AMOUNT_MINOR_FIELD, t.amountMinor);
  writeInt64(TRANSACTION_DEBTOR_BALANCE_AFTER_MINOR_FIELD, t.debtorBalanceAfterMinor);
  writeInt64(TRANSACTION_CREDITOR_BALANCE_AFTER_MINOR_FIELD, t.creditorBalanceAfterMinor);
  builder.addFieldOffset(TRANSACTION_ID_FIELD, id, 0);
  builder.addFieldOffset(TRANSACTION_DEBTOR_FIELD, debtor, 0);
  builder.addFieldOffset(TRANSACTION_CREDITOR_FIELD, creditor, 0);
  builder.addFieldOffset(TRANSACTION_CURRENCY_FIELD, currency, 0);
  builder.addFieldOffset(TRANSACTION_PURPOSE_FIELD, purpose, 0);
  builder.addFieldOffset(TRANSACTION_LOAN_ID_FIELD, loanId, 0);
  builder.addFieldOffset(TRANSACTION_REVERSED_TRANSACTION_FIELD, reversed, 0);
  builder.addFieldOffset(TRANSACTION_RECORDING_REFERENCE_FIELD, recording, 0);
  writeEnum(TRANSACTION_CHANNEL_FIELD, CHANNEL_NAMES, t.channel);
  writeEnum(TRANSACTION_TYPE_FIELD, TRANSACTION_TYPE_NAMES, t.type);
  builder.addFieldInt8(TRANSACTION_PRODUCT_RISK_CLASS_FIELD, t.productRiskClass ?? 0, 0);
  return builder.endObject();
}

/** Fields of one Transaction. Throws on bytes that do not verify: verify foreign bytes first. */
export function decodeTransaction(
  bytes: Uint8Array,
  start = 0,
  end = bytes.length,
): TransactionFields {
  const fault = verifyTransaction(bytes, start, end);
  if (fault !== null) throw new Error(`decodeTransaction: ${fault}`);
  return fieldsOfSlots(bytes);
}

function fieldsOfSlots(bytes: Uint8Array): TransactionFields {
  const t: TransactionFields = {
    id: readText(bytes, Text.id),
    debtor: partyOfSlots(bytes, 'debtor', readDebtorKind(bytes)),
    creditor: partyOfSlots(bytes, 'creditor', readCreditorKind(bytes)),
    currency: readText(bytes, Text.currency),
  };
  const eventTimeMs = readEventTimeMs(bytes);
  const amountMinor = readAmountMinor(bytes);
  const debtorBalanceAfterMinor = readDebtorBalanceAfterMinor(bytes);
  const creditorBalanceAfterMinor = readCreditorBalanceAfterMinor(bytes);
  if (!Number.isNaN(eventTimeMs)) t.eventTimeMs = eventTimeMs;
  if (!Number.isNaN(amountMinor)) t.amountMinor = amountMinor;
  const channel = readChannel(bytes);
  const type = readType(bytes);
  if (channel > 0) t.channel = CHANNEL_NAMES[channel] as Channel;
  if (type > 0) t.type = TRANSACTION_TYPE_NAMES[type] as TransactionType;
  if (isPresent(Text.purpose)) t.purpose = readText(bytes, Text.purpose);
  if (!Number.isNaN(debtorBalanceAfterMinor)) t.debtorBalanceAfterMinor = debtorBalanceAfterMinor;
  if (!Number.isNaN(creditorBalanceAfterMinor)) {
    t.creditorBalanceAfterMinor = creditorBalanceAfterMinor;
  }
  const productRiskClass = readProductRiskClass(bytes);
  if (productRiskClass > 0) t.productRiskClass = productRiskClass;
  if (isPresent(Text.loanId)) t.loanId = readText(bytes, Text.loanId);
  if (isPresent(Text.reversedTransaction)) {
    t.reversedTransaction = readText(bytes, Text.reversedTransaction);
  }
  if (isPresent(Text.recordingReference)) {
    t.recordingReference = readText(bytes, Text.recordingReference);
  }
  return t;
}

function isPresent(text: Text): boolean {
  return slots[text] !== 0;
}

function partyOfSlots(bytes: Uint8Array, side: 'debtor' | 'creditor', kind: number): PartyFields {
  const fields: PartyFields = { account: readText(bytes, Text[`${side}Account`]) };
  if (isPresent(Text[`${side}Party`])) fields.party = readText(bytes, Text[`${side}Party`]);
  if (isPresent(Text[`${side}Bank`])) fields.bank = readText(bytes, Text[`${side}Bank`]);
  if (isPresent(Text[`${side}Country`])) fields.country = readText(bytes, Text[`${side}Country`]);
  if (kind > 0) fields.kind = PARTY_KIND_NAMES[kind] as PartyKind;
  return fields;
}

export type BatchResult =
  | { ok: true; transactions: TransactionFields[] }
  | { ok: false; reason: DeadLetterReason; detail: string };

/** Transactions of a TransactionBatch; one bad element refuses the whole batch. */
export function decodeTransactionBatch(bytes: Uint8Array): BatchResult {
  const fault = verifyTransactionBatch(bytes);
  if (fault !== null) return { ok: false, reason: reasonOfFault(fault), detail: fault };
  const count = countTransactionBatch();
  const transactions: TransactionFields[] = [];
  for (let i = 0; i < count; i++) {
    openTransactionBatchItem(bytes, 0, bytes.length, i);
    transactions.push(fieldsOfSlots(bytes));
  }
  return { ok: true, transactions };
}

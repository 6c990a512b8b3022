/**
 * Reads a transaction without making objects, for the hot path: `verifyTransaction` checks a
 * message and notes where its fields stand, then the functions here read them. They speak of the
 * message verified last; `bytes` must be the array that was verified (a range of a slab is fine).
 */
import { slotInt64, slots, slotUbyte } from './codegen/runtime.js';
import {
  PARTY_ACCOUNT,
  PARTY_BANK,
  PARTY_COUNTRY,
  PARTY_KIND,
  PARTY_PARTY,
  TRANSACTION_AMOUNT_MINOR,
  TRANSACTION_CHANNEL,
  TRANSACTION_CREDITOR,
  TRANSACTION_CREDITOR_BALANCE_AFTER_MINOR,
  TRANSACTION_CURRENCY,
  TRANSACTION_DEBTOR,
  TRANSACTION_DEBTOR_BALANCE_AFTER_MINOR,
  TRANSACTION_EVENT_TIME_MS,
  TRANSACTION_ID,
  TRANSACTION_LOAN_ID,
  TRANSACTION_PRODUCT_RISK_CLASS,
  TRANSACTION_PURPOSE,
  TRANSACTION_RECORDING_REFERENCE,
  TRANSACTION_REVERSED_TRANSACTION,
  TRANSACTION_TYPE,
} from './generated/transaction.js';
import { packCurrencyBytes } from './money.js';
import type { DeadLetterReason } from './reasons.js';

export { verifyTransaction } from './generated/transaction.js';

const DEBTOR = TRANSACTION_DEBTOR + 1;
const CREDITOR = TRANSACTION_CREDITOR + 1;

/** The texts of a transaction, for `textStart`, `textEnd` and `readText`. */
export const Text = {
  id: TRANSACTION_ID,
  debtorAccount: DEBTOR + PARTY_ACCOUNT,
  debtorParty: DEBTOR + PARTY_PARTY,
  debtorBank: DEBTOR + PARTY_BANK,
  debtorCountry: DEBTOR + PARTY_COUNTRY,
  creditorAccount: CREDITOR + PARTY_ACCOUNT,
  creditorParty: CREDITOR + PARTY_PARTY,
  creditorBank: CREDITOR + PARTY_BANK,
  creditorCountry: CREDITOR + PARTY_COUNTRY,
  currency: TRANSACTION_CURRENCY,
  purpose: TRANSACTION_PURPOSE,
  loanId: TRANSACTION_LOAN_ID,
  reversedTransaction: TRANSACTION_REVERSED_TRANSACTION,
  recordingReference: TRANSACTION_RECORDING_REFERENCE,
} as const;
export type Text = (typeof Text)[keyof typeof Text];

/** First byte of a text; 0 when it is absent. */
export function textStart(text: Text): number {
  return slots[text];
}

/** Byte behind a text; 0 when it is absent. */
export function textEnd(text: Text): number {
  return slots[text + 1];
}

// ignoreBOM keeps a leading U+FEFF, which the default decoder would swallow.
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** The text as a string ('' when absent). Makes a string: where bytes will do, compare bytes. */
export function readText(bytes: Uint8Array, text: Text): string {
  const start = slots[text];
  return start === 0 ? '' : decoder.decode(bytes.subarray(start, slots[text + 1]));
}

/** NaN when absent. */
export function readEventTimeMs(bytes: Uint8Array): number {
  return slotInt64(bytes, TRANSACTION_EVENT_TIME_MS);
}

/** NaN when absent. */
export function readAmountMinor(bytes: Uint8Array): number {
  return slotInt64(bytes, TRANSACTION_AMOUNT_MINOR);
}

/** In minor units of the transaction's currency; NaN when absent. */
export function readDebtorBalanceAfterMinor(bytes: Uint8Array): number {
  return slotInt64(bytes, TRANSACTION_DEBTOR_BALANCE_AFTER_MINOR);
}

/** In minor units of the transaction's currency; NaN when absent. */
export function readCreditorBalanceAfterMinor(bytes: Uint8Array): number {
  return slotInt64(bytes, TRANSACTION_CREDITOR_BALANCE_AFTER_MINOR);
}

/** schemas/money.ts; 0 when it is not three capital letters. */
export function readCurrencyPacked(bytes: Uint8Array): number {
  return packCurrencyBytes(bytes, slots[Text.currency], slots[Text.currency + 1]);
}

/** Index into CHANNELS. */
export function readChannel(bytes: Uint8Array): number {
  return slotUbyte(bytes, TRANSACTION_CHANNEL);
}

/** Index into TRANSACTION_TYPES. */
export function readType(bytes: Uint8Array): number {
  return slotUbyte(bytes, TRANSACTION_TYPE);
}

/** Index into PARTY_KINDS. */
export function readDebtorKind(bytes: Uint8Array): number {
  return slotUbyte(bytes, DEBTOR + PARTY_KIND);
}

/** Index into PARTY_KINDS. */
export function readCreditorKind(bytes: Uint8Array): number {
  return slotUbyte(bytes, CREDITOR + PARTY_KIND);
}

/** 0 = none. */
export function readProductRiskClass(bytes: Uint8Array): number {
  return slotUbyte(bytes, TRANSACTION_PRODUCT_RISK_CLASS);
}

/** Reason code for what `verifyTransaction` said. */
export function reasonOfFault(fault: string): DeadLetterReason {
  if (fault.endsWith('required, absent')) return 'missing_field';
  return fault.endsWith('unknown enum value') ? 'bad_enum' : 'bad_structure';
}

/**
 * Hash of what a transaction says, to tell a repeated id from a conflicting one. It covers the
 * fields, not the bytes of the message, so the same transaction encoded by another library is
 * still the same; 64 bits are enough, because it only ever compares two messages of one id.
 */
import { slotInt64, slots, slotUbyte } from '../../schemas/codegen/runtime.js';
import {
  PARTY_ACCOUNT,
  PARTY_BANK,
  PARTY_COUNTRY,
  PARTY_KIND,
  PARTY_PARTY,
  TRANSACTION_AMOUNT_MINOR,
  TRANSACTION_CHANNEL,
  TRANSACTION_CREDITOR_BALANCE_AFTER_MINOR,
  TRANSACTION_CURRENCY,
  TRANSACTION_DEBTOR_BALANCE_AFTER_MINOR,
  TRANSACTION_EVENT_TIME_MS,
  TRANSACTION_LOAN_ID,
  TRANSACTION_PRODUCT_RISK_CLASS,
  TRANSACTION_PURPOSE,
  TRANSACTION_RECORDING_REFERENCE,
  TRANSACTION_REVERSED_TRANSACTION,
  TRANSACTION_TYPE,
} from '../../schemas/generated/transaction.js';
import { CREDITOR_SLOTS, DEBTOR_SLOTS } from './meaning.js';

const TEXT_SLOTS = [
  DEBTOR_SLOTS + PARTY_ACCOUNT,
  CREDITOR_SLOTS + PARTY_ACCOUNT,
  DEBTOR_SLOTS + PARTY_PARTY,
  CREDITOR_SLOTS + PARTY_PARTY,
  DEBTOR_SLOTS + PARTY_BANK,
  CREDITOR_SLOTS + PARTY_BANK,
  DEBTOR_SLOTS + PARTY_COUNTRY,
  CREDITOR_SLOTS + PARTY_COUNTRY,
  TRANSACTION_CURRENCY,
  TRANSACTION_PURPOSE,
  TRANSACTION_LOAN_ID,
  TRANSACTION_REVERSED_TRANSACTION,
  TRANSACTION_RECORDING_REFERENCE,
] as const;
const NUMBER_SLOTS = [
  TRANSACTION_EVENT_TIME_MS,
  TRANSACTION_AMOUNT_MINOR,
  TRANSACTION_DEBTOR_BALANCE_AFTER_MINOR,
  TRANSACTION_CREDITOR_BALANCE_AFTER_MINOR,
] as const;
const BYTE_SLOTS = [
  TRANSACTION_TYPE,
  TRANSACTION_CHANNEL,
  TRANSACTION_PRODUCT_RISK_CLASS,
  DEBTOR_SLOTS + PARTY_KIND,
  CREDITOR_SLOTS + PARTY_KIND,
] as const;

/** Result of the last `hashContent`: two words. */
export const contentWords = new Int32Array(2);

/** Of the message verified last. */
export function hashContent(b: Uint8Array): void {
  let low = 0x2545f491;
  let high = 0x9e3779b9 | 0;
  for (let i = 0; i < TEXT_SLOTS.length; i++) {
    const start = slots[TEXT_SLOTS[i]];
    const end = start === 0 ? 0 : slots[TEXT_SLOTS[i] + 1];
    // FNV-1a over the bytes, folded into both words with its place and length.
    let text = 0x811c9dc5 ^ i;
    for (let at = start; at < end; at++) text = Math.imul(text ^ b[at], 0x01000193);
    low = Math.imul(low ^ text, 0x85ebca6b);
    low ^= low >>> 15;
    high = Math.imul(high ^ (text + (end - start)), 0xc2b2ae35) + low;
  }
  for (let i = 0; i < NUMBER_SLOTS.length; i++) {
    const value = slotInt64(b, NUMBER_SLOTS[i]);
    const absent = Number.isNaN(value);
    const low32 = absent ? 0x5bd1e995 : value | 0;
    const high32 = absent ? i : Math.floor(value / 0x100000000) | 0;
    low = Math.imul(low ^ low32, 0x85ebca6b);
    low ^= low >>> 13;
    high = Math.imul(high ^ high32, 0xc2b2ae35) + low;
  }
  for (let i = 0; i < BYTE_SLOTS.length; i++) {
    low = Math.imul(low ^ slotUbyte(b, BYTE_SLOTS[i]), 0x01000193);
  }
  high = Math.imul(high ^ low ^ (low >>> 16), 0x85ebca6b);
  contentWords[0] = low ^ (high >>> 13);
  contentWords[1] = high;
}

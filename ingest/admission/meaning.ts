/**
 * Meaning: what structure alone cannot promise about a verified message. Its one trick: it reads
 * through the verifier's slots and leaves what it found in one reused object, so that checking a
 * transaction makes no garbage. Details name fields, never their contents.
 */
import { slotInt64, slots, slotUbyte } from '../../schemas/codegen/runtime.js';
import {
  PARTY_ACCOUNT,
  PARTY_BANK,
  PARTY_COUNTRY,
  PARTY_PARTY,
  TRANSACTION_AMOUNT_MINOR,
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
} from '../../schemas/generated/transaction.js';
import { ID_BYTES_MAX, isPlainId, normalizeId } from '../../schemas/identity.js';
import {
  AMOUNT_MINOR_MAX,
  packCountryBytes,
  packCurrencyBytes,
  packedCurrencyExponent,
} from '../../schemas/money.js';
import type { DeadLetterReason } from '../../schemas/reasons.js';
import { parseEventTime } from '../../schemas/time.js';

/** First slot of the fields of each side. */
export const DEBTOR_SLOTS = TRANSACTION_DEBTOR + 1;
export const CREDITOR_SLOTS = TRANSACTION_CREDITOR + 1;
/** Free text that is only passed on: purpose, recording reference. */
const TEXT_BYTES_MAX = 140;
const PRODUCT_RISK_CLASS_MAX = 5;

/** What was found in the transaction checked last, and why it was refused. */
export const meaning = {
  eventMs: 0,
  amountMinor: 0,
  currency: 0,
  exponent: 0,
  /** NaN = not given. */
  debtorBalanceMinor: 0,
  creditorBalanceMinor: 0,
  detail: '',
};

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** Null when everything is well formed, else the reason; `meaning.detail` says which field. */
export function checkMeaning(b: Uint8Array): DeadLetterReason | null {
  const id = checkId(b, TRANSACTION_ID, 'id');
  if (id !== null) return id;
  const debtor = checkParty(b, DEBTOR_SLOTS, 'debtor');
  if (debtor !== null) return debtor;
  const creditor = checkParty(b, CREDITOR_SLOTS, 'creditor');
  if (creditor !== null) return creditor;
  return checkNumbers(b) ?? checkTexts(b) ?? checkAccounts(b);
}

function refuse(reason: DeadLetterReason, detail: string): DeadLetterReason {
  meaning.detail = detail;
  return reason;
}

function checkId(b: Uint8Array, slot: number, name: string): DeadLetterReason | null {
  const start = slots[slot];
  const end = slots[slot + 1];
  if (isPlainId(b, start, end)) return null;
  if (start === end) return refuse('missing_field', `${name}: empty`);
  if (end - start > ID_BYTES_MAX) {
    return refuse('bad_identifier', `${name}: longer than ${ID_BYTES_MAX} bytes`);
  }
  const text = decoder.decode(b.subarray(start, end));
  if (normalizeId(text) === text) return null;
  return refuse(
    'bad_identifier',
    `${name}: control characters, spaces at an end, or not in Unicode form NFC`,
  );
}

function checkOptionalId(b: Uint8Array, slot: number, name: string): DeadLetterReason | null {
  return slots[slot] === 0 ? null : checkId(b, slot, name);
}

// Names are made once, not per transaction.
const NAMES = {
  debtor: partyNames('debtor'),
  creditor: partyNames('creditor'),
};
function partyNames(side: string) {
  return { account: `${side}.account`, party: `${side}.party`, bank: `${side}.bank` };
}

function checkParty(
  b: Uint8Array,
  base: number,
  side: 'debtor' | 'creditor',
): DeadLetterReason | null {
  const names = NAMES[side];
  const reason =
    checkId(b, base + PARTY_ACCOUNT, names.account) ??
    checkOptionalId(b, base + PARTY_PARTY, names.party) ??
    checkOptionalId(b, base + PARTY_BANK, names.bank);
  if (reason !== null) return reason;
  const start = slots[base + PARTY_COUNTRY];
  if (start !== 0 && packCountryBytes(b, start, slots[base + PARTY_COUNTRY + 1]) === 0) {
    return refuse('bad_country', `${side}.country: not two capital letters (ISO 3166-1)`);
  }
  return null;
}

function checkNumbers(b: Uint8Array): DeadLetterReason | null {
  const eventMs = slotInt64(b, TRANSACTION_EVENT_TIME_MS);
  if (Number.isNaN(eventMs)) return refuse('missing_field', 'eventTime: absent');
  if (parseEventTime(eventMs) === null) {
    return refuse('bad_event_time', 'eventTime: outside the years 1970 to 9999');
  }
  const amountMinor = slotInt64(b, TRANSACTION_AMOUNT_MINOR);
  if (Number.isNaN(amountMinor)) return refuse('missing_field', 'amount: absent');
  if (amountMinor <= 0) return refuse('bad_amount', 'amount: not above 0');
  if (amountMinor > AMOUNT_MINOR_MAX) {
    return refuse('amount_too_large', 'amount: above 2^43 minor units');
  }
  const currency = packCurrencyBytes(
    b,
    slots[TRANSACTION_CURRENCY],
    slots[TRANSACTION_CURRENCY + 1],
  );
  const exponent = packedCurrencyExponent(currency);
  if (exponent === undefined) {
    return refuse('unknown_currency', 'currency: not an active ISO 4217 code');
  }
  if (slotUbyte(b, TRANSACTION_PRODUCT_RISK_CLASS) > PRODUCT_RISK_CLASS_MAX) {
    return refuse('bad_enum', `productRiskClass: above ${PRODUCT_RISK_CLASS_MAX}`);
  }
  meaning.eventMs = eventMs;
  meaning.amountMinor = amountMinor;
  meaning.currency = currency;
  meaning.exponent = exponent;
  meaning.debtorBalanceMinor = slotInt64(b, TRANSACTION_DEBTOR_BALANCE_AFTER_MINOR);
  meaning.creditorBalanceMinor = slotInt64(b, TRANSACTION_CREDITOR_BALANCE_AFTER_MINOR);
  return null;
}

function checkTexts(b: Uint8Array): DeadLetterReason | null {
  const reason =
    checkOptionalId(b, TRANSACTION_LOAN_ID, 'loanId') ??
    checkOptionalId(b, TRANSACTION_REVERSED_TRANSACTION, 'reversedTransaction');
  if (reason !== null) return reason;
  if (textBytes(TRANSACTION_PURPOSE) > TEXT_BYTES_MAX) {
    return refuse('bad_identifier', `purpose: longer than ${TEXT_BYTES_MAX} bytes`);
  }
  if (textBytes(TRANSACTION_RECORDING_REFERENCE) > TEXT_BYTES_MAX) {
    return refuse('bad_identifier', `recordingReference: longer than ${TEXT_BYTES_MAX} bytes`);
  }
  return null;
}

function textBytes(slot: number): number {
  return slots[slot] === 0 ? 0 : slots[slot + 1] - slots[slot];
}

/** The same account on both sides, unless two banks are named that differ. */
function checkAccounts(b: Uint8Array): DeadLetterReason | null {
  if (!sameText(b, DEBTOR_SLOTS + PARTY_ACCOUNT, CREDITOR_SLOTS + PARTY_ACCOUNT)) return null;
  const debtorBank = DEBTOR_SLOTS + PARTY_BANK;
  const creditorBank = CREDITOR_SLOTS + PARTY_BANK;
  const banksDiffer =
    slots[debtorBank] !== 0 && slots[creditorBank] !== 0 && !sameText(b, debtorBank, creditorBank);
  return banksDiffer ? null : refuse('same_account', 'debtor.account, creditor.account: the same');
}

function sameText(b: Uint8Array, slotA: number, slotB: number): boolean {
  const length = slots[slotA + 1] - slots[slotA];
  if (slots[slotB + 1] - slots[slotB] !== length) return false;
  for (let i = 0; i < length; i++) if (b[slots[slotA] + i] !== b[slots[slotB] + i]) return false;
  return true;
}

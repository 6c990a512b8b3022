/**
 * The JSON form of a transaction <-> its fields. Shape is the zod schema's (json-transaction.ts),
 * meaning is checked here. Every refusal names the path and the mend and repeats no value, so that
 * no account number travels into a reply or a log.
 */
import type { z } from 'zod';
import { normalizeId } from './identity.js';
import { type TransactionJson, transactionJsonSchema } from './json-transaction.js';
import {
  AMOUNT_MINOR_MAX,
  BALANCE_MINOR_MAX,
  currencyExponent,
  formatAmount,
  packCountry,
  parseAmount,
} from './money.js';
import type { DeadLetterReason } from './reasons.js';
import { parseEventTime } from './time.js';
import type { PartyFields, TransactionFields } from './transaction-codec.js';

export type JsonResult =
  | { ok: true; value: TransactionFields }
  | { ok: false; reason: DeadLetterReason; detail: string };

interface Refusal {
  ok: false;
  reason: DeadLetterReason;
  detail: string;
}

/** Fields of a JSON value, or why not: `detail` is "path: what; mend". */
export function transactionFromJson(json: unknown): JsonResult {
  const parsed = transactionJsonSchema.safeParse(json);
  if (!parsed.success) return shapeRefusal(json, parsed.error.issues[0]);
  return fieldsOf(parsed.data);
}

function refuse(reason: DeadLetterReason, detail: string): Refusal {
  return { ok: false, reason, detail };
}

function shapeRefusal(json: unknown, issue: z.core.$ZodIssue): Refusal {
  const path = issue.path.join('.') || 'transaction';
  if (issue.code === 'unrecognized_keys') {
    const key = JSON.stringify(issue.keys[0].slice(0, 40));
    return refuse('malformed', `${path}: unknown key ${key}; remove it or correct its name`);
  }
  if (issue.path.length > 0 && isAbsent(json, issue.path)) {
    return refuse('missing_field', `${path}: missing; every transaction needs it`);
  }
  if (issue.code === 'invalid_value') {
    return refuse('bad_enum', `${path}: not a known value; use one of ${issue.values.join(', ')}`);
  }
  if (issue.code === 'invalid_type') {
    return refuse('malformed', `${path}: wrong type; give ${article(issue.expected)}`);
  }
  if (issue.code === 'invalid_union') {
    return refuse('bad_event_time', `${path}: wrong type; ${EVENT_TIME_MEND}`);
  }
  return refuse('malformed', `${path}: ${issue.message}; mend the value`);
}

const EVENT_TIME_MEND =
  'give ISO 8601 with an offset ("2026-03-02T09:10:00+08:00") or epoch milliseconds';

function article(expected: string): string {
  if (expected === 'object') return 'an object';
  return expected === 'int' ? 'a whole number' : `a ${expected}`;
}

function isAbsent(json: unknown, path: readonly PropertyKey[]): boolean {
  let at: unknown = json;
  for (const key of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, key)) return true;
    at = (at as Record<PropertyKey, unknown>)[key];
  }
  return at === undefined;
}

function fieldsOf(json: TransactionJson): JsonResult {
  const exponent = currencyExponent(json.currency);
  if (exponent === undefined) {
    return refuse('unknown_currency', 'currency: not an ISO 4217 code; give one such as "CNY"');
  }
  const id = normalizeId(json.id);
  if (id === null) return badId('id');
  const eventTimeMs = parseEventTime(json.eventTime);
  if (eventTimeMs === null) {
    return refuse('bad_event_time', `eventTime: not a time; ${EVENT_TIME_MEND}`);
  }
  const amountMinor = parseAmount(json.amount, exponent);
  if (amountMinor === null || amountMinor === 0) {
    return amountRefusal('amount', json.amount, exponent, amountMinor);
  }
  const t: TransactionFields = {
    id,
    eventTimeMs,
    debtor: { account: '' },
    creditor: { account: '' },
    amountMinor,
    currency: json.currency,
  };
  const refusal =
    takeParty('debtor', json, t) ??
    takeParty('creditor', json, t) ??
    takeBalance('debtorBalanceAfter', json, t, exponent) ??
    takeBalance('creditorBalanceAfter', json, t, exponent) ??
    takeTexts(json, t);
  if (refusal !== null) return refusal;
  if (json.channel !== undefined && json.channel !== 'unknown') t.channel = json.channel;
  if (json.type !== undefined && json.type !== 'unknown') t.type = json.type;
  if (json.productRiskClass) t.productRiskClass = json.productRiskClass;
  return { ok: true, value: t };
}

function badId(path: string): Refusal {
  return refuse(
    'bad_identifier',
    `${path}: not an identifier; give 1 to 64 bytes of text, no control characters, ` +
      'no white space at the ends',
  );
}

function amountRefusal(
  path: string,
  text: string,
  exponent: number,
  minor: number | null,
  minorMax = AMOUNT_MINOR_MAX,
): Refusal {
  if (minor === 0) return refuse('bad_amount', `${path}: is 0; give an amount above 0`);
  if (/^\d{1,40}(\.\d{1,40})?$/.test(text) && Number(text) * 10 ** exponent > minorMax) {
    const most = formatAmount(minorMax, exponent);
    return refuse('amount_too_large', `${path}: too large; at most ${most}`);
  }
  const example = formatAmount(123456, exponent);
  return refuse(
    'bad_amount',
    `${path}: not a decimal amount of this currency; give text such as "${example}"`,
  );
}

function takeParty(
  side: 'debtor' | 'creditor',
  json: TransactionJson,
  t: TransactionFields,
): Refusal | null {
  const from = json[side];
  const account = normalizeId(from.account);
  if (account === null) return badId(`${side}.account`);
  const fields: PartyFields = { account };
  for (const name of ['party', 'bank'] as const) {
    const text = from[name];
    if (text === undefined) continue;
    const id = normalizeId(text);
    if (id === null) return badId(`${side}.${name}`);
    fields[name] = id;
  }
  if (from.country !== undefined) {
    if (packCountry(from.country) === 0) {
      return refuse(
        'bad_country',
        `${side}.country: not an ISO 3166 code; give two capital letters such as "CN"`,
      );
    }
    fields.country = from.country;
  }
  if (from.kind !== undefined && from.kind !== 'unknown') fields.kind = from.kind;
  t[side] = fields;
  return null;
}

function takeBalance(
  name: 'debtorBalanceAfter' | 'creditorBalanceAfter',
  json: TransactionJson,
  t: TransactionFields,
  exponent: number,
): Refusal | null {
  const text = json[name];
  if (text === undefined) return null;
  // An overdrawn account has a balance below zero; an amount never has a sign.
  const negative = text.startsWith('-');
  const digits = negative ? text.slice(1) : text;
  const minor = parseAmount(digits, exponent, BALANCE_MINOR_MAX);
  if (minor === null) return amountRefusal(name, digits, exponent, null, BALANCE_MINOR_MAX);
  t[`${name}Minor`] = negative && minor > 0 ? -minor : minor;
  return null;
}

function takeTexts(json: TransactionJson, t: TransactionFields): Refusal | null {
  for (const name of ['purpose', 'loanId', 'reversedTransaction', 'recordingReference'] as const) {
    const text = json[name];
    if (text === undefined) continue;
    const id = normalizeId(text);
    if (id === null) return badId(name);
    t[name] = id;
  }
  return null;
}

/** JSON form of an admitted transaction. Throws when amount, time or currency is missing. */
export function transactionToJson(t: TransactionFields): TransactionJson {
  const exponent = currencyExponent(t.currency);
  if (exponent === undefined || t.amountMinor === undefined || t.eventTimeMs === undefined) {
    throw new Error('transactionToJson: currency, amount or event time is missing');
  }
  const { amountMinor, eventTimeMs, debtorBalanceAfterMinor, creditorBalanceAfterMinor, ...same } =
    t;
  const json: TransactionJson = {
    ...same,
    eventTime: new Date(eventTimeMs).toISOString(),
    amount: formatAmount(amountMinor, exponent),
  };
  if (debtorBalanceAfterMinor !== undefined) {
    json.debtorBalanceAfter = formatAmount(debtorBalanceAfterMinor, exponent);
  }
  if (creditorBalanceAfterMinor !== undefined) {
    json.creditorBalanceAfter = formatAmount(creditorBalanceAfterMinor, exponent);
  }
  return json;
}

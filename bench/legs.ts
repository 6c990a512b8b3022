/**
 * Legs as the router writes them into a ring, for the scoring bench: subjects with their hashes are
 * made once, so that writing a chunk is cheap beside scoring it.
 */
import { packProfile } from '../schemas/classes.js';
import * as L from '../schemas/generated/records.js';
import { hashText, hashWords, subjectShard } from '../schemas/identity.js';
import { accountOf } from './random.js';

const ID_BYTES = 16;
const encoder = new TextEncoder();
export const LEG_BYTES_MAX = L.LEG_BYTES + 4 * ID_BYTES + 8;
const PROFILE = packProfile({ kind: 'person', tier: 'base', riskClass: 2, watch: [], lists: [] });

export interface Payment {
  position: number;
  eventMs: number;
  amountMinor: number;
  debtor: number;
  creditor: number;
  /** ClassBit, of each leg. */
  debitBits: number;
  creditBits: number;
  /** Packed profile of the debtor where it is not everybody's. */
  debtorProfile?: number;
  /** Of the debtor's account, minor units; missing = unknown. */
  balanceAfter?: number;
}

/** Text and hash of so many subjects, in flat arrays. */
export class Subjects {
  readonly bytes: Uint8Array;
  readonly hashes: Uint32Array;

  constructor(readonly count: number) {
    this.bytes = new Uint8Array(count * ID_BYTES);
    this.hashes = new Uint32Array(count * 2);
    for (let i = 0; i < count; i++) {
      const text = accountOf(i);
      encoder.encodeInto(text, this.bytes.subarray(i * ID_BYTES, (i + 1) * ID_BYTES));
      hashText(text);
      this.hashes[i * 2] = hashWords[0];
      this.hashes[i * 2 + 1] = hashWords[1];
    }
  }
}

/** Writes one leg at `at`; returns the byte behind it. */
export function writeLeg(
  bytes: Uint8Array,
  view: DataView,
  at: number,
  subjects: Subjects,
  payment: Payment,
  credit: boolean,
  shards: number,
): number {
  const own = credit ? payment.creditor : payment.debtor;
  const other = credit ? payment.debtor : payment.creditor;
  const end = at + L.LEG_BYTES + 4 * ID_BYTES;
  bytes.fill(0, at, end);
  view.setUint32(at + L.LEG_LENGTH, end - at, true);
  bytes[at + L.LEG_KIND] = 1;
  bytes[at + L.LEG_SIDE] = credit ? 1 : 0;
  view.setUint16(at + L.LEG_SHARD, subjectShard(subjects.hashes[own * 2], shards), true);
  view.setFloat64(at + L.LEG_POSITION, payment.position, true);
  view.setFloat64(at + L.LEG_EVENT_MS, payment.eventMs, true);
  view.setFloat64(at + L.LEG_INGEST_MS, payment.eventMs, true);
  view.setFloat64(at + L.LEG_AMOUNT_MINOR, payment.amountMinor, true);
  view.setFloat64(at + L.LEG_AMOUNT_BASE_MINOR, payment.amountMinor, true);
  const balance = credit ? Number.NaN : (payment.balanceAfter ?? Number.NaN);
  view.setFloat64(at + L.LEG_BALANCE_AFTER_MINOR, balance, true);
  view.setFloat64(at + L.LEG_ORIGIN_OFFSET, payment.position, true);
  view.setUint32(at + L.LEG_CLASS_BITS, credit ? payment.creditBits : payment.debitBits, true);
  const profile = credit ? PROFILE : (payment.debtorProfile ?? PROFILE);
  view.setUint32(at + L.LEG_PROFILE, profile, true);
  view.setUint32(at + L.LEG_SUBJECT_HASH_LOW, subjects.hashes[own * 2], true);
  view.setUint32(at + L.LEG_SUBJECT_HASH_HIGH, subjects.hashes[own * 2 + 1], true);
  view.setUint32(at + L.LEG_COUNTERPARTY_HASH_LOW, subjects.hashes[other * 2], true);
  view.setUint32(at + L.LEG_COUNTERPARTY_HASH_HIGH, subjects.hashes[other * 2 + 1], true);
  const texts = at + L.LEG_BYTES;
  for (let digit = 0, rest = payment.position; digit < ID_BYTES; digit++) {
    bytes[texts + ID_BYTES - 1 - digit] = 48 + (rest % 10);
    rest = Math.floor(rest / 10);
  }
  const ownAt = own * ID_BYTES;
  const otherAt = other * ID_BYTES;
  for (let i = 0; i < ID_BYTES; i++) {
    bytes[texts + ID_BYTES + i] = subjects.bytes[ownAt + i];
    bytes[texts + 2 * ID_BYTES + i] = subjects.bytes[ownAt + i];
    bytes[texts + 3 * ID_BYTES + i] = subjects.bytes[otherAt + i];
  }
  view.setUint16(at + L.LEG_TRANSACTION_ID_LENGTH, ID_BYTES, true);
  view.setUint16(at + L.LEG_SUBJECT_LENGTH, ID_BYTES, true);
  view.setUint16(at + L.LEG_ACCOUNT_LENGTH, ID_BYTES, true);
  view.setUint16(at + L.LEG_COUNTERPARTY_LENGTH, ID_BYTES, true);
  return end;
}

/**
 * The router: from a journal record to its legs, each for the shard of its subject. Its one trick:
 * legs are written into one scratch buffer that is used again for the next, so `emit` must copy
 * (into a ring) before it returns. External parties have no state and get no leg.
 */
import { LegFlag, RecordFlag } from '../schemas/classes.js';
import { slotInt64, slots, slotUbyte } from '../schemas/codegen/runtime.js';
import {
  LEG_ACCOUNT_LENGTH,
  LEG_AMOUNT_BASE_MINOR,
  LEG_AMOUNT_MINOR,
  LEG_BALANCE_AFTER_MINOR,
  LEG_BYTES,
  LEG_CHANNEL,
  LEG_CLASS_BITS,
  LEG_COUNTERPARTY_HASH_HIGH,
  LEG_COUNTERPARTY_HASH_LOW,
  LEG_COUNTERPARTY_LENGTH,
  LEG_COUNTRY,
  LEG_CURRENCY,
  LEG_EVENT_MS,
  LEG_FLAGS,
  LEG_INGEST_MS,
  LEG_KIND,
  LEG_LENGTH,
  LEG_ORIGIN_INDEX,
  LEG_ORIGIN_OFFSET,
  LEG_ORIGIN_PARTITION,
  LEG_ORIGIN_SOURCE,
  LEG_POSITION,
  LEG_PROFILE,
  LEG_RESERVED,
  LEG_REVERSED_LENGTH,
  LEG_SHARD,
  LEG_SIDE,
  LEG_SUBJECT_HASH_HIGH,
  LEG_SUBJECT_HASH_LOW,
  LEG_SUBJECT_LENGTH,
  LEG_TRANSACTION_ID_LENGTH,
  LEG_TYPE,
  RECORD_HEADER_AMOUNT_BASE_MINOR,
  RECORD_HEADER_ANNEX_LENGTH,
  RECORD_HEADER_CREDITOR_CLASS,
  RECORD_HEADER_CREDITOR_HASH_HIGH,
  RECORD_HEADER_CREDITOR_HASH_LOW,
  RECORD_HEADER_CREDITOR_PROFILE,
  RECORD_HEADER_CREDITOR_SUBJECT_LENGTH,
  RECORD_HEADER_DEBTOR_CLASS,
  RECORD_HEADER_DEBTOR_HASH_HIGH,
  RECORD_HEADER_DEBTOR_HASH_LOW,
  RECORD_HEADER_DEBTOR_PROFILE,
  RECORD_HEADER_DEBTOR_SUBJECT_LENGTH,
  RECORD_HEADER_EVENT_MS,
  RECORD_HEADER_FLAGS,
  RECORD_HEADER_FX_VERSION,
  RECORD_HEADER_INGEST_MS,
  RECORD_HEADER_KIND,
  RECORD_HEADER_ORIGIN_INDEX,
  RECORD_HEADER_ORIGIN_OFFSET,
  RECORD_HEADER_ORIGIN_PARTITION,
  RECORD_HEADER_ORIGIN_SOURCE,
  RECORD_HEADER_PAYLOAD_LENGTH,
  RECORD_HEADER_PAYLOAD_OFFSET,
} from '../schemas/generated/records.js';
import {
  PARTY_ACCOUNT,
  PARTY_COUNTRY,
  TRANSACTION_AMOUNT_MINOR,
  TRANSACTION_CHANNEL,
  TRANSACTION_CREDITOR_BALANCE_AFTER_MINOR,
  TRANSACTION_CURRENCY,
  TRANSACTION_DEBTOR_BALANCE_AFTER_MINOR,
  TRANSACTION_ID,
  TRANSACTION_REVERSED_TRANSACTION,
  TRANSACTION_TYPE,
  verifyTransaction,
} from '../schemas/generated/transaction.js';
import { hashWords, ID_BYTES_MAX, murmur3x64, subjectShard } from '../schemas/identity.js';
import { packCountryBytes, packCurrencyBytes } from '../schemas/money.js';
import { CREDITOR_SLOTS, DEBTOR_SLOTS } from './admission/meaning.js';
import { KIND_TRANSACTION } from './admission/record-writer.js';
import { wasVerified } from './admission/verified.js';
import { LIMITS, listBitsOf, type ReferenceTables } from './reference/tables.js';

export type EmitLeg = (shard: number, leg: Uint8Array, length: number) => void;

export interface Router {
  /** Limits of listed subjects come from here; call it at the `reference` record's position. */
  setReference(tables: ReferenceTables): void;
  /** Emits the legs of a transaction record; does nothing for a control record. */
  route(position: number, record: Uint8Array, emit: EmitLeg): void;
}

const KIND_LEG = 1;
const SCRATCH_BYTES = LEG_BYTES + 5 * ID_BYTES_MAX + 8 + LIMITS * 8;

/** What the two legs of a transaction share, read once per record. */
interface Shared {
  position: number;
  /** Payload's place in the bytes that the slots refer to, as seen from the record. */
  shift: number;
  /** Base minor units for one minor unit, as applied to the amount. */
  rate: number;
  amountMinor: number;
  currency: number;
  flags: number;
}

export function createRouter(options: { shards: number }): Router {
  return new LegRouter(options.shards);
}

class LegRouter implements Router {
  readonly #shards: number;
  readonly #leg = new Uint8Array(SCRATCH_BYTES);
  readonly #view = new DataView(this.#leg.buffer);
  readonly #limits = new Float64Array(LIMITS);
  readonly #shared: Shared = {
    position: 0,
    shift: 0,
    rate: 0,
    amountMinor: 0,
    currency: 0,
    flags: 0,
  };
  #tables: ReferenceTables | undefined;
  #debtorBalance = 0;
  #creditorBalance = 0;

  constructor(shards: number) {
    if (shards < 1 || shards > 65_536 || (shards & (shards - 1)) !== 0) {
      throw new RangeError(`shards is ${shards}; give a power of two up to 65536`);
    }
    this.#shards = shards;
  }

  setReference(tables: ReferenceTables): void {
    this.#tables = tables;
  }

  route(position: number, record: Uint8Array, emit: EmitLeg): void {
    const head = new DataView(record.buffer, record.byteOffset, record.byteLength);
    if (head.getUint8(RECORD_HEADER_KIND) !== KIND_TRANSACTION) return;
    const shared = this.#shared;
    shared.position = position;
    shared.flags = head.getUint32(RECORD_HEADER_FLAGS, true);
    this.#open(record, head);
    if ((shared.flags & RecordFlag.debtorExternal) === 0) {
      this.#write(record, head, false);
      this.#emit(emit);
    }
    if ((shared.flags & RecordFlag.creditorExternal) === 0) {
      this.#write(record, head, true);
      this.#emit(emit);
    }
  }

  #emit(emit: EmitLeg): void {
    const shard = this.#view.getUint16(LEG_SHARD, true);
    emit(shard, this.#leg, this.#view.getUint32(LEG_LENGTH, true));
  }

  /** Fields of the payload in the slots, and what both legs take from it. */
  #open(record: Uint8Array, head: DataView): void {
    const shared = this.#shared;
    const start = head.getUint32(RECORD_HEADER_PAYLOAD_OFFSET, true);
    if (wasVerified(record)) {
      shared.shift = start;
    } else {
      const end = start + head.getUint32(RECORD_HEADER_PAYLOAD_LENGTH, true);
      const what = verifyTransaction(record, start, end);
      if (what !== null) {
        throw new Error(`journal: record ${shared.position} is damaged (${what}); restore it`);
      }
      shared.shift = 0;
    }
    const { shift } = shared;
    // slotInt64 reads at the slot itself: give it bytes that begin where the slots count from.
    const payload = shift === 0 ? record : record.subarray(shift);
    shared.amountMinor = slotInt64(payload, TRANSACTION_AMOUNT_MINOR);
    shared.currency = packCurrencyBytes(
      record,
      slots[TRANSACTION_CURRENCY] + shift,
      slots[TRANSACTION_CURRENCY + 1] + shift,
    );
    shared.rate = this.#rate(head);
    const view = this.#view;
    view.setUint8(LEG_CHANNEL, slotUbyte(payload, TRANSACTION_CHANNEL));
    view.setUint8(LEG_TYPE, slotUbyte(payload, TRANSACTION_TYPE));
    this.#debtorBalance = slotInt64(payload, TRANSACTION_DEBTOR_BALANCE_AFTER_MINOR);
    this.#creditorBalance = slotInt64(payload, TRANSACTION_CREDITOR_BALANCE_AFTER_MINOR);
  }

  /** As applied to the amount; a base amount is rounded, so it only stands in for the rate. */
  #rate(head: DataView): number {
    const { amountMinor, currency } = this.#shared;
    const tables = this.#tables;
    if (tables?.fxVersion === head.getUint32(RECORD_HEADER_FX_VERSION, true)) {
      const rate = tables.rate(currency);
      if (rate !== undefined) return rate;
    }
    return head.getFloat64(RECORD_HEADER_AMOUNT_BASE_MINOR, true) / amountMinor;
  }

  #write(record: Uint8Array, head: DataView, credit: boolean): void {
    const view = this.#view;
    const shared = this.#shared;
    view.setUint8(LEG_KIND, KIND_LEG);
    view.setUint8(LEG_SIDE, credit ? 1 : 0);
    view.setFloat64(LEG_POSITION, shared.position, true);
    view.setFloat64(LEG_EVENT_MS, head.getFloat64(RECORD_HEADER_EVENT_MS, true), true);
    view.setFloat64(LEG_INGEST_MS, head.getFloat64(RECORD_HEADER_INGEST_MS, true), true);
    view.setFloat64(LEG_AMOUNT_MINOR, shared.amountMinor, true);
    const base = head.getFloat64(RECORD_HEADER_AMOUNT_BASE_MINOR, true);
    view.setFloat64(LEG_AMOUNT_BASE_MINOR, base, true);
    const balance = credit ? this.#creditorBalance : this.#debtorBalance;
    view.setFloat64(LEG_BALANCE_AFTER_MINOR, Math.round(balance * shared.rate), true);
    view.setFloat64(LEG_ORIGIN_OFFSET, head.getFloat64(RECORD_HEADER_ORIGIN_OFFSET, true), true);
    view.setUint16(LEG_ORIGIN_SOURCE, head.getUint16(RECORD_HEADER_ORIGIN_SOURCE, true), true);
    view.setUint16(
      LEG_ORIGIN_PARTITION,
      head.getUint16(RECORD_HEADER_ORIGIN_PARTITION, true),
      true,
    );
    view.setUint32(LEG_ORIGIN_INDEX, head.getUint32(RECORD_HEADER_ORIGIN_INDEX, true), true);
    view.setUint32(LEG_CURRENCY, shared.currency, true);
    view.setUint16(LEG_RESERVED, 0, true);
    this.#writeSides(head, credit);
    this.#writeTexts(record, head, credit);
  }

  #writeSides(head: DataView, credit: boolean): void {
    const view = this.#view;
    const classBits = credit ? RECORD_HEADER_CREDITOR_CLASS : RECORD_HEADER_DEBTOR_CLASS;
    const profile = credit ? RECORD_HEADER_CREDITOR_PROFILE : RECORD_HEADER_DEBTOR_PROFILE;
    const ownLow = credit ? RECORD_HEADER_CREDITOR_HASH_LOW : RECORD_HEADER_DEBTOR_HASH_LOW;
    const ownHigh = credit ? RECORD_HEADER_CREDITOR_HASH_HIGH : RECORD_HEADER_DEBTOR_HASH_HIGH;
    const otherLow = credit ? RECORD_HEADER_DEBTOR_HASH_LOW : RECORD_HEADER_CREDITOR_HASH_LOW;
    const otherHigh = credit ? RECORD_HEADER_DEBTOR_HASH_HIGH : RECORD_HEADER_CREDITOR_HASH_HIGH;
    const low = head.getUint32(ownLow, true);
    view.setUint32(LEG_CLASS_BITS, head.getUint32(classBits, true), true);
    view.setUint32(LEG_PROFILE, head.getUint32(profile, true), true);
    view.setUint32(LEG_SUBJECT_HASH_LOW, low, true);
    view.setUint32(LEG_SUBJECT_HASH_HIGH, head.getUint32(ownHigh, true), true);
    view.setUint32(LEG_COUNTERPARTY_HASH_LOW, head.getUint32(otherLow, true), true);
    view.setUint32(LEG_COUNTERPARTY_HASH_HIGH, head.getUint32(otherHigh, true), true);
    view.setUint16(LEG_SHARD, subjectShard(low, this.#shards), true);
  }

  /** Country, the five strings, and the limits of a listed subject behind them. */
  #writeTexts(record: Uint8Array, head: DataView, credit: boolean): void {
    const view = this.#view;
    const { shift } = this.#shared;
    const own = credit ? CREDITOR_SLOTS : DEBTOR_SLOTS;
    const other = credit ? DEBTOR_SLOTS : CREDITOR_SLOTS;
    view.setUint16(LEG_COUNTRY, this.#country(record, other, credit), true);
    const debtorKey = head.getUint16(RECORD_HEADER_ANNEX_LENGTH, true);
    const creditorKey = debtorKey + head.getUint16(RECORD_HEADER_DEBTOR_SUBJECT_LENGTH, true);
    const keysEnd = creditorKey + head.getUint16(RECORD_HEADER_CREDITOR_SUBJECT_LENGTH, true);
    const ownKey = credit ? creditorKey : debtorKey;
    const ownKeyEnd = credit ? keysEnd : creditorKey;
    const account = slots[own + PARTY_ACCOUNT] + shift;
    const accountEnd = slots[own + PARTY_ACCOUNT + 1] + shift;
    const reversed = slots[TRANSACTION_REVERSED_TRANSACTION];
    let at = LEG_BYTES;
    at = this.#put(
      record,
      slots[TRANSACTION_ID] + shift,
      slots[TRANSACTION_ID + 1] + shift,
      LEG_TRANSACTION_ID_LENGTH,
      at,
    );
    at = this.#put(record, ownKey, ownKeyEnd, LEG_SUBJECT_LENGTH, at);
    at = this.#put(record, account, accountEnd, LEG_ACCOUNT_LENGTH, at);
    at = credit
      ? this.#put(record, debtorKey, creditorKey, LEG_COUNTERPARTY_LENGTH, at)
      : this.#put(record, creditorKey, keysEnd, LEG_COUNTERPARTY_LENGTH, at);
    at =
      reversed === 0
        ? this.#put(record, 0, 0, LEG_REVERSED_LENGTH, at)
        : this.#put(
            record,
            reversed + shift,
            slots[TRANSACTION_REVERSED_TRANSACTION + 1] + shift,
            LEG_REVERSED_LENGTH,
            at,
          );
    while ((at & 7) !== 0) this.#leg[at++] = 0;
    let flags = this.#shared.flags;
    if (listBitsOf(view.getUint32(LEG_PROFILE, true)) !== 0 && this.#tables !== undefined) {
      this.#findLimits(this.#tables, record, ownKey, ownKeyEnd, account, accountEnd);
      for (let k = 0; k < LIMITS; k++, at += 8) view.setFloat64(at, this.#limits[k], true);
      flags |= LegFlag.limits;
    }
    view.setUint32(LEG_FLAGS, flags, true);
    view.setUint32(LEG_LENGTH, at, true);
  }

  #put(record: Uint8Array, start: number, end: number, lengthAt: number, at: number): number {
    this.#view.setUint16(lengthAt, end - start, true);
    for (let i = start; i < end; i++) this.#leg[at++] = record[i];
    return at;
  }

  /** The counterparty's: as given, else home when it is ours. */
  #country(record: Uint8Array, other: number, credit: boolean): number {
    const { shift, flags } = this.#shared;
    const start = slots[other + PARTY_COUNTRY];
    if (start !== 0) {
      return packCountryBytes(record, start + shift, slots[other + PARTY_COUNTRY + 1] + shift);
    }
    const external = credit ? RecordFlag.debtorExternal : RecordFlag.creditorExternal;
    return (flags & external) === 0 ? (this.#tables?.homeCountry ?? 0) : 0;
  }

  #findLimits(
    tables: ReferenceTables,
    record: Uint8Array,
    key: number,
    keyEnd: number,
    account: number,
    accountEnd: number,
  ): void {
    const low = this.#view.getUint32(LEG_SUBJECT_HASH_LOW, true);
    const high = this.#view.getUint32(LEG_SUBJECT_HASH_HIGH, true);
    const subject = tables.subjects.find(record, key, keyEnd, low, high);
    murmur3x64(record, account, accountEnd);
    const known = tables.accounts.find(record, account, accountEnd, hashWords[0], hashWords[1]);
    tables.limitsInto(subject, known, this.#limits);
  }
}

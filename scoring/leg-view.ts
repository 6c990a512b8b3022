/** One leg as the ring carries it, decoded into a reused record: no object per leg. */
import { LegFlag } from '../schemas/classes.js';
import * as L from '../schemas/generated/records.js';

export interface LegView {
  bytes: Uint8Array;
  side: number;
  position: number;
  eventMs: number;
  ingestMs: number;
  amount: number;
  balanceAfter: number;
  offset: number;
  source: number;
  partition: number;
  index: number;
  flags: number;
  classBits: number;
  profile: number;
  /** Places in CHANNELS and TRANSACTION_TYPES. */
  channel: number;
  type: number;
  /** The counterparty's, packed (schemas/money.ts); 0 = unknown. */
  country: number;
  hashLow: number;
  hashHigh: number;
  /** Low word of the counterparty's. */
  counterpartyHash: number;
  idStart: number;
  idLength: number;
  subjectStart: number;
  subjectLength: number;
  accountStart: number;
  accountLength: number;
  counterpartyStart: number;
  counterpartyLength: number;
  reversedStart: number;
  reversedLength: number;
  /** Single, day and month limit in base minor units; NaN = none. */
  limitSingle: number;
  limitDay: number;
  limitMonth: number;
}

export function newLegView(): LegView {
  return {
    bytes: new Uint8Array(0),
    side: 0,
    position: 0,
    eventMs: 0,
    ingestMs: 0,
    amount: 0,
    balanceAfter: 0.5,
    offset: 0,
    source: 0,
    partition: 0,
    index: 0,
    flags: 0,
    classBits: 0,
    profile: 0,
    channel: 0,
    type: 0,
    country: 0,
    hashLow: 0,
    hashHigh: 0,
    counterpartyHash: 0,
    idStart: 0,
    idLength: 0,
    subjectStart: 0,
    subjectLength: 0,
    accountStart: 0,
    accountLength: 0,
    counterpartyStart: 0,
    counterpartyLength: 0,
    reversedStart: 0,
    reversedLength: 0,
    limitSingle: Number.NaN,
    limitDay: Number.NaN,
    limitMonth: Number.NaN,
  };
}

/** Reads the leg that starts at byte `at` of `bytes` (little endian, as in schemas/records.fbs). */
export function readLeg(leg: LegView, bytes: Uint8Array, view: DataView, at: number): void {
  leg.bytes = bytes;
  leg.side = bytes[at + L.LEG_SIDE];
  leg.position = view.getFloat64(at + L.LEG_POSITION, true);
  leg.eventMs = view.getFloat64(at + L.LEG_EVENT_MS, true);
  leg.ingestMs = view.getFloat64(at + L.LEG_INGEST_MS, true);
  leg.amount = view.getFloat64(at + L.LEG_AMOUNT_BASE_MINOR, true);
  leg.balanceAfter = view.getFloat64(at + L.LEG_BALANCE_AFTER_MINOR, true);
  leg.offset = view.getFloat64(at + L.LEG_ORIGIN_OFFSET, true);
  leg.source = view.getUint16(at + L.LEG_ORIGIN_SOURCE, true);
  leg.partition = view.getUint16(at + L.LEG_ORIGIN_PARTITION, true);
  leg.index = view.getUint32(at + L.LEG_ORIGIN_INDEX, true);
  leg.flags = view.getUint32(at + L.LEG_FLAGS, true);
  leg.classBits = view.getUint32(at + L.LEG_CLASS_BITS, true);
  leg.profile = view.getUint32(at + L.LEG_PROFILE, true);
  leg.channel = bytes[at + L.LEG_CHANNEL];
  leg.type = bytes[at + L.LEG_TYPE];
  leg.country = view.getUint16(at + L.LEG_COUNTRY, true);
  leg.hashLow = view.getUint32(at + L.LEG_SUBJECT_HASH_LOW, true);
  leg.hashHigh = view.getUint32(at + L.LEG_SUBJECT_HASH_HIGH, true);
  leg.counterpartyHash = view.getUint32(at + L.LEG_COUNTERPARTY_HASH_LOW, true);
  leg.idLength = view.getUint16(at + L.LEG_TRANSACTION_ID_LENGTH, true);
  leg.subjectLength = view.getUint16(at + L.LEG_SUBJECT_LENGTH, true);
  leg.accountLength = view.getUint16(at + L.LEG_ACCOUNT_LENGTH, true);
  leg.counterpartyLength = view.getUint16(at + L.LEG_COUNTERPARTY_LENGTH, true);
  leg.reversedLength = view.getUint16(at + L.LEG_REVERSED_LENGTH, true);
  leg.idStart = at + L.LEG_BYTES;
  leg.subjectStart = leg.idStart + leg.idLength;
  leg.accountStart = leg.subjectStart + leg.subjectLength;
  leg.counterpartyStart = leg.accountStart + leg.accountLength;
  leg.reversedStart = leg.counterpartyStart + leg.counterpartyLength;
  if ((leg.flags & LegFlag.limits) !== 0) {
    const end = leg.reversedStart + leg.reversedLength;
    const limits = at + Math.ceil((end - at) / 8) * 8;
    leg.limitSingle = view.getFloat64(limits, true);
    leg.limitDay = view.getFloat64(limits + 8, true);
    leg.limitMonth = view.getFloat64(limits + 16, true);
  } else {
    leg.limitSingle = leg.limitDay = leg.limitMonth = Number.NaN;
  }
}

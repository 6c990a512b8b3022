/** Journal records as records.fbs lays them out: transactions with their annex, and controls. */
import type { ControlRecord } from '../../schemas/control.js';
import {
  RECORD_HEADER_AMOUNT_BASE_MINOR,
  RECORD_HEADER_ANNEX_LENGTH,
  RECORD_HEADER_BYTES,
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
  RECORD_HEADER_LENGTH,
  RECORD_HEADER_ORIGIN_INDEX,
  RECORD_HEADER_ORIGIN_OFFSET,
  RECORD_HEADER_ORIGIN_PARTITION,
  RECORD_HEADER_ORIGIN_SOURCE,
  RECORD_HEADER_PAYLOAD_LENGTH,
  RECORD_HEADER_PAYLOAD_OFFSET,
  RECORD_HEADER_REFERENCE_VERSION,
  RECORD_HEADER_VERSION,
} from '../../schemas/generated/records.js';
import type { Side } from './side.js';
import type { Slabs } from './slabs.js';

export const KIND_TRANSACTION = 1;
export const KIND_CONTROL = 2;
const VERSION = 1;

/** What goes into the annex besides the two sides; one reused object. */
export interface Annex {
  source: number;
  partition: number;
  offset: number;
  index: number;
  ingestMs: number;
  eventMs: number;
  amountBaseMinor: number;
  fxVersion: number;
  referenceVersion: number;
  flags: number;
  debtorClass: number;
  creditorClass: number;
}

/** Writes a transaction's record into a slab and returns its bytes, valid until released. */
export function writeTransaction(
  slabs: Slabs,
  position: number,
  annex: Annex,
  debtor: Side,
  creditor: Side,
  payload: Uint8Array,
): Uint8Array {
  const debtorLength = debtor.keyEnd - debtor.keyStart;
  const creditorLength = creditor.keyEnd - creditor.keyStart;
  const payloadOffset = align(RECORD_HEADER_BYTES + debtorLength + creditorLength);
  const length = align(payloadOffset + payload.length);
  const { bytes, view } = slabs.reserve(length);
  const at = slabs.offset;
  writeHead(view, at, length, KIND_TRANSACTION, payloadOffset, payload.length);
  view.setFloat64(at + RECORD_HEADER_ORIGIN_OFFSET, annex.offset, true);
  view.setUint16(at + RECORD_HEADER_ORIGIN_SOURCE, annex.source, true);
  view.setUint16(at + RECORD_HEADER_ORIGIN_PARTITION, annex.partition, true);
  view.setUint32(at + RECORD_HEADER_ORIGIN_INDEX, annex.index, true);
  view.setFloat64(at + RECORD_HEADER_INGEST_MS, annex.ingestMs, true);
  view.setFloat64(at + RECORD_HEADER_EVENT_MS, annex.eventMs, true);
  view.setFloat64(at + RECORD_HEADER_AMOUNT_BASE_MINOR, annex.amountBaseMinor, true);
  view.setUint32(at + RECORD_HEADER_FX_VERSION, annex.fxVersion, true);
  view.setUint32(at + RECORD_HEADER_REFERENCE_VERSION, annex.referenceVersion, true);
  view.setUint32(at + RECORD_HEADER_FLAGS, annex.flags, true);
  view.setUint32(at + RECORD_HEADER_DEBTOR_CLASS, annex.debtorClass, true);
  view.setUint32(at + RECORD_HEADER_CREDITOR_CLASS, annex.creditorClass, true);
  view.setUint32(at + RECORD_HEADER_DEBTOR_PROFILE, debtor.profile, true);
  view.setUint32(at + RECORD_HEADER_CREDITOR_PROFILE, creditor.profile, true);
  view.setUint16(at + RECORD_HEADER_DEBTOR_SUBJECT_LENGTH, debtorLength, true);
  view.setUint16(at + RECORD_HEADER_CREDITOR_SUBJECT_LENGTH, creditorLength, true);
  view.setUint32(at + RECORD_HEADER_DEBTOR_HASH_LOW, debtor.hashLow, true);
  view.setUint32(at + RECORD_HEADER_DEBTOR_HASH_HIGH, debtor.hashHigh, true);
  view.setUint32(at + RECORD_HEADER_CREDITOR_HASH_LOW, creditor.hashLow, true);
  view.setUint32(at + RECORD_HEADER_CREDITOR_HASH_HIGH, creditor.hashHigh, true);
  const keys = at + RECORD_HEADER_BYTES;
  copyKey(debtor, bytes, keys);
  copyKey(creditor, bytes, keys + debtorLength);
  bytes.fill(0, keys + debtorLength + creditorLength, at + payloadOffset);
  bytes.set(payload, at + payloadOffset);
  bytes.fill(0, at + payloadOffset + payload.length, at + length);
  slabs.take(length, position);
  return bytes.subarray(at, at + length);
}

/** A loop: keys are 8 to 20 bytes, for which `set(subarray)` costs more than it copies. */
function copyKey(side: Side, to: Uint8Array, at: number): void {
  const { key, keyStart, keyEnd } = side;
  for (let i = keyStart; i < keyEnd; i++) to[at++] = key[i];
}

const encoder = new TextEncoder();

/** A control record; `json` is what goes into the index of control records too. */
export function writeControl(
  slabs: Slabs,
  position: number,
  record: ControlRecord,
  ingestMs: number,
): { bytes: Uint8Array; json: Uint8Array } {
  const json = encoder.encode(JSON.stringify(record));
  const length = align(RECORD_HEADER_BYTES + json.length);
  const { bytes, view } = slabs.reserve(length);
  const at = slabs.offset;
  bytes.fill(0, at, at + length);
  writeHead(view, at, length, KIND_CONTROL, RECORD_HEADER_BYTES, json.length);
  view.setFloat64(at + RECORD_HEADER_INGEST_MS, ingestMs, true);
  bytes.set(json, at + RECORD_HEADER_BYTES);
  slabs.take(length, position);
  return { bytes: bytes.subarray(at, at + length), json };
}

function writeHead(
  view: DataView,
  at: number,
  length: number,
  kind: number,
  payloadOffset: number,
  payloadLength: number,
): void {
  view.setUint32(at + RECORD_HEADER_LENGTH, length, true);
  view.setUint8(at + RECORD_HEADER_KIND, kind);
  view.setUint8(at + RECORD_HEADER_VERSION, VERSION);
  view.setUint16(at + RECORD_HEADER_ANNEX_LENGTH, RECORD_HEADER_BYTES, true);
  view.setUint32(at + RECORD_HEADER_PAYLOAD_OFFSET, payloadOffset, true);
  view.setUint32(at + RECORD_HEADER_PAYLOAD_LENGTH, payloadLength, true);
}

function align(bytes: number): number {
  return (bytes + 7) & ~7;
}

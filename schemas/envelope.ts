/**
 * The envelope of a message on the wire or in Kafka: magic, version, kind, length, CRC-32. Its one
 * trick: the checksum covers the header too, so that a flipped bit anywhere is seen.
 */
import { crc32 } from 'node:zlib';
import {
  ENVELOPE_BYTES,
  ENVELOPE_CHECKSUM,
  ENVELOPE_KIND,
  ENVELOPE_MAGIC,
  ENVELOPE_PAYLOAD_LENGTH,
  ENVELOPE_VERSION,
} from './generated/records.js';

const MAGIC = 0x52494557; // "WEIR" when written as bytes 57 45 49 52
const VERSION = 1;

export const EnvelopeKind = { transaction: 1, transactionBatch: 2 } as const;
export type EnvelopeKind = (typeof EnvelopeKind)[keyof typeof EnvelopeKind];

export type Unwrapped =
  /** `payload` is a view of the message, not a copy. */
  | { ok: true; kind: EnvelopeKind; payload: Uint8Array }
  | { ok: false; reason: 'bad_envelope' | 'bad_checksum'; detail: string };

export function wrapEnvelope(kind: EnvelopeKind, payload: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(ENVELOPE_BYTES + payload.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(ENVELOPE_MAGIC, MAGIC, true);
  view.setUint16(ENVELOPE_VERSION, VERSION, true);
  view.setUint16(ENVELOPE_KIND, kind, true);
  view.setUint32(ENVELOPE_PAYLOAD_LENGTH, payload.length, true);
  bytes.set(payload, ENVELOPE_BYTES);
  view.setUint32(ENVELOPE_CHECKSUM, checksum(bytes), true);
  return bytes;
}

export function unwrapEnvelope(bytes: Uint8Array): Unwrapped {
  if (bytes.length < ENVELOPE_BYTES) {
    return bad(`envelope: ${bytes.length} bytes, its header alone has ${ENVELOPE_BYTES}`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, ENVELOPE_BYTES);
  if (view.getUint32(ENVELOPE_MAGIC, true) !== MAGIC) {
    return bad('envelope: no magic "WEIR" at its start');
  }
  const version = view.getUint16(ENVELOPE_VERSION, true);
  if (version !== VERSION) {
    return bad(`envelope: version ${version}, this reader knows ${VERSION}`);
  }
  const kind = view.getUint16(ENVELOPE_KIND, true);
  if (kind !== EnvelopeKind.transaction && kind !== EnvelopeKind.transactionBatch) {
    return bad(`envelope: kind ${kind} is neither 1 (Transaction) nor 2 (TransactionBatch)`);
  }
  const length = view.getUint32(ENVELOPE_PAYLOAD_LENGTH, true);
  if (length !== bytes.length - ENVELOPE_BYTES) {
    return bad(`envelope: claims ${length} bytes of payload, has ${bytes.length - ENVELOPE_BYTES}`);
  }
  if (view.getUint32(ENVELOPE_CHECKSUM, true) !== checksum(bytes)) {
    return { ok: false, reason: 'bad_checksum', detail: 'envelope: CRC-32 differs' };
  }
  return { ok: true, kind, payload: bytes.subarray(ENVELOPE_BYTES) };
}

function bad(detail: string): Unwrapped {
  return { ok: false, reason: 'bad_envelope', detail };
}

/** CRC-32 of version, kind and length, then the payload; the magic is compared as it is. */
function checksum(bytes: Uint8Array): number {
  const header = crc32(bytes.subarray(ENVELOPE_VERSION, ENVELOPE_CHECKSUM));
  return crc32(bytes.subarray(ENVELOPE_BYTES), header);
}

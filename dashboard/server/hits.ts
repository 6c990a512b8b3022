/** Hits as the hits log keeps them: HitHeader of records.fbs, then the canonical JSON. */
import {
  HIT_HEADER_ACTION,
  HIT_HEADER_BODY_LENGTH,
  HIT_HEADER_BYTES,
  HIT_HEADER_DETECTED_MS,
  HIT_HEADER_FAMILY,
  HIT_HEADER_FLAGS,
  HIT_HEADER_ID_0,
  HIT_HEADER_INGEST_MS,
  HIT_HEADER_KIND,
  HIT_HEADER_LENGTH,
  HIT_HEADER_POSITION,
  HIT_HEADER_SEVERITY,
  HIT_HEADER_SIDE,
  HIT_HEADER_VERSION,
} from '../../schemas/generated/records.js';
import { ACTIONS, FAMILIES, type Hit, HitFlag, hitFlags, SEVERITIES } from '../../schemas/hit.js';

const KIND_HIT = 1;
const VERSION = 1;
const SIDES = ['debit', 'credit', 'timer'];
const decoder = new TextDecoder('utf-8', { fatal: true });

export type StoredHit =
  /** `quiet`: of history or of a rule in shadow, opens no alert. */
  | { kind: 'hit'; hit: Hit; quiet: boolean; ingestMs: number }
  /** Not for us: a report of a thread, or a form that this version does not know. */
  | { kind: 'other' }
  | { kind: 'broken' };

export function decodeHit(bytes: Uint8Array): StoredHit {
  if (bytes.byteLength < HIT_HEADER_BYTES) return { kind: 'broken' };
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint8(HIT_HEADER_KIND) !== KIND_HIT) return { kind: 'other' };
  const bodyLength = view.getUint32(HIT_HEADER_BODY_LENGTH, true);
  if (HIT_HEADER_BYTES + bodyLength > bytes.byteLength) return { kind: 'broken' };
  try {
    const body = bytes.subarray(HIT_HEADER_BYTES, HIT_HEADER_BYTES + bodyLength);
    // The engine is the only writer and the chunk's checksum was verified: no schema pass here.
    const hit = JSON.parse(decoder.decode(body)) as Hit;
    if (typeof hit.id !== 'string' || typeof hit.subject !== 'string') return { kind: 'broken' };
    const flags = view.getUint16(HIT_HEADER_FLAGS, true);
    return {
      kind: 'hit',
      hit,
      quiet: (flags & (HitFlag.history | HitFlag.shadow)) !== 0,
      ingestMs: view.getFloat64(HIT_HEADER_INGEST_MS, true),
    };
  } catch {
    return { kind: 'broken' };
  }
}

/** The same form, for tests and tools that write a hits log. */
export function encodeHit(hit: Hit, stamp: { position: number; ingestMs: number }): Uint8Array {
  const body = new TextEncoder().encode(JSON.stringify(hit));
  const length = (HIT_HEADER_BYTES + body.length + 7) & ~7;
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  view.setUint32(HIT_HEADER_LENGTH, length, true);
  view.setUint8(HIT_HEADER_KIND, KIND_HIT);
  view.setUint8(HIT_HEADER_VERSION, VERSION);
  view.setUint16(HIT_HEADER_FLAGS, hitFlags(hit), true);
  view.setFloat64(HIT_HEADER_POSITION, stamp.position, true);
  view.setFloat64(HIT_HEADER_DETECTED_MS, stamp.ingestMs, true);
  view.setFloat64(HIT_HEADER_INGEST_MS, stamp.ingestMs, true);
  view.setUint32(HIT_HEADER_BODY_LENGTH, body.length, true);
  view.setUint8(HIT_HEADER_SEVERITY, SEVERITIES.indexOf(hit.severity));
  view.setUint8(HIT_HEADER_ACTION, ACTIONS.indexOf(hit.action));
  view.setUint8(HIT_HEADER_FAMILY, FAMILIES.indexOf(hit.family));
  view.setUint8(HIT_HEADER_SIDE, SIDES.indexOf(hit.side));
  for (let word = 0; word < 4; word++) {
    const digits = hit.id.slice(word * 8, word * 8 + 8);
    view.setUint32(HIT_HEADER_ID_0 + 4 * word, Number.parseInt(digits, 16) >>> 0, true);
  }
  bytes.set(body, HIT_HEADER_BYTES);
  return bytes;
}

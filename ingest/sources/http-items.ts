/**
 * From the body of a request to items for admission: JSON, NDJSON, or an envelope with FlatBuffers.
 * Nothing is lost on the way: what cannot be read becomes an item that is refused with its reason.
 */
import { EnvelopeKind, unwrapEnvelope } from '../../schemas/envelope.js';
import type { SourceItem } from '../../schemas/ports.js';
import {
  decodeTransactionBatch,
  encodeTransaction,
  transactionFromJson,
} from '../../schemas/transaction-codec.js';

/** Without its origin, which is given when it is offered. */
export type Item = Pick<SourceItem, 'bytes' | 'reject'> & {
  /** Id as the sender wrote it, for the reply; absent when none could be read. */
  id?: string;
};

export interface Body {
  /** A batch is answered with an array. */
  batch: boolean;
  /** One thunk per transaction: encoding is spread over the slices in which they are offered. */
  items: (() => Item)[];
}

const CONTENT_TYPES = ['application/json', 'application/x-ndjson', 'application/octet-stream'];
export type ContentType = 'application/json' | 'application/x-ndjson' | 'application/octet-stream';
export const CONTENT_TYPES_TEXT = CONTENT_TYPES.join(', ');

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const NEWLINE = 10;

export function contentTypeOf(header: string | undefined): ContentType | undefined {
  const type = (header ?? '').split(';')[0].trim().toLowerCase();
  return CONTENT_TYPES.includes(type) ? (type as ContentType) : undefined;
}

/** `bytes` of a refused item are the raw ones, so that a dead letter shows what came. */
export function readBody(type: ContentType, bytes: Uint8Array, messageBytesMax: number): Body {
  if (type === 'application/json') {
    return { batch: false, items: [() => jsonItem(bytes, messageBytesMax)] };
  }
  if (type === 'application/x-ndjson') {
    return {
      batch: true,
      items: linesOf(bytes).map((line) => () => jsonItem(line, messageBytesMax)),
    };
  }
  return envelopeBody(bytes);
}

function refused(bytes: Uint8Array, reason: string, detail: string, id?: string): Item {
  return { bytes, reject: { reason, detail }, ...(id !== undefined && { id }) };
}

function linesOf(bytes: Uint8Array): Uint8Array[] {
  const lines: Uint8Array[] = [];
  for (let start = 0; start < bytes.length; ) {
    let end = bytes.indexOf(NEWLINE, start);
    if (end < 0) end = bytes.length;
    const line = bytes.subarray(start, end);
    if (line.some((byte) => byte > 0x20)) lines.push(line);
    start = end + 1;
  }
  return lines;
}

function jsonItem(bytes: Uint8Array, messageBytesMax: number): Item {
  if (bytes.length > messageBytesMax) {
    return refused(bytes, 'oversized', `message: more than ${messageBytesMax} bytes`);
  }
  let json: unknown;
  try {
    json = JSON.parse(decoder.decode(bytes));
  } catch {
    return refused(bytes, 'malformed', 'message: not JSON in UTF-8');
  }
  const result = transactionFromJson(json);
  if (!result.ok) return refused(bytes, result.reason, result.detail, idOf(json));
  return { bytes: encodeTransaction(result.value), id: result.value.id };
}

/** Only to name the transaction in the reply. */
function idOf(json: unknown): string | undefined {
  const id = (json as { id?: unknown } | null)?.id;
  return typeof id === 'string' && id.length <= 256 ? id : undefined;
}

function envelopeBody(bytes: Uint8Array): Body {
  const opened = unwrapEnvelope(bytes);
  if (!opened.ok) {
    const { reason, detail } = opened;
    return { batch: false, items: [() => refused(bytes, reason, detail)] };
  }
  if (opened.kind === EnvelopeKind.transaction) {
    // A copy of its own: the verifier's alignment counts from the first byte.
    return { batch: false, items: [() => ({ bytes: opened.payload.slice() })] };
  }
  const decoded = decodeTransactionBatch(opened.payload);
  if (!decoded.ok) {
    return { batch: true, items: [() => refused(bytes, decoded.reason, decoded.detail)] };
  }
  return {
    batch: true,
    items: decoded.transactions.map((t) => () => ({ bytes: encodeTransaction(t), id: t.id })),
  };
}

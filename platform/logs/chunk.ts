/**
 * One append as one stored value: ChunkHeader (records.fbs), `count` record lengths (u32, padded
 * to 8), then the records, each padded to 8. Its one trick: the lengths stand together in front,
 * so that finding record k of a chunk is a walk over a Uint32Array, and every record starts at a
 * multiple of 8, which its reader's views rely on.
 */
import { crc32 } from 'node:zlib';
import {
  CHUNK_HEADER_BYTE_LENGTH,
  CHUNK_HEADER_BYTES,
  CHUNK_HEADER_CHECKSUM,
  CHUNK_HEADER_COUNT,
  CHUNK_HEADER_FIRST_POSITION,
  CHUNK_HEADER_FLAGS,
  CHUNK_HEADER_MAGIC,
  CHUNK_HEADER_RESERVED,
  CHUNK_HEADER_VERSION,
} from '../../schemas/generated/records.js';
import { LogError } from './errors.js';

const MAGIC = 0x31434a57; // "WJC1"
const VERSION = 1;

/** Larger records are refused: one record must never stall the loop of a reader. */
export const RECORD_BYTES_MAX = 4 * 1024 * 1024;
/** An append above this is stored as several chunks, still in one commit. */
export const CHUNK_BYTES_TARGET = 1024 * 1024;

const align8 = (bytes: number): number => (bytes + 7) & ~7;

/** Bytes that records [from, to) take as a chunk. */
export function chunkBytes(records: readonly Uint8Array[], from: number, to: number): number {
  let bytes = CHUNK_HEADER_BYTES + align8(4 * (to - from));
  for (let i = from; i < to; i++) bytes += align8(records[i].length);
  return bytes;
}

/** End of the longest run from `from` that stays within the target; at least one record. */
export function chunkRun(records: readonly Uint8Array[], from: number): number {
  let bytes = CHUNK_HEADER_BYTES;
  let to = from;
  for (; to < records.length; to++) {
    bytes += align8(records[to].length) + 4;
    if (bytes > CHUNK_BYTES_TARGET && to > from) break;
  }
  return to;
}

/** Copies records [from, to) into a chunk that starts at `position`. */
export function encodeChunk(
  position: number,
  records: readonly Uint8Array[],
  from: number,
  to: number,
): Uint8Array {
  const bytes = new Uint8Array(chunkBytes(records, from, to));
  const view = new DataView(bytes.buffer);
  const count = to - from;
  let offset = CHUNK_HEADER_BYTES + align8(4 * count);
  for (let i = 0; i < count; i++) {
    const record = records[from + i];
    view.setUint32(CHUNK_HEADER_BYTES + 4 * i, record.length, true);
    bytes.set(record, offset);
    offset += align8(record.length);
  }
  view.setUint32(CHUNK_HEADER_MAGIC, MAGIC, true);
  view.setUint16(CHUNK_HEADER_VERSION, VERSION, true);
  view.setFloat64(CHUNK_HEADER_FIRST_POSITION, position, true);
  view.setUint32(CHUNK_HEADER_COUNT, count, true);
  view.setUint32(CHUNK_HEADER_BYTE_LENGTH, bytes.length, true);
  view.setUint32(CHUNK_HEADER_CHECKSUM, crc32(bytes.subarray(CHUNK_HEADER_BYTES)), true);
  return bytes;
}

/** A verified chunk: record k lies at [offsets[k], offsets[k] + lengths[k]) of `bytes`. */
export interface Chunk {
  first: number;
  end: number;
  bytes: Uint8Array;
  offsets: Uint32Array;
  lengths: Uint32Array;
}

/**
 * Verifies everything that a chunk says of itself; `bytes` must own its buffer from offset 0.
 * Throws `log_corrupt` naming log and position.
 */
export function parseChunk(log: string, position: number, bytes: Uint8Array): Chunk {
  const fault = chunkFault(position, bytes);
  if (fault !== undefined) {
    throw new LogError(
      'log_corrupt',
      `log ${log}: chunk at position ${position} is damaged (${fault}); ` +
        'check the disk and restore the file from a backup',
    );
  }
  const count = new DataView(bytes.buffer).getUint32(CHUNK_HEADER_COUNT, true);
  const lengths = new Uint32Array(bytes.buffer, CHUNK_HEADER_BYTES, count);
  const offsets = new Uint32Array(count);
  let offset = CHUNK_HEADER_BYTES + align8(4 * count);
  for (let i = 0; i < count; i++) {
    offsets[i] = offset;
    offset += align8(lengths[i]);
  }
  return { first: position, end: position + count, bytes, offsets, lengths };
}

/** The checksum covers what stands behind the header; the header's own fields are redundant. */
function chunkFault(position: number, bytes: Uint8Array): string | undefined {
  if (bytes.length < CHUNK_HEADER_BYTES) return 'shorter than its header';
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (view.getUint32(CHUNK_HEADER_MAGIC, true) !== MAGIC) return 'magic';
  if (view.getUint16(CHUNK_HEADER_VERSION, true) !== VERSION) return 'version';
  if (view.getUint16(CHUNK_HEADER_FLAGS, true) !== 0) return 'flags';
  if (view.getUint32(CHUNK_HEADER_RESERVED, true) !== 0) return 'reserved word';
  if (view.getFloat64(CHUNK_HEADER_FIRST_POSITION, true) !== position) return 'first position';
  if (view.getUint32(CHUNK_HEADER_BYTE_LENGTH, true) !== bytes.length) return 'length';
  if (view.getUint32(CHUNK_HEADER_CHECKSUM, true) !== crc32(bytes.subarray(CHUNK_HEADER_BYTES))) {
    return 'checksum';
  }
  const count = view.getUint32(CHUNK_HEADER_COUNT, true);
  // Compared as plain numbers first: align8 works on 32 bits and a wrong count may go beyond.
  if (count === 0 || 4 * count > bytes.length) return 'count';
  let end = CHUNK_HEADER_BYTES + align8(4 * count);
  for (let i = 0; i < count && end <= bytes.length; i++) {
    const length = view.getUint32(CHUNK_HEADER_BYTES + 4 * i, true);
    if (length > RECORD_BYTES_MAX) return 'record lengths';
    end += align8(length);
  }
  return end === bytes.length ? undefined : 'record lengths';
}

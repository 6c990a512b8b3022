/**
 * The file of a shard's snapshot: header, JSON (columns), the region's bytes as they are, a CRC-32
 * for each MiB of them, trailer. Every byte is covered by a checksum; a file that does not verify
 * is not read in part.
 */
import { crc32 } from 'node:zlib';
import * as R from '../../schemas/generated/records.js';
import type { RegionDescription } from '../../scoring/index.js';

const MAGIC = 0x314e5357; // "WSN1"
const TRAILER = 0x31455357; // "WSE1"
const VERSION = 1;
const MIB = 1024 * 1024;

export interface SnapshotContent {
  shard: number;
  shards: number;
  /** Journal position that the shard continues at. */
  position: number;
  watermarkMs: number;
  described: RegionDescription;
  body: Uint8Array;
}

/** Parts to be written one after another. */
export function encodeSnapshot(content: SnapshotContent): Uint8Array[] {
  const json = Buffer.from(JSON.stringify(content.described));
  const header = Buffer.alloc(R.SNAPSHOT_HEADER_BYTES);
  header.writeUInt32LE(MAGIC, R.SNAPSHOT_HEADER_MAGIC);
  header.writeUInt16LE(VERSION, R.SNAPSHOT_HEADER_VERSION);
  header.writeUInt16LE(content.shard, R.SNAPSHOT_HEADER_SHARD);
  header.writeDoubleLE(content.position, R.SNAPSHOT_HEADER_POSITION);
  header.writeDoubleLE(content.watermarkMs, R.SNAPSHOT_HEADER_WATERMARK_MS);
  header.writeUInt32LE(json.byteLength, R.SNAPSHOT_HEADER_JSON_LENGTH);
  header.writeUInt32LE(content.shards, R.SNAPSHOT_HEADER_SHARDS);
  header.writeDoubleLE(content.body.byteLength, R.SNAPSHOT_HEADER_BODY_LENGTH);
  header.writeUInt32LE(crc32(json, crc32(header)), R.SNAPSHOT_HEADER_HEADER_CHECKSUM);
  const sums = checksums(content.body);
  const trailer = Buffer.alloc(sums.byteLength + 8);
  trailer.set(sums);
  trailer.writeUInt32LE(crc32(sums), sums.byteLength);
  trailer.writeUInt32LE(TRAILER, sums.byteLength + 4);
  return [header, json, content.body, trailer];
}

function checksums(body: Uint8Array): Buffer {
  const sums = Buffer.alloc(Math.ceil(body.byteLength / MIB) * 4);
  for (let i = 0; i * MIB < body.byteLength; i++) {
    sums.writeUInt32LE(crc32(body.subarray(i * MIB, (i + 1) * MIB)), i * 4);
  }
  return sums;
}

/** The content, or why the file cannot be trusted. */
export function decodeSnapshot(
  bytes: Uint8Array,
): { ok: true; content: SnapshotContent } | { ok: false; reason: string } {
  const bad = (reason: string) => ({ ok: false as const, reason });
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (file.byteLength < R.SNAPSHOT_HEADER_BYTES) return bad('shorter than its header');
  const header = Buffer.from(file.subarray(0, R.SNAPSHOT_HEADER_BYTES));
  if (header.readUInt32LE(R.SNAPSHOT_HEADER_MAGIC) !== MAGIC) return bad('not a snapshot');
  const version = header.readUInt16LE(R.SNAPSHOT_HEADER_VERSION);
  if (version !== VERSION) return bad(`version ${version} is not known here`);
  const jsonLength = header.readUInt32LE(R.SNAPSHOT_HEADER_JSON_LENGTH);
  const bodyLength = header.readDoubleLE(R.SNAPSHOT_HEADER_BODY_LENGTH);
  const sumsLength = Math.ceil(bodyLength / MIB) * 4;
  const expected = R.SNAPSHOT_HEADER_BYTES + jsonLength + bodyLength + sumsLength + 8;
  if (file.byteLength !== expected) return bad(`${file.byteLength} bytes instead of ${expected}`);
  const json = file.subarray(R.SNAPSHOT_HEADER_BYTES, R.SNAPSHOT_HEADER_BYTES + jsonLength);
  const said = header.readUInt32LE(R.SNAPSHOT_HEADER_HEADER_CHECKSUM);
  header.writeUInt32LE(0, R.SNAPSHOT_HEADER_HEADER_CHECKSUM);
  if (crc32(json, crc32(header)) !== said) return bad('header checksum');
  const bodyAt = R.SNAPSHOT_HEADER_BYTES + jsonLength;
  const body = file.subarray(bodyAt, bodyAt + bodyLength);
  const sums = file.subarray(bodyAt + bodyLength, bodyAt + bodyLength + sumsLength);
  const end = bodyAt + bodyLength + sumsLength;
  if (file.readUInt32LE(end + 4) !== TRAILER) return bad('no trailer');
  if (file.readUInt32LE(end) !== crc32(sums)) return bad('checksum of the checksums');
  if (!checksums(body).equals(sums)) return bad('body checksum');
  return {
    ok: true,
    content: {
      shard: header.readUInt16LE(R.SNAPSHOT_HEADER_SHARD),
      shards: header.readUInt32LE(R.SNAPSHOT_HEADER_SHARDS),
      position: header.readDoubleLE(R.SNAPSHOT_HEADER_POSITION),
      watermarkMs: header.readDoubleLE(R.SNAPSHOT_HEADER_WATERMARK_MS),
      described: JSON.parse(json.toString('utf8')) as RegionDescription,
      body,
    },
  };
}

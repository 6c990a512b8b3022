import { describe, expect, it } from 'vitest';
import { decodeSnapshot, encodeSnapshot, type SnapshotContent } from './snapshot-file.js';

const MIB = 1024 * 1024;

function content(bodyBytes: number): SnapshotContent {
  const body = new Uint8Array(bodyBytes);
  for (let i = 0; i < bodyBytes; i++) body[i] = (i * 31 + (i >>> 8)) & 255;
  return {
    shard: 17,
    shards: 256,
    position: 123_456_789,
    watermarkMs: 1_772_420_400_000,
    described: {
      format: 1,
      rowWords: 96,
      legWords: 8,
      strideWords: 128,
      cooldowns: 120,
      cooldownRules: ['activity-drop'],
      columns: ['0:sliding:86400000'],
      catalogueSha256: 'ab'.repeat(32),
    },
    body,
  };
}

const file = (c: SnapshotContent): Buffer => Buffer.concat(encodeSnapshot(c));

describe('snapshot file', () => {
  it('gives back what was written, over several checksums', () => {
    const written = content(2 * MIB + 808);
    const read = decodeSnapshot(file(written));
    if (!read.ok) throw new Error(read.reason);
    expect(Buffer.compare(read.content.body, written.body)).toBe(0);
    expect({ ...read.content, body: 0 }).toEqual({ ...written, body: 0 });
  });

  it('refuses a file with any single bit flipped', () => {
    const bytes = file(content(1024));
    for (let i = 0; i < bytes.byteLength; i++) {
      const bit = 1 << (i % 8);
      bytes[i] ^= bit;
      expect({ at: i, ok: decodeSnapshot(bytes).ok }).toEqual({ at: i, ok: false });
      bytes[i] ^= bit;
    }
    expect(decodeSnapshot(bytes).ok).toBe(true);
  });

  it('refuses a file cut anywhere', () => {
    const bytes = file(content(512));
    for (let length = 0; length < bytes.byteLength; length++) {
      expect(decodeSnapshot(bytes.subarray(0, length)).ok).toBe(false);
    }
  });
});

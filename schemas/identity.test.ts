import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  hashWords,
  hexOfHash,
  hitIdOfLeg,
  hitIdOfTimer,
  isPlainId,
  murmur3x64,
  normalizeId,
  subjectShard,
} from './identity.js';

const MASK = (1n << 64n) - 1n;
const rotl = (x: bigint, r: bigint) => ((x << r) | (x >> (64n - r))) & MASK;
const fmix = (k: bigint) => {
  let x = k ^ (k >> 33n);
  x = (x * 0xff51afd7ed558ccdn) & MASK;
  x ^= x >> 33n;
  x = (x * 0xc4ceb9fe1a85ec53n) & MASK;
  return x ^ (x >> 33n);
};

/** The same function in BigInt, straight from the published algorithm. */
function reference(bytes: Uint8Array, seed: number): string {
  const c1 = 0x87c37b91114253d5n;
  const c2 = 0x4cf5ad432745937fn;
  const read = (from: number, to: number) => {
    let v = 0n;
    for (let i = Math.min(to, bytes.length) - 1; i >= from; i--) v = (v << 8n) | BigInt(bytes[i]);
    return v;
  };
  const k1Of = (k: bigint) => (rotl((k * c1) & MASK, 31n) * c2) & MASK;
  const k2Of = (k: bigint) => (rotl((k * c2) & MASK, 33n) * c1) & MASK;
  let h1 = BigInt(seed);
  let h2 = BigInt(seed);
  let at = 0;
  for (; at + 16 <= bytes.length; at += 16) {
    h1 = (rotl(h1 ^ k1Of(read(at, at + 8)), 27n) + h2) & MASK;
    h1 = (h1 * 5n + 0x52dce729n) & MASK;
    h2 = (rotl(h2 ^ k2Of(read(at + 8, at + 16)), 31n) + h1) & MASK;
    h2 = (h2 * 5n + 0x38495ab5n) & MASK;
  }
  h2 ^= k2Of(read(at + 8, at + 16));
  h1 ^= k1Of(read(at, at + 8));
  h1 ^= BigInt(bytes.length);
  h2 ^= BigInt(bytes.length);
  h1 = (h1 + h2) & MASK;
  h2 = (h2 + h1) & MASK;
  h1 = fmix(h1);
  h2 = fmix(h2);
  h1 = (h1 + h2) & MASK;
  h2 = (h2 + h1) & MASK;
  return h1.toString(16).padStart(16, '0') + h2.toString(16).padStart(16, '0');
}

function hashOf(text: string): string {
  const bytes = new TextEncoder().encode(text);
  murmur3x64(bytes, 0, bytes.length);
  return hexOfHash();
}

describe('murmur3 x64-128', () => {
  it('gives the published values', () => {
    expect(hashOf('')).toBe('00000000000000000000000000000000');
    expect(hashOf('hello')).toBe('cbd8a7b341bd9b025b1e906a48ae1d19');
    expect(hashOf('hello, world')).toBe('342fac623a5ebc8e4cdcbc079642414d');
    expect(hashOf('The quick brown fox jumps over the lazy dog')).toBe(
      'e34bbc7bbc071b6c7a433ca9c49a9347',
    );
  });

  it('passes the verification of SMHasher (0x6384BA69)', () => {
    // Keys {0}, {0,1} ... of 0 to 255 bytes, seed 256 - length; then the hash of the hashes.
    const hashes = new Uint8Array(256 * 16);
    const key = Uint8Array.from({ length: 256 }, (_, i) => i);
    const view = new DataView(hashes.buffer);
    for (let n = 0; n < 256; n++) {
      murmur3x64(key, 0, n, 256 - n);
      for (let w = 0; w < 4; w++) view.setUint32(n * 16 + w * 4, hashWords[w], true);
    }
    murmur3x64(hashes, 0, hashes.length, 0);
    expect(hashWords[0]).toBe(0x6384ba69);
  });

  it('equals a BigInt reference at every length and offset', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat(7), fc.nat(), (bytes, pad, seed) => {
        const slab = new Uint8Array(bytes.length + pad + 5).fill(0xee);
        slab.set(bytes, pad);
        murmur3x64(slab, pad, pad + bytes.length, seed);
        expect(hexOfHash()).toBe(reference(bytes, seed));
      }),
      { numRuns: 1000 },
    );
  });
});

describe('ids', () => {
  it('names a shard by the low bits', () => {
    expect(subjectShard(0xfffffff5, 256)).toBe(0xf5);
    expect(subjectShard(0xfffffff5, 1)).toBe(0);
  });

  it('freezes the ids of hits', () => {
    const origin = { source: 3, partition: 1, offset: 77, index: 2 };
    const leg = hitIdOfLeg('structuring', 4, 'P-1', origin, 'debit');
    expect(leg).toBe(hashOf('structuring\u00004\u0000P-1\u00003\u00001\u000077\u00002\u0000debit'));
    expect(leg).toBe('1c98ffeeaa61f97d38f49769f2f52c91');
    const timer = hitIdOfTimer('activity-drop', 1, '客户', 1772640000000);
    expect(timer).toBe(hashOf('activity-drop\u00001\u0000客户\u00001772640000000'));
    expect(timer).toBe('bf17fb50932d02c4e713c8d027d064be');
    expect(hitIdOfLeg('structuring', 4, 'P-1', origin, 'credit')).not.toBe(leg);
    const long = 'x'.repeat(2000);
    expect(hitIdOfTimer(long, 1, 's', 5)).toBe(hashOf(`${long}\u00001\u0000s\u00005`));
  });

  it('normalizes what can be an id and refuses the rest', () => {
    expect(normalizeId('6222 0212')).toBe('6222 0212');
    expect(normalizeId('e\u0301')).toBe('\u00e9');
    expect(normalizeId('客'.repeat(21))).toBe('客'.repeat(21));
    expect(normalizeId('a'.repeat(64))).toBe('a'.repeat(64));
    for (const bad of [
      '',
      ' a',
      'a ',
      'a\u00a0',
      'a\nb',
      'a\u0000',
      '\u0085x',
      'x\u007f',
      '\ud800',
      'a'.repeat(65),
      '客'.repeat(22),
    ]) {
      expect(normalizeId(bad), JSON.stringify(bad)).toBeNull();
    }
  });

  it('takes the short way only where it says the same', () => {
    const letter = fc.constantFrom('a', ' ', '~', '\u007f', '\n', 'é', '0', '\u0000');
    fc.assert(
      fc.property(fc.array(letter, { maxLength: 70 }), (letters) => {
        const text = letters.join('');
        const bytes = new TextEncoder().encode(text);
        if (isPlainId(bytes, 0, bytes.length)) expect(normalizeId(text)).toBe(text);
      }),
    );
    expect(isPlainId(new TextEncoder().encode('xACC-1x'), 1, 6)).toBe(true);
    expect(isPlainId(new TextEncoder().encode('A\tB'), 0, 3)).toBe(false);
  });
});

/**
 * The verifier against an independent reader: the FlatBuffers runtime with accessors as flatc
 * writes them, on a buffer that throws at any byte outside. Seeded: a failure names its seed.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ByteBuffer } from 'flatbuffers';
import { describe, expect, it } from 'vitest';
import { schemasFolder } from './codegen/generate.js';
import { isUtf8 } from './codegen/runtime.js';
import { unwrapEnvelope, wrapEnvelope } from './envelope.js';
import {
  CHANNEL_NAMES,
  PARTY_KIND_NAMES,
  TRANSACTION_TYPE_NAMES,
  verifyTransaction,
  verifyTransactionBatch,
} from './generated/transaction.js';
import {
  decodeTransaction,
  decodeTransactionBatch,
  encodeTransaction,
  encodeTransactionBatch,
  type TransactionFields,
} from './transaction-codec.js';

const MUTATIONS = process.env['WEIR_DEEP'] === '1' ? 1_000_000 : 100_000;
const SEED = Number(process.env['WEIR_SEED'] ?? 20260302);

/** mulberry32: a whole stream of tests from one number. */
function random(seed: number): (below: number) => number {
  let state = seed | 0;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

class CheckedBuffer extends ByteBuffer {
  private check(at: number, width: number): void {
    if (!(at >= 0 && at + width <= this.capacity())) throw new RangeError(`byte ${at}`);
  }
  override readUint8(at: number): number {
    this.check(at, 1);
    return super.readUint8(at);
  }
  override readUint16(at: number): number {
    this.check(at, 2);
    return super.readUint16(at);
  }
  override readInt32(at: number): number {
    this.check(at, 4);
    return super.readInt32(at);
  }
  text(at: number): string {
    const from = at + this.readInt32(at);
    const length = this.readInt32(from);
    this.check(from + 4, length);
    const bytes = Buffer.from(this.bytes().subarray(from + 4, from + 4 + length));
    const text = bytes.toString('utf8');
    if (!Buffer.from(text, 'utf8').equals(bytes)) throw new RangeError('not UTF-8');
    return text;
  }
}

type Plain = Record<string, unknown>;

/** One table by the accessors that flatc writes: `bb.__offset(pos, 4 + 2 * field)`. */
function carefulTable(bb: CheckedBuffer, pos: number, kinds: [string, string, unknown?][]): Plain {
  const out: Plain = {};
  kinds.forEach(([name, kind, extra], index) => {
    const offset = bb.__offset(pos, 4 + 2 * index);
    if (offset === 0) {
      if (kind === 'table') throw new RangeError(`${name} is absent`);
      return;
    }
    const at = pos + offset;
    if (kind === 'text') out[name] = bb.text(at);
    else if (kind === 'int64') {
      const exact = bb.readInt64(at);
      if (BigInt(Number(exact)) !== exact) throw new RangeError(`${name} is not exact`);
      out[name] = Number(exact);
    } else if (kind === 'table') {
      out[name] = carefulTable(bb, bb.__indirect(at), extra as [string, string][]);
    } else {
      const value = bb.readUint8(at);
      const names = extra as readonly string[] | undefined;
      if (value > 0) out[name] = names === undefined ? value : names[value];
    }
  });
  return out;
}

const PARTY: [string, string, unknown?][] = [
  ['account', 'text'],
  ['party', 'text'],
  ['bank', 'text'],
  ['country', 'text'],
  ['kind', 'ubyte', PARTY_KIND_NAMES],
];
const TRANSACTION: [string, string, unknown?][] = [
  ['id', 'text'],
  ['eventTimeMs', 'int64'],
  ['debtor', 'table', PARTY],
  ['creditor', 'table', PARTY],
  ['amountMinor', 'int64'],
  ['currency', 'text'],
  ['channel', 'ubyte', CHANNEL_NAMES],
  ['type', 'ubyte', TRANSACTION_TYPE_NAMES],
  ['purpose', 'text'],
  ['debtorBalanceAfterMinor', 'int64'],
  ['creditorBalanceAfterMinor', 'int64'],
  ['productRiskClass', 'ubyte'],
  ['loanId', 'text'],
  ['reversedTransaction', 'text'],
  ['recordingReference', 'text'],
];

function carefulRead(bytes: Uint8Array, kind: number): unknown {
  const bb = new CheckedBuffer(bytes);
  const root = bb.readInt32(0);
  if (kind === 1) return carefulTable(bb, root, TRANSACTION);
  const at = root + bb.__offset(root, 4);
  const count = bb.__vector_len(at);
  return Array.from({ length: count }, (_, i) =>
    carefulTable(bb, bb.__indirect(bb.__vector(at) + i * 4), TRANSACTION),
  );
}

/** What Weir reads, or null when it refuses. */
function weirRead(bytes: Uint8Array, kind: number): unknown {
  if (kind === 1) return verifyTransaction(bytes) === null ? decodeTransaction(bytes) : null;
  if (verifyTransactionBatch(bytes) !== null) return null;
  const batch = decodeTransactionBatch(bytes);
  return batch.ok ? batch.transactions : null;
}

function encode(fields: unknown): Uint8Array {
  return Array.isArray(fields)
    ? encodeTransactionBatch(fields as TransactionFields[])
    : encodeTransaction(fields as TransactionFields);
}

/** Same content whatever the order of keys. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, v) =>
    v !== null && typeof v === 'object' && !Array.isArray(v)
      ? Object.fromEntries(Object.entries(v).sort(([a], [b]) => (a < b ? -1 : 1)))
      : v,
  );
}

const goldens = (
  JSON.parse(readFileSync(join(schemasFolder(), 'golden', 'messages.json'), 'utf8')) as {
    kind: 1 | 2;
    envelope: string;
  }[]
).map(({ kind, envelope }) => ({
  kind,
  payload: Uint8Array.from(Buffer.from(envelope, 'hex')).slice(16),
}));

const WORDS = [0, 1, 2, 3, 4, 8, 0x7f, 0x80, 0xff, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff];

/** One to four changes of the kinds that break readers: bits, bytes, words, offsets, ends. */
function mutate(bytes: Uint8Array, below: (n: number) => number): Uint8Array {
  let out = bytes.slice();
  for (let times = 1 + below(4); times > 0; times--) {
    const view = new DataView(out.buffer);
    const at = below(out.length);
    const word = Math.min(at & ~3, Math.max(out.length - 4, 0) & ~3);
    const kind = out.length < 8 ? 0 : below(9);
    if (kind === 0 && out.length > 0) out[at] ^= 1 << below(8);
    else if (kind === 1) out[at] = below(256);
    else if (kind === 2) view.setUint32(word, WORDS[below(WORDS.length)], true);
    else if (kind === 3) view.setUint32(word, view.getUint32(word, true) + below(17) - 8, true);
    else if (kind === 4) view.setUint16(word, below(out.length + 8), true);
    else if (kind === 5) out = out.slice(0, at);
    else if (kind === 6) {
      const longer = new Uint8Array(out.length + 1 + below(16));
      longer.set(out);
      out = longer;
    } else if (kind === 7) out.copyWithin(word, below(out.length) & ~3, below(out.length));
    else {
      const other = goldens[below(goldens.length)].payload;
      const length = 1 + below(24);
      const piece = other.subarray(below(other.length)).subarray(0, Math.min(length, out.length));
      out.set(piece, Math.min(at, out.length - piece.length));
    }
  }
  return out;
}

describe('mutated messages', () => {
  it(`are refused, or read as an independent reader does (${MUTATIONS}, seed ${SEED})`, () => {
    const below = random(SEED);
    let taken = 0;
    for (let i = 0; i < MUTATIONS; i++) {
      const golden = goldens[below(goldens.length)];
      const message = wrapEnvelope(golden.kind, mutate(golden.payload, below));
      const unwrapped = unwrapEnvelope(message);
      if (!unwrapped.ok) throw new Error(`seed ${SEED}, mutation ${i}: envelope refused`);
      const said = weirRead(unwrapped.payload, golden.kind);
      if (said === null) continue;
      taken++;
      const exact = unwrapped.payload.slice();
      const careful = canonical(carefulRead(exact, golden.kind));
      const again = canonical(weirRead(encode(said), golden.kind));
      if (canonical(said) !== careful || again !== careful) {
        throw new Error(
          `seed ${SEED}, mutation ${i}: ${Buffer.from(exact).toString('hex')}\n` +
            `weir ${canonical(said)}\nreader ${careful}\nagain ${again}`,
        );
      }
    }
    // Both ways out were taken often, so neither is a way around the other.
    expect(taken).toBeGreaterThan(MUTATIONS / 20);
    expect(MUTATIONS - taken).toBeGreaterThan(MUTATIONS / 20);
  }, 600_000);

  it('are never read outside their range', () => {
    const below = random(SEED + 1);
    for (let i = 0; i < 4_000; i++) {
      const golden = goldens[below(goldens.length)];
      const bytes = mutate(golden.payload, below);
      const start = 1 + below(9);
      const slab = new Uint8Array(start + bytes.length + 40).map(() => below(256));
      slab.set(bytes, start);
      const end = start + bytes.length;
      const watched = new Proxy(slab, {
        get(target, key) {
          if (key === 'length') return target.length;
          const at = Number(key);
          if (!(at >= start && at < end))
            throw new Error(`seed ${SEED}, ${i}: read ${String(key)}`);
          return target[at];
        },
      });
      const verify = golden.kind === 1 ? verifyTransaction : verifyTransactionBatch;
      expect(verify(watched, start, end)).toBe(verify(bytes));
    }
  });

  it('are judged alone: a range that does not fit is refused', () => {
    const { payload } = goldens[0];
    for (const [start, end] of [
      [-1, 8],
      [0, payload.length + 1],
      [8, 4],
      [Number.NaN, 8],
    ]) {
      expect(verifyTransaction(payload, start, end)).toBe('Transaction: too short');
    }
  });
});

describe('UTF-8', () => {
  it('is judged as the platform judges it', () => {
    const below = random(SEED + 2);
    const strict = new TextDecoder('utf-8', { fatal: true });
    const leads = [0x00, 0x41, 0x7f, 0x80, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xed, 0xef, 0xf0];
    const all = [...leads, 0xf4, 0xf5, 0xff, 0x8f, 0x90, 0x9f, 0xa0];
    for (let i = 0; i < 50_000; i++) {
      const bytes = Uint8Array.from({ length: below(9) }, () => all[below(all.length)]);
      let valid = true;
      try {
        strict.decode(bytes);
      } catch {
        valid = false;
      }
      expect(isUtf8(bytes, 0, bytes.length), Buffer.from(bytes).toString('hex')).toBe(valid);
    }
  });
});

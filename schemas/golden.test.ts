import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseFbs } from './codegen/fbs.js';
import { schemasFolder } from './codegen/generate.js';
import { constantCase } from './codegen/structs.js';
import { unwrapEnvelope, wrapEnvelope } from './envelope.js';
import * as records from './generated/records.js';
import { verifyTransaction, verifyTransactionBatch } from './generated/transaction.js';
import {
  decodeTransaction,
  decodeTransactionBatch,
  encodeTransaction,
  encodeTransactionBatch,
  type TransactionFields,
} from './transaction-codec.js';

interface Golden {
  name: string;
  writer: 'weir' | 'flatc';
  kind: 1 | 2;
  fields: TransactionFields | TransactionFields[];
  envelope: string;
}

const folder = join(schemasFolder(), 'golden');
const goldens = JSON.parse(readFileSync(join(folder, 'messages.json'), 'utf8')) as Golden[];
const bytesOf = (golden: Golden) => Uint8Array.from(Buffer.from(golden.envelope, 'hex'));

/** What an enveloped message says, or null when it is refused on the way. */
function read(message: Uint8Array): unknown {
  const unwrapped = unwrapEnvelope(message);
  if (!unwrapped.ok) return null;
  const { kind, payload } = unwrapped;
  if (kind === 1) return verifyTransaction(payload) === null ? decodeTransaction(payload) : null;
  if (verifyTransactionBatch(payload) !== null) return null;
  const batch = decodeTransactionBatch(payload);
  return batch.ok ? batch.transactions : null;
}

describe('golden messages', () => {
  it('are fifty, some by another encoder', () => {
    expect(goldens.length).toBe(50);
    expect(goldens.filter((g) => g.writer === 'flatc').length).toBe(10);
    for (const file of readdirSync(join(folder, 'flatc')).filter((f) => f.endsWith('.bin'))) {
      const golden = goldens.find((g) => g.name === `flatc-${file.slice(0, -4)}`) as Golden;
      const payload = readFileSync(join(folder, 'flatc', file));
      expect(Buffer.from(wrapEnvelope(golden.kind, payload)).toString('hex')).toBe(golden.envelope);
    }
  });

  it.each(goldens)('$name decodes to its fields and is reproduced', (golden) => {
    expect(read(bytesOf(golden))).toStrictEqual(golden.fields);
    if (golden.writer !== 'weir') return;
    const payload = Array.isArray(golden.fields)
      ? encodeTransactionBatch(golden.fields)
      : encodeTransaction(golden.fields);
    expect(Buffer.from(wrapEnvelope(golden.kind, payload)).toString('hex')).toBe(golden.envelope);
  });

  it('has the checksum that any CRC-32 gives', () => {
    // zlib.crc32(version, kind, length and payload) of Python: an envelope around "weir".
    const message = wrapEnvelope(1, new TextEncoder().encode('weir'));
    expect(Buffer.from(message).toString('hex')).toBe('574549520100010004000000d4be383977656972');
  });

  it('refuses every truncation, and a longer message', () => {
    for (const golden of goldens) {
      const bytes = bytesOf(golden);
      for (let length = 0; length < bytes.length; length++) {
        expect(read(bytes.subarray(0, length)), `${golden.name} at ${length}`).toBeNull();
      }
      const longer = new Uint8Array(bytes.length + 1);
      longer.set(bytes);
      expect(read(longer)).toBeNull();
    }
  });

  it('refuses every single flipped bit', () => {
    let flips = 0;
    for (const golden of goldens) {
      const bytes = bytesOf(golden);
      for (let bit = 0; bit < bytes.length * 8; bit++) {
        bytes[bit >> 3] ^= 1 << (bit & 7);
        const said = read(bytes);
        if (said !== null) throw new Error(`${golden.name}: bit ${bit} flipped was taken`);
        bytes[bit >> 3] ^= 1 << (bit & 7);
        flips++;
      }
    }
    expect(flips).toBeGreaterThan(50_000);
  });
});

describe('fixed layouts', () => {
  interface Vector {
    struct: string;
    fields: Record<string, number>;
    hex: string;
  }
  const vectors = JSON.parse(readFileSync(join(folder, 'records.json'), 'utf8')) as Vector[];
  const fbs = readFileSync(join(schemasFolder(), 'records.fbs'), 'utf8');
  const { structs } = parseFbs(fbs, 'records.fbs');
  const constants = records as unknown as Record<string, number>;

  it('has a vector for every struct', () => {
    expect(vectors.map((v) => v.struct)).toEqual(structs.map((s) => s.name));
  });

  it.each(vectors)('$struct is laid out as frozen', (vector) => {
    const prefix = constantCase(vector.struct);
    const expected = Buffer.from(vector.hex, 'hex');
    expect(constants[`${prefix}_BYTES`]).toBe(expected.length);
    const view = new DataView(new ArrayBuffer(expected.length));
    const types = structs.find((s) => s.name === vector.struct)?.fields ?? [];
    expect(types.map((f) => f.name)).toEqual(Object.keys(vector.fields));
    for (const { name, type } of types) {
      const at = constants[`${prefix}_${constantCase(name)}`];
      const value = vector.fields[name];
      if (type === 'ubyte') view.setUint8(at, value);
      else if (type === 'ushort') view.setUint16(at, value, true);
      else if (type === 'uint') view.setUint32(at, value, true);
      else if (type === 'double') view.setFloat64(at, value, true);
      else throw new Error(`${vector.struct}.${name}: no writer for ${type}`);
    }
    expect(Buffer.from(view.buffer).toString('hex')).toBe(vector.hex);
  });
});

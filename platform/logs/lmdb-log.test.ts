import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RECORD_BYTES_MAX } from './chunk.js';
import { logErrorCode } from './errors.js';
import { type LmdbLog, type LmdbLogOptions, openLmdbLog } from './lmdb-log.js';

let folder = '';
let open: LmdbLog[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'weir-log-'));
  open = [];
});
afterEach(async () => {
  for (const log of open) await log.close();
  rmSync(folder, { recursive: true });
});

function openLog(options: Partial<LmdbLogOptions> = {}): LmdbLog {
  const log = openLmdbLog(join(folder, 'j.mdb'), { name: 'journal', ...options });
  open.push(log);
  return log;
}

const record = (text: string) => Buffer.from(text);
const texts = (log: LmdbLog, from: number, limit = 1000, bytesMax?: number) =>
  log.read(from, limit, bytesMax).map((r) => `${r.position}:${Buffer.from(r.bytes)}`);
const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'resolved',
    (error) => logErrorCode(error) ?? String(error),
  );

describe('a log on LMDB', () => {
  it('fixes positions at once and reads back what was flushed, in order', async () => {
    const log = openLog();
    const one = log.append([record('a'), record('bb')]);
    expect(log.nextPosition).toBe(2);
    const two = log.append([record('')]);
    expect(log.nextPosition).toBe(3);
    expect(log.durableEnd).toBe(0);
    expect(await one).toEqual({ first: 0, end: 2 });
    expect(await two).toEqual({ first: 2, end: 3 });
    expect(log.durableEnd).toBe(3);
    expect(texts(log, 0)).toEqual(['0:a', '1:bb', '2:']);
    expect(texts(log, 1, 1)).toEqual(['1:bb']);
    expect(texts(log, 3)).toEqual([]);
    expect(log.pendingBytes).toBe(0);
  });

  it('goes on after it was opened again, with the same identity', async () => {
    const log = openLog();
    await log.append([record('a')]);
    await log.close();
    const again = openLog();
    expect(again.identity).toBe(log.identity);
    expect(again.identity).toMatch(/^[0-9a-f]{16}$/);
    await again.append([record('b')]);
    expect(texts(again, 0)).toEqual(['0:a', '1:b']);
  });

  it('commits meta and side tables with the records, and also without any', async () => {
    const log = openLog({ tables: ['dead-letters'] });
    const value = Buffer.from('raw');
    const put = [{ table: 'dead-letters', key: 7, value }];
    await log.append([record('a')], { meta: { offset: 12, text: 'x', gone: 1 }, put });
    value.fill(0); // what was handed over counts, not what became of the buffer
    await log.append([], {
      meta: { gone: null, bytes: Uint8Array.of(1, 2) },
      put: [{ table: 'dead-letters', key: 3, value: Buffer.from('early') }],
    });
    expect(log.nextPosition).toBe(1);
    expect(log.getMeta('offset')).toBe(12);
    expect(log.getMeta('text')).toBe('x');
    expect(log.getMeta('gone')).toBeUndefined();
    expect(log.getMeta('bytes')).toEqual(Uint8Array.of(1, 2));
    const table = log.table('dead-letters');
    expect(Buffer.from(table.get(7) ?? []).toString()).toBe('raw');
    expect(table.has(8)).toBe(false);
    expect(table.count()).toBe(2);
    expect(table.range({}).map((e) => e.key)).toEqual([3, 7]);
    expect(table.range({ from: 4 }).map((e) => e.key)).toEqual([7]);
    expect(table.range({ from: 6, reverse: true }).map((e) => e.key)).toEqual([3]);
    expect(table.range({ limit: 1, reverse: true }).map((e) => e.key)).toEqual([7]);
  });

  it('refuses what would break a batch before any of it is taken', async () => {
    const log = openLog({ tables: ['t'] });
    const big = new Uint8Array(RECORD_BYTES_MAX + 1);
    const value = record('v');
    expect(await codeOf(log.append([record('a'), big]))).toBe('record_too_large');
    expect(await codeOf(log.append([], { put: [{ table: 'u', key: 1, value }] }))).toBe(
      'unknown_table',
    );
    for (const key of ['', 'x'.repeat(2000), Number.NaN]) {
      expect(await codeOf(log.append([], { put: [{ table: 't', key, value }] }))).toBe('bad_key');
    }
    expect(log.nextPosition).toBe(0);
    await log.append([new Uint8Array(RECORD_BYTES_MAX)]);
    expect(log.read(0, 1)[0].bytes.length).toBe(RECORD_BYTES_MAX);
  });

  it('stores blobs under their SHA-256', async () => {
    const log = openLog();
    const sha = await log.blobs.put(record('abc'));
    expect(sha).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
    expect(await log.blobs.put(record('abc'))).toBe(sha);
    expect(Buffer.from(log.blobs.get(sha)).toString()).toBe('abc');
    expect(() => log.blobs.get('00')).toThrow(/blob 00 is not in the file/);
    await log.blobs.remove(sha);
    expect(() => log.blobs.get(sha)).toThrow(/is not in the file/);
    await log.blobs.remove(sha);
    expect(await log.blobs.put(record('abc'))).toBe(sha);
    expect(Buffer.from(log.blobs.get(sha)).toString()).toBe('abc');
  });

  it('calls its own listeners, until they stop', async () => {
    const log = openLog();
    let calls = 0;
    const stop = log.onAppend(() => calls++);
    await log.append([record('a')]);
    expect(calls).toBeGreaterThan(0);
    stop();
    const before = calls;
    await log.append([record('b')]);
    expect(calls).toBe(before);
  });

  it('refuses the file of another log and work after close', async () => {
    const log = openLog();
    await log.append([record('a')]);
    await log.close();
    await log.close();
    expect(await codeOf(log.append([record('a')]))).toBe('log_closed');
    expect(() => log.read(0, 1)).toThrow(/closed/);
    expect(() => openLmdbLog(join(folder, 'j.mdb'), { name: 'hits' })).toThrow(/holds log journal/);
  });
});

describe('a reader', () => {
  it('is empty until the writer has made the file, then attaches', async () => {
    const reader = openLog({ readOnly: true });
    expect(reader.attached).toBe(false);
    expect([reader.first(), reader.end(), reader.identity]).toEqual([0, 0, '']);
    expect(reader.read(0, 10)).toEqual([]);
    expect(reader.table('t').count()).toBe(0);
    expect(reader.getMeta('m')).toBeUndefined();
    let calls = 0;
    reader.onAppend(() => calls++);
    const log = openLog({ tables: ['t'] });
    await log.append([record('a')], { put: [{ table: 't', key: 1, value: record('x') }] });
    await expect.poll(() => calls).toBeGreaterThan(0);
    expect(reader.end()).toBe(1);
    expect(reader.identity).toBe(log.identity);
    expect(texts(reader, 0)).toEqual(['0:a']);
    expect(reader.table('t').count()).toBe(1);
    expect(await codeOf(reader.append([record('b')]))).toBe('read_only');
    expect(await codeOf(reader.truncate(1))).toBe('read_only');
    expect(await codeOf(reader.blobs.put(record('b')))).toBe('read_only');
  });
});

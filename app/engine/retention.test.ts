/** What goes from the hits log, and that nothing that goes can come twice. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openLmdbLog, publishCursors } from '../../platform/index.js';
import * as R from '../../schemas/generated/records.js';
import { HIT_IDS_TABLE, HitsWriter } from './hits-writer.js';
import { Retention } from './retention.js';

const HITS = 1_000;
const HIT_BYTES = 1_024;
const HITS_BYTES_MAX = 1024 * 1024;
const IN_THE_FUTURE_MS = 300_000;

let dir = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'weir-retention-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** Hit `n` was found at journal position `n`, ingested at `n` seconds. */
function hit(n: number): Uint8Array {
  const record = new Uint8Array(HIT_BYTES);
  const view = new DataView(record.buffer);
  view.setUint32(R.HIT_HEADER_LENGTH, HIT_BYTES, true);
  view.setFloat64(R.HIT_HEADER_POSITION, n, true);
  view.setFloat64(R.HIT_HEADER_INGEST_MS, n * 1_000, true);
  view.setUint32(R.HIT_HEADER_ID_0, n + 1, true);
  return record;
}

async function setUp(changes: { passed?: number; watermarkMs?: number } = {}) {
  const mapBytesMax = 64 * 1024 * 1024;
  const journal = openLmdbLog(join(dir, 'journal.mdb'), { name: 'journal', mapBytesMax });
  const tables = [HIT_IDS_TABLE];
  const hits = openLmdbLog(join(dir, 'hits.mdb'), { name: 'hits', tables, mapBytesMax });
  let flushed: () => void = () => undefined;
  const writer = new HitsWriter({
    log: hits,
    hitsBytesMax: mapBytesMax,
    durablePosition: () => Number.POSITIVE_INFINITY,
    onFlushed: () => flushed(),
    onFailed: (error) => {
      throw error;
    },
  });
  const write = async (from: number, to: number): Promise<void> => {
    const done = new Promise<void>((resolve) => {
      flushed = () => {
        if (writer.queuedHits === 0) resolve();
      };
    });
    for (let n = from; n < to; n++) writer.offer(hit(n));
    writer.flush();
    await done;
  };
  // Few to a chunk: the log frees whole chunks.
  for (let from = 0; from < HITS; from += 20) await write(from, from + 20);
  const retention = new Retention({
    dir,
    journal,
    hits,
    journalBytesMax: mapBytesMax,
    hitsBytesMax: HITS_BYTES_MAX,
    inTheFutureMs: IN_THE_FUTURE_MS,
    passed: () => changes.passed ?? HITS,
    watermarkMs: () => changes.watermarkMs ?? HITS * 1_000 + IN_THE_FUTURE_MS,
    onFailed: (error) => {
      throw error;
    },
  });
  const tick = async (): Promise<void> => {
    retention.tick();
    await retention.settled();
  };
  const ids = hits.table(HIT_IDS_TABLE);
  const close = () => Promise.all([journal.close(), hits.close()]);
  return { journal, hits, ids, writer, write, tick, close };
}

describe('retention of hits', () => {
  it('drops the oldest with their ids, down to half of the limit', async () => {
    const { hits, ids, tick, close } = await setUp();
    await tick();
    expect(hits.bytesUsed()).toBeLessThanOrEqual(HITS_BYTES_MAX / 2);
    expect(hits.first()).toBeGreaterThan(200);
    expect(hits.first()).toBeLessThan(HITS);
    expect(ids.count()).toBe(HITS - hits.first());
    await close();
  });

  it('keeps what a reader needs', async () => {
    const { hits, ids, tick, close } = await setUp();
    publishCursors(dir, 'dashboard', { hits: { identity: hits.identity, position: 30 } });
    publishCursors(dir, 'storage', { hits: { identity: hits.identity, position: 70 } });
    await tick();
    expect(hits.first()).toBe(30);
    expect(ids.count()).toBe(HITS - 30);
    await close();
  });

  it('keeps what scoring may find again', async () => {
    const behind = await setUp({ passed: 50 });
    await behind.tick();
    expect(behind.hits.first()).toBe(50);
    await behind.close();
    rmSync(dir, { recursive: true });
    dir = mkdtempSync(join(tmpdir(), 'weir-retention-'));
    const late = await setUp({ watermarkMs: 60_000 + IN_THE_FUTURE_MS });
    await late.tick();
    expect(late.hits.first()).toBe(60);
    // Found again, they are known.
    await late.write(60, HITS);
    expect(late.writer.repeated).toBe(HITS - 60);
    expect(late.hits.end()).toBe(HITS);
    await late.close();
  });

  it('cuts the journal behind the snapshots and its readers', async () => {
    const { journal, tick, close } = await setUp({ passed: 400 });
    const megabyte = Array.from({ length: 16 }, () => new Uint8Array(65_536));
    for (let i = 0; i < 40; i++) await journal.append(megabyte);
    const { identity } = journal;
    publishCursors(dir, 'storage', { journal: { identity, position: 100 } });
    await tick();
    expect(journal.first()).toBe(100);
    publishCursors(dir, 'storage', { journal: { identity, position: 600 } });
    await tick();
    expect(journal.first()).toBe(400);
    await close();
  });
});

describe('a full hits log', () => {
  it('lets hits wait, and takes them when there is room again', async () => {
    const { hits, close } = await setUp();
    let limit = hits.bytesUsed() - 1;
    const writer = new HitsWriter({
      log: hits,
      get hitsBytesMax() {
        return limit;
      },
      durablePosition: () => Number.POSITIVE_INFINITY,
      onFlushed: () => undefined,
      onFailed: (error) => {
        throw error;
      },
    });
    let offered = 0;
    while (writer.offer(hit(HITS + offered))) offered++;
    writer.flush();
    expect(writer.isFull).toBe(true);
    expect(writer.queuedHits).toBe(offered);
    limit = Number.POSITIVE_INFINITY;
    writer.flush();
    while (writer.queuedHits > 0) await new Promise((resolve) => setTimeout(resolve, 1));
    expect(hits.end()).toBe(HITS + offered);
    await close();
  });
});

/**
 * The labelled sample through the real pipeline: the same bytes with 1, 2 and 4 threads, and the
 * same with a stop on the way and a start from snapshots.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  createAdmission,
  createFileSource,
  createNullJournal,
  defaultReference,
  loadMapping,
  ReferenceTables,
  shippedMappingPath,
} from '../../ingest/index.js';
import { openSnapshotStore } from '../../platform/index.js';
import { decodeTransaction } from '../../schemas/transaction-codec.js';
import { packageRoot } from '../package.js';
import { encodeSnapshot } from './snapshot-file.js';
import { digest, feed, type JournalRecord, settings, startRig, until } from './testing/rig.js';

const SAMPLE = join(packageRoot(), 'app', 'demo', 'data', 'transactions.csv.gz');
const reference = new ReferenceTables({
  ...defaultReference(settings),
  fx: { version: 1, rates: { SEK: 0.7 } },
});
let records: JournalRecord[] = [];
let folder = '';
let whole: { count: number; sha256: string };

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'weir-sample-'));
  records = await admitSample();
  const rig = await startRig({ threads: 1, reference, records });
  await feed(rig, records);
  await rig.pipeline.stop(60_000);
  whole = digest(rig.hits.values());
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Every record of the sample as admission writes it, with a watermark an hour of its time. */
async function admitSample(): Promise<JournalRecord[]> {
  const admitted: JournalRecord[] = [];
  let nowMs = 0;
  const admission = await createAdmission({
    journal: createNullJournal(),
    configuration: {
      ...settings,
      tooOldMs: Number.POSITIVE_INFINITY,
      inTheFutureMs: Number.POSITIVE_INFINITY,
      watermarkIntervalMs: 3_600_000,
    },
    clock: { nowMs: () => nowMs },
    reference,
    onAdmitted: (position, record) => {
      admitted.push({ position, bytes: record.slice() });
      admission.consumed(position + 1);
    },
    onFailed: (error) => {
      throw error;
    },
  });
  const mapping = loadMapping(shippedMappingPath('labelled-sample') ?? '');
  const source = createFileSource({ path: SAMPLE, mapping, history: false, zone: settings.zone });
  await source.run({
    offer: (batch) => {
      for (const { bytes } of batch.items) {
        nowMs = Math.max(nowMs, decodeTransaction(bytes).eventTimeMs ?? 0);
      }
      return admission.offer(batch);
    },
    onRoom: (listener) => admission.onRoom(listener),
    idle: () => undefined,
    ended: () => undefined,
  });
  await admission.close();
  return admitted;
}

describe('the labelled sample', () => {
  it('has hits to compare', () => {
    expect(whole.count).toBeGreaterThan(200);
  });

  // Four take up the snapshots of two in the next test; alone they are for the deep run.
  const threadCounts = process.env['WEIR_DEEP'] === '1' ? [2, 4] : [2];
  it.each(threadCounts)('gives the same bytes with %i threads', async (threads) => {
    const rig = await startRig({ threads, reference, records });
    await feed(rig, records);
    await rig.pipeline.stop(60_000);
    expect(digest(rig.hits.values())).toEqual(whole);
  });

  it('gives the same bytes before and after a start from snapshots on the way', async () => {
    // Most of the sample's hits lie near its end: drops need a baseline of months first.
    const half = Math.floor(records.length * 0.9);
    const store = openSnapshotStore(folder);
    const written = new Set<number>();
    const before = await startRig({
      threads: 2,
      reference,
      records,
      onSnapshot: (report, copy) => {
        const body = copy.body.slice();
        const { shard, generation } = report;
        const content = { ...report, shards: settings.shards, body };
        store.write(shard, generation, encodeSnapshot(content));
        written.add(shard);
        copy.done();
      },
    });
    await feed(before, records.slice(0, half));
    // Half of the shards here, the other half a little later: each stands at its own position.
    const shards = Array.from({ length: settings.shards }, (_, s) => s);
    await snapshot(before, shards.slice(0, 8), written);
    await feed(before, records.slice(half, half + 5_000));
    await snapshot(before, shards.slice(8), written);
    await before.pipeline.stop(60_000);
    const end = half + 5_000;
    const after = await startRig({ threads: 4, reference, records, snapshotDir: folder, end });
    await feed(after, records.slice(end));
    await after.pipeline.stop(60_000);
    expect(before.hits.size).toBeGreaterThan(50);
    expect(after.hits.size).toBeLessThan(whole.count);
    for (const [id, json] of before.hits) {
      if (after.hits.has(id)) expect(after.hits.get(id)).toBe(json);
    }
    expect(digest(new Map([...before.hits, ...after.hits]).values())).toEqual(whole);
  });
});

async function snapshot(
  rig: Awaited<ReturnType<typeof startRig>>,
  shards: number[],
  written: Set<number>,
): Promise<void> {
  for (const shard of shards) {
    // One copy at a time per thread; a busy one is asked again.
    await until(() => {
      if (written.has(shard)) return true;
      rig.pipeline.requestSnapshot(shard, 1);
      return false;
    });
  }
}

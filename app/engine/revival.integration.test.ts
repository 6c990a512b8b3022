/**
 * What may happen while a scoring thread is being replaced: it dies again, its poison comes again
 * behind a full ring, another thread dies too. With the built threads and a journal in memory.
 */
import { describe, expect, it } from 'vitest';
import {
  createAdmission,
  createNullJournal,
  defaultReference,
  ReferenceTables,
} from '../../ingest/index.js';
import * as R from '../../schemas/generated/records.js';
import { encodeTransaction } from '../../schemas/transaction-codec.js';
import { loadCatalogue } from '../../scoring/index.js';
import { readCatalogueFiles } from '../catalogue-files.js';
import { Count } from './shared-words.js';
import {
  digest,
  feed,
  type JournalRecord,
  type Rig,
  settings,
  startRig,
  until,
} from './testing/rig.js';

const NOW_MS = Date.parse('2026-03-02T12:00:00+08:00');
const TRANSACTIONS = 2_000;
const SMALL_RING = 128 * 1024;
/** Few rules: a small ring takes them in one record. */
const catalogue = loadCatalogue(
  readCatalogueFiles().filter(({ path }) => path.includes('cross-border')),
);
const IMPATIENT = { ringBytes: SMALL_RING, threadSilentMs: 600, catalogue };
const reference = new ReferenceTables(defaultReference(settings));

async function admitted(): Promise<JournalRecord[]> {
  const records: JournalRecord[] = [];
  const admission = await createAdmission({
    journal: createNullJournal(),
    configuration: { ...settings, watermarkIntervalMs: 3_600_000 },
    clock: { nowMs: () => NOW_MS },
    reference,
    onAdmitted: (position, record) => records.push({ position, bytes: record.slice() }),
    onFailed: (error) => {
      throw error;
    },
  });
  const items = Array.from({ length: TRANSACTIONS }, (_, i) => ({
    offset: i,
    index: 0,
    bytes: encodeTransaction({
      id: `t-${i}`,
      eventTimeMs: NOW_MS - 3_600_000 + i * 1000,
      debtor: { account: `A-${i % 40}`, kind: 'person' },
      creditor: { account: `X-${i % 7}`, country: 'US', kind: 'external' },
      amountMinor: 9_000_000 + i,
      currency: 'CNY',
      type: 'transfer',
    }),
  }));
  admission.offer({ source: 'test', partition: 0, history: false, items });
  await admission.close();
  return records;
}

async function rig(threads: number, ringBytes = 256 * 1024): Promise<Rig> {
  return startRig({ threads, reference, records: await admitted(), ringBytes, catalogue });
}

async function undisturbed(): Promise<Rig> {
  const whole = await rig(1);
  await feed(whole, whole.records);
  await whole.pipeline.stop(20_000);
  return whole;
}

describe('a scoring thread that is being replaced', () => {
  it('loses nothing when it dies again while it catches up', async () => {
    const whole = await undisturbed();
    for (let round = 0; round < 3; round++) {
      const wounded = await rig(2, SMALL_RING);
      const thread = wounded.pipeline.threads[1];
      if (thread === undefined) throw new Error('no second thread');
      const feeding = feed(wounded, wounded.records, {
        position: 1_700,
        run: () => thread.kill('killed by the test'),
      });
      for (let deaths = 0; deaths < 2; deaths++) {
        await until(() => thread.restarts === deaths + 1 && thread.state === 'catching-up');
        for (let t = 0; t < round; t++) await new Promise((done) => setImmediate(done));
        thread.kill('killed by the test, again');
      }
      await feeding;
      await wounded.pipeline.stop(20_000);
      expect(digest(wounded.hits.values()), `round ${round}`).toEqual(digest(whole.hits.values()));
    }
  });

  it('is watched while it catches up: poison behind a full ring', async () => {
    const records = await admitted();
    poison(records, 500);
    const poisoned = await startRig({ threads: 1, reference, records, ...IMPATIENT });
    await feed(poisoned, records);
    await until(() => poisoned.quarantined.length > 0);
    await feed(poisoned, []);
    await poisoned.pipeline.stop(20_000);
    expect(poisoned.quarantined).toEqual([500]);
    expect(poisoned.hopeless).toEqual([]);
  });

  it('is watched at the start too', async () => {
    const records = await admitted();
    poison(records, 500);
    const poisoned = await startRig({
      threads: 1,
      reference,
      records,
      end: records.length,
      ...IMPATIENT,
    });
    await until(() => poisoned.pipeline.threads.every((t) => t.state === 'live'));
    await poisoned.pipeline.stop(20_000);
    expect(poisoned.quarantined).toEqual([500]);
  });

  it('is given up, loudly, when it is no transaction that kills it', async () => {
    const records = await admitted();
    const control = records.findIndex((r) => r.bytes[R.RECORD_HEADER_KIND] === 2);
    expect(control).toBe(0);
    const rigged = await startRig({ threads: 1, reference, records, ...IMPATIENT });
    await feed(rigged, records.slice(0, 1));
    const [thread] = rigged.pipeline.threads;
    if (thread === undefined) throw new Error('no thread');
    for (let deaths = 0; deaths < 3; deaths++) {
      await until(() => thread.state === 'live');
      thread.words.counts[Count.position] = control;
      thread.kill('killed by the test');
    }
    expect(rigged.quarantined).toEqual([]);
    expect(rigged.hopeless).toHaveLength(1);
    expect(rigged.hopeless[0]).toContain('again and again at position 0');
    await rigged.pipeline.stop(20_000);
  });
});

/** Admission never lets this through; it stands for a defect that we do not know yet. */
function poison(records: readonly JournalRecord[], position: number): void {
  const bytes = records[position]?.bytes ?? new Uint8Array(0);
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  view.setFloat64(R.RECORD_HEADER_EVENT_MS, Number.POSITIVE_INFINITY, true);
}

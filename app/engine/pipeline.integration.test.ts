/**
 * Scoring threads die and are replaced: with the built threads, real rings and a journal in memory,
 * the hits of a run with deaths are the hits of a run without.
 */
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  createAdmission,
  createNullJournal,
  defaultReference,
  ReferenceTables,
} from '../../ingest/index.js';
import { configurationSchema } from '../../schemas/configuration.js';
import * as R from '../../schemas/generated/records.js';
import { encodeTransaction } from '../../schemas/transaction-codec.js';
import { loadCatalogueFrom } from '../catalogue-files.js';
import type { Pipeline as PipelineClass } from './pipeline.js';

// Threads run compiled code, so the whole pipeline comes from dist.
const built = new URL('../../dist/app/engine/pipeline.js', import.meta.url).href;
const { Pipeline } = (await import(built)) as { Pipeline: typeof PipelineClass };

const NOW_MS = Date.parse('2026-03-02T12:00:00+08:00');
const TRANSACTIONS = 2_000;
const settings = configurationSchema.parse({ shards: 16 });

interface Rig {
  pipeline: PipelineClass;
  hits: Map<string, string>;
  quarantined: number[];
  records: { position: number; bytes: Uint8Array }[];
}

async function rig(threads: number, threadSilentMs = 20_000): Promise<Rig> {
  const catalogue = loadCatalogueFrom();
  const reference = new ReferenceTables(defaultReference(settings));
  const records = await admitted(reference);
  const hits = new Map<string, string>();
  const quarantined: number[] = [];
  const pipeline = new Pipeline({
    threads,
    thread: {
      ringBytes: 256 * 1024,
      regionBytes: 4 * 1024 * 1024,
      shardsTotal: settings.shards,
      latenessMs: settings.latenessMs,
      evidenceMax: 100,
      clockOffsetMs: 0,
    },
    versions: {
      catalogue: () => catalogue,
      reference: () => reference,
      at: () => ({ catalogue, reference }),
    },
    logger: { info: () => undefined, warn: () => undefined, error: () => undefined },
    threadSilentMs,
    onConsumed: () => undefined,
    onHit: (record) => {
      const view = new DataView(record.buffer, record.byteOffset, record.byteLength);
      const to = R.HIT_HEADER_BYTES + view.getUint32(R.HIT_HEADER_BODY_LENGTH, true);
      const json = Buffer.from(record.subarray(R.HIT_HEADER_BYTES, to)).toString('utf8');
      const { id } = JSON.parse(json) as { id: string };
      // A hit found again must be the same to the byte.
      if (hits.has(id) && hits.get(id) !== json) throw new Error(`hit ${id} differs`);
      hits.set(id, json);
      return true;
    },
    onSnapshot: () => undefined,
    onBell: () => undefined,
    readJournal: (from) => records.slice(from, from + 300),
    onQuarantine: (position) => quarantined.push(position),
  });
  await pipeline.start(() => 0);
  return { pipeline, hits, quarantined, records };
}

/** Journal records of remittances of 40 customers, three of each within a day. */
async function admitted(reference: ReferenceTables) {
  const records: { position: number; bytes: Uint8Array }[] = [];
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

async function until(condition: () => boolean): Promise<void> {
  const end = performance.now() + 30_000;
  while (!condition()) {
    if (performance.now() > end) throw new Error('waited 30 s in vain');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

async function runAll(
  r: Rig,
  at?: { position: number; act: () => void },
  also = () => true,
): Promise<void> {
  for (const { position, bytes } of r.records) {
    if (position === at?.position) at.act();
    r.pipeline.accept(position, bytes);
    if (position % 50 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  await until(
    () => also() && r.pipeline.waiting === 0 && r.pipeline.threads.every((t) => t.state === 'live'),
  );
  await r.pipeline.stop(20_000);
}

function digest(hits: string[]): { count: number; sha256: string } {
  const text = hits.sort().join('\n');
  return { count: hits.length, sha256: createHash('sha256').update(text).digest('hex') };
}

describe('pipeline', () => {
  it('loses and doubles nothing when a thread dies in the middle of the stream', async () => {
    const whole = await rig(1);
    await runAll(whole);
    expect(whole.hits.size).toBeGreaterThan(1000);
    const wounded = await rig(2);
    await runAll(wounded, {
      position: 1000,
      act: () => wounded.pipeline.threads[1]?.kill('killed by the test'),
    });
    expect(wounded.pipeline.threads.map((t) => t.restarts)).toEqual([0, 1]);
    expect(digest([...wounded.hits.values()])).toEqual(digest([...whole.hits.values()]));
  });

  it('quarantines a record that silences its thread three times, and goes on', async () => {
    const whole = await rig(1);
    await runAll(whole);
    const poisoned = await rig(2, 1_500);
    const poison = poisoned.records[500];
    if (poison === undefined) throw new Error('no record 500');
    // Admission never lets this through; it stands for a defect that we do not know yet.
    const view = new DataView(poison.bytes.buffer, poison.bytes.byteOffset);
    view.setFloat64(R.RECORD_HEADER_EVENT_MS, Number.POSITIVE_INFINITY, true);
    await runAll(poisoned, undefined, () => poisoned.quarantined.length > 0);
    expect(poisoned.quarantined).toEqual([500]);
    expect(poisoned.pipeline.threads.reduce((sum, t) => sum + t.restarts, 0)).toBe(3);
    const victim = /A-\d+/.exec(Buffer.from(poison.bytes).toString('latin1'))?.[0];
    const ofOthers = (hits: Map<string, string>) =>
      digest([...hits.values()].filter((h) => !h.includes(`"subject":"${victim}"`)));
    expect(ofOthers(poisoned.hits)).toEqual(ofOthers(whole.hits));
  });
});

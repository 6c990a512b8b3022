/**
 * How fast transactions are admitted: verified, checked, resolved, deduplicated, written as journal
 * records. Once with a journal that keeps nothing (what admission itself costs), with the router
 * behind it (what the engine's main thread does), and with a real journal on disk.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Admission,
  createAdmission,
  createNullJournal,
  createRouter,
  defaultReference,
  JOURNAL_TABLES,
  type Journal,
  ReferenceTables,
} from '../ingest/index.js';
import { openLmdbLog } from '../platform/index.js';
import { configurationSchema } from '../schemas/configuration.js';
import { RECORD_HEADER_KIND } from '../schemas/generated/records.js';
import { encodeTransaction } from '../schemas/transaction-codec.js';
import { figure, median, ms, whole } from './figures.js';
import type { Bench, BenchAnswer, BenchOptions } from './question.js';
import { accountOf, seeded } from './random.js';

const BATCH = 100;
const ACCOUNTS = 100_000;
const SHARDS = 256;
const KIND_TRANSACTION = 1;
const ROOM_WAIT_MS_MAX = 30_000;
const JOURNAL_BYTES_MAX = 1024 * 1024 * 1024;
const configuration = configurationSchema.parse({ journalBytesMax: JOURNAL_BYTES_MAX });
const reference = new ReferenceTables(defaultReference(configuration));

interface Variant {
  name: string;
  journal: 'null' | 'lmdb';
  routed: boolean;
}
const variants: readonly Variant[] = [
  { name: 'admission, journal that keeps nothing', journal: 'null', routed: false },
  { name: 'admission and router, journal that keeps nothing', journal: 'null', routed: true },
  { name: 'admission, journal on LMDB, flushed', journal: 'lmdb', routed: false },
];

interface RunFigures {
  perSecond: number;
  /** From offering a batch to its flush, ms; the worst of the run. */
  flushMsMax: number;
}

export const admissionBench: Bench = { name: 'admission', run: runAdmission };

async function runAdmission({ quick, progress }: BenchOptions): Promise<BenchAnswer> {
  const count = quick ? 5_000 : 200_000;
  const runs = quick ? 1 : 5;
  progress(`encoding ${whole(count)} transactions`);
  const messages = encoded(count, Date.now());
  const bytes = messages.reduce((sum, m) => sum + m.length, 0) / count;
  const rows: string[][] = [];
  for (const variant of variants) {
    const found: RunFigures[] = [];
    // The first run compiles the code and is thrown away.
    for (let run = quick ? 1 : 0; run <= runs; run++) {
      progress(`${variant.name}, run ${run} of ${runs}`);
      const figures = await measure(variant, messages);
      if (run > 0) found.push(figures);
    }
    rows.push(rowOf(variant, found));
  }
  return {
    question: 'How many transactions a second does one thread admit?',
    load:
      `${whole(count)} FlatBuffers transactions (mean ${figure(bytes)} B), batches of ${BATCH}, ` +
      `${whole(ACCOUNTS)} accounts, uniform, seeded; every id new`,
    n: `${runs} run(s) a row of ${whole(count)} transactions each; one more before them, discarded`,
    method:
      'closed loop, offered as fast as taken, one turn of the event loop a batch; until the last ' +
      'is flushed. Memory of ids, watermarks and control records as in the engine. Median; the ' +
      'slowest and fastest run beside it.',
    columns: ['what', 'transactions/s', 'slowest', 'fastest', 'µs each', 'batch to flush, max ms'],
    rows,
  };
}

function rowOf(variant: Variant, found: readonly RunFigures[]): string[] {
  const rates = found.map((f) => f.perSecond);
  const rate = median(rates);
  return [
    variant.name,
    figure(rate),
    figure(Math.min(...rates)),
    figure(Math.max(...rates)),
    figure(1_000_000 / rate),
    variant.journal === 'lmdb' ? ms(Math.max(...found.map((f) => f.flushMsMax))) : '-',
  ];
}

function encoded(count: number, nowMs: number): Uint8Array[] {
  const random = seeded(7);
  return Array.from({ length: count }, (_, i) => {
    const debtor = Math.floor(random() * ACCOUNTS);
    const creditor = (debtor + 1 + Math.floor(random() * (ACCOUNTS - 1))) % ACCOUNTS;
    return encodeTransaction({
      id: `bench-${String(i).padStart(9, '0')}`,
      eventTimeMs: nowMs - Math.floor(random() * 1000),
      debtor: { account: accountOf(debtor), country: 'CN', kind: 'person' },
      creditor: { account: accountOf(creditor), country: 'CN', kind: 'person' },
      amountMinor: 100 + Math.floor(random() * 100_000),
      currency: 'CNY',
      channel: 'mobile',
      type: 'transfer',
    });
  });
}

async function measure(variant: Variant, messages: readonly Uint8Array[]): Promise<RunFigures> {
  const dir = variant.journal === 'lmdb' ? mkdtempSync(join(tmpdir(), 'weir-bench-')) : undefined;
  const lmdb =
    dir === undefined
      ? undefined
      : openLmdbLog(join(dir, 'journal.mdb'), {
          name: 'journal',
          tables: JOURNAL_TABLES,
          mapBytesMax: JOURNAL_BYTES_MAX,
        });
  const admission = await admissionOn(lmdb ?? createNullJournal(), variant.routed);
  try {
    return await offerAll(admission, messages);
  } finally {
    await admission.close();
    await lmdb?.close();
    if (dir !== undefined) rmSync(dir, { recursive: true, force: true });
  }
}

async function admissionOn(journal: Journal, routed: boolean): Promise<Admission> {
  const router = createRouter({ shards: SHARDS });
  router.setReference(reference);
  const emit = (): void => undefined;
  let admission: Admission | undefined;
  admission = await createAdmission({
    journal,
    configuration,
    clock: { nowMs: () => Date.now() },
    reference,
    onAdmitted: (position, record) => {
      // Control records (1/s) are the pipeline's business, not the router's.
      if (routed && record[RECORD_HEADER_KIND] === KIND_TRANSACTION) {
        router.route(position, record, emit);
      }
      admission?.consumed(position + 1);
    },
    onFailed: (error) => {
      throw error;
    },
  });
  return admission;
}

async function offerAll(
  admission: Admission,
  messages: readonly Uint8Array[],
): Promise<RunFigures> {
  let wake: () => void = () => undefined;
  admission.onRoom(() => wake());
  const flushes: Promise<void>[] = [];
  let flushMsMax = 0;
  const before = admission.counters.accepted;
  const start = performance.now();
  for (let at = 0; at < messages.length; at += BATCH) {
    const items = messages.slice(at, at + BATCH).map((bytes, i) => ({
      offset: at + i,
      index: 0,
      bytes,
    }));
    const batch = { source: 'http', partition: 0, history: false, items, quiet: true };
    const offeredMs = performance.now();
    let result = admission.offer(batch);
    while (result.full) {
      await roomOf((resolve) => {
        wake = resolve;
      });
      result = admission.offer(batch);
    }
    flushes.push(
      result.flushed.then(() => {
        flushMsMax = Math.max(flushMsMax, performance.now() - offeredMs);
      }),
    );
    await new Promise((resolve) => setImmediate(resolve));
  }
  await Promise.all(flushes);
  const seconds = (performance.now() - start) / 1000;
  const accepted = admission.counters.accepted - before;
  if (accepted !== messages.length) {
    throw new Error(`bench admission: ${accepted} of ${messages.length} were accepted`);
  }
  return { perSecond: messages.length / seconds, flushMsMax };
}

function roomOf(arm: (resolve: () => void) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Error(`bench admission: no room within ${ROOM_WAIT_MS_MAX} ms`)),
      ROOM_WAIT_MS_MAX,
    );
    arm(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}

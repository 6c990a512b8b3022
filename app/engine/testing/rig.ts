/** For tests: the built pipeline (threads run compiled code) over a journal in memory. */
import { createHash } from 'node:crypto';
import type { ReferenceTables } from '../../../ingest/index.js';
import type { Catalogue } from '../../../schemas/catalogue.js';
import { configurationSchema } from '../../../schemas/configuration.js';
import * as R from '../../../schemas/generated/records.js';
import { loadCatalogueFrom } from '../../catalogue-files.js';
import type { Pipeline as PipelineClass } from '../pipeline.js';
import type { PipelineOptions } from '../pipeline-options.js';

const built = new URL('../../../dist/app/engine/pipeline.js', import.meta.url).href;

export const settings = configurationSchema.parse({ shards: 16 });

export interface JournalRecord {
  position: number;
  bytes: Uint8Array;
}

export interface Rig {
  pipeline: PipelineClass;
  /** Canonical bytes by hit id. */
  hits: Map<string, string>;
  quarantined: number[];
  hopeless: string[];
  records: JournalRecord[];
}

export interface RigOptions {
  threads: number;
  reference: ReferenceTables;
  records: JournalRecord[];
  ringBytes?: number;
  /** The shipped one when absent. */
  catalogue?: Catalogue;
  threadSilentMs?: number;
  snapshotDir?: string;
  onSnapshot?: PipelineOptions['onSnapshot'];
  /** Where the journal ends at the start: everything below is replayed first. */
  end?: number;
}

export async function startRig(options: RigOptions): Promise<Rig> {
  const { Pipeline } = (await import(built)) as { Pipeline: typeof PipelineClass };
  const catalogue = options.catalogue ?? loadCatalogueFrom();
  const { reference, records } = options;
  const hits = new Map<string, string>();
  const quarantined: number[] = [];
  const hopeless: string[] = [];
  const pipeline = new Pipeline({
    threads: options.threads,
    thread: {
      ringBytes: options.ringBytes ?? 256 * 1024,
      regionBytes: 8 * 1024 * 1024,
      shardsTotal: settings.shards,
      latenessMs: settings.latenessMs,
      evidenceMax: 100,
      clockOffsetMs: 0,
      ...(options.snapshotDir !== undefined && { snapshotDir: options.snapshotDir }),
    },
    versions: {
      catalogue: () => catalogue,
      reference: () => reference,
      at: () => ({ catalogue, reference }),
    },
    logger: { info: () => undefined, warn: () => undefined, error: () => undefined },
    threadSilentMs: options.threadSilentMs ?? 20_000,
    onConsumed: () => undefined,
    onHit: (record) => {
      const { id, json } = readHit(record);
      // A hit found again must be the same to the byte.
      if (hits.has(id) && hits.get(id) !== json) throw new Error(`hit ${id} differs`);
      hits.set(id, json);
      return true;
    },
    onSnapshot: options.onSnapshot ?? (() => undefined),
    onBell: () => undefined,
    readJournal: (from) => records.slice(from, from + 300),
    onQuarantine: (position) => quarantined.push(position),
    onHopeless: (error) => hopeless.push(error.message),
  });
  const restored = await pipeline.start(() => options.end ?? 0);
  const refused = restored.flatMap((r) => r.refused);
  if (refused.length > 0) throw new Error(refused.join('\n'));
  return { pipeline, hits, quarantined, hopeless, records };
}

function readHit(record: Uint8Array): { id: string; json: string } {
  const view = new DataView(record.buffer, record.byteOffset, record.byteLength);
  const to = R.HIT_HEADER_BYTES + view.getUint32(R.HIT_HEADER_BODY_LENGTH, true);
  const json = Buffer.from(record.subarray(R.HIT_HEADER_BYTES, to)).toString('utf8');
  return { id: (JSON.parse(json) as { id: string }).id, json };
}

export async function until(condition: () => boolean): Promise<void> {
  const end = performance.now() + 60_000;
  while (!condition()) {
    if (performance.now() > end) throw new Error('waited 60 s in vain');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Hands the records over and waits until nothing is waiting and every thread is live. */
export async function feed(
  rig: Rig,
  records: readonly JournalRecord[],
  act?: { position: number; run: () => void },
): Promise<void> {
  for (const { position, bytes } of records) {
    if (position === act?.position) act.run();
    rig.pipeline.accept(position, bytes);
    if (position % 50 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  await until(() => settled(rig));
}

export function settled({ pipeline }: Rig): boolean {
  return pipeline.waiting === 0 && pipeline.threads.every((t) => t.state === 'live');
}

/** Number and hash of a set of canonical hits. */
export function digest(hits: Iterable<string>): { count: number; sha256: string } {
  const sorted = [...hits].sort();
  const hash = createHash('sha256').update(sorted.join('\n')).digest('hex');
  return { count: sorted.length, sha256: hash };
}

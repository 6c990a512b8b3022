/**
 * Replay: scores files as fast as possible, without a server, through the real admission, router,
 * rings and threads; only the logs keep nothing. The same file gives the same bytes on any day and
 * any number of threads.
 */
import { type FileProgress, type Mapping, ReferenceTables } from '../../ingest/index.js';
import type { Catalogue } from '../../schemas/catalogue.js';
import { configurationSchema } from '../../schemas/configuration.js';
import * as R from '../../schemas/generated/records.js';
import type { Hit } from '../../schemas/hit.js';
import type { ReferenceData } from '../../schemas/reference.js';
import { FileFeed } from './file-feed.js';
import { Pipeline } from './pipeline.js';
import type { PipelineLogger } from './pipeline-options.js';
import { Count } from './shared-words.js';

export interface ReplayOptions {
  files: readonly string[];
  mapping?: Mapping;
  catalogue: Catalogue;
  reference: ReferenceData;
  threads: number;
  evidence: 'newest' | 'all';
  logger: PipelineLogger;
  onProgress?(file: string, progress: FileProgress): void;
  /** Every admitted record, in position order. */
  onRecord?(position: number, record: Uint8Array): void;
  /** Every hit in canonical order, after the last file. */
  onHit(line: ReplayHit): void;
}

/** A hit as `weir replay` prints it. */
export type ReplayHit = Hit & {
  /** Id of the open alert that the hit joins: the first hit of its rule and subject. */
  alertId: string;
};

export interface ReplaySummary {
  transactions: number;
  duplicates: number;
  deadLetters: Record<string, number>;
  hits: number;
  hitsByRule: Record<string, number>;
  lateScored: number;
  lateDropped: number;
  legs: number;
  seconds: number;
}

const EVIDENCE_MAX = 100;
interface Found {
  position: number;
  hit: Hit;
}

export async function replayFiles(options: ReplayOptions): Promise<ReplaySummary> {
  const run = new Replay(options);
  return run.run();
}

class Replay {
  readonly #options: ReplayOptions;
  readonly #found = new Map<string, Found>();
  #feed!: FileFeed;

  constructor(options: ReplayOptions) {
    this.#options = options;
  }

  async run(): Promise<ReplaySummary> {
    const { catalogue, reference } = this.#options;
    const started = performance.now();
    const tables = new ReferenceTables(reference);
    const pipeline = this.#pipeline(catalogue, tables);
    this.#feed = new FileFeed({
      ...this.#options,
      reference,
      tables,
      onAdmitted: (position, record) => {
        this.#options.onRecord?.(position, record);
        pipeline.accept(position, record);
      },
    });
    await this.#feed.open();
    try {
      await pipeline.start(() => 0);
      await this.#feed.play();
      while (pipeline.waiting > 0 && this.#feed.failed === undefined) {
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
    } finally {
      await pipeline.stop(this.#feed.failed === undefined ? Number.POSITIVE_INFINITY : 0);
    }
    if (this.#feed.failed !== undefined) throw this.#feed.failed;
    this.#print();
    return this.#summary(pipeline, (performance.now() - started) / 1000);
  }

  #pipeline(catalogue: Catalogue, tables: ReferenceTables): Pipeline {
    const configuration = configurationSchema.parse({});
    const shards = configuration.shards;
    return new Pipeline({
      threads: this.#options.threads,
      thread: {
        ringBytes: configuration.ringBytes,
        regionBytes: Math.floor(configuration.stateBytesMax / shards / 4096) * 4096,
        shardsTotal: shards,
        latenessMs: configuration.latenessMs,
        evidenceMax: this.#options.evidence === 'all' ? Number.MAX_SAFE_INTEGER : EVIDENCE_MAX,
        clockOffsetMs: 0,
      },
      versions: {
        catalogue: () => catalogue,
        reference: () => tables,
        at: () => ({ catalogue, reference: tables }),
      },
      logger: this.#options.logger,
      threadSilentMs: 60_000,
      onConsumed: (position) => this.#feed?.consumed(position),
      onHit: (record) => this.#take(record),
      onSnapshot: () => undefined,
      onBell: () => undefined,
      onQuarantine: () => undefined,
      // Nothing to start again from: a file is simply scored anew.
      onHopeless: (error) => this.#feed.fail(error),
    });
  }

  #take(record: Uint8Array): boolean {
    const view = new DataView(record.buffer, record.byteOffset, record.byteLength);
    const to = R.HIT_HEADER_BYTES + view.getUint32(R.HIT_HEADER_BODY_LENGTH, true);
    const hit = JSON.parse(
      Buffer.from(record.subarray(R.HIT_HEADER_BYTES, to)).toString('utf8'),
    ) as Hit;
    const position = view.getFloat64(R.HIT_HEADER_POSITION, true);
    if (!this.#found.has(hit.id)) this.#found.set(hit.id, { position, hit });
    return true;
  }

  #print(): void {
    const rank = { debit: 0, credit: 1, timer: 2 } as const;
    const sorted = [...this.#found.values()].sort(
      (a, b) =>
        a.position - b.position ||
        compare(a.hit.subject, b.hit.subject) ||
        rank[a.hit.side] - rank[b.hit.side] ||
        a.hit.eventTime - b.hit.eventTime ||
        compare(a.hit.rule, b.hit.rule) ||
        compare(a.hit.id, b.hit.id),
    );
    const alerts = new Map<string, string>();
    for (const { hit } of sorted) {
      const key = `${hit.rule}\u0000${hit.subject}`;
      const alertId = alerts.get(key) ?? hit.id;
      alerts.set(key, alertId);
      this.#options.onHit({ ...hit, alertId });
    }
  }

  #summary(pipeline: Pipeline, seconds: number): ReplaySummary {
    const { counters } = this.#feed;
    const total = (column: number): number =>
      pipeline.threads.reduce((sum, t) => sum + t.words.counts[column], 0);
    const hitsByRule: Record<string, number> = {};
    for (const { hit } of this.#found.values()) {
      hitsByRule[hit.rule] = (hitsByRule[hit.rule] ?? 0) + 1;
    }
    return {
      transactions: counters.accepted,
      duplicates: counters.duplicates,
      deadLetters: Object.fromEntries(
        Object.entries(counters.rejected).filter(([, count]) => count > 0),
      ),
      hits: this.#found.size,
      hitsByRule,
      lateScored: total(Count.lateScored),
      lateDropped: total(Count.lateDropped),
      legs: total(Count.legs),
      seconds,
    };
  }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/**
 * Replay: scores files as fast as possible, without a server, through the real admission, router,
 * rings and threads; only the logs keep nothing. Time is the file's own: the clock stands at the
 * newest event, so that the same file gives the same bytes on any day and any number of threads.
 */
import { basename } from 'node:path';
import {
  type Admission,
  createAdmission,
  createFileSource,
  createNullJournal,
  type FileProgress,
  type Mapping,
  ReferenceTables,
} from '../../ingest/index.js';
import type { Catalogue } from '../../schemas/catalogue.js';
import { configurationSchema } from '../../schemas/configuration.js';
import * as R from '../../schemas/generated/records.js';
import type { Hit } from '../../schemas/hit.js';
import type { OfferResult, Source, SourceBatch, SourceHost } from '../../schemas/ports.js';
import type { ReferenceData } from '../../schemas/reference.js';
import { bankDay, bankDayStartMs } from '../../schemas/time.js';
import { decodeTransaction } from '../../schemas/transaction-codec.js';
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
  onRecord?(record: Uint8Array): void;
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
/** How far behind the end of the last bank day the clock is taken: every day has closed by then. */
const AFTER_LAST_DAY_MS = 2 * 3_600_000;
const WATERMARK_EVERY_MS = 60_000;

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
  readonly #clock = { ms: 0, nowMs: () => this.#clock.ms };
  #admission!: Admission;
  #source: Source | undefined;
  #failed: unknown;

  constructor(options: ReplayOptions) {
    this.#options = options;
  }

  async run(): Promise<ReplaySummary> {
    const { catalogue, reference } = this.#options;
    const started = performance.now();
    const tables = new ReferenceTables(reference);
    const pipeline = this.#pipeline(catalogue, tables);
    this.#admission = await createAdmission({
      journal: createNullJournal(),
      configuration: {
        ...configurationSchema.parse({}),
        // The file is the truth about time; nothing in it is too old or in the future.
        tooOldMs: Number.POSITIVE_INFINITY,
        inTheFutureMs: Number.POSITIVE_INFINITY,
        watermarkIntervalMs: WATERMARK_EVERY_MS,
      },
      clock: this.#clock,
      reference: tables,
      onAdmitted: (position, record) => {
        this.#options.onRecord?.(record);
        pipeline.accept(position, record);
      },
      onFailed: (error) => this.#fail(error),
    });
    try {
      await this.#play(pipeline);
    } finally {
      await pipeline.stop(this.#failed === undefined ? Number.POSITIVE_INFINITY : 0);
    }
    if (this.#failed !== undefined) throw this.#failed;
    this.#print();
    return this.#summary(pipeline, (performance.now() - started) / 1000);
  }

  async #play(pipeline: Pipeline): Promise<void> {
    const { reference, files, mapping } = this.#options;
    await pipeline.start(() => 0);
    const names = sourceNames(files);
    for (const [i, path] of files.entries()) {
      if (this.#failed !== undefined) return;
      this.#source = createFileSource({
        path,
        name: names[i] as string,
        history: false,
        zone: reference.zone,
        ...(mapping !== undefined && { mapping }),
        onProgress: (p) => this.#options.onProgress?.(path, p),
      });
      await this.#source.run(this.#host(reference));
    }
    await this.#admission.close();
    while (pipeline.waiting > 0 && this.#failed === undefined) {
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }

  #fail(error: unknown): void {
    this.#failed ??= error;
    void this.#source?.stop();
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
      onConsumed: (position) => this.#admission?.consumed(position),
      onHit: (record) => this.#take(record),
      onSnapshot: () => undefined,
      onBell: () => undefined,
      onQuarantine: () => undefined,
      // Nothing to start again from: a file is simply scored anew.
      onHopeless: (error) => this.#fail(error),
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

  /** The admission, with the clock at the newest event of what it is handed. */
  #host(reference: ReferenceData): SourceHost {
    const admission = this.#admission;
    return {
      offer: (batch: SourceBatch): OfferResult => {
        for (const item of batch.items) {
          if (item.reject !== undefined) continue;
          const { eventTimeMs } = decodeTransaction(item.bytes);
          if (eventTimeMs !== undefined) this.#clock.ms = Math.max(this.#clock.ms, eventTimeMs);
        }
        return admission.offer(batch);
      },
      onRoom: (listener) => admission.onRoom(listener),
      idle: (name) => this.#closeDay(reference, () => admission.idle(name)),
      ended: (name) => this.#closeDay(reference, () => admission.ended(name)),
    };
  }

  #closeDay(reference: ReferenceData, then: () => void): void {
    const day = bankDay(this.#clock.ms, reference.zoneTable);
    this.#clock.ms = bankDayStartMs(day + 1, reference.zoneTable) + AFTER_LAST_DAY_MS;
    then();
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
    const { counters } = this.#admission;
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

/**
 * Offsets count rows from 0 in each file, and a shard takes nothing at or below the offset it has
 * seen of a source: so no two files may be one source, whatever they are called.
 */
function sourceNames(files: readonly string[]): string[] {
  const used = new Map<string, number>();
  return files.map((path) => {
    const name = `file:${basename(path)}`;
    const times = (used.get(name) ?? 0) + 1;
    used.set(name, times);
    return times === 1 ? name : `${name}#${times}`;
  });
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

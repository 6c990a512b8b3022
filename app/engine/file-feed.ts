/**
 * Files through the real admission, with a journal that keeps nothing. Time is the files' own: the
 * clock stands at the newest event, so that the same file gives the same records on any day.
 */
import { basename } from 'node:path';
import {
  type Admission,
  createAdmission,
  createFileSource,
  createNullJournal,
  type FileProgress,
  type Mapping,
  type ReferenceTables,
} from '../../ingest/index.js';
import { configurationSchema } from '../../schemas/configuration.js';
import type { OfferResult, Source, SourceBatch, SourceHost } from '../../schemas/ports.js';
import type { ReferenceData } from '../../schemas/reference.js';
import { bankDay, bankDayStartMs } from '../../schemas/time.js';
import { decodeTransaction } from '../../schemas/transaction-codec.js';

/** How far behind the end of the last bank day the clock is taken: every day has closed by then. */
const AFTER_LAST_DAY_MS = 2 * 3_600_000;
const WATERMARK_EVERY_MS = 60_000;

export interface FileFeedOptions {
  files: readonly string[];
  mapping?: Mapping;
  reference: ReferenceData;
  tables: ReferenceTables;
  onProgress?(file: string, progress: FileProgress): void;
  /** As admission's: the bytes are valid until `consumed` passes the position. */
  onAdmitted(position: number, record: Uint8Array): void;
}

export class FileFeed {
  readonly #options: FileFeedOptions;
  readonly #clock = { ms: 0, nowMs: () => this.#clock.ms };
  #admission!: Admission;
  #source: Source | undefined;
  /** What ended it early; undefined = nothing did. */
  failed: unknown;

  constructor(options: FileFeedOptions) {
    this.#options = options;
  }

  async open(): Promise<void> {
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
      reference: this.#options.tables,
      onAdmitted: (position, record) => this.#options.onAdmitted(position, record),
      onFailed: (error) => this.fail(error),
    });
  }

  get counters(): Admission['counters'] {
    return this.#admission.counters;
  }

  /** Everything below is needed no more. Before `open` there is nothing. */
  consumed(position: number): void {
    this.#admission?.consumed(position);
  }

  /** One file after another; resolves early when something fails. */
  async play(): Promise<void> {
    const { reference, files, mapping, onProgress } = this.#options;
    const names = sourceNames(files);
    for (const [i, path] of files.entries()) {
      if (this.failed !== undefined) return;
      this.#source = createFileSource({
        path,
        name: names[i] as string,
        history: false,
        zone: reference.zone,
        ...(mapping !== undefined && { mapping }),
        onProgress: (p) => onProgress?.(path, p),
      });
      await this.#source.run(this.#host(reference));
    }
    await this.#admission.close();
  }

  fail(error: unknown): void {
    this.failed ??= error;
    void this.#source?.stop();
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

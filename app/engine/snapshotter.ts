/**
 * Snapshots of shards, one after another, a full round within the time configured, and sooner when
 * much comes in: a start scores again only what stands behind them. A copy is published only when
 * the journal below it is on disk, or it would know records that a crash took back, and when the
 * hits found below it are, so that recovery never skips a hit.
 */
import { Piscina } from 'piscina';
import { openSnapshotStore } from '../../platform/index.js';
import type { SnapshotStore } from '../../schemas/ports.js';
import type { Pipeline } from './pipeline.js';
import type { PipelineLogger } from './pipeline-options.js';
import type { SnapshotReport } from './scoring-thread.js';
import type { SnapshotTask } from './snapshot-writer.js';
import type { SnapshotCopy } from './thread-host.js';

export interface SnapshotterOptions {
  dir: string;
  store: SnapshotStore;
  shards: number;
  roundMs: number;
  generations: number;
  logger: PipelineLogger;
  /** Mark of the hits taken until now, and whether they are on disk. */
  hitsMark(): number;
  hitsDone(mark: number): boolean;
  /** End of what may be in any shard by now, and whether the journal is on disk up to there. */
  routed(): number;
  isDurable(end: number): boolean;
}

/** A shard whose snapshot is so many records behind is due, whatever the time. */
const BEHIND_RECORDS = 200_000;
const CHECK_MS = 20;
/** A thread that was asked and has not answered is not asked for the next shard before this. */
const ANSWER_MS = 1_000;

interface Copied {
  report: SnapshotReport;
  copy: SnapshotCopy;
  mark: number;
  end: number;
}

/** Where the shards would go on, by their newest snapshots that the journal reaches to. */
export function snapshotPosition(
  dir: string | undefined,
  shards: readonly number[],
  journalEnd: number,
): number {
  if (dir === undefined) return 0;
  const store = openSnapshotStore(dir);
  let from = journalEnd;
  for (const shard of shards) {
    const usable = store.list(shard).find((m) => m.position >= 0 && m.position <= journalEnd);
    from = Math.min(from, usable?.position ?? 0);
  }
  return from;
}

export class Snapshotter {
  /** Published since the start, and the time of the last one (Date.now()). */
  written = 0;
  failed = 0;
  lastSuccessMs = 0;
  readonly #options: SnapshotterOptions;
  readonly #generations: number[] = [];
  /** The generations kept of each shard, oldest first. */
  readonly #kept: { position: number; bytes: number }[][] = [];
  readonly #writer: Piscina;
  readonly #waiting: Copied[] = [];
  #next = 0;
  /** The last request: when, and whether its copy came. */
  #asked = { atMs: 0, answered: true };
  #timer: NodeJS.Timeout | undefined;

  constructor(options: SnapshotterOptions) {
    this.#options = options;
    for (let shard = 0; shard < options.shards; shard++) {
      const newestFirst = options.store.list(shard);
      this.#generations.push(newestFirst[0]?.generation ?? 0);
      this.#kept.push(newestFirst.map(({ position, bytes }) => ({ position, bytes })).reverse());
    }
    this.#writer = new Piscina({
      filename: new URL('./snapshot-writer.js', import.meta.url).href,
      minThreads: 0,
      maxThreads: 1,
      idleTimeout: 30_000,
    });
  }

  /**
   * Every generation that is kept has passed this position: the journal below is needed no more,
   * not even if the newest snapshot turns out to be damaged.
   */
  get passed(): number {
    let passed = Number.POSITIVE_INFINITY;
    for (const kept of this.#kept) {
      const oldest = kept.length < this.#options.generations ? 0 : (kept[0]?.position ?? 0);
      passed = Math.min(passed, oldest);
    }
    return Math.max(0, passed);
  }

  /** Of all generations kept. */
  get bytes(): number {
    return this.#kept.flat().reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** Begins the rounds. */
  start(pipeline: Pipeline): void {
    const { roundMs, shards } = this.#options;
    const everyMs = Math.max(5, roundMs / shards);
    this.#asked = { atMs: performance.now(), answered: true };
    this.#timer = setInterval(() => this.#ask(pipeline, everyMs), Math.min(CHECK_MS, everyMs));
    this.#timer.unref();
  }

  #ask(pipeline: Pipeline, everyMs: number): void {
    const { shards, routed } = this.#options;
    const { atMs, answered } = this.#asked;
    const nowMs = performance.now();
    const waitedMs = nowMs - atMs;
    const shard = this.#next;
    const behind = routed() - (this.#kept[shard]?.at(-1)?.position ?? 0);
    const free = this.#waiting.length === 0 && (answered || waitedMs > ANSWER_MS);
    if (waitedMs < everyMs && !(behind > BEHIND_RECORDS && free)) return;
    this.#next = (shard + 1) % shards;
    this.#asked = { atMs: nowMs, answered: false };
    pipeline.requestSnapshot(shard, this.#generations[shard] + 1);
  }

  /** A thread has copied a shard. */
  copied(report: SnapshotReport, copy: SnapshotCopy): void {
    const { hitsMark, routed } = this.#options;
    this.#waiting.push({ report, copy, mark: hitsMark(), end: routed() });
    this.publish();
  }

  /** Writes the copies below which journal and hits are on disk by now. */
  publish(): void {
    const { hitsDone, isDurable } = this.#options;
    for (;;) {
      const next = this.#waiting[0];
      if (next === undefined || !hitsDone(next.mark) || !isDurable(next.end)) return;
      this.#waiting.shift();
      void this.#write(next.report, next.copy);
    }
  }

  async #write(report: SnapshotReport, copy: SnapshotCopy): Promise<void> {
    const { dir, shards, generations, logger } = this.#options;
    const { shard, generation, position, watermarkMs, described } = report;
    const { body } = copy;
    try {
      const task: SnapshotTask = {
        dir,
        generation,
        keep: generations,
        content: { shard, shards, position, watermarkMs, described, body },
      };
      await this.#writer.run(task);
      this.#generations[shard] = generation;
      const written = { position, bytes: body.byteLength };
      this.#kept[shard] = [...(this.#kept[shard] ?? []), written].slice(-generations);
      this.written++;
      this.lastSuccessMs = Date.now();
    } catch (error) {
      this.failed++;
      logger.error({ err: error, shard }, 'snapshot not written; the one before it stays');
    } finally {
      copy.done();
      this.#asked.answered = true;
    }
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#writer.close();
  }
}

/**
 * Snapshots of shards, one after another, a full round within the time configured. A copy is
 * published only when the hits found below it are on disk, so that recovery never skips a hit.
 */
import { Piscina } from 'piscina';
import type { SnapshotStore } from '../../schemas/ports.js';
import type { Pipeline, PipelineLogger } from './pipeline.js';
import type { SnapshotReport } from './scoring-thread.js';
import type { SnapshotTask } from './snapshot-writer.js';
import type { ThreadHost } from './thread-host.js';

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
}

interface Copied {
  report: SnapshotReport;
  thread: ThreadHost;
  mark: number;
}

export class Snapshotter {
  /** Published since the start, and the time of the last one (Date.now()). */
  written = 0;
  failed = 0;
  lastSuccessMs = 0;
  /** Newest published position of each shard; -1 = none. */
  readonly positions: Float64Array;
  readonly #options: SnapshotterOptions;
  readonly #generations: number[] = [];
  readonly #writer: Piscina;
  readonly #waiting: Copied[] = [];
  #next = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: SnapshotterOptions) {
    this.#options = options;
    this.positions = new Float64Array(options.shards).fill(-1);
    for (let shard = 0; shard < options.shards; shard++) {
      const newest = options.store.list(shard)[0];
      this.#generations.push(newest?.generation ?? 0);
    }
    this.#writer = new Piscina({
      filename: new URL('./snapshot-writer.js', import.meta.url).href,
      minThreads: 0,
      maxThreads: 1,
      idleTimeout: 30_000,
    });
  }

  /** Begins the rounds; `restored` are the positions that the shards were restored at. */
  start(pipeline: Pipeline, restored: readonly [number, number][]): void {
    for (const [shard, position] of restored) this.positions[shard] = position;
    const { roundMs, shards } = this.#options;
    const every = Math.max(5, roundMs / shards);
    this.#timer = setInterval(() => {
      const shard = this.#next;
      this.#next = (shard + 1) % shards;
      pipeline.requestSnapshot(shard, this.#generations[shard] + 1);
    }, every);
    this.#timer.unref();
  }

  /** A thread has copied a shard. */
  copied(report: SnapshotReport, thread: ThreadHost): void {
    this.#waiting.push({ report, thread, mark: this.#options.hitsMark() });
    this.publish();
  }

  /** Writes the copies whose hits are on disk by now. */
  publish(): void {
    while (this.#waiting.length > 0 && this.#options.hitsDone(this.#waiting[0].mark)) {
      const { report, thread } = this.#waiting.shift() as Copied;
      void this.#write(report, thread);
    }
  }

  async #write(report: SnapshotReport, thread: ThreadHost): Promise<void> {
    const { dir, shards, generations, logger } = this.#options;
    const { shard, generation, position, watermarkMs, described, bytes } = report;
    const body = thread.snapshotBytes(bytes);
    try {
      const task: SnapshotTask = {
        dir,
        generation,
        keep: generations,
        content: { shard, shards, position, watermarkMs, described, body },
      };
      await this.#writer.run(task);
      this.#generations[shard] = generation;
      this.positions[shard] = position;
      this.written++;
      this.lastSuccessMs = Date.now();
    } catch (error) {
      this.failed++;
      logger.error({ err: error, shard }, 'snapshot not written; the one before it stays');
    } finally {
      thread.snapshotDone();
    }
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#writer.close();
  }
}

/**
 * Group commit: what is queued while a flush is under way goes to disk with the next one. Its one
 * trick: exactly one LMDB transaction in flight, so when a commit fails nothing behind it can have
 * succeeded, and the log takes back all positions from there without a gap.
 */
import type { Database, Environment, TableKey } from './environment.js';
import { LogError } from './errors.js';

export interface Put {
  database: Database;
  key: TableKey;
  /** null removes; the queue keeps the bytes until flushed, so they must not change. */
  value: Uint8Array | null;
}

export interface CommitJob {
  puts: Put[];
  bytes: number;
  /** Runs in order, before the promise resolves. */
  done(): void;
}

interface Waiting extends CommitJob {
  resolve(): void;
  reject(error: LogError): void;
}

/** More than this in one LMDB transaction would only lengthen the wait of its first job. */
const BATCH_BYTES_MAX = 32 * 1024 * 1024;
/** Beyond this the caller must wait: half a second of the disk's rate. */
const QUEUED_BYTES_MAX = 256 * 1024 * 1024;

export class CommitQueue {
  readonly #log: string;
  readonly #environment: Environment;
  readonly #onVisible: () => void;
  readonly #onFailed: () => void;
  #waiting: Waiting[] = [];
  #queuedBytes = 0;
  #scheduled = false;
  #busy: Promise<void> | undefined;

  constructor(
    log: string,
    environment: Environment,
    hooks: { onVisible: () => void; onFailed: () => void },
  ) {
    this.#log = log;
    this.#environment = environment;
    this.#onVisible = hooks.onVisible;
    this.#onFailed = hooks.onFailed;
  }

  /** Bytes accepted and not yet flushed. */
  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  hasRoom(bytes: number): boolean {
    return this.#queuedBytes === 0 || this.#queuedBytes + bytes <= QUEUED_BYTES_MAX;
  }

  commit(job: CommitJob): Promise<void> {
    this.#queuedBytes += job.bytes;
    const promise = new Promise<void>((resolve, reject) => {
      this.#waiting.push({ ...job, resolve, reject });
    });
    if (!this.#scheduled && this.#busy === undefined) {
      this.#scheduled = true;
      // A microtask: all appends of one callback share the first commit, and none waits a turn.
      queueMicrotask(() => {
        this.#scheduled = false;
        this.#busy = this.#run();
      });
    }
    return promise;
  }

  /** Resolves when nothing is queued or in flight. */
  async drained(): Promise<void> {
    if (this.#scheduled) await Promise.resolve();
    while (this.#busy !== undefined) await this.#busy;
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#takeBatch();
      try {
        await this.#flush(batch);
      } catch (error) {
        this.#fail(batch, error);
        continue;
      }
      for (const job of batch) {
        this.#queuedBytes -= job.bytes;
        job.done();
        job.resolve();
      }
    }
    this.#busy = undefined;
  }

  #takeBatch(): Waiting[] {
    let bytes = 0;
    let taken = 0;
    for (; taken < this.#waiting.length; taken++) {
      bytes += this.#waiting[taken].bytes;
      if (bytes > BATCH_BYTES_MAX && taken > 0) break;
    }
    return this.#waiting.splice(0, taken);
  }

  async #flush(batch: Waiting[]): Promise<void> {
    const { root } = this.#environment;
    let last: Promise<boolean> | undefined;
    // Puts of one event turn are one LMDB transaction (eventTurnBatching).
    for (const job of batch) {
      for (const { database, key, value } of job.puts) {
        last = value === null ? database.remove(key) : database.put(key, value);
      }
    }
    if (last === undefined) return;
    this.#onVisible();
    await last;
    await root.flushed;
  }

  /** Everything behind a failed commit fails too: its positions were counted from there. */
  #fail(batch: Waiting[], cause: unknown): void {
    // lmdb keeps the native error in a promise that would otherwise end the process.
    const native = (cause as { commitError?: Promise<unknown> }).commitError;
    void native?.catch(() => undefined);
    const error = new LogError(
      'log_failed',
      `log ${this.#log}: a commit failed and nothing of it was written; ` +
        'check the space and health of the disk',
      cause,
    );
    const failed = batch.concat(this.#waiting.splice(0));
    this.#queuedBytes = 0;
    this.#onFailed();
    for (const job of failed) job.reject(error);
  }
}

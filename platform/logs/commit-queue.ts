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
  /** Where the log ends with this job. */
  end: number;
}

export interface CommitHooks {
  /** All up to `end` is on disk; runs before the promises resolve. */
  onFlushed(end: number): void;
  /** Nothing that was queued or in flight was written. */
  onFailed(): void;
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
  readonly #hooks: CommitHooks;
  #waiting: Waiting[] = [];
  #queuedBytes = 0;
  #scheduled = false;
  #busy: Promise<void> | undefined;

  constructor(log: string, environment: Environment, hooks: CommitHooks) {
    this.#log = log;
    this.#environment = environment;
    this.#hooks = hooks;
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
        await this.#fail(batch, error);
        continue;
      }
      for (const job of batch) this.#queuedBytes -= job.bytes;
      this.#hooks.onFlushed(batch[batch.length - 1].end);
      for (const job of batch) job.resolve();
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
    const written = new Set<Promise<boolean>>(); // usually one: lmdb shares it within a turn
    // Puts of one event turn are one LMDB transaction (eventTurnBatching).
    for (const job of batch) {
      for (const { database, key, value } of job.puts) {
        written.add(value === null ? database.remove(key) : database.put(key, value));
      }
    }
    if (written.size === 0) return;
    // Behind lmdb's own immediate, which begins the transaction and makes one more promise for it:
    // nobody listened to that one, and a full disk would end the process with it.
    setImmediate(() => void root.committed.then(nothing, nothing));
    await Promise.all(written);
    await root.flushed;
  }

  /** Everything behind a failed commit fails too: its positions were counted from there. */
  async #fail(batch: Waiting[], failure: unknown): Promise<void> {
    const cause = await nativeCause(failure);
    const full = this.#environment.freeDiskBytes() < FREE_DISK_BYTES_MIN;
    const error = new LogError(
      full ? 'log_full' : 'log_failed',
      `${this.#log} ${full ? 'full: the disk has no space left' : 'could not be written'}; ` +
        'nothing of this append is stored; see to the disk, then append again',
      cause,
    );
    const failed = batch.concat(this.#waiting.splice(0));
    this.#queuedBytes = 0;
    this.#hooks.onFailed();
    for (const job of failed) job.reject(error);
  }
}

/** LMDB reports a write cut short by a full disk as an input/output error: ask the disk itself. */
const FREE_DISK_BYTES_MIN = 1024 * 1024;
const CAUSE_WAIT_MS = 100;

/** lmdb hands the native error over in a second promise, shortly after the first. */
async function nativeCause(failure: unknown): Promise<unknown> {
  const native = (failure as { commitError?: Promise<unknown> }).commitError;
  if (native === undefined) return failure;
  const caught = native.then(
    () => failure,
    (error: unknown) => error,
  );
  const late = new Promise((resolve) => setTimeout(resolve, CAUSE_WAIT_MS, failure));
  return Promise.race([caught, late]);
}

function nothing(): void {
  // Its failure is that of the puts, which are waited for.
}

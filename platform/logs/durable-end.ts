/**
 * How far a log is on disk, told to readers in other processes: LMDB shows a commit 0.6 ms (p50)
 * before it is flushed, and after a power cut what was shown may never have been. Its one trick: a
 * field in a small file of its own, written in place and never synced, which costs the writer some
 * microseconds. What it says was on disk before it was written, so any old value of it is true.
 */
import { closeSync, constants, fstatSync, openSync, readSync, writeSync } from 'node:fs';

/** The end twice, so that a half-written field is noticed. */
const BYTES = 16;
const READS_MAX = 8;

export const durablePath = (logPath: string): string => `${logPath}.durable`;

/** The writer's side. */
export class DurableEndWriter {
  readonly #file: number;
  readonly #field = new DataView(new ArrayBuffer(BYTES));

  constructor(logPath: string) {
    // Never cut and never replaced by another file: readers keep theirs open.
    this.#file = openSync(durablePath(logPath), constants.O_RDWR | constants.O_CREAT, 0o600);
  }

  write(end: number): void {
    this.#field.setFloat64(0, end, true);
    this.#field.setFloat64(8, end, true);
    writeSync(this.#file, this.#field, 0, BYTES, 0);
  }

  close(): void {
    closeSync(this.#file);
  }
}

/** The reader's side. */
export class DurableEndReader {
  readonly #path: string;
  readonly #field = new DataView(new ArrayBuffer(BYTES));
  #file: number | undefined;

  constructor(logPath: string) {
    this.#path = durablePath(logPath);
  }

  /**
   * Infinity where nothing is said: the field is missing or was cut by a power failure, so the
   * writer has not opened the log since; what its file holds then is what was on disk.
   */
  read(): number {
    const file = this.#open();
    if (file === undefined) return Number.POSITIVE_INFINITY;
    for (let i = 0; i < READS_MAX; i++) {
      if (readSync(file, this.#field, 0, BYTES, 0) < BYTES) break;
      const end = this.#field.getFloat64(0, true);
      if (end === this.#field.getFloat64(8, true)) return end;
    }
    return Number.POSITIVE_INFINITY;
  }

  #open(): number | undefined {
    if (this.#file !== undefined) return this.#file;
    try {
      const file = openSync(this.#path, 'r');
      // Made a moment ago by a writer that has not said anything yet.
      if (fstatSync(file).size >= BYTES) this.#file = file;
      else closeSync(file);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
    return this.#file;
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }
}

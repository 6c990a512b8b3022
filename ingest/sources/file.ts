/**
 * A file as a source: CSV or NDJSON, plain or gzip, streamed with the backpressure of admission,
 * as fast as possible or at a given rate. A turn of the event loop lies between batches, so that a
 * large file does not hold up whoever else the process answers.
 */
import { basename } from 'node:path';
import type { Source, SourceHost, SourceItem } from '../../schemas/ports.js';
import { zoneTableOf } from '../reference/defaults.js';
import { FileRows } from './file-rows.js';
import { openFile } from './lines.js';
import type { Mapping } from './mapping.js';

export interface FileProgress {
  /** Rows handed over, refused or skipped so far. */
  rows: number;
  /** Of the file as it lies on the disk. */
  bytesRead: number;
  bytesTotal: number;
}

export interface FileSourceOptions {
  path: string;
  /** Name in the journal; `file:` and the base name when absent. */
  name?: string;
  /** Absent: NDJSON rows in Weir's own JSON form. */
  mapping?: Mapping;
  /** Marked history: skips the time check, opens no alert. */
  history: boolean;
  /** Zone of dates without one, when the mapping names none. */
  zone: string;
  /** At most this many rows a second; as fast as possible when absent. */
  rowsPerSecond?: number;
  /** Shifts all rows by whole days, so that the last row lies at most a day before this. */
  endAtMs?: number;
  /** Rows below were admitted before (`admission.sourceOffset`). */
  fromOffset?: number;
  onProgress?: (progress: FileProgress) => void;
}

const BATCH_ROWS = 128;
/** Paced rows are handed over at least this often. */
const PACE_SLICE_MS = 20;
const RETRY_MS = 100;

export function createFileSource(options: FileSourceOptions): Source {
  return new FileSource(options);
}

class FileSource implements Source {
  readonly name: string;
  readonly #options: FileSourceOptions;
  readonly #rows: FileRows;
  #items: SourceItem[] = [];
  #nextOffset = 0;
  #flushed: Promise<void> = Promise.resolve();
  #stopped = false;
  #wake: () => void = () => undefined;

  constructor(options: FileSourceOptions) {
    this.#options = options;
    this.name = options.name ?? `file:${basename(options.path)}`;
    const zone = zoneTableOf(options.mapping?.time.zone ?? options.zone);
    this.#rows = new FileRows(options.path, options.mapping, zone);
  }

  stop(): Promise<void> {
    this.#stopped = true;
    this.#wake();
    return Promise.resolve();
  }

  /** Throws FileError when the file cannot be read to its end. */
  async run(host: SourceHost): Promise<void> {
    const { history, fromOffset = 0, onProgress, path, endAtMs } = this.#options;
    host.onRoom(() => this.#wake());
    const bytesTotal = openFile(path).bytes;
    const plan = await this.#rows.plan(endAtMs);
    const pace = new Pace(this.#options.rowsPerSecond);
    for await (const batch of this.#rows.rows(plan)) {
      for (const row of batch.rows) {
        const offset = this.#nextOffset++;
        if (offset < fromOffset || row === undefined) continue;
        this.#items.push({ ...row, offset, index: 0 });
        if (this.#items.length < pace.batchRows) continue;
        await this.#sleep(pace.delayMs(this.#items.length));
        if (this.#stopped) return;
        await this.#hand(host);
      }
      onProgress?.({ rows: this.#nextOffset, bytesRead: batch.bytesRead, bytesTotal });
    }
    await this.#hand(host);
    await this.#flushed;
    if (this.#stopped) return;
    onProgress?.({ rows: this.#nextOffset, bytesRead: bytesTotal, bytesTotal });
    if (history) host.ended(this.name);
    else host.idle(this.name);
  }

  /** Offers what has gathered until it is taken. */
  async #hand(host: SourceHost): Promise<void> {
    while (this.#items.length > 0 && !this.#stopped) {
      const result = host.offer({
        source: this.name,
        partition: 0,
        history: this.#options.history,
        items: this.#items,
        nextOffset: this.#nextOffset,
        quiet: true,
      });
      if (result.full) {
        await this.#sleep(RETRY_MS);
        continue;
      }
      this.#flushed = result.flushed;
      this.#items = [];
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** Until the time is up, there is room again, or `stop`. */
  #sleep(ms: number): Promise<void> {
    if (ms <= 0) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

/** Open loop: rows are due by the clock since the start, so a slow moment is made up for. */
class Pace {
  readonly batchRows: number;
  readonly #rowsPerSecond: number | undefined;
  readonly #startMs = performance.now();
  #rows = 0;

  constructor(rowsPerSecond: number | undefined) {
    this.#rowsPerSecond = rowsPerSecond;
    const slice = Math.ceil(((rowsPerSecond ?? Infinity) * PACE_SLICE_MS) / 1000);
    this.batchRows = Math.max(1, Math.min(BATCH_ROWS, slice));
  }

  /** How long until so many more rows are due. */
  delayMs(rows: number): number {
    if (this.#rowsPerSecond === undefined) return 0;
    this.#rows += rows;
    return (this.#rows / this.#rowsPerSecond) * 1000 - (performance.now() - this.#startMs);
  }
}

/**
 * The writer of a log. Positions are fixed when `append` returns; a chunk, its side-table changes
 * and the log's new end are one LMDB transaction, so after a crash they all stand or none does.
 */
import { randomBytes } from 'node:crypto';
import type { AlsoCommit, AppendResult } from '../../schemas/ports.js';
import { chunkRun, encodeChunk, RECORD_BYTES_MAX } from './chunk.js';
import { CommitQueue, type Put } from './commit-queue.js';
import { type Bell, openBell } from './doorbell.js';
import { DurableEndWriter } from './durable-end.js';
import { type Environment, openEnvironment } from './environment.js';
import { LogError } from './errors.js';
import type { LmdbLogOptions } from './lmdb-log.js';
import { DATABASES, FORMAT, LogBase, readState } from './log-base.js';
import { Room } from './room.js';
import { checkKey, encodeMeta, ownCopy } from './tables.js';

const TRUNCATE_CHUNKS = 64;

/** Of this process. */
const openWriters = new Set<LogWriter>();

/**
 * Before a process ends by itself: no log of it takes anything more, and what was begun is on disk
 * when this resolves. Not for a crash of the process, which needs no farewell.
 */
export async function settleLogs(): Promise<void> {
  await Promise.all([...openWriters].map((writer) => writer.settle()));
}

export class LogWriter extends LogBase {
  readonly identity: string;
  readonly #file: Environment;
  readonly #tables: ReadonlySet<string>;
  readonly #queue: CommitQueue;
  readonly #room: Room;
  readonly #bell: Bell;
  readonly #durableEnd: DurableEndWriter;
  #first: number;
  #next: number;
  #durable: number;

  constructor(path: string, options: LmdbLogOptions) {
    super(path, options);
    this.#tables = new Set(options.tables ?? []);
    const file = openEnvironment(path, {
      readOnly: false,
      mapBytes: 2 * this.mapBytes,
      names: [...DATABASES, ...[...this.#tables].map((name) => `table:${name}`)],
    });
    if (file === undefined) throw new Error(`unreachable: ${path} was not made`);
    // Readers that were killed while they read would keep pages from being used again.
    file.root.readerCheck();
    this.#file = file;
    this.#queue = new CommitQueue(this.name, file, {
      onFlushed: (end) => {
        this.#durableEnd.write(end);
        if (end > this.#durable) this.#bell.ring();
        else this.#bell.ringTables();
        this.#durable = end;
        this.listeners.call();
      },
      onFailed: () => {
        this.#next = this.#durable;
      },
    });
    this.#room = new Room(this.name, file, this.mapBytes, () => this.#queue.queuedBytes);
    const state = file.fresh(() => readState(this.name, file));
    this.#first = state?.first ?? 0;
    this.#next = state?.end ?? 0;
    this.#durable = this.#next;
    this.identity = state?.identity ?? randomBytes(8).toString('hex');
    this.#durableEnd = new DurableEndWriter(path);
    if (state === undefined) this.#commitNew();
    else {
      file.fresh(() => this.chunks.checkEnd(file, this.#first, this.#next));
      this.#commitFound();
    }
    this.#bell = openBell(path);
    openWriters.add(this);
  }

  protected override file(): Environment {
    if (this.closed) throw this.closedError();
    return this.#file;
  }

  override first(): number {
    return this.#first;
  }

  override end(): number {
    return this.#durable;
  }

  override shownEnd(): number {
    return this.#durable;
  }

  protected override firstNow(): number {
    return this.#first;
  }

  protected override endNow(): number {
    return this.#durable;
  }

  get nextPosition(): number {
    return this.#next;
  }

  get durableEnd(): number {
    return this.#durable;
  }

  get pendingBytes(): number {
    return this.#queue.queuedBytes;
  }

  override append(records: readonly Uint8Array[], also?: AlsoCommit): Promise<AppendResult> {
    try {
      return this.#append(records, also);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  #append(records: readonly Uint8Array[], also?: AlsoCommit): Promise<AppendResult> {
    if (this.closed) throw this.closedError();
    for (const record of records) {
      if (record.length <= RECORD_BYTES_MAX) continue;
      throw new LogError(
        'record_too_large',
        `log ${this.name}: a record of ${record.length} bytes is over the limit of ` +
          `${RECORD_BYTES_MAX}; split it`,
      );
    }
    const first = this.#next;
    const end = first + records.length;
    const puts = this.#alsoPuts(also);
    const chunks = this.#database('chunks');
    for (let from = 0; from < records.length; ) {
      const to = chunkRun(records, from);
      const value = encodeChunk(first + from, records, from, to);
      puts.push({ database: chunks, key: first + from, value });
      from = to;
    }
    const bytes = putBytes(puts);
    if (!this.#queue.hasRoom(bytes)) {
      throw new LogError(
        'log_busy',
        `log ${this.name}: ${this.#queue.queuedBytes} bytes wait for the disk; ` +
          'wait for an earlier append before the next',
      );
    }
    // Cursors alone pass even when full: it is they that let the log be truncated.
    if (records.length > 0 || also?.put !== undefined) this.#room.take(bytes);
    if (records.length > 0) puts.push(this.#statePut('end', end));
    this.#next = end;
    return this.#queue.commit({ puts, bytes, end }).then(() => ({ first, end }));
  }

  override async truncate(position: number): Promise<void> {
    if (this.closed) throw this.closedError();
    if (!Number.isInteger(position) || position < 0 || position > this.#durable) {
      throw new LogError(
        'bad_position',
        `log ${this.name}: cannot truncate to ${position}, it ends at ${this.#durable}`,
      );
    }
    if (position > this.#first) {
      await this.#commit([this.#statePut('first', position)]);
      this.#first = Math.max(this.#first, position);
    }
    const chunks = this.#database('chunks');
    // Slices: freeing thousands of pages in one transaction would hold up the appends behind it.
    for (;;) {
      if (this.closed) return;
      const keys = this.#file.fresh(() =>
        this.chunks.keysBelow(this.#file, this.#first, this.#durable, TRUNCATE_CHUNKS),
      );
      if (keys.length === 0) break;
      await this.#commit(keys.map((key) => ({ database: chunks, key, value: null })));
      this.#room.refresh();
    }
  }

  override async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    await this.#queue.drained();
    await this.#bell.close();
    this.#durableEnd.close();
    this.listeners.clear();
    await this.#file.root.close();
    openWriters.delete(this);
  }

  /** Takes nothing more; the file stays open. */
  async settle(): Promise<void> {
    this.closed = true;
    await this.#queue.drained();
  }

  protected override storeBlob(sha256: string, bytes: Uint8Array | null): Promise<void> {
    if (this.closed) throw this.closedError();
    if (bytes !== null) this.#room.take(bytes.length);
    return this.#commit([{ database: this.#database('blobs'), key: sha256, value: bytes }]);
  }

  #alsoPuts(also: AlsoCommit | undefined): Put[] {
    const puts: Put[] = [];
    for (const { table, key, value } of also?.put ?? []) {
      if (!this.#tables.has(table)) {
        throw new LogError(
          'unknown_table',
          `log ${this.name}: no side table '${table}'; name it in \`tables\` when opening`,
        );
      }
      checkKey(this.name, key);
      puts.push({
        database: this.#database(`table:${table}`),
        key,
        value: value === null ? null : ownCopy(value),
      });
    }
    const meta = this.#database('meta');
    for (const [key, value] of Object.entries(also?.meta ?? {})) {
      checkKey(this.name, key);
      puts.push({ database: meta, key, value: value === null ? null : encodeMeta(value) });
    }
    return puts;
  }

  #commit(puts: Put[]): Promise<void> {
    return this.#queue.commit({ puts, bytes: putBytes(puts), end: this.#next });
  }

  #commitNew(): void {
    const puts = [
      { database: this.#database('state'), key: 'format', value: encodeMeta(FORMAT) },
      { database: this.#database('state'), key: 'name', value: encodeMeta(this.name) },
      { database: this.#database('state'), key: 'identity', value: encodeMeta(this.identity) },
      this.#statePut('first', 0),
      this.#statePut('end', 0),
    ];
    // A failure shows at the first append; nobody waits for this one.
    this.#commit(puts).catch(() => undefined);
  }

  /** What a killed writer left may lie in the page cache only: readers get it behind a flush. */
  #commitFound(): void {
    this.#commit([this.#statePut('end', this.#next)]).catch(() => undefined);
  }

  #statePut(key: string, value: number): Put {
    return { database: this.#database('state'), key, value: encodeMeta(value) };
  }

  #database(name: string) {
    const database = this.#file.database(name);
    if (database === undefined) throw new Error(`unreachable: database ${name}`);
    return database;
  }
}

function putBytes(puts: readonly Put[]): number {
  let bytes = 0;
  for (const { value } of puts) bytes += (value?.length ?? 0) + 32;
  return bytes;
}

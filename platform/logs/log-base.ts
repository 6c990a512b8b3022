/**
 * What the writer and the reader of a log share: reading, tables, listeners.
 */
import type {
  AlsoCommit,
  AppendResult,
  BlobStore,
  LogRecord,
  SideTable,
} from '../../schemas/ports.js';
import { ChunkReader } from './chunk-reader.js';
import { ListenerSet } from './doorbell.js';
import type { Environment } from './environment.js';
import { LogError } from './errors.js';
import type { LmdbLog, LmdbLogOptions } from './lmdb-log.js';
import { blobStore, checkKey, decodeMeta, type MetaValue, sideTable } from './tables.js';

const MAP_BYTES_MAX = 8 * 1024 ** 3;
const READ_BYTES_DEFAULT = 4 * 1024 * 1024;
export const FORMAT = 1;
export const DATABASES = ['chunks', 'state', 'meta', 'blobs'];

export abstract class LogBase implements LmdbLog {
  readonly name: string;
  readonly blobs: BlobStore;
  protected readonly path: string;
  protected readonly mapBytes: number;
  protected readonly listeners = new ListenerSet();
  protected readonly chunks: ChunkReader;
  protected closed = false;

  constructor(path: string, options: LmdbLogOptions) {
    this.path = path;
    this.name = options.name;
    this.mapBytes = options.mapBytesMax ?? MAP_BYTES_MAX;
    this.chunks = new ChunkReader(options.name);
    this.blobs = blobStore(
      this.name,
      () => this.file(),
      (sha256, bytes) => this.storeBlob(sha256, bytes),
    );
  }

  abstract readonly identity: string;
  abstract readonly nextPosition: number;
  abstract readonly durableEnd: number;
  abstract readonly pendingBytes: number;
  abstract first(): number;
  abstract end(): number;
  abstract shownEnd(): number;
  abstract append(records: readonly Uint8Array[], also?: AlsoCommit): Promise<AppendResult>;
  abstract truncate(position: number): Promise<void>;
  abstract close(): Promise<void>;
  protected abstract storeBlob(sha256: string, bytes: Uint8Array | null): Promise<void>;
  /** The open file, undefined while a reader waits for it; throws when closed. */
  protected abstract file(): Environment | undefined;

  get attached(): boolean {
    return this.file() !== undefined;
  }

  read(from: number, limit: number, maxBytes = READ_BYTES_DEFAULT): LogRecord[] {
    if (!Number.isInteger(from) || from < 0) {
      throw new LogError('bad_position', `log ${this.name}: cannot read from position ${from}`);
    }
    const file = this.file();
    if (file === undefined) return [];
    const reads = (): LogRecord[] => {
      const first = this.firstNow(file);
      if (from < first) {
        throw new LogError(
          'log_truncated',
          `log ${this.name}: position ${from} was dropped, the first one kept is ${first}; ` +
            'start again from there',
        );
      }
      return this.chunks.read(file, from, this.endNow(file), limit, maxBytes);
    };
    try {
      return file.fresh(reads);
    } catch (error) {
      // Seen once in thousands of kills of the writer, on two cores with 30 runnable threads: a
      // view without its last chunk. What is really broken shows in a second view too.
      if (!(error instanceof LogError) || error.code !== 'log_corrupt') throw error;
      return file.fresh(reads);
    }
  }

  /** Within `fresh`. */
  protected abstract firstNow(file: Environment): number;
  protected abstract endNow(file: Environment): number;

  table(name: string): SideTable {
    return sideTable(this.name, () => this.file(), `table:${name}`);
  }

  getMeta(key: string): MetaValue | undefined {
    checkKey(this.name, key);
    const file = this.file();
    return file?.fresh(() => {
      const bytes = file.database('meta')?.getBinary(key);
      return bytes === undefined ? undefined : decodeMeta(bytes);
    });
  }

  onAppend(listener: () => void): () => void {
    return this.listeners.add(listener);
  }

  bytesUsed(): number {
    return this.file()?.size().usedBytes ?? 0;
  }

  readerCheck(): number {
    return this.file()?.root.readerCheck() ?? 0;
  }

  protected closedError(): LogError {
    return new LogError('log_closed', `log ${this.name}: it is closed`);
  }
}

export function stateNumber(file: Environment, key: string): number | undefined {
  const bytes = file.database('state')?.getBinary(key);
  return bytes === undefined ? undefined : (decodeMeta(bytes) as number);
}

/** Undefined when the file is new. Refuses another format and another log's file. */
export function readState(
  name: string,
  file: Environment,
): { identity: string; first: number; end: number } | undefined {
  const format = stateNumber(file, 'format');
  if (format === undefined) return undefined;
  const text = (key: string) =>
    decodeMeta(file.database('state')?.getBinary(key) ?? new Uint8Array(1));
  if (format !== FORMAT || text('name') !== name) {
    throw new LogError(
      'log_format',
      `log ${name}: the file holds log ${text('name')} in format ${format}, expected ${name} ` +
        `in format ${FORMAT}; use the version of Weir that wrote it`,
    );
  }
  return {
    identity: String(text('identity')),
    first: stateNumber(file, 'first') ?? 0,
    end: stateNumber(file, 'end') ?? 0,
  };
}

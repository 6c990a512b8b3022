/**
 * The ordered log on one LMDB file, as its users see it: one writer, and read-only readers of
 * other processes beside it.
 */
import type { BlobStore, OrderedLog, SideTable } from '../../schemas/ports.js';
import { LogReader } from './log-reader.js';
import { LogWriter } from './log-writer.js';
import type { MetaValue } from './tables.js';

export interface LmdbLogOptions {
  /** Word for errors, and checked against the file: `journal`, `hits`, `work`. */
  name: string;
  /** Side tables that the writer may write. A reader needs to name none. */
  tables?: readonly string[];
  readOnly?: boolean;
  /** Bytes that the log may use; at the limit `append` rejects with `log_full`. */
  mapBytesMax?: number;
}

export interface LmdbLog extends OrderedLog {
  readonly name: string;
  /** Reads of a side table see what is committed, not what is still queued. */
  table(name: string): SideTable;
  getMeta(key: string): MetaValue | undefined;
  readonly blobs: BlobStore;
  /** Bytes in use; 0 before a reader's file exists. */
  bytesUsed(): number;
  /** Bytes accepted and not yet flushed. */
  readonly pendingBytes: number;
  /** Frees the slots of dead readers: call it when a child process exits. */
  readerCheck(): number;
  /** For a reader: what the file holds, on disk yet or not; never less than any earlier `end`. */
  shownEnd(): number;
  /** False while a reader waits for the writer to make the file. */
  readonly attached: boolean;
}

/** Opens for writing, making the file where there is none, or read-only beside the writer. */
export function openLmdbLog(path: string, options: LmdbLogOptions): LmdbLog {
  return options.readOnly === true ? new LogReader(path, options) : new LogWriter(path, options);
}

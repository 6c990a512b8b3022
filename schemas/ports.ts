/**
 * The ports between rooms: what a log, a snapshot store and the rest must do, whatever stands
 * behind them (LMDB on one machine, Kafka on many).
 */

/** A stored record with its position; `bytes` is valid until the next read. */
export interface LogRecord {
  position: number;
  bytes: Uint8Array;
}

/** Reads an ordered log. Positions count records from 0 and never repeat. */
export interface LogReader {
  /** Random id given when the log was made; part of live cursors. */
  readonly identity: string;
  /** First position still kept. */
  first(): number;
  /**
   * Next position to be written: every record below is readable (and, for other processes, may be a
   * few ms from durable).
   */
  end(): number;
  /**
   * Records [from, ...) in order, at most `limit` records or about `maxBytes`, copied. Throws
   * `log_truncated` when `from` is below first().
   */
  read(from: number, limit: number, maxBytes?: number): LogRecord[];
  /** Calls back soon after something was appended by any process; returns the way to stop. */
  onAppend(listener: () => void): () => void;
  close(): Promise<void>;
}

export interface AppendResult {
  first: number;
  end: number;
}

/** Writes an ordered log; one writer at a time. */
export interface OrderedLog extends LogReader {
  /**
   * Appends records in order and commits `also` in the same transaction. Resolves once flushed
   * to disk; the positions are fixed when the call returns (see `nextPosition`).
   */
  append(records: readonly Uint8Array[], also?: AlsoCommit): Promise<AppendResult>;
  /** Position that the next append will start at. */
  readonly nextPosition: number;
  /** Everything below is flushed. */
  readonly durableEnd: number;
  /** Drops records below `position`, in slices. */
  truncate(position: number): Promise<void>;
}

/** Key-value changes that belong to the same fact as an append. */
export interface AlsoCommit {
  /** Into the log's own small table: cursors, source offsets, indexes. null removes. */
  meta?: Record<string, string | number | Uint8Array | null>;
  /**
   * Into the named side table of the same file (dead letters, hit ids, control index). null
   * removes.
   */
  put?: { table: string; key: string | number; value: Uint8Array | null }[];
}

/** Side tables live in the same file as their log, so a commit covers both. */
export interface SideTable {
  get(key: string | number): Uint8Array | undefined;
  has(key: string | number): boolean;
  /** Ascending by key from `from` (inclusive), at most `limit`. */
  range(options: {
    from?: string | number;
    limit?: number;
    reverse?: boolean;
  }): { key: string | number; value: Uint8Array }[];
  count(): number;
}

/**
 * Content-addressed blobs: catalogue and reference-data versions, stored before the record that
 * names them.
 */
export interface BlobStore {
  /** Returns the SHA-256 in hex, durable when resolved. */
  put(bytes: Uint8Array): Promise<string>;
  /** Throws `blob_missing` with the hash. */
  get(sha256: string): Uint8Array;
  /** Of one that nothing names any more; nothing happens where there is none. */
  remove(sha256: string): Promise<void>;
}

export interface SnapshotMeta {
  shard: number;
  generation: number;
  position: number;
  bytes: number;
}

/** Snapshots of shards; `write` is atomic (temporary file, fsync, rename, fsync of the folder). */
export interface SnapshotStore {
  write(shard: number, generation: number, parts: readonly Uint8Array[]): void;
  /** Newest first. */
  list(shard: number): SnapshotMeta[];
  read(shard: number, generation: number): Uint8Array;
  /** Keeps the newest `keep` generations. */
  prune(shard: number, keep: number): void;
  /** Removes one that must never be taken. */
  drop(shard: number, generation: number): void;
}

/** The one clock of a process. Tests start it elsewhere with `--clock-start`. */
export interface Clock {
  nowMs(): number;
}

/** Where admitted transactions come from. */
export interface Source {
  readonly name: string;
  /** Starts delivering into the host; resolves at the end of the source (files) or when stopped. */
  run(host: SourceHost): Promise<void>;
  stop(): Promise<void>;
}

/** What a source hands over: one FlatBuffers Transaction, as bytes, with its origin. */
export interface SourceHost {
  /**
   * Offers a batch. `full` = nothing of it was taken: wait for `onRoom` and offer it again.
   * `flushed` resolves when everything taken is durable.
   */
  offer(batch: SourceBatch): OfferResult;
  onRoom(listener: () => void): void;
  /** End of file, or nothing more to come for now. */
  idle(sourceName: string): void;
  /** End of a source that was marked `history`. */
  ended(sourceName: string): void;
}

export interface SourceBatch {
  source: string;
  partition: number;
  /** Marked history: skips the time check, opens no alert. */
  history: boolean;
  items: SourceItem[];
  /** Committed with the records: "append and offset are one fact". */
  nextOffset?: number;
  /** The source reads no outcomes: none are made (a file at full speed). */
  quiet?: boolean;
}

export interface SourceItem {
  offset: number;
  index: number;
  /** The FlatBuffers Transaction (no envelope), or the raw bytes of what could not be read. */
  bytes: Uint8Array;
  /** Set when the source itself could not read it: goes to the dead letters with this reason. */
  reject?: { reason: string; detail: string };
}

export type AdmissionOutcome =
  /** `tooLate`: behind the watermark, so it is stored and will not be scored. */
  | { ack: 'accepted'; position: number; transactionId: string; tooLate?: true }
  | { ack: 'duplicate'; transactionId: string }
  | { ack: 'rejected'; reason: string; detail: string; transactionId?: string };

export type OfferResult =
  | { full: true; retryAfterMs: number }
  | { full: false; outcomes: AdmissionOutcome[]; flushed: Promise<void> };

/** What a pipeline asks of whoever runs it: the engine, a replay of files, a test. */
import type { ReferenceTables } from '../../ingest/index.js';
import type { Catalogue } from '../../schemas/catalogue.js';
import type { SnapshotReport } from './scoring-thread.js';
import type { SnapshotCopy, ThreadSettings } from './thread-host.js';

export interface PipelineLogger {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** Where versions named by control records come from. */
export interface Versions {
  catalogue(sha256: string): Catalogue;
  reference(sha256: string): ReferenceTables;
  /** What was in force just before a position of the log. */
  at(position: number): {
    catalogue: Catalogue;
    /** Of the catalogue's record; absent in older ones. */
    breakerHits?: number;
    reference: ReferenceTables;
  };
}

/** Journal records again, for threads that catch up. */
export type ReadJournal = (from: number) => { position: number; bytes: Uint8Array }[];

export interface PipelineOptions {
  threads: number;
  thread: ThreadSettings;
  versions: Versions;
  logger: PipelineLogger;
  threadSilentMs: number;
  /** Everything below is in the rings: its bytes are no longer needed. */
  onConsumed(position: number): void;
  /** A hit with its header; false when there is no room. */
  onHit(record: Uint8Array): boolean;
  onSnapshot(report: SnapshotReport, copy: SnapshotCopy): void;
  onBell(): void;
  /** Absent: a thread that dies cannot be replaced (a replay of files keeps no journal). */
  readJournal?: ReadJournal;
  /** The record killed its thread three times. */
  onQuarantine(position: number): void;
  /** Threads cannot be kept alive: the process must end. */
  onHopeless(error: Error): void;
}

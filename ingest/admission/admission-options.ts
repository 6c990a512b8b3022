/** What admission is given, and what it counts. */
import type { Configuration } from '../../schemas/configuration.js';
import type { Clock } from '../../schemas/ports.js';
import type { DeadLetterReason } from '../../schemas/reasons.js';
import type { ReferenceTables } from '../reference/tables.js';
import type { CheckpointOptions } from './checkpoint.js';
import type { Journal } from './journal.js';

export type AdmissionSettings = Pick<
  Configuration,
  | 'latenessMs'
  | 'tooOldMs'
  | 'inTheFutureMs'
  | 'idleAfterMs'
  | 'watermarkIntervalMs'
  | 'dedupeIdsMax'
  | 'messageBytesMax'
  | 'pendingBytesMax'
  | 'journalBytesMax'
>;

export interface AdmissionOptions {
  journal: Journal;
  configuration: AdmissionSettings;
  clock: Clock;
  reference: ReferenceTables;
  /**
   * Every record, in position order, as it is admitted; synchronously, so it must not block. The
   * bytes are valid until `consumed` passes the position.
   */
  onAdmitted(position: number, record: Uint8Array): void;
  /** The journal failed: nothing more is taken; stop and start again. */
  onFailed(error: unknown): void;
  /** False: sources wait, as for a full journal. Asked once a second and for each MiB. */
  diskHasRoom?(): boolean;
  /** Progress of reading the journal's tail at start. */
  onRestoring?(done: number, total: number): void;
  /** Dead letters kept; the oldest beyond it are dropped and counted. */
  deadLettersMax?: number;
  /** Absent: every start reads the journal from its beginning. */
  checkpoint?: CheckpointOptions;
}

export interface AdmissionCounters {
  accepted: number;
  duplicates: number;
  rejected: Record<DeadLetterReason, number>;
  /** Accepted by source, and when last (ingest time). */
  bySource: Map<string, { total: number; lastMs: number }>;
  deadLettersDropped: number;
}

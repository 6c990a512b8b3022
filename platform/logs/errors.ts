/**
 * The one error class of the logs: a code for programs, one line with the mend for people.
 * The message names log and position, never what a record contains.
 */
export type LogErrorCode =
  | 'log_truncated' // asked for a position that was dropped
  | 'log_full' // the size limit is reached, or the disk is
  | 'log_busy' // more is queued than the writer takes: wait for an append to resolve
  | 'log_corrupt' // a chunk or the file contradicts itself
  | 'log_failed' // the commit failed; nothing of it was written
  | 'log_closed'
  | 'log_format' // another format, or another log's file
  | 'read_only'
  | 'record_too_large'
  | 'bad_position'
  | 'bad_key'
  | 'unknown_table'
  | 'blob_missing'
  | 'blob_corrupt'
  | 'folder_locked'
  | 'snapshot_missing';

export class LogError extends Error {
  readonly code: LogErrorCode;

  constructor(code: LogErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'LogError';
    this.code = code;
  }
}

/** The code of a LogError, undefined for anything else. */
export function logErrorCode(error: unknown): LogErrorCode | undefined {
  return error instanceof LogError ? error.code : undefined;
}

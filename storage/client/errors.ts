/**
 * What a ClickHouse request may fail with, as a closed set: callers decide by these and never by
 * the text of an error. The text of one may quote rows, so it goes to no log and to no person.
 */
import { ClickHouseError } from '@clickhouse/client';

export const DATABASE_FAILURES = [
  /** Nobody answers there, or the connection broke, or the server is on its way down. */
  'refused',
  'timeout',
  /** Wrong password, or the user may not do this. */
  'auth',
  'memory',
  'disk-full',
  /** A part of a table cannot be read: bytes on its disk are gone or wrong. */
  'corrupt',
  'too-many-parts',
  /** A result above its limits of rows or bytes. */
  'too-large',
  /** Too many queries at once, or a quota. */
  'busy',
  /** The database, a table or a column is not there. */
  'missing',
  /** It does not take these bytes: a programmer's error, or a server of another version. */
  'bad-data',
  'other',
] as const;
export type DatabaseFailure = (typeof DATABASE_FAILURES)[number];

/** Ours, for what `@clickhouse/client` has no error of its own. */
export class DatabaseError extends Error {
  readonly failure: DatabaseFailure;
  constructor(failure: DatabaseFailure, message: string) {
    super(message);
    this.name = 'DatabaseError';
    this.failure = failure;
  }
}

/** Error codes of the server, from src/Common/ErrorCodes.cpp of ClickHouse 26. */
const SERVER_CODES: Partial<Record<DatabaseFailure, readonly number[]>> = {
  refused: [210, 236, 394, 425],
  timeout: [159, 160, 209],
  auth: [164, 192, 193, 194, 195, 291, 497, 516],
  memory: [173, 241],
  'disk-full': [243],
  corrupt: [40, 226, 228, 246, 271],
  'too-many-parts': [252],
  'too-large': [158, 307, 396],
  busy: [201, 202],
  missing: [16, 47, 60, 81, 218],
  'bad-data': [6, 26, 27, 32, 33, 36, 38, 41, 53, 69, 72, 117, 131, 321, 349, 441, 457],
};
const failureOfCode = new Map(
  Object.entries(SERVER_CODES).flatMap(([failure, codes]) =>
    codes.map((code) => [code, failure as DatabaseFailure] as const),
  ),
);

/** Node's codes of a connection that could not be made or did not last. */
const CONNECTION_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EADDRNOTAVAIL',
  'ERR_STREAM_PREMATURE_CLOSE',
]);

/** Any error of a request to the database as one of the closed set; never throws. */
export function classify(error: unknown): DatabaseFailure {
  if (error instanceof DatabaseError) return error.failure;
  if (!(error instanceof Error)) return 'other';
  // The server wraps what the file system says in errors of several codes.
  if (/No space left on device|ENOSPC|not enough space/i.test(error.message)) return 'disk-full';
  if (error instanceof ClickHouseError) return failureOfCode.get(Number(error.code)) ?? 'other';
  const code = (error as NodeJS.ErrnoException).code ?? '';
  if (code === 'ETIMEDOUT' || /^timeout error/i.test(error.message)) return 'timeout';
  if (CONNECTION_CODES.has(code) || /socket hang up|aborted/i.test(error.message)) return 'refused';
  return 'other';
}

/** The server's number of the error, for logs: `241`; '' when it is not the server's. */
export function serverCode(error: unknown): string {
  return error instanceof ClickHouseError ? error.code : '';
}

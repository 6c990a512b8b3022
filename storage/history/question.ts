/** A question to the database: what to ask, and what a row of the answer means. */
import { HISTORY_ROWS_MAX } from '../../schemas/history.js';
import type { QueryParameters } from '../client/client.js';

/** As in StorageStats.lag. */
export type LogName = 'journal' | 'hits' | 'work';

export interface Question<Row, T> {
  /** Without LIMIT and FORMAT; `database` is a name of the configuration's pattern. */
  sql(database: string): string;
  parameters: QueryParameters;
  /** Rows that are answered; one more is asked for, to know whether there are more. */
  limit: number;
  offset?: number;
  /** What it reads comes from these. */
  logs: readonly LogName[];
  read(row: Row): T;
  finish?(values: T[]): T[];
}

export function limitOf(asked: number): number {
  return Math.floor(Math.min(Math.max(asked, 1), HISTORY_ROWS_MAX));
}

/** A time that somebody asks for, within what a number holds exactly. */
export function wholeMs(ms: number): number {
  return Math.floor(Math.min(Math.max(ms, Number.MIN_SAFE_INTEGER), Number.MAX_SAFE_INTEGER));
}

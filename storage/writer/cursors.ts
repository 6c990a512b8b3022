/**
 * How far each log is stored, kept in the database behind the rows themselves; and to which logs
 * the rows belong, because positions of another journal would be other transactions.
 */
import { type LmdbLog, publishCursors } from '../../platform/index.js';
import { type DatabaseClient, exact } from '../client/client.js';
import type { Tables } from './tables.js';

export type Logs = Record<'journal' | 'hits' | 'work', LmdbLog>;
export type LogName = keyof Logs;
export const LOG_NAMES = ['journal', 'hits', 'work'] as const satisfies readonly LogName[];

/** Beside the logs in `cursors`: journal positions below may have been dropped to make room. */
const DROPPED = 'dropped';

export interface Cursors {
  /** First position that is not stored. */
  journal: number;
  hits: number;
  work: number;
  /** Start of the journal's block that is being summed. */
  block: number;
  /** Ingest time of the newest stored journal record; 0 before the first. */
  writtenToMs: number;
}

export type Adoption =
  /** `fresh`: the database holds nothing yet. */
  | { ok: true; cursors: Cursors; fresh: boolean }
  /** What stands in the database belongs to other logs. */
  | { ok: false; detail: string };

/** Reads where the database stands, and checks that it stands in these logs. */
export async function readCursors(
  client: DatabaseClient,
  database: string,
  logs: Logs,
): Promise<Adoption> {
  const known = await client.query<{ log: LogName; identity: string }>(
    `SELECT log, identity FROM ${database}.logs FINAL`,
  );
  const rows = await client.query<{
    log: LogName | typeof DROPPED;
    position: string;
    ingest_ms: string;
    block: string;
  }>(`SELECT log, position, ingest_ms, block FROM ${database}.cursors FINAL`);
  const cursors: Cursors = { journal: 0, hits: 0, work: 0, block: 0, writtenToMs: 0 };
  for (const row of rows) {
    if (row.log === DROPPED) continue;
    cursors[row.log] = exact(row.position);
    if (row.log !== 'journal') continue;
    cursors.block = exact(row.block);
    cursors.writtenToMs = exact(row.ingest_ms);
  }
  for (const name of LOG_NAMES) {
    const identity = known.find((row) => row.log === name)?.identity ?? logs[name].identity;
    if (identity !== logs[name].identity) {
      return { ok: false, detail: `its rows come from another ${name} log` };
    }
    // What it holds, not what it offers: after a power cut it offers less for a while.
    if (cursors[name] > logs[name].shownEnd()) {
      return { ok: false, detail: `it has read further than the ${name} log goes` };
    }
  }
  return { ok: true, cursors, fresh: known.length === 0 };
}

/** Records that wait in a log. */
export function lagOf(name: LogName, logs: Logs, cursors: Cursors | undefined): number {
  return Math.max(0, logs[name].end() - (cursors?.[name] ?? logs[name].first()));
}

export function addIdentities(tables: Pick<Tables, 'logs'>, logs: Logs): void {
  for (const log of LOG_NAMES) tables.logs.add({ log, identity: logs[log].identity });
}

export function addCursors(tables: Pick<Tables, 'cursors'>, cursors: Cursors): void {
  const { block, writtenToMs } = cursors;
  tables.cursors.add({ log: 'journal', position: cursors.journal, ingest_ms: writtenToMs, block });
  for (const log of ['hits', 'work'] as const) {
    tables.cursors.add({ log, position: cursors[log], ingest_ms: 0, block: 0 });
  }
}

/** First journal position of which nothing has been dropped. */
export async function readDropped(client: DatabaseClient, database: string): Promise<number> {
  const [row] = await client.query<{ position: string }>(
    `SELECT position FROM ${database}.cursors FINAL WHERE log = '${DROPPED}'`,
  );
  return exact(row?.position ?? 0);
}

/** Before they are dropped; the larger position stays. */
export async function noteDropped(
  client: DatabaseClient,
  database: string,
  table: string,
  partitionId: string,
): Promise<void> {
  await client.command(
    `INSERT INTO ${database}.cursors (log, position, ingest_ms, block) ` +
      `SELECT '${DROPPED}', max(position) + 1, 0, 0 FROM ${database}.${table} ` +
      `WHERE _partition_id = '${partitionId}'`,
  );
}

/**
 * For whoever truncates the logs. Of the journal the whole block is needed, for its sums are made
 * again after a restart; of the hits those that the work log still names.
 */
export function publishNeeded(
  dir: string,
  logs: Logs,
  cursors: Cursors,
  hitNeeded: number | undefined,
): void {
  const hits = Math.min(cursors.hits, hitNeeded ?? cursors.hits);
  publishCursors(dir, 'storage', {
    journal: { identity: logs.journal.identity, position: cursors.block },
    hits: { identity: logs.hits.identity, position: hits },
    work: { identity: logs.work.identity, position: cursors.work },
  });
}

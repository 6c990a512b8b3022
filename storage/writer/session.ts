/**
 * One connection's worth of writing: from the cursors that stand in the database, round after
 * round, until something fails. Whatever fails ends the session, and the next one begins again
 * from the cursors: there is one way to go on, after an error as after a restart. Rows are
 * replaced by themselves, so that repeating is harmless.
 */
import type { Logger } from '../../platform/index.js';
import type { DatabaseClient } from '../client/client.js';
import {
  addCursors,
  addIdentities,
  type Cursors,
  LOG_NAMES,
  type Logs,
  lagOf,
  publishNeeded,
  readCursors,
} from './cursors.js';
import { takeHit, takeWork } from './hit-rows.js';
import type { JournalRows } from './journal-rows.js';
import { type BlockSums, blockEnd } from './sums.js';
import { clearTables, createTables, ROW_TABLES, type RowTable, type Tables } from './tables.js';

/** Of each log in a round; with one round a second this is also the pace of catching up. */
const JOURNAL_ROUND_MAX = 20_000;
const HITS_ROUND_MAX = 5_000;
const WORK_ROUND_MAX = 5_000;
const ROUND_BYTES_MAX = 8 * 1024 * 1024;
/** Whoever has fewer before him has caught up: a stream never stands still. */
const CAUGHT_UP_RECORDS = 5_000;
/** The process breathes in between. */
const REBUILD_SLICE = 5_000;

export interface SessionOptions {
  dir: string;
  database: string;
  client: DatabaseClient;
  logs: Logs;
  rows: JournalRows;
  sums: BlockSums;
  logger: Logger;
  onRows(table: RowTable, rows: number): void;
  onSkipped(records: number): void;
  onUnreadable(): void;
}

export interface Round {
  rows: number;
  /** Nothing waits but what has come in the meantime. */
  caughtUp: boolean;
}

export type Opening = { ok: true; session: Session } | { ok: false; detail: string };

export async function openSession(options: SessionOptions): Promise<Opening> {
  const { client, database, logs } = options;
  const adoption = await readCursors(client, database, logs);
  if (!adoption.ok) return adoption;
  const tables = createTables();
  if (adoption.fresh) {
    addIdentities(tables, logs);
    await client.insert(tables.logs.insertSql(database), tables.logs.bytes());
  }
  const session = new Session(options, tables, adoption.cursors);
  await session.takeUp();
  return { ok: true, session };
}

export class Session {
  private hitNeeded: number | undefined;

  constructor(
    private readonly options: SessionOptions,
    private readonly tables: Tables,
    readonly cursors: Cursors,
  ) {}

  /** Makes the sums of the block as they were at the cursor. */
  async takeUp(): Promise<void> {
    const { logs, rows, sums, logger } = this.options;
    const { cursors } = this;
    await this.skipTruncated();
    sums.start(cursors.block);
    for (let position = cursors.block; position < cursors.journal; ) {
      const limit = Math.min(REBUILD_SLICE, cursors.journal - position);
      const records = logs.journal.read(position, limit, ROUND_BYTES_MAX);
      for (const record of records) rows.take(record, undefined);
      position += records.length;
      await new Promise((resolve) => setImmediate(resolve));
    }
    sums.forgetChanged();
    publishNeeded(this.options.dir, logs, cursors, this.hitNeeded);
    const { journal, hits, work, block } = cursors;
    logger.info({ journal, hits, work, block }, 'writing to ClickHouse from here');
  }

  /** One round: what is there, at most a bounded lot, each table in one insert. */
  async round(): Promise<Round> {
    const { client, database, onRows, sums, logs } = this.options;
    const { tables, cursors } = this;
    clearTables(tables);
    const journalEnd = this.takeJournal();
    const hitsEnd = this.takeHits();
    const workEnd = this.takeWork();
    let rows = 0;
    for (const name of ROW_TABLES) {
      const table = tables[name];
      if (table.rows === 0) continue;
      await client.insert(table.insertSql(database), table.bytes());
      onRows(name, table.rows);
      rows += table.rows;
    }
    const moved = journalEnd > cursors.journal || hitsEnd > cursors.hits || workEnd > cursors.work;
    if (moved) {
      cursors.journal = journalEnd;
      cursors.hits = hitsEnd;
      cursors.work = workEnd;
      if (journalEnd === blockEnd(cursors.block)) {
        cursors.block = journalEnd;
        sums.start(journalEnd);
      }
      addCursors(tables, cursors);
      await client.insert(tables.cursors.insertSql(database), tables.cursors.bytes());
      publishNeeded(this.options.dir, logs, cursors, this.hitNeeded);
    }
    const waiting = LOG_NAMES.reduce((sum, name) => sum + lagOf(name, logs, cursors), 0);
    return { rows, caughtUp: waiting <= CAUGHT_UP_RECORDS };
  }

  /** Fills the tables; returns where the next round starts. */
  private takeJournal(): number {
    const { logs, rows, sums } = this.options;
    const { cursors, tables } = this;
    const limit = Math.min(JOURNAL_ROUND_MAX, blockEnd(cursors.block) - cursors.journal);
    const records = logs.journal.read(cursors.journal, limit, ROUND_BYTES_MAX);
    for (const record of records) {
      cursors.writtenToMs = Math.max(cursors.writtenToMs, rows.take(record, tables));
    }
    const end = cursors.journal + records.length;
    sums.writeChanged(end, tables);
    return end;
  }

  private takeHits(): number {
    const { logs, onUnreadable } = this.options;
    const records = logs.hits.read(this.cursors.hits, HITS_ROUND_MAX, ROUND_BYTES_MAX);
    for (const record of records) {
      try {
        takeHit(record, this.tables);
      } catch (error) {
        this.unreadable('hits', record.position, error);
        onUnreadable();
      }
    }
    return this.cursors.hits + records.length;
  }

  private takeWork(): number {
    const { logs, onUnreadable } = this.options;
    const records = logs.work.read(this.cursors.work, WORK_ROUND_MAX, ROUND_BYTES_MAX);
    for (const record of records) {
      try {
        this.hitNeeded = takeWork(record, logs.hits, this.tables) ?? this.hitNeeded;
      } catch (error) {
        this.unreadable('work', record.position, error);
        onUnreadable();
      }
    }
    return this.cursors.work + records.length;
  }

  /** Of another version, or damaged: it stays in its log. Its text may name a customer. */
  private unreadable(log: string, position: number, error: unknown): void {
    const what = error instanceof Error ? error.name : 'unknown';
    this.options.logger.error({ log, position, what }, 'a record cannot be read, left out');
  }

  /**
   * Logs that lost records which were never stored (history was switched off for a time): go on
   * from what is there, and say so. The journal's sums start a block of their own there.
   */
  private async skipTruncated(): Promise<void> {
    const { logs, logger, onSkipped } = this.options;
    const { cursors } = this;
    for (const log of LOG_NAMES) {
      const first = logs[log].first();
      if (cursors[log] >= first) continue;
      const records = first - cursors[log];
      const from = cursors[log];
      logger.error({ log, from, first, records }, 'records are gone before they were stored');
      onSkipped(records);
      cursors[log] = first;
    }
    const first = logs.journal.first();
    if (cursors.block >= first) return;
    if (cursors.block < cursors.journal) await this.closeBlock(first);
    cursors.block = first;
    cursors.journal = first;
  }

  /**
   * The journal no longer has the start of the block: its sums are made from the stored legs below
   * `first`, and everything from there on is read again into a new block.
   */
  private async closeBlock(first: number): Promise<void> {
    const { client, database, rows } = this.options;
    const { block } = this.cursors;
    // Beyond what any row of this block can cover.
    const upto = blockEnd(block) + 1;
    const sums = (credit: 0 | 1) =>
      `countIf(side = ${credit} AND position < ${first}), ` +
      `sumIf(amount_base_minor, side = ${credit} AND position < ${first})`;
    const customerMade = rows.customerMadeSql(`position < ${first}`);
    for (const [table, at, expression] of [
      ['account_hours', 'hour', 'intDiv(event_ms, 3600000)'],
      ['account_days', 'day', rows.daySql('event_ms')],
    ]) {
      await client.command(
        `INSERT INTO ${database}.${table} (subject, account, ${at}, block, upto, in_count, ` +
          'in_minor, out_count, out_minor, customer_made) ' +
          `SELECT subject, account, ${expression} AS at, ${block}, ${upto}, ${sums(1)}, ` +
          `${sums(0)}, ${customerMade} FROM ${database}.legs FINAL ` +
          `WHERE position >= ${block} GROUP BY subject, account, at`,
      );
    }
  }
}

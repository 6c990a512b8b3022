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
import { HITS_RECORDS_MAX, JOURNAL_RECORDS_MAX } from './reconciliation.js';
import { BLOCK_POSITIONS, type BlockSums, blockEnd } from './sums.js';
import { clearTables, createTables, ROW_TABLES, type RowTable, type Tables } from './tables.js';

/**
 * Journal records in a batch: large ones cost ClickHouse a third of what small ones do, and the
 * engine goes first by its priority, so that catching up needs no brake of its own.
 */
export const JOURNAL_BATCH_MAX = 65_536;
const HITS_BATCH_MAX = 5_000;
const WORK_BATCH_MAX = 5_000;
const JOURNAL_BYTES_MAX = 32 * 1024 * 1024;
const OTHER_BYTES_MAX = 8 * 1024 * 1024;
/** Whoever has fewer before him has caught up: a stream never stands still. */
const CAUGHT_UP_RECORDS = 5_000;
/** The process breathes in between, and what was read is garbage before it grows old. */
const SLICE_RECORDS = 1_000;

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

/** Rows that were made, and where the logs have been read to with them. */
interface Batch {
  tables: Tables;
  to: Cursors;
  hitNeeded: number | undefined;
  /** So much waits behind it that the next one may be made at once. */
  more: boolean;
}

export type Opening = { ok: true; session: Session } | { ok: false; detail: string };

export async function openSession(options: SessionOptions): Promise<Opening> {
  const { client, database, logs } = options;
  const adoption = await readCursors(client, database, logs);
  if (!adoption.ok) return adoption;
  if (adoption.fresh) {
    const tables = createTables();
    addIdentities(tables, logs);
    await client.insert(tables.logs.insertSql(database), tables.logs.bytes());
  }
  const session = new Session(options, adoption.cursors);
  await session.takeUp();
  return { ok: true, session };
}

export class Session {
  private hitNeeded: number | undefined;
  /** Where the next batch starts: ahead of `cursors` by the batch that is being written. */
  private next: Cursors;
  private prepared: Batch | undefined;
  /** Buffers of the batch before the last. */
  private spare: Tables | undefined;

  constructor(
    private readonly options: SessionOptions,
    /** What is stored. */
    readonly cursors: Cursors,
  ) {
    this.next = { ...cursors };
  }

  /** Makes the sums of the block as they were at the cursor. */
  async takeUp(): Promise<void> {
    const { logs, rows, sums, logger } = this.options;
    const { cursors } = this;
    await this.skipTruncated();
    sums.start(cursors.block);
    for (let position = cursors.block; position < cursors.journal; ) {
      const limit = Math.min(SLICE_RECORDS, cursors.journal - position);
      const records = logs.journal.read(position, limit, JOURNAL_BYTES_MAX);
      for (const record of records) rows.take(record, undefined);
      position += records.length;
      await new Promise((resolve) => setImmediate(resolve));
    }
    sums.forgetChanged();
    this.next = { ...cursors };
    publishNeeded(this.options.dir, logs, cursors, this.hitNeeded);
    const { journal, hits, work, block } = cursors;
    logger.info({ journal, hits, work, block }, 'writing to ClickHouse from here');
  }

  /**
   * Writes one batch, and while far behind makes the next one meanwhile. True when nothing waits
   * but what has come in the meantime.
   */
  async round(journalMax: number): Promise<boolean> {
    const batch = this.prepared ?? (await this.prepare(journalMax));
    this.prepared = undefined;
    // Both are waited for: the sums are the next session's when this one has failed.
    const [written, prepared] = await Promise.allSettled([
      this.write(batch),
      batch.more ? this.prepare(journalMax) : undefined,
    ]);
    if (written.status === 'rejected') throw written.reason;
    if (prepared.status === 'rejected') throw prepared.reason;
    this.prepared = prepared.value;
    this.spare = batch.tables;
    return !batch.more;
  }

  /**
   * Back to the oldest whole block of what is compared: everything from there on is written again,
   * which changes nothing but what was missing or wrong. Not below `keptFrom`.
   */
  async rewind(keptFrom: number): Promise<void> {
    const { logs } = this.options;
    const { cursors } = this;
    const oldest = Math.max(logs.journal.first(), keptFrom, cursors.journal - JOURNAL_RECORDS_MAX);
    const block = Math.ceil(oldest / BLOCK_POSITIONS) * BLOCK_POSITIONS;
    cursors.block = Math.min(cursors.block, block);
    cursors.journal = cursors.block;
    cursors.hits = Math.max(logs.hits.first(), cursors.hits - HITS_RECORDS_MAX);
    cursors.work = logs.work.first();
    this.prepared = undefined;
    await this.takeUp();
  }

  /** What is there, at most a bounded lot. */
  private async prepare(journalMax: number): Promise<Batch> {
    const { logs } = this.options;
    const tables = this.spare ?? createTables();
    this.spare = undefined;
    clearTables(tables);
    await this.takeJournal(tables, journalMax);
    this.takeHits(tables);
    this.takeWork(tables);
    const to = { ...this.next };
    const waiting = LOG_NAMES.reduce((sum, name) => sum + lagOf(name, logs, to), 0);
    return { tables, to, hitNeeded: this.hitNeeded, more: waiting > CAUGHT_UP_RECORDS };
  }

  /** Each table in one insert; the cursors behind the rows that they cover. */
  private async write({ tables, to, hitNeeded }: Batch): Promise<void> {
    const { client, database, dir, logs, onRows } = this.options;
    for (const name of ROW_TABLES) {
      const table = tables[name];
      if (table.rows === 0) continue;
      await client.insert(table.insertSql(database), table.bytes());
      onRows(name, table.rows);
    }
    if (LOG_NAMES.every((name) => to[name] === this.cursors[name])) return;
    addCursors(tables, to);
    await client.insert(tables.cursors.insertSql(database), tables.cursors.bytes());
    Object.assign(this.cursors, to);
    publishNeeded(dir, logs, to, hitNeeded);
  }

  private async takeJournal(tables: Tables, journalMax: number): Promise<void> {
    const { logs, rows, sums } = this.options;
    const { next } = this;
    if (next.journal === blockEnd(next.block)) {
      next.block = next.journal;
      sums.start(next.block);
    }
    const end = Math.min(next.journal + journalMax, blockEnd(next.block));
    for (let bytes = 0; next.journal < end && bytes < JOURNAL_BYTES_MAX; ) {
      const limit = Math.min(SLICE_RECORDS, end - next.journal);
      const records = logs.journal.read(next.journal, limit, JOURNAL_BYTES_MAX);
      if (records.length === 0) break;
      for (const record of records) {
        next.writtenToMs = Math.max(next.writtenToMs, rows.take(record, tables));
        bytes += record.bytes.length;
      }
      next.journal += records.length;
      await new Promise((resolve) => setImmediate(resolve));
    }
    sums.writeChanged(next.journal, tables);
  }

  private takeHits(tables: Tables): void {
    const { logs, onUnreadable } = this.options;
    const records = logs.hits.read(this.next.hits, HITS_BATCH_MAX, OTHER_BYTES_MAX);
    for (const record of records) {
      try {
        takeHit(record, tables);
      } catch (error) {
        this.unreadable('hits', record.position, error);
        onUnreadable();
      }
    }
    this.next.hits += records.length;
  }

  private takeWork(tables: Tables): void {
    const { logs, onUnreadable } = this.options;
    const records = logs.work.read(this.next.work, WORK_BATCH_MAX, OTHER_BYTES_MAX);
    for (const record of records) {
      try {
        this.hitNeeded = takeWork(record, logs.hits, tables) ?? this.hitNeeded;
      } catch (error) {
        this.unreadable('work', record.position, error);
        onUnreadable();
      }
    }
    this.next.work += records.length;
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

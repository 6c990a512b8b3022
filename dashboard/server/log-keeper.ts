/**
 * Keeps the logs bounded. Hits go once the open alerts that stand on them have been told about:
 * the row of an alert is kept in a side table before its hits are given up, and the checkpoint
 * goes first, because a restart reads the hits of every record behind it. The work log loses its
 * beginning once checkpoint and readers have passed it. Runs between two turns of the alert book,
 * when nothing is in flight.
 */
import { neededFrom, publishCursors } from '../../platform/index.js';
import type { AlsoCommit, LogReader } from '../../schemas/ports.js';
import type { AlertBook } from './alert-book.js';
import type { AlertEntry } from './alert-entry.js';
import { closedEntry, pairKey, rowPut, type WorkLog } from './work-tables.js';

const EVERY_MS = 10_000;
/** Hits that open alerts may hold back: a few hundred MB. Older ones are in the history store. */
const HITS_HELD_MAX = 100_000;
/** A checkpoint is made for the sake of so many hits that only it holds. */
const HITS_BEHIND_CHECKPOINT_MAX = 10_000;
/** The work log is shortened above half of this. */
const WORK_BYTES_MAX = 512 * 1024 * 1024;
const WORK_FILL_MAX = 0.5;
/** Records, and with them closed alerts, that are kept however large they are. */
const WORK_RECORDS_KEPT = 50_000;
/** The book waits for it. */
const RECORDS_A_TIME = 20_000;
const ROWS_A_COMMIT = 500;
const SWEEP_A_TIME = 1_000;

export interface LogKeeperOptions {
  /** Data folder. */
  dir: string;
  hits: LogReader;
  work: WorkLog;
  book: AlertBook;
  logger: { warn(fields: object, message: string): void };
  /** Other limits, for tests. */
  limits?: Partial<Limits>;
}

interface Limits {
  everyMs: number;
  hitsHeldMax: number;
  hitsBehindCheckpointMax: number;
  workBytesMax: number;
  workRecordsKept: number;
}

export class LogKeeper {
  private readonly options: LogKeeperOptions;
  private readonly limits: Limits;
  private nextMs = 0;
  private published = -1;
  private told = false;
  private sweptTo: string | undefined;

  constructor(options: LogKeeperOptions) {
    this.options = options;
    this.limits = {
      everyMs: EVERY_MS,
      hitsHeldMax: HITS_HELD_MAX,
      hitsBehindCheckpointMax: HITS_BEHIND_CHECKPOINT_MAX,
      workBytesMax: WORK_BYTES_MAX,
      workRecordsKept: WORK_RECORDS_KEPT,
      ...options.limits,
    };
  }

  async tend(): Promise<void> {
    const now = performance.now();
    if (now < this.nextMs) return;
    this.nextMs = now + this.limits.everyMs;
    try {
      await this.releaseHits();
      const used = this.options.work.bytesUsed?.() ?? 0;
      if (used <= this.limits.workBytesMax * WORK_FILL_MAX) return;
      await this.truncateWork();
      await this.sweepClosed();
    } catch (err) {
      // A full disk, most likely: the queue stays usable, and the next time may go better.
      if (!this.told) this.options.logger.warn({ err }, 'logs cannot be shortened');
      this.told = true;
    }
  }

  /** Says which hits we still need, after keeping what would go with those that we do not. */
  private async releaseHits(): Promise<void> {
    const { book, hits, dir } = this.options;
    let needed = book.hitsPosition;
    for (const { state, hitPositions } of book.store.all()) {
      if (state !== 'closed') needed = Math.min(needed, hitPositions[0] ?? needed);
    }
    needed = Math.max(needed, Math.min(book.hitsPosition, hits.end() - this.limits.hitsHeldMax));
    if (needed - book.checkpointHits > this.limits.hitsBehindCheckpointMax) await book.checkpoint();
    needed = Math.max(0, Math.min(needed, book.checkpointHits));
    if (needed === this.published) return;
    await this.keepRows(needed);
    publishCursors(dir, 'dashboard', { hits: { identity: hits.identity, position: needed } });
    this.published = needed;
  }

  private async keepRows(below: number): Promise<void> {
    const { book, work } = this.options;
    let put: NonNullable<AlsoCommit['put']> = [];
    for (const entry of book.store.all()) {
      if (entry.best.position >= below || entry.rowKept === entry.best.position) continue;
      put.push(rowPut(entry, book.store.rowOf(entry)));
      entry.rowKept = entry.best.position;
      if (put.length < ROWS_A_COMMIT) continue;
      await work.append([], { put });
      put = [];
    }
    if (put.length > 0) await work.append([], { put });
  }

  private async truncateWork(): Promise<void> {
    const { book, work, dir } = this.options;
    const readers = neededFrom(dir, 'work', work.identity);
    const kept = book.workPosition - this.limits.workRecordsKept;
    const cut = Math.min(kept, readers, work.first() + RECORDS_A_TIME);
    if (cut <= work.first()) return;
    if (book.checkpointPosition < cut) await book.checkpoint();
    await work.truncate(cut);
  }

  /** A piece of the closed alerts at a time, round and round: those whose records are gone go. */
  private async sweepClosed(): Promise<void> {
    const { book, work } = this.options;
    const from = this.sweptTo === undefined ? {} : { from: this.sweptTo };
    const page = work.table('closed').range({ ...from, limit: SWEEP_A_TIME });
    const put: NonNullable<AlsoCommit['put']> = [];
    for (const { key, value } of page) {
      const entry = closedEntry(value);
      const isGone = (entry.acts.at(-1)?.position ?? 0) < work.first();
      if (isGone && !book.store.holds(String(key))) put.push(...this.forget(entry));
    }
    const last = page.at(-1);
    this.sweptTo = last === undefined || page.length < SWEEP_A_TIME ? undefined : String(last.key);
    if (put.length > 0) await work.append([], { put });
  }

  private forget(entry: AlertEntry): NonNullable<AlsoCommit['put']> {
    const pair = pairKey(entry.rule, entry.subject);
    const last = this.options.work.table('last-closed').get(pair);
    const isLast = last !== undefined && Buffer.from(last).toString('utf8') === entry.id;
    return [
      ...['closed', 'followed-by', 'rows'].map((table) => ({ table, key: entry.id, value: null })),
      ...(isLast ? [{ table: 'last-closed', key: pair, value: null }] : []),
    ];
  }
}

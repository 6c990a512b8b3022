/**
 * The alert book: turns hits and people's commands into records of the work log, of which it is
 * the one writer. Its one trick: a single loop takes a batch of commands and hits, decides,
 * appends the records and the hits cursor in one commit, waits until that is flushed, and only
 * then publishes. So a crash at any moment leaves both logs as if the batch had been done or not
 * begun: no hit is lost or counted twice, and no screen has seen what did not happen.
 */

import type { LogReader } from '../../schemas/ports.js';
import type { AlertCommand, AlertRow } from '../../schemas/protocol.js';
import { type WorkRecord, workRecordSchema } from '../../schemas/work-log.js';
import {
  type AlertEntry,
  appendHit,
  applyAct,
  changing,
  openEntry,
  openRecord,
  subjectOf,
} from './alert-entry.js';
import { AlertStore } from './alert-store.js';
import { type Change, ChangeRing } from './changes.js';
import { CHECKPOINT_RECORDS, encodeCheckpoint, loadCheckpoint } from './checkpoint.js';
import {
  busyOutcome,
  type CommandOutcome,
  decideCommand,
  type WaitingCommand,
} from './commands.js';
import type { BankDirectory } from './directory.js';
import { decodeHit, type StoredHit } from './hits.js';
import { alsoPuts, holds, pairKey, type WorkLog } from './work-tables.js';

type Hit = Extract<StoredHit, { kind: 'hit' }>['hit'];

const HITS_BATCH_MAX = 512;
const HITS_BATCH_BYTES_MAX = 1024 * 1024;
const COMMANDS_BATCH_MAX = 64;
/** Commands that wait; above it the answer is 503. */
const COMMANDS_WAITING_MAX = 1_000;
/** The hits log rings a bell; this is for a bell that was lost. */
const LOOK_AGAIN_MS = 250;
const REBUILD_BATCH = 1_000;
const CURSOR_KEY = 'hitsCursor';
const IDENTITY_KEY = 'hitsIdentity';

export interface AlertBookOptions {
  /** `shownEnd`: what its file holds; a reader may be offered less for a while. */
  hits: LogReader & { shownEnd?(): number };
  work: WorkLog;
  directory: BankDirectory;
  nowMs: () => number;
  alertsInMemoryMax: number;
  /** Called between two turns, when nothing is in flight. */
  tend?: () => Promise<void>;
  /** The loop ticked; for the role's health. */
  onTurn?: () => void;
  logger: {
    info(fields: object, message: string): void;
    warn(fields: object, message: string): void;
    error(fields: object, message: string): void;
  };
}

/** What one turn of the loop decided. */
interface Batch {
  records: WorkRecord[];
  changes: Change[];
  touched: Map<AlertEntry, Hit | undefined>;
  closed: Map<string, AlertEntry>;
  replies: { waiting: WaitingCommand; outcome: CommandOutcome }[];
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export class AlertBook {
  readonly store: AlertStore;
  readonly changes = new ChangeRing();
  private readonly options: AlertBookOptions;
  private readonly listeners = new Set<() => void>();
  private readonly waiting: WaitingCommand[] = [];
  private cursor = 0;
  private published = 0;
  private checkpointAt = 0;
  private checkpointHitsAt = 0;
  private stopped = false;
  private wake: () => void = () => undefined;
  private brokenHits = 0;

  constructor(options: AlertBookOptions) {
    this.options = options;
    this.store = new AlertStore({
      ...options,
      tables: options.work,
    });
  }

  /** Next hit that has not been looked at. */
  get hitsPosition(): number {
    return this.cursor;
  }

  /** Every work record below is flushed and on screens. */
  get workPosition(): number {
    return this.published;
  }

  /** First work record that the checkpoint does not contain; and the first hit. */
  get checkpointPosition(): number {
    return this.checkpointAt;
  }

  get checkpointHits(): number {
    return this.checkpointHitsAt;
  }

  get hitsWaiting(): number {
    return Math.max(0, this.options.hits.end() - this.cursor);
  }

  get broken(): number {
    return this.brokenHits;
  }

  onPublished(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Reads the work log from the last checkpoint, in slices so that the process stays alive. */
  async rebuild(): Promise<void> {
    const { work, hits, logger } = this.options;
    this.checkOneBackup();
    const cursor = work.getMeta(CURSOR_KEY);
    this.cursor = typeof cursor === 'number' ? cursor : hits.first();
    this.passGoneHits();
    const end = work.end();
    const checkpoint = loadCheckpoint(work);
    for (const entry of checkpoint?.entries ?? []) this.store.restore(entry);
    this.checkpointAt = checkpoint?.position ?? work.first();
    this.checkpointHitsAt = checkpoint?.hits ?? hits.first();
    for (let position = this.checkpointAt; position < end; ) {
      const records = work.read(position, REBUILD_BATCH);
      if (records.length === 0) break;
      for (const { bytes } of records) {
        const record = workRecordSchema.parse(JSON.parse(decoder.decode(bytes)));
        this.apply(record, position, this.hitOf(record));
        position++;
      }
      this.store.shrink();
      await new Promise((resolve) => setImmediate(resolve));
    }
    this.store.publishAll((entry) => this.publishEntry(entry, undefined));
    this.published = end;
    this.changes.start(end);
    const facts = { open: this.store.openCount, work: end, hits: this.cursor };
    logger.info(facts, 'alerts rebuilt from the work log');
  }

  /** Runs until `stop`; rejects when the work log cannot be written: the process must end. */
  async run(): Promise<void> {
    const stopListening = this.options.hits.onAppend(() => this.wake());
    const timer = setInterval(() => this.wake(), LOOK_AGAIN_MS);
    try {
      while (!this.stopped) {
        const busy = await this.turn();
        await this.options.tend?.();
        this.options.onTurn?.();
        if (busy || this.stopped) continue;
        await new Promise<void>((resolve) => {
          this.wake = resolve;
          if (this.waiting.length > 0 || this.hitsWaiting > 0) resolve();
        });
        this.wake = () => undefined;
      }
      if (this.published > this.checkpointAt) await this.checkpoint();
    } finally {
      clearInterval(timer);
      stopListening();
      for (const w of this.waiting.splice(0)) w.resolve(busyOutcome('stopping'));
    }
  }

  stop(): void {
    this.stopped = true;
    this.wake();
  }

  execute(alertId: string, command: AlertCommand, user: string): Promise<CommandOutcome> {
    if (this.stopped || this.waiting.length >= COMMANDS_WAITING_MAX) {
      return Promise.resolve(busyOutcome(this.stopped ? 'stopping' : 'too many commands wait'));
    }
    return new Promise((resolve) => {
      this.waiting.push({ alertId, command, user, resolve });
      this.wake();
    });
  }

  row(id: string): AlertRow | undefined {
    const entry = this.store.find(id);
    return entry === undefined ? undefined : this.store.rowOf(entry);
  }

  /** Changes of [from, workPosition), at most `limit`; from the log where memory is too short. */
  changesFrom(from: number, limit: number): Change[] {
    const to = Math.min(this.published, from + limit);
    const recent = this.changes.read(from, to);
    if (recent !== undefined) return recent;
    return this.options.work.read(from, to - from).map(({ position, bytes }) => {
      const record = JSON.parse(decoder.decode(bytes)) as WorkRecord;
      const opened = record.type === 'open';
      return { position, alertId: record.alertId, opened, ingestMs: null };
    });
  }

  /** One turn: true when something was done. */
  async turn(): Promise<boolean> {
    const { work, hits } = this.options;
    const batch: Batch = {
      records: [],
      changes: [],
      touched: new Map(),
      closed: new Map(),
      replies: [],
    };
    for (const waiting of this.waiting.splice(0, COMMANDS_BATCH_MAX)) this.decide(waiting, batch);
    const before = this.cursor;
    if (hits.end() > this.cursor) {
      for (const record of hits.read(this.cursor, HITS_BATCH_MAX, HITS_BATCH_BYTES_MAX)) {
        this.cursor = record.position + 1;
        this.takeHit(decodeHit(record.bytes), record.position, batch);
      }
    }
    if (batch.records.length > 0 || this.cursor !== before) {
      const records = batch.records.map((record) => encoder.encode(JSON.stringify(record)));
      const meta = { [CURSOR_KEY]: this.cursor, [IDENTITY_KEY]: hits.identity };
      await work.append(records, { meta, put: this.alsoPuts(batch) });
    }
    this.publish(batch);
    if (this.published - this.checkpointAt >= CHECKPOINT_RECORDS) await this.checkpoint();
    for (const { waiting, outcome } of batch.replies) waiting.resolve(this.withRow(outcome));
    return batch.replies.length > 0 || this.cursor !== before;
  }

  /** Nothing else may be in flight. */
  async checkpoint(): Promise<void> {
    const { work } = this.options;
    const hits = this.cursor;
    await work.append([], encodeCheckpoint(this.published, hits, this.store.all()));
    this.checkpointAt = this.published;
    this.checkpointHitsAt = hits;
  }

  /** A hit that was dropped before we saw it is lost: said loudly; the others still count. */
  private passGoneHits(): void {
    const first = this.options.hits.first();
    if (this.cursor >= first) return;
    this.options.logger.error(
      { from: this.cursor, to: first },
      'hits log: hits were dropped before they were seen',
    );
    this.cursor = first;
  }

  /** A hits log that is another one or ends before our cursor would let hits pass unseen. */
  private checkOneBackup(): void {
    const { hits, work } = this.options;
    const known = work.getMeta(IDENTITY_KEY);
    const cursor = Number(work.getMeta(CURSOR_KEY) ?? 0);
    const isOther = typeof known === 'string' && known !== '' && known !== hits.identity;
    if (!isOther && cursor <= (hits.shownEnd?.() ?? hits.end())) return;
    throw new Error(
      'work.mdb belongs to another hits.mdb than the one beside it; restore both from one backup',
    );
  }

  private hitOf(record: WorkRecord): Hit | undefined {
    if (record.type !== 'open' && record.type !== 'append') return undefined;
    return this.store.hitAt(record.hitPosition);
  }

  private takeHit(stored: StoredHit, position: number, batch: Batch): void {
    if (stored.kind === 'broken') {
      this.brokenHits++;
      this.options.logger.error({ position }, 'hits log: a record cannot be read, passed over');
    }
    if (stored.kind !== 'hit' || stored.quiet) return;
    const { hit } = stored;
    const atMs = this.options.nowMs();
    const open = this.store.openOf(hit.rule, subjectOf(hit));
    const record: WorkRecord =
      open === undefined
        ? openRecord(hit, { atMs, position }, this.followed(hit, batch), this.options.directory)
        : { type: 'append', atMs, alertId: open.id, hitId: hit.id, hitPosition: position };
    this.add(record, hit, stored.ingestMs, batch);
  }

  /** The closed alert that a new one of this hit would follow. */
  private followed(hit: Hit, batch: Batch): string | undefined {
    const pair = pairKey(hit.rule, subjectOf(hit));
    const bytes = this.options.work.table('last-closed').get(pair);
    return batch.closed.get(pair)?.id ?? (bytes && decoder.decode(bytes));
  }

  private decide(waiting: WaitingCommand, batch: Batch): void {
    const entry = this.store.find(waiting.alertId);
    const atMs = this.options.nowMs();
    const followedBy = entry === undefined ? null : this.followedBy(entry);
    const decision = decideCommand(entry, waiting.command, waiting.user, atMs, followedBy);
    const { outcome, record } = decision;
    if (record !== undefined) this.add(record, undefined, null, batch);
    batch.replies.push({ waiting, outcome });
  }

  /** The alert that opened after this one was closed, of the same rule and subject. */
  followedBy(entry: AlertEntry): string | null {
    const open = this.store.openOf(entry.rule, entry.subject);
    if (open?.follows === entry.id) return open.id;
    const bytes = this.options.work.table('followed-by').get(entry.id);
    return bytes === undefined ? null : decoder.decode(bytes);
  }

  private add(
    record: WorkRecord,
    hit: Hit | undefined,
    ingestMs: number | null,
    batch: Batch,
  ): void {
    // The book is the only writer and has nothing in flight: the next position is known.
    const position = this.published + batch.records.length;
    batch.records.push(record);
    const entry = this.apply(record, position, hit);
    if (entry === undefined) return;
    const spoke = hit !== undefined && entry.best.position === entry.hitPositions.at(-1);
    batch.touched.set(entry, spoke ? hit : batch.touched.get(entry));
    if (entry.state === 'closed') batch.closed.set(pairKey(entry.rule, entry.subject), entry);
    batch.changes.push({ position, alertId: entry.id, opened: record.type === 'open', ingestMs });
  }

  /** The one place where a work record changes the state; the same live and when rebuilding. */
  private apply(
    record: WorkRecord,
    position: number,
    hit: Hit | undefined,
  ): AlertEntry | undefined {
    if (record.type === 'open') {
      const entry = openEntry(record, hit);
      this.store.add(entry);
      return entry;
    }
    const entry = this.store.find(record.alertId);
    if (entry === undefined) return undefined;
    // Out of memory and read from the side table, which may be newer than a log that is replayed.
    if (!holds(entry, record, position)) {
      entry.updatedMs = record.atMs;
      if (record.type === 'append') appendHit(entry, hit, record.hitPosition);
      else applyAct(entry, record, position);
    }
    if (entry.state === 'closed') this.store.close(entry);
    else this.store.add(entry);
    return entry;
  }

  private publish(batch: Batch): void {
    if (batch.records.length === 0) return;
    for (const [entry, hit] of batch.touched) this.publishEntry(entry, hit);
    this.changes.add(batch.changes);
    this.published += batch.records.length;
    this.store.shrink();
    for (const listener of this.listeners) listener();
  }

  private publishEntry(entry: AlertEntry, spoke: Hit | undefined): void {
    const { row } = entry;
    if (spoke === undefined && row !== undefined) {
      this.store.publish(entry, { ...row, ...changing(entry) });
      return;
    }
    const hit = spoke ?? this.store.hitAt(entry.best.position);
    this.store.publish(entry, this.store.build(entry, hit));
  }

  private alsoPuts(batch: Batch): ReturnType<typeof alsoPuts> {
    return alsoPuts(batch.records, batch.closed, (entry) => ({
      ...this.store.rowOf(entry),
      ...changing(entry),
    }));
  }

  private withRow(outcome: CommandOutcome): CommandOutcome {
    if (!outcome.ok) return outcome;
    return { ok: true, row: this.row(outcome.row.id) ?? outcome.row };
  }
}

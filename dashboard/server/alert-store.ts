/**
 * All alerts that are in memory, and what happens at the limit. Every open alert keeps its entry
 * (grouping and counts must be exact); rows, which are the heavy part, are kept for at most
 * `alertsInMemoryMax` alerts: first the oldest closed alerts leave memory altogether (the work
 * log's side table `closed` still has them), then open alerts of the lowest urgency lose their
 * row, which is then built from the hits log whenever somebody looks.
 */
import type { LogReader, LogRecord, SideTable } from '../../schemas/ports.js';
import type { AlertRow } from '../../schemas/protocol.js';
import { type AlertEntry, buildRow, changing, urgency } from './alert-entry.js';
import type { BankDirectory } from './directory.js';
import { decodeHit, type StoredHit } from './hits.js';
import { closedEntry, keptRow } from './work-tables.js';

type Hit = Extract<StoredHit, { kind: 'hit' }>['hit'];

/** Rows dropped at a time, so that choosing them is not done for every alert. */
const SPILL_SHARE = 0.05;
/** Hits read at once when they are asked for in order. */
const READ_AHEAD = 256;

export interface StoreOptions {
  hits: LogReader;
  /** Side tables of the work log. */
  tables: { table(name: string): SideTable };
  directory: BankDirectory;
  alertsInMemoryMax: number;
  nowMs: () => number;
}

export class AlertStore {
  private readonly options: StoreOptions;
  private readonly entries = new Map<string, AlertEntry>();
  /** (rule, subject) of open alerts. */
  private readonly openIds = new Map<string, string>();
  /** In the order of closing. */
  private readonly closedIds = new Set<string>();
  private rowsHeld = 0;
  private window: { from: number; hits: StoredHit[] } = { from: 0, hits: [] };

  constructor(options: StoreOptions) {
    this.options = options;
  }

  get openCount(): number {
    return this.openIds.size;
  }

  /** Open alerts whose row is not in memory. */
  get spilledCount(): number {
    return Math.max(0, this.entries.size - this.rowsHeld);
  }

  all(): IterableIterator<AlertEntry> {
    return this.entries.values();
  }

  openOf(rule: string, subject: string): AlertEntry | undefined {
    const id = this.openIds.get(`${rule}\0${subject}`);
    return id === undefined ? undefined : this.entries.get(id);
  }

  /** Also closed alerts that have left memory. */
  find(id: string): AlertEntry | undefined {
    const entry = this.entries.get(id);
    if (entry !== undefined) return entry;
    const isId = /^[0-9a-f]{1,64}$/.test(id);
    const bytes = isId ? this.options.tables.table('closed').get(id) : undefined;
    return bytes && closedEntry(bytes);
  }

  /** Of an open alert: a new one, or one whose close was taken back. */
  add(entry: AlertEntry): void {
    this.closedIds.delete(entry.id);
    this.entries.set(entry.id, entry);
    this.openIds.set(`${entry.rule}\0${entry.subject}`, entry.id);
  }

  /** From a checkpoint; in the order that they were kept. */
  restore(entry: AlertEntry): void {
    if (entry.state === 'closed') {
      this.entries.set(entry.id, entry);
      this.closedIds.add(entry.id);
    } else this.add(entry);
  }

  /** After `entry.state` became closed. */
  close(entry: AlertEntry): void {
    const pair = `${entry.rule}\0${entry.subject}`;
    if (this.openIds.get(pair) === entry.id) this.openIds.delete(pair);
    this.closedIds.add(entry.id);
  }

  publish(entry: AlertEntry, row: AlertRow): void {
    if (entry.row === undefined && this.entries.has(entry.id)) this.rowsHeld++;
    entry.row = row;
  }

  /** The row as last published; built anew when it was spilled. */
  rowOf(entry: AlertEntry): AlertRow {
    return entry.row ?? this.build(entry, this.hitAt(entry.best.position));
  }

  /** A new row: from its hit, or, where that is gone, from what was kept of it. */
  build(entry: AlertEntry, hit: Hit | undefined): AlertRow {
    const { directory, tables } = this.options;
    const bytes = hit === undefined ? tables.table('rows').get(entry.id) : undefined;
    if (bytes === undefined) return buildRow(entry, hit, directory);
    const subjectName = directory.subjectName(entry.subject);
    return { ...keptRow(bytes), subjectName, ...changing(entry) };
  }

  /** In memory, open or closed. */
  holds(id: string): boolean {
    return this.entries.has(id);
  }

  /** Keeps the limit; called after each batch. */
  shrink(): void {
    const max = this.options.alertsInMemoryMax;
    for (const id of this.closedIds) {
      if (this.entries.size <= max) break;
      this.closedIds.delete(id);
      if (this.entries.get(id)?.row !== undefined) this.rowsHeld--;
      this.entries.delete(id);
    }
    if (this.rowsHeld <= max) return;
    const nowMs = this.options.nowMs();
    const holding = [...this.entries.values()].filter((entry) => entry.row !== undefined);
    holding.sort((a, b) => urgency(a, nowMs) - urgency(b, nowMs) || a.best.score - b.best.score);
    const surplus = this.rowsHeld - Math.floor(max * (1 - SPILL_SHARE));
    for (const entry of holding.slice(0, surplus)) entry.row = undefined;
    this.rowsHeld -= surplus;
  }

  /** Gives every entry a row, up to the limit, most urgent first. */
  publishAll(publish: (entry: AlertEntry) => void): void {
    const nowMs = this.options.nowMs();
    const entries = [...this.entries.values()];
    if (entries.length > this.options.alertsInMemoryMax) {
      entries.sort((a, b) => urgency(b, nowMs) - urgency(a, nowMs));
      entries.length = this.options.alertsInMemoryMax;
    }
    // In the order of the hits log, so that reading ahead pays.
    entries.sort((a, b) => a.best.position - b.best.position);
    for (const entry of entries) publish(entry);
  }

  /** A hit by its position; neighbours are read along, for rebuilding walks the log in order. */
  hitAt(position: number): Hit | undefined {
    const found = this.window.hits[position - this.window.from] ?? this.readAhead(position);
    return found?.kind === 'hit' ? found.hit : undefined;
  }

  private readAhead(position: number): StoredHit | undefined {
    const { hits } = this.options;
    if (position < hits.first() || position >= hits.end()) return undefined;
    const windowEnd = this.window.from + this.window.hits.length;
    const onwards = position >= windowEnd && position - windowEnd < READ_AHEAD / 4;
    const records = readUnlessGone(hits, position, onwards ? READ_AHEAD : 1);
    this.window = { from: position, hits: records.map((record) => decodeHit(record.bytes)) };
    return this.window.hits[0];
  }

  /** Names changed with reference data. */
  rename(): void {
    for (const entry of this.entries.values()) {
      if (entry.row === undefined) continue;
      const subjectName = this.options.directory.subjectName(entry.subject);
      if (subjectName !== entry.row.subjectName) entry.row = { ...entry.row, subjectName };
    }
  }
}

/** The engine may drop hits between our look at the log's beginning and the reading. */
function readUnlessGone(hits: LogReader, from: number, limit: number): LogRecord[] {
  try {
    return hits.read(from, limit, 256 * 1024);
  } catch (error) {
    if (from < hits.first()) return [];
    throw error;
  }
}

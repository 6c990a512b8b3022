/**
 * What the alert book keeps beside the records of the work log, in the same commits: side tables
 * for what has left memory.
 */
import { hashText, hexOfHash } from '../../schemas/identity.js';
import type { AlsoCommit, OrderedLog, SideTable } from '../../schemas/ports.js';
import type { AlertRow } from '../../schemas/protocol.js';
import type { WorkRecord } from '../../schemas/work-log.js';
import type { AlertEntry } from './alert-entry.js';

/** The work log as the book needs it (LmdbLog fits). */
export type WorkLog = OrderedLog & {
  table(name: string): SideTable;
  getMeta(key: string): string | number | Uint8Array | undefined;
  bytesUsed?(): number;
};

/**
 * Closed alerts by id; the last closed alert of (rule, subject); which alert followed a closed one;
 * rows of alerts whose hits may be gone; the checkpoint (checkpoint.ts).
 */
export const WORK_TABLES = ['closed', 'last-closed', 'followed-by', 'rows', 'checkpoint'];

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** An entry read from a side table may be newer than a log that is replayed. */
export function holds(
  entry: AlertEntry,
  record: Exclude<WorkRecord, { type: 'open' }>,
  position: number,
): boolean {
  if (record.type === 'append') return (entry.hitPositions.at(-1) ?? -1) >= record.hitPosition;
  return (entry.acts.at(-1)?.position ?? -1) >= position;
}

type Put = NonNullable<AlsoCommit['put']>[number];

/** What belongs to a batch's records: closed alerts, by (rule, subject), and who followed whom. */
export function alsoPuts(
  records: readonly WorkRecord[],
  closed: ReadonlyMap<string, AlertEntry>,
  rowOf: (entry: AlertEntry) => AlertRow,
): Put[] {
  const puts: Put[] = [];
  for (const record of records) {
    if (record.type !== 'open' || record.follows === undefined) continue;
    const value = encoder.encode(record.alertId);
    puts.push({ table: 'followed-by', key: record.follows, value });
  }
  for (const [pair, entry] of closed) {
    entry.rowKept = entry.best.position;
    const value = encoder.encode(JSON.stringify({ ...entry, row: undefined }));
    puts.push({ table: 'closed', key: entry.id, value });
    puts.push(rowPut(entry, rowOf(entry)));
    puts.push({ table: 'last-closed', key: pair, value: encoder.encode(entry.id) });
  }
  return puts;
}

export function closedEntry(value: Uint8Array): AlertEntry {
  return { ...(JSON.parse(decoder.decode(value)) as AlertEntry), row: undefined };
}

/** What the row takes from its hit; what changes without one is laid over it when it is read. */
export function rowPut({ id }: AlertEntry, row: AlertRow): Put {
  return { table: 'rows', key: id, value: encoder.encode(JSON.stringify(row)) };
}

export function keptRow(value: Uint8Array): AlertRow {
  return JSON.parse(decoder.decode(value)) as AlertRow;
}

export function pairKey(rule: string, subject: string): string {
  // A hash: whatever a subject's name is made of, it is a key that the log takes.
  hashText(`${rule}\0${subject}`);
  return hexOfHash();
}

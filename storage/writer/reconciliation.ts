/**
 * Compares what is stored with the logs themselves: per ingest day, how many transactions and legs
 * there are, the sum of CRC-32 of their ids, and their amounts; and the hits by their ids. It reads
 * the logs again from the bytes, not through the code that made the rows.
 */
import { crc32 } from 'node:zlib';
import { RecordFlag } from '../../schemas/classes.js';
import {
  HIT_HEADER_ID_0,
  HIT_HEADER_KIND,
  RECORD_HEADER_AMOUNT_BASE_MINOR,
  RECORD_HEADER_FLAGS,
  RECORD_HEADER_INGEST_MS,
  RECORD_HEADER_KIND,
  RECORD_HEADER_PAYLOAD_LENGTH,
  RECORD_HEADER_PAYLOAD_OFFSET,
} from '../../schemas/generated/records.js';
import type { LogReader, LogRecord } from '../../schemas/ports.js';
import { DAY_MS } from '../../schemas/time.js';
import { Text, textEnd, textStart, verifyTransaction } from '../../schemas/transaction-reader.js';
import { type DatabaseClient, exact } from '../client/client.js';
import type { Cursors, Logs } from './cursors.js';

/** The newest of each log: the cost of a run is bounded, older ones were compared before. */
export const JOURNAL_RECORDS_MAX = 500_000;
export const HITS_RECORDS_MAX = 100_000;
const SLICE_RECORDS = 2_000;

/** By ingest day since the epoch. */
interface Tally {
  count: number;
  /** Sum of CRC-32 of ids. */
  checksum: number;
  amountMinor: number;
}
type Tallies = Map<string, Tally>;

export interface Differences {
  transactions: number;
  legs: number;
  hits: number;
}

interface Scope {
  client: DatabaseClient;
  database: string;
  logs: Logs;
  /** What retention has dropped below this journal position is not missing. */
  keptFrom: number;
}

/** Rows that are missing, too many, or not what the log says; all 0 when right. */
export async function reconcile(scope: Scope, cursors: Cursors): Promise<Differences> {
  const { client, database, logs } = scope;
  const to = cursors.journal;
  const from = Math.max(logs.journal.first(), scope.keptFrom, to - JOURNAL_RECORDS_MAX);
  const transactions: Tallies = new Map();
  const legs: Tallies = new Map();
  await forEachRecord(logs.journal, from, to, (record) => tallyRecord(record, transactions, legs));
  const hitsFrom = Math.max(logs.hits.first(), cursors.hits - HITS_RECORDS_MAX);
  const hits: Tallies = new Map();
  await forEachRecord(logs.hits, hitsFrom, cursors.hits, (record) => tallyHit(record, hits));
  const ask = (table: string, id: string, day: string, amount: string, range: string) =>
    readTallies(
      client,
      `SELECT ${day} AS day, count() AS count, sum(CRC32(${id})) AS checksum, ` +
        `sum(${amount}) AS amount FROM ${database}.${table} FINAL WHERE ${range} GROUP BY day`,
    );
  const range = `position >= ${from} AND position < ${to}`;
  const day = `intDiv(ingest_ms, ${DAY_MS})`;
  const amount = 'amount_base_minor';
  return {
    transactions: differenceOf(transactions, await ask('transactions', 'id', day, amount, range)),
    legs: differenceOf(legs, await ask('legs', 'transaction_id', day, amount, range)),
    hits: differenceOf(
      hits,
      await ask('hits', 'id', '0', '0', `position >= ${hitsFrom} AND position < ${cursors.hits}`),
    ),
  };
}

async function forEachRecord(
  log: LogReader,
  from: number,
  to: number,
  take: (record: LogRecord) => void,
): Promise<void> {
  for (let position = from; position < to; ) {
    const records = log.read(position, Math.min(SLICE_RECORDS, to - position));
    if (records.length === 0) return;
    for (const record of records) take(record);
    position += records.length;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

function tallyRecord({ bytes }: LogRecord, transactions: Tallies, legs: Tallies): void {
  const head = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const ingestMs = head.getFloat64(RECORD_HEADER_INGEST_MS, true);
  if (head.getUint8(RECORD_HEADER_KIND) !== 1) return;
  const start = head.getUint32(RECORD_HEADER_PAYLOAD_OFFSET, true);
  verifyTransaction(bytes, start, start + head.getUint32(RECORD_HEADER_PAYLOAD_LENGTH, true));
  const checksum = crc32(bytes.subarray(textStart(Text.id), textEnd(Text.id)));
  const amountMinor = head.getFloat64(RECORD_HEADER_AMOUNT_BASE_MINOR, true);
  const flags = head.getUint32(RECORD_HEADER_FLAGS, true);
  const day = String(Math.floor(ingestMs / DAY_MS));
  add(transactions, day, checksum, amountMinor);
  if ((flags & RecordFlag.debtorExternal) === 0) add(legs, day, checksum, amountMinor);
  if ((flags & RecordFlag.creditorExternal) === 0) add(legs, day, checksum, amountMinor);
}

function tallyHit({ bytes }: LogRecord, hits: Tallies): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint8(HIT_HEADER_KIND) !== 1) return;
  let id = '';
  for (let word = 0; word < 4; word++) {
    id += view
      .getUint32(HIT_HEADER_ID_0 + 4 * word, true)
      .toString(16)
      .padStart(8, '0');
  }
  add(hits, '0', crc32(id), 0);
}

function add(tallies: Tallies, day: string, checksum: number, amountMinor: number): void {
  const tally = tallies.get(day) ?? { count: 0, checksum: 0, amountMinor: 0 };
  tally.count++;
  tally.checksum += checksum;
  tally.amountMinor += amountMinor;
  tallies.set(day, tally);
}

async function readTallies(client: DatabaseClient, sql: string): Promise<Tallies> {
  const rows = await client.query<Record<'day' | 'count' | 'checksum' | 'amount', string>>(sql);
  return new Map(
    rows.map(({ day, count, checksum, amount }) => [
      String(day),
      { count: exact(count), checksum: exact(checksum), amountMinor: Number(amount) },
    ]),
  );
}

/** In rows: the difference of the counts, or 1 where only the checksums differ. */
function differenceOf(expected: Tallies, found: Tallies): number {
  const none: Tally = { count: 0, checksum: 0, amountMinor: 0 };
  let rows = 0;
  for (const day of new Set([...expected.keys(), ...found.keys()])) {
    const a = expected.get(day) ?? none;
    const b = found.get(day) ?? none;
    const same = a.checksum === b.checksum && a.amountMinor === b.amountMinor;
    rows += Math.max(Math.abs(a.count - b.count), same ? 0 : 1);
  }
  return rows;
}

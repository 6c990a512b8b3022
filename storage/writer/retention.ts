/**
 * What is dropped, and when: whole partitions by age; and above the size limit the rows that are
 * missed least, table by table in the order of `TIERS`, the oldest of each first. Dropping a
 * partition costs next to nothing, whereas deleting rows writes the rest again.
 */
import { DAY_MS, formatDay } from '../../schemas/time.js';
import { type DatabaseClient, exact } from '../client/client.js';
import { noteDropped } from './cursors.js';

/** Aggregates are small and stay this many times as long. */
const AGGREGATES_KEPT_TIMES = 5;
const AGGREGATES: readonly string[] = ['account_hours', 'account_days'];
const HOUR_MS = DAY_MS / 24;
/** Days of sums that a page shows: they go for no size. */
const DAYS_SHOWN = 90;

export type Kind = 'receipts' | 'days' | 'months' | 'none';

export interface Partition {
  table: string;
  /** As ClickHouse names it. */
  id: string;
  /**
   * `receipts` are rows of merchants' card receipts, four hours a partition; `days` are the other
   * transactions and legs by ingest day; `none` is a table without partitions.
   */
  kind: Kind;
  /** YYYYMMDDhh, YYYYMMDD00 or YYYYMM0000: when it begins. */
  from: number;
  bytes: number;
}

interface Tier {
  kind: Kind;
  tables: readonly string[];
  /** What begins in the newest so many days stays. */
  keptDays: number;
}

/**
 * First to go first. A merchant's receipts are ten times as many as all other rows and say least
 * about a person; the pages ask neither for hours nor for `transactions`; hits and alerts are for
 * a person to decide about, so they go by age alone.
 */
const TIERS: readonly Tier[] = [
  { kind: 'receipts', tables: ['transactions', 'legs'], keptDays: 1 / 6 },
  { kind: 'months', tables: ['account_hours'], keptDays: 31 },
  { kind: 'days', tables: ['transactions'], keptDays: 1 },
  { kind: 'days', tables: ['legs'], keptDays: 1 },
  { kind: 'months', tables: ['account_days'], keptDays: DAYS_SHOWN + 31 },
  // Four hours of more than clickhouseBytesMax: the limit holds all the same.
  { kind: 'receipts', tables: ['transactions', 'legs'], keptDays: 0 },
];

export interface RetentionLimits {
  nowMs: number;
  historyDays: number;
  bytesMax: number;
}

export async function readPartitions(
  client: DatabaseClient,
  database: string,
): Promise<Partition[]> {
  const rows = await client.query<{ table: string; id: string; bytes: string }>(
    'SELECT table, partition_id AS id, sum(bytes_on_disk) AS bytes FROM system.parts ' +
      `WHERE database = '${database}' AND active GROUP BY table, id`,
  );
  return rows.map(({ table, id, bytes }) => ({ table, id, bytes: exact(bytes), ...readId(id) }));
}

/** `1-2026031008`, `0-2026031000`, `202603` or `all`. */
export function readId(id: string): Pick<Partition, 'kind' | 'from'> {
  const [, receipt, bucket] = /^(?:([01])-)?(\d+)$/.exec(id) ?? [];
  if (bucket === undefined) return { kind: 'none', from: 0 };
  if (receipt === undefined) return { kind: 'months', from: Number(bucket) * 10_000 };
  return { kind: receipt === '1' ? 'receipts' : 'days', from: Number(bucket) };
}

/** Those to drop, oldest first. Pure, for a test. */
export function partitionsToDrop(
  partitions: readonly Partition[],
  { nowMs, historyDays, bytesMax }: RetentionLimits,
): Partition[] {
  /** YYYYMMDDhh of so many days ago. */
  const ago = (days: number): number => {
    const hours = Math.max(0, Math.floor(nowMs / HOUR_MS - days * 24));
    const day = formatDay(Math.floor(hours / 24)).replaceAll('-', '');
    return Number(day) * 100 + (hours % 24);
  };
  const isOld = ({ table, kind, from }: Partition): boolean => {
    const days = AGGREGATES.includes(table) ? historyDays * AGGREGATES_KEPT_TIMES : historyDays;
    // A month or a day is old when its last moment is.
    const before = Math.floor(ago(days) / (kind === 'months' ? 10_000 : 100));
    return kind !== 'none' && Math.floor(from / (kind === 'months' ? 10_000 : 100)) < before;
  };
  const oldestFirst = [...partitions].sort((a, b) => a.from - b.from);
  const dropped = new Set(oldestFirst.filter(isOld));
  let bytes = 0;
  for (const partition of partitions) if (!dropped.has(partition)) bytes += partition.bytes;
  for (const { kind, tables, keptDays } of TIERS) {
    for (const partition of oldestFirst) {
      if (bytes <= bytesMax) return [...dropped];
      if (partition.kind !== kind || !tables.includes(partition.table)) continue;
      if (partition.from > ago(keptDays) || dropped.has(partition)) continue;
      dropped.add(partition);
      bytes -= partition.bytes;
    }
  }
  return [...dropped];
}

/** Of transactions and legs it is noted first, so that nobody misses them. */
export async function dropPartition(
  client: DatabaseClient,
  database: string,
  { table, id, kind }: Partition,
): Promise<void> {
  if (kind === 'receipts' || kind === 'days') await noteDropped(client, database, table, id);
  await client.command(`ALTER TABLE ${database}.${table} DROP PARTITION ID '${id}'`);
}

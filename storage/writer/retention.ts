/**
 * What is dropped, and when: whole partitions by age, and above the size limit the oldest days of
 * transactions and legs, never today's. Dropping a partition costs next to nothing, whereas
 * deleting rows writes the rest again.
 */
import { DAY_MS, formatDay } from '../../schemas/time.js';
import { type DatabaseClient, exact } from '../client/client.js';

/** Aggregates are small and stay this many times as long. */
const AGGREGATES_KEPT_TIMES = 5;
const DAILY = ['transactions', 'legs'];
const MONTHLY = ['hits', 'alert_events'];
const AGGREGATES = ['account_hours', 'account_days'];

export interface Partition {
  table: string;
  /** YYYYMMDD or YYYYMM; '' of a table without partitions. */
  partition: string;
  bytes: number;
}

export interface RetentionLimits {
  nowMs: number;
  historyDays: number;
  bytesMax: number;
}

export async function readPartitions(
  client: DatabaseClient,
  database: string,
): Promise<Partition[]> {
  const rows = await client.query<{ table: string; partition: string; bytes: string }>(
    'SELECT table, partition, sum(bytes_on_disk) AS bytes FROM system.parts ' +
      `WHERE database = '${database}' AND active GROUP BY table, partition`,
  );
  return rows.map(({ table, partition, bytes }) => ({
    table,
    partition: /^\d+$/.test(partition) ? partition : '',
    bytes: exact(bytes),
  }));
}

/** Those to drop, oldest first. Pure, for a test. */
export function partitionsToDrop(
  partitions: readonly Partition[],
  { nowMs, historyDays, bytesMax }: RetentionLimits,
): Partition[] {
  const daysAgo = (days: number): string =>
    formatDay(Math.max(0, Math.floor(nowMs / DAY_MS) - days)).replaceAll('-', '');
  const today = daysAgo(0);
  const rowsBefore = daysAgo(historyDays);
  const sumsBefore = daysAgo(historyDays * AGGREGATES_KEPT_TIMES);
  const isOld = ({ table, partition }: Partition): boolean => {
    if (partition === '') return false;
    if (DAILY.includes(table)) return partition < rowsBefore;
    // A month is old when its last day is.
    if (MONTHLY.includes(table)) return partition < rowsBefore.slice(0, 6);
    return AGGREGATES.includes(table) && partition < sumsBefore.slice(0, 6);
  };
  const oldestFirst = [...partitions].sort((a, b) => (a.partition < b.partition ? -1 : 1));
  const dropped = oldestFirst.filter(isOld);
  let bytes = 0;
  for (const partition of partitions) if (!isOld(partition)) bytes += partition.bytes;
  for (const partition of oldestFirst) {
    if (bytes <= bytesMax) break;
    const { table, partition: day } = partition;
    if (!DAILY.includes(table) || day >= today || isOld(partition)) continue;
    dropped.push(partition);
    bytes -= partition.bytes;
  }
  return dropped;
}

export async function dropPartition(
  client: DatabaseClient,
  database: string,
  { table, partition }: Partition,
): Promise<void> {
  await client.command(`ALTER TABLE ${database}.${table} DROP PARTITION ${partition}`);
}

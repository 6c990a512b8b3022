/**
 * What must stand in ClickHouse, made from the admitted bytes by other code than the writer's (the
 * router's legs), and every difference from what does stand there, row by row, in words.
 */
import { createRouter } from '../../ingest/router.js';
import { readLeg, reference } from '../../ingest/testing.js';
import { ClassBit } from '../../schemas/classes.js';

const HOUR_MS = 3_600_000;
/** Asia/Shanghai, the bank of the tests. */
const ZONE_MS = 8 * HOUR_MS;
const DIFFERENCES_TOLD_MAX = 6;

export type Ask = <Row>(sql: string) => Promise<Row[]>;

export interface Truth {
  /** `position|id|amount|history` */
  transactions: string[];
  legs: string[];
  hours: string[];
  days: string[];
}

/** `told` says a transaction as it was offered; undefined for what is none. */
export function truthOf(
  admitted: Iterable<{ position: number; record: Uint8Array }>,
  told: (position: number, record: Uint8Array) => string | undefined,
): Truth {
  const router = createRouter({ shards: 16 });
  router.setReference(reference());
  const transactions: string[] = [];
  const legs: string[] = [];
  const hours = new Map<string, number[]>();
  const days = new Map<string, number[]>();
  for (const { position, record } of admitted) {
    const offered = told(position, record);
    if (offered !== undefined) transactions.push(offered);
    const view = new DataView(record.buffer, record.byteOffset);
    const eventMs = view.getFloat64(32, true);
    router.route(position, record, (shard, bytes, length) => {
      const leg = readLeg(shard, bytes, length);
      const credit = leg.side === 'credit';
      const balance = Number.isNaN(leg.balanceAfterMinor) ? null : leg.balanceAfterMinor;
      legs.push(
        [position, credit ? 1 : 0, leg.subject, leg.account, leg.counterparty, leg.country, leg.id]
          .concat([leg.amountBaseMinor, leg.classBits])
          .concat(balance as number)
          .join('|'),
      );
      const made = (leg.classBits & ClassBit.customerMade) !== 0 ? 1 : 0;
      const who = `${leg.subject}|${leg.account}`;
      const hour = `${who}|${Math.floor(eventMs / HOUR_MS)}`;
      const day = `${who}|${Math.floor((eventMs + ZONE_MS) / (24 * HOUR_MS))}`;
      for (const [sums, key] of [
        [hours, hour],
        [days, day],
      ] as const) {
        const sum = sums.get(key) ?? [0, 0, 0, 0, 0];
        sum[credit ? 0 : 2]! += 1;
        sum[credit ? 1 : 3]! += leg.amountBaseMinor;
        sum[4]! += made;
        sums.set(key, sum);
      }
    });
  }
  const lines = (sums: Map<string, number[]>) =>
    [...sums].map(([key, sum]) => `${key}|${sum.join('|')}`);
  return { transactions, legs, hours: lines(hours), days: lines(days) };
}

/** Empty when every row is there once and says what it must. */
export async function storedDifferences(
  ask: Ask,
  truth: Truth & { hitIds: readonly string[]; workRecords: number },
): Promise<string[]> {
  const legs = await ask<Record<string, unknown>>(
    'SELECT position, side, subject, account, counterparty, country, transaction_id, ' +
      'amount_base_minor, class_bits, balance_after_minor FROM weir.legs FINAL',
  );
  const transactions = await ask<Record<string, unknown>>(
    'SELECT position, id, amount_minor, history FROM weir.transactions FINAL',
  );
  const hits = await ask<{ id: string }>('SELECT id FROM weir.hits FINAL');
  const events = await ask<{ position: string }>('SELECT position FROM weir.alert_events FINAL');
  const line = (row: Record<string, unknown>) => Object.values(row).join('|');
  const positions = Array.from({ length: truth.workRecords }, (_, i) => String(i));
  return [
    ...compare('legs', truth.legs, legs.map(line)),
    ...compare('transactions', truth.transactions, transactions.map(line)),
    ...compare('hours', truth.hours, await sumsOf(ask, 'hour', 'account_hours')),
    ...compare('days', truth.days, await sumsOf(ask, 'toUInt16(day)', 'account_days')),
    ...compare('hits', truth.hitIds, hits.map(line)),
    ...compare('alert events', positions, events.map(line)),
  ];
}

export async function sumsOf(ask: Ask, at: string, table: string): Promise<string[]> {
  const rows = await ask<Record<string, unknown>>(
    `SELECT subject, account, ${at} AS at, sum(in_count), sum(in_minor), sum(out_count), ` +
      `sum(out_minor), sum(customer_made) FROM weir.${table} FINAL ` +
      'GROUP BY subject, account, at HAVING sum(in_count) + sum(out_count) > 0',
  );
  return rows.map((row) => Object.values(row).join('|'));
}

/** At most a few differences, so that a message can be read. */
export function compare(
  what: string,
  expected: readonly string[],
  found: readonly string[],
): string[] {
  const wanted = new Set(expected);
  const seen = new Set<string>();
  const problems: string[] = [];
  for (const row of found) {
    if (seen.has(row)) problems.push(`${what}: twice ${row}`);
    if (!wanted.has(row)) problems.push(`${what}: unexpected ${row}`);
    seen.add(row);
  }
  for (const row of wanted) if (!seen.has(row)) problems.push(`${what}: missing ${row}`);
  return problems.length > DIFFERENCES_TOLD_MAX
    ? [...problems.slice(0, DIFFERENCES_TOLD_MAX), `... ${problems.length} in all`]
    : problems;
}

/** The tables that the writer fills, column by column as in schemas/clickhouse. */
import { type Columns, createRowWriter, type RowWriter } from '../client/row-binary.js';

const LOGS = { log: 'LowCardinality(String)', identity: 'String' } as const satisfies Columns;

const CURSORS = {
  log: 'LowCardinality(String)',
  position: 'UInt64',
  ingest_ms: 'Int64',
  block: 'UInt64',
} as const satisfies Columns;

const TRANSACTIONS = {
  position: 'UInt64',
  id: 'String',
  event_ms: 'Int64',
  ingest_ms: 'Int64',
  source: 'UInt16',
  origin_partition: 'UInt16',
  origin_offset: 'UInt64',
  origin_index: 'UInt32',
  debtor_subject: 'String',
  debtor_account: 'String',
  creditor_subject: 'String',
  creditor_account: 'String',
  amount_minor: 'UInt64',
  currency: 'LowCardinality(String)',
  amount_base_minor: 'UInt64',
  type: 'LowCardinality(String)',
  channel: 'LowCardinality(String)',
  history: 'Bool',
  reversed_transaction: 'String',
  receipt: 'Bool',
} as const satisfies Columns;

const LEGS = {
  subject: 'String',
  event_ms: 'Int64',
  position: 'UInt64',
  side: 'UInt8',
  ingest_ms: 'Int64',
  transaction_id: 'String',
  account: 'String',
  counterparty: 'String',
  country: 'LowCardinality(String)',
  amount_base_minor: 'UInt64',
  amount_minor: 'UInt64',
  currency: 'LowCardinality(String)',
  type: 'LowCardinality(String)',
  channel: 'LowCardinality(String)',
  class_bits: 'UInt32',
  balance_after_minor: 'Nullable(Int64)',
} as const satisfies Columns;

const SUMS = {
  block: 'UInt64',
  upto: 'UInt64',
  in_count: 'UInt32',
  in_minor: 'UInt64',
  out_count: 'UInt32',
  out_minor: 'UInt64',
  customer_made: 'UInt32',
} as const satisfies Columns;
const OWNER = { subject: 'String', account: 'String' } as const satisfies Columns;
const ACCOUNT_HOURS = { ...OWNER, hour: 'UInt32', ...SUMS } as const satisfies Columns;
const ACCOUNT_DAYS = { ...OWNER, day: 'Date', ...SUMS } as const satisfies Columns;

const HITS = {
  id: 'FixedString(32)',
  position: 'UInt64',
  rule: 'LowCardinality(String)',
  rule_version: 'UInt32',
  catalogue_version: 'LowCardinality(String)',
  family: 'LowCardinality(String)',
  subject: 'String',
  severity: 'UInt8',
  score: 'Float32',
  band: 'LowCardinality(String)',
  amount_base_minor: 'UInt64',
  event_ms: 'Int64',
  detected_ms: 'Int64',
  history: 'Bool',
  shadow: 'Bool',
  flood: 'Bool',
  body: 'String',
} as const satisfies Columns;

const ALERT_EVENTS = {
  alert_id: 'FixedString(32)',
  position: 'UInt64',
  at_ms: 'Int64',
  what: 'LowCardinality(String)',
  user: 'String',
  reason: 'LowCardinality(String)',
  hit_id: 'String',
  rule: 'LowCardinality(String)',
  family: 'LowCardinality(String)',
  subject: 'String',
  severity: 'UInt8',
  score: 'Float32',
  amount_base_minor: 'UInt64',
  event_ms: 'Int64',
} as const satisfies Columns;

/** Tables whose rows are counted, in the order in which a round writes them. */
export const ROW_TABLES = [
  'transactions',
  'legs',
  'account_hours',
  'account_days',
  'hits',
  'alert_events',
] as const;
export type RowTable = (typeof ROW_TABLES)[number];

/** One buffer a table, used again for each round. */
export interface Tables {
  logs: RowWriter<typeof LOGS>;
  cursors: RowWriter<typeof CURSORS>;
  transactions: RowWriter<typeof TRANSACTIONS>;
  legs: RowWriter<typeof LEGS>;
  account_hours: RowWriter<typeof ACCOUNT_HOURS>;
  account_days: RowWriter<typeof ACCOUNT_DAYS>;
  hits: RowWriter<typeof HITS>;
  alert_events: RowWriter<typeof ALERT_EVENTS>;
}

export function createTables(): Tables {
  return {
    logs: createRowWriter('logs', LOGS),
    cursors: createRowWriter('cursors', CURSORS),
    transactions: createRowWriter('transactions', TRANSACTIONS),
    legs: createRowWriter('legs', LEGS),
    account_hours: createRowWriter('account_hours', ACCOUNT_HOURS),
    account_days: createRowWriter('account_days', ACCOUNT_DAYS),
    hits: createRowWriter('hits', HITS),
    alert_events: createRowWriter('alert_events', ALERT_EVENTS),
  };
}

export function clearTables(tables: Tables): void {
  for (const table of Object.values(tables)) table.clear();
}

/** Metrics of the storage role, read from what is counted anyway; meaning in docs/metrics.md. */
import type { Metrics } from '../platform/index.js';
import { HISTORY_STATES } from '../schemas/history.js';
import { DATABASE_FAILURES } from './client/errors.js';
import { LOG_NAMES } from './writer/cursors.js';
import { ROW_TABLES } from './writer/tables.js';
import type { Writer } from './writer/writer.js';

const COMPARED = ['transactions', 'legs', 'hits'] as const;

export function registerStorageMetrics(
  metrics: Metrics,
  writer: Writer,
  restarts: () => number,
): void {
  metrics.gauge({
    name: 'clickhouse_state',
    help: '1 for the state that history is in.',
    labels: { state: HISTORY_STATES },
    collect: (set) => {
      for (const state of HISTORY_STATES) set(state === writer.status.state ? 1 : 0, { state });
    },
  });
  metrics.counter({
    name: 'clickhouse_insert_rows_total',
    help: 'Rows written, repeats included.',
    labels: { table: ROW_TABLES },
    collect: (set) => {
      for (const table of ROW_TABLES) set(writer.rowsTotal[table], { table });
    },
  });
  metrics.counter({
    name: 'clickhouse_insert_errors_total',
    help: 'Failed requests of the writer; each is tried again.',
    labels: { code: DATABASE_FAILURES },
    collect: (set) => {
      for (const code of DATABASE_FAILURES) set(writer.errorsTotal[code], { code });
    },
  });
  metrics.counter({
    name: 'clickhouse_restarts_total',
    help: 'Restarts of the embedded ClickHouse.',
    collect: (set) => set(restarts()),
  });
  metrics.gauge({
    name: 'clickhouse_bytes',
    help: 'Bytes of all tables on disk.',
    collect: (set) => set(writer.databaseBytes),
  });
  metrics.gauge({
    name: 'log_cursor_lag_records',
    help: 'Records of a log that are not stored yet.',
    labels: { reader: LOG_NAMES.map((name) => `storage-${name}`) },
    collect: (set) => {
      const { lag } = writer;
      for (const name of LOG_NAMES) set(lag[name], { reader: `storage-${name}` });
    },
  });
  registerComparison(metrics, writer);
}

/** What should stay at 0. */
function registerComparison(metrics: Metrics, writer: Writer): void {
  metrics.gauge({
    name: 'clickhouse_reconciliation_difference_rows',
    help: 'Rows that differ between logs and tables, as last compared.',
    labels: { table: COMPARED },
    collect: (set) => {
      for (const table of COMPARED) set(writer.differences[table], { table });
    },
  });
  metrics.counter({
    name: 'clickhouse_reconciliations_total',
    help: 'Comparisons of the tables with the logs.',
    collect: (set) => set(writer.reconciliations),
  });
  metrics.counter({
    name: 'storage_skipped_records_total',
    help: 'Records that were cut off a log before they were stored.',
    collect: (set) => set(writer.skippedTotal),
  });
  metrics.counter({
    name: 'storage_unreadable_records_total',
    help: 'Records of hits log and work log that were left out.',
    collect: (set) => set(writer.unreadableTotal),
  });
}

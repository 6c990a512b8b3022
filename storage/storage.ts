/**
 * The storage role's work: the embedded ClickHouse (or a server's address), the writer, and what
 * they say of themselves. Nothing waits for it: without ClickHouse it says once what is missing
 * and stays up, and everything else goes on.
 */
import {
  forgetCursors,
  type Logger,
  type Metrics,
  type StatsBoard,
  watchProcess,
} from '../platform/index.js';
import type { Configuration } from '../schemas/configuration.js';
import type { HistoryStatus } from '../schemas/history.js';
import type { StorageStats } from '../schemas/stats.js';
import { type Keeper, startKeeper } from './embedded/keeper.js';
import { type Endpoint, readEndpoint, storageKind } from './endpoint.js';
import { PACE, type Pace } from './pace.js';
import { registerStorageMetrics } from './storage-metrics.js';
import type { Logs } from './writer/cursors.js';
import { Writer } from './writer/writer.js';

const STATS_EVERY_MS = 1_000;

export interface StorageOptions {
  dir: string;
  configuration: Configuration;
  logs: Logs;
  metrics: Metrics;
  stats: StatsBoard;
  nowMs(): number;
  logger: Logger;
  pace?: Partial<Pace>;
}

export interface Storage {
  readonly status: HistoryStatus;
  /** Pid of the embedded ClickHouse, while it runs. */
  readonly childPid: number | undefined;
  readonly writer: Writer;
  stop(deadlineMs: number): Promise<void>;
}

/** Waits for nothing. Throws for a password that cannot be read. */
export function startStorage(options: StorageOptions): Storage {
  const { configuration, dir } = options;
  const kind = storageKind(configuration.clickhouse);
  if (kind === 'none') throw new Error('storage: there is nothing to do for clickhouse=none');
  const pace = { ...PACE, ...options.pace };
  const keeper = kind === 'embedded' ? startEmbedded(options, pace) : undefined;
  const server = kind === 'server' ? readEndpoint(dir, configuration) : undefined;
  const writer = new Writer({
    ...options,
    pace,
    kind,
    endpoint: (): Endpoint | undefined => keeper?.endpoint ?? server,
    ...(keeper !== undefined && { restartServer: () => keeper.restart() }),
  });
  const status = (): HistoryStatus => {
    const absent = keeper?.absent ?? '';
    return absent === '' ? writer.status : { state: 'absent', detail: absent, writtenToMs: null };
  };
  registerStorageMetrics(options.metrics, writer, () => keeper?.restarts ?? 0);
  writer.start();
  const publish = statsPublisher(options, kind, writer, keeper, status);
  const timer = setInterval(publish, STATS_EVERY_MS);
  publish();
  return {
    get status() {
      return status();
    },
    writer,
    get childPid() {
      return keeper?.pid;
    },
    async stop(deadlineMs) {
      clearInterval(timer);
      await writer.stop(deadlineMs / 4);
      await keeper?.stop(deadlineMs / 2);
    },
  };
}

function startEmbedded({ dir, configuration, logger }: StorageOptions, pace: Pace): Keeper {
  return startKeeper({
    pace,
    onAbsent(detail) {
      logger.error(detail);
      // Nobody is going to read them: the logs must not fill for us.
      forgetCursors(dir, 'storage');
    },
    dir,
    database: configuration.clickhouseDatabase,
    memoryBytesMax: configuration.clickhouseMemoryBytesMax,
    logger,
  });
}

function statsPublisher(
  options: StorageOptions,
  kind: StorageStats['kind'],
  writer: Writer,
  keeper: Keeper | undefined,
  status: () => HistoryStatus,
): () => void {
  const figures = watchProcess();
  let rowsBefore = 0;
  let atMs = performance.now();
  return () => {
    const rows = Object.values(writer.rowsTotal).reduce((sum, count) => sum + count, 0);
    const elapsedMs = Math.max(1, performance.now() - atMs);
    const record: StorageStats = {
      ...figures(),
      history: status(),
      kind,
      restarts: keeper?.restarts ?? 0,
      rowsPerSecond: ((rows - rowsBefore) * 1_000) / elapsedMs,
      rowsTotal: { ...writer.rowsTotal },
      errorsTotal: { ...writer.errorsTotal },
      lag: writer.lag,
      databaseBytes: writer.databaseBytes,
      databaseBytesMax: options.configuration.clickhouseBytesMax,
    };
    // A full disk, most likely: ClickHouse says so too, and louder.
    options.stats.publish('storage', record).catch(() => undefined);
    rowsBefore = rows;
    atMs = performance.now();
  };
}

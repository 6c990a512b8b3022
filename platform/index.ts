/** The door of the platform: what touches the outside for every room. */
export { type ClockOptions, createClock, parseClockStart } from './clock.js';
export {
  type ConfigurationOverrides,
  loadConfiguration,
} from './configuration.js';
export { Durations } from './durations.js';
export {
  createLogger,
  type Logger,
  type LoggerOptions,
  type LogLevel,
} from './logging.js';
export {
  forgetCursors,
  neededFrom,
  publishCursors,
  type ReaderCursors,
} from './logs/cursors.js';
export { type FolderLock, lockFolder } from './logs/folder-lock.js';
export { type LmdbLog, type LmdbLogOptions, openLmdbLog } from './logs/lmdb-log.js';
export { settleLogs } from './logs/log-writer.js';
export { openSnapshotStore } from './logs/snapshot-files.js';
export {
  openStatsBoard,
  type StatsBoard,
  type StatsBoardOptions,
  type StatsEntry,
} from './logs/stats-board.js';
export type { MetaValue } from './logs/tables.js';
export { writeWholeFile } from './logs/whole-file.js';
export {
  createMetrics,
  type HistogramDefinition,
  type LabelSets,
  type MetricDefinition,
  type Metrics,
  type MetricsOptions,
} from './metrics.js';
export {
  createHealth,
  type Health,
  type HealthOptions,
  type OperationsOptions,
  type RoleState,
  startOperations,
} from './operations.js';
export { eventLoopDelay, type ProcessFigures, watchProcess } from './process-figures.js';
export { createRing, RingReader, RingWriter } from './ring.js';
export { ensureSecrets, SECRETS_FILE, type Secrets, updateSecrets } from './secrets.js';
export {
  type BodyOutcome,
  createTransport,
  type Exchange,
  type Handler,
  type ListenOptions,
  type ReplyHeaders,
  type RequestHead,
  type SocketListener,
  type Transport,
  type TransportLimits,
  type TransportLogger,
  type TransportOptions,
  type TransportSocket,
  type UpgradeDecision,
  type UpgradeHandler,
} from './transport/index.js';

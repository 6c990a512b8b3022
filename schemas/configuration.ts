/**
 * Every setting, its default and its unit, in one place. A file `weir.yaml` in the data folder and
 * flags override.
 */
import { z } from 'zod';

export const configurationSchema = z.strictObject({
  dashboardHost: z.string().default('127.0.0.1'),
  dashboardPort: z.number().int().default(8480),
  ingestHost: z.string().default('127.0.0.1'),
  ingestPort: z.number().int().default(8481),
  /** Operations ports (metrics, health), loopback. */
  operationsHost: z.string().default('127.0.0.1'),
  engineOperationsPort: z.number().int().default(8482),
  dashboardOperationsPort: z.number().int().default(8483),
  /** Extra origins that may open the socket; the dashboard's own address is always allowed. */
  allowedOrigins: z.array(z.string()).default([]),

  shards: z.number().int().default(256),
  threads: z.number().int().min(1).max(64).default(1),
  baseCurrency: z.string().length(3).default('CNY'),
  zone: z.string().default('Asia/Shanghai'),
  homeCountry: z.string().length(2).default('CN'),

  latenessMs: z
    .number()
    .int()
    .default(10 * 60_000),
  tooOldMs: z
    .number()
    .int()
    .default(7 * 86_400_000),
  inTheFutureMs: z
    .number()
    .int()
    .default(5 * 60_000),
  idleAfterMs: z.number().int().default(10_000),
  watermarkIntervalMs: z.number().int().default(1_000),
  dedupeIdsMax: z.number().int().default(20_000_000),

  messageBytesMax: z
    .number()
    .int()
    .default(64 * 1024),
  requestBytesMax: z
    .number()
    .int()
    .default(4 * 1024 * 1024),
  /** Records admitted but not yet handed to the rings; above it sources pause. */
  pendingBytesMax: z
    .number()
    .int()
    .default(32 * 1024 * 1024),
  decisionTimeoutMs: z.number().int().default(250),

  /**
   * Hits of a rule in one shard in ten minutes of event time above which the rest of them are one
   * alert.
   */
  breakerHits: z.number().int().min(1).default(1_000),
  ringBytes: z
    .number()
    .int()
    .default(8 * 1024 * 1024),
  stateBytesMax: z
    .number()
    .int()
    .default(4 * 1024 * 1024 * 1024),
  snapshotRoundMs: z
    .number()
    .int()
    .default(5 * 60_000),
  snapshotGenerations: z.number().int().default(3),
  threadSilentMs: z.number().int().default(2_000),
  journalBytesMax: z
    .number()
    .int()
    .default(8 * 1024 * 1024 * 1024),

  /** Hits are kept for their open alerts and readers, the rest goes above half of this. */
  hitsBytesMax: z
    .number()
    .int()
    .default(1024 * 1024 * 1024),

  /**
   * Where history is kept: `embedded` (a ClickHouse of our own, as a child), `none`, or the URL of
   * a server such as http://clickhouse:8123.
   */
  clickhouse: z.string().default('embedded'),
  clickhouseUser: z.string().default('weir'),
  /** File with the password of a server; the environment's WEIR_CLICKHOUSE_PASSWORD goes first. */
  clickhousePasswordFile: z.string().default(''),
  clickhouseDatabase: z
    .string()
    .regex(/^[a-z][a-z0-9_]{0,62}$/)
    .default('weir'),
  /** Above this the oldest rows go, merchants' card receipts first (docs/history.md). */
  clickhouseBytesMax: z
    .number()
    .int()
    .default(3 * 1024 * 1024 * 1024),
  /** Memory of the embedded ClickHouse. */
  clickhouseMemoryBytesMax: z
    .number()
    .int()
    .default(700 * 1024 * 1024),
  /** Transactions, hits and alerts are kept this long, aggregates five times as long. */
  historyDays: z.number().int().min(1).default(400),
  storageOperationsPort: z.number().int().default(8484),

  alertsInMemoryMax: z.number().int().default(10_000),
  socketBufferBytesMax: z
    .number()
    .int()
    .default(1024 * 1024),
  connectionsPerUserMax: z.number().int().default(20),
  sessionMs: z
    .number()
    .int()
    .default(12 * 3_600_000),
  stopDeadlineMs: z.number().int().default(10_000),
});
export type Configuration = z.infer<typeof configurationSchema>;

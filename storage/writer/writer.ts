/**
 * The writer: sessions one after another for as long as the role runs, one round a second in each.
 * Its one trick is that it never gives up and never hurries: a failure is counted, said once, and
 * followed by another session after a back-off; the logs keep what is not stored.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../../platform/index.js';
import type { Configuration } from '../../schemas/configuration.js';
import type { HistoryState, HistoryStatus } from '../../schemas/history.js';
import { createDatabaseClient, type DatabaseClient } from '../client/client.js';
import { classify, DATABASE_FAILURES, type DatabaseFailure, serverCode } from '../client/errors.js';
import { migrate } from '../client/migrations.js';
import type { Endpoint, StorageKind } from '../endpoint.js';
import type { Pace } from '../pace.js';
import { LOG_NAMES, type LogName, type Logs, lagOf, readDropped } from './cursors.js';
import { JournalRows } from './journal-rows.js';
import { type Differences, reconcile } from './reconciliation.js';
import { dropPartition, partitionsToDrop, readPartitions } from './retention.js';
import { JOURNAL_BATCH_MAX, openSession, type Session } from './session.js';
import { BlockSums } from './sums.js';
import { ROW_TABLES, type RowTable } from './tables.js';

const BACK_OFF_FIRST_MS = 250;
/** While there is no endpoint, or no log yet. */
const LOOK_MS = 100;
const RETENTION_EVERY_MS = 30_000;
const RECONCILE_EVERY_MS = 3_600_000;
const DOUBT_RETRY_MS = 30_000;
/** After failures batches are halved down to this, and doubled by each that was written. */
const JOURNAL_BATCH_LEAST = 4_096;
/** What only a person can mend is looked at again now and then. */
const REFUSED_RETRY_MS = 60_000;

export interface WriterOptions {
  dir: string;
  kind: Exclude<StorageKind, 'none'>;
  configuration: Pick<
    Configuration,
    'clickhouseDatabase' | 'clickhouseBytesMax' | 'historyDays' | 'zone' | 'homeCountry'
  >;
  logs: Logs;
  /** Where ClickHouse answers now; undefined while it does not. */
  endpoint(): Endpoint | undefined;
  /** Has ClickHouse look at all its parts again; absent where it is not ours to start. */
  restartServer?(): void;
  nowMs(): number;
  logger: Logger;
  pace: Pick<Pace, 'roundMs' | 'requestMsMax' | 'backOffMsMax' | 'compareFirstMs'>;
}

export class Writer {
  readonly rowsTotal = zeroes<RowTable>(ROW_TABLES);
  readonly errorsTotal = zeroes<DatabaseFailure>(DATABASE_FAILURES);
  skippedTotal = 0;
  unreadableTotal = 0;
  reconciliations = 0;
  differences: Differences = { transactions: 0, legs: 0, hits: 0 };
  databaseBytes = 0;
  private state: HistoryState = 'starting';
  private detail = 'connecting to ClickHouse';
  private session: Session | undefined;
  private writtenToMs: number | null = null;
  private lastFailure: DatabaseFailure | undefined;
  private failures = 0;
  private journalBatch = JOURNAL_BATCH_MAX;
  private retentionAtMs = 0;
  private reconcileAtMs: number;
  /**
   * Rows that were acknowledged may be gone: a part written on a full disk has been seen with an
   * empty file. ClickHouse finds and sets aside such a part only when it starts, so it is started
   * again, and then all is compared.
   */
  private doubt: 'none' | 'restart' | 'compare' = 'none';
  private readonly stopping = new AbortController();
  private readonly sums = new BlockSums();
  private readonly rows: JournalRows;
  private over: Promise<void> = Promise.resolve();

  constructor(private readonly options: WriterOptions) {
    this.reconcileAtMs = performance.now() + options.pace.compareFirstMs;
    const { zone, homeCountry } = options.configuration;
    this.rows = new JournalRows({ zone, homeCountry, sums: this.sums });
  }

  start(): void {
    this.over = this.run();
  }

  /** Does not wait for a request that hangs: rows may be written twice. */
  async stop(deadlineMs: number): Promise<void> {
    this.stopping.abort();
    await Promise.race([this.over, sleep(deadlineMs)]);
  }

  get status(): HistoryStatus {
    const { state, detail, writtenToMs } = this;
    return { state, detail: state === 'ready' ? '' : detail, writtenToMs };
  }

  /** Records that are not stored yet; before the first session everything that is kept. */
  get lag(): Record<LogName, number> {
    const lag = (name: LogName) => lagOf(name, this.options.logs, this.session?.cursors);
    return { journal: lag('journal'), hits: lag('hits'), work: lag('work') };
  }

  private async run(): Promise<void> {
    while (!this.stopping.signal.aborted) {
      const endpoint = this.options.endpoint();
      if (endpoint === undefined || !this.hasLogs()) {
        await this.wait(LOOK_MS);
        continue;
      }
      const client = createDatabaseClient({
        url: endpoint.url,
        ...endpoint.writer,
        requestTimeoutMs: this.options.pace.requestMsMax,
        // A file of many years may touch many months at once.
        settings: { max_partitions_per_insert_block: '0' },
      });
      try {
        await this.runSession(client);
      } catch (error) {
        await this.failed(error);
      } finally {
        void client.close();
      }
    }
  }

  private hasLogs(): boolean {
    return LOG_NAMES.every((name) => this.options.logs[name].identity !== '');
  }

  private async failed(error: unknown): Promise<void> {
    if (this.stopping.signal.aborted) return;
    const failure = classify(error);
    this.errorsTotal[failure]++;
    if (failure === 'disk-full' || failure === 'corrupt') this.doubt = 'restart';
    this.failures++;
    // Perhaps it was too much at once for this machine.
    this.journalBatch = Math.max(JOURNAL_BATCH_LEAST, this.journalBatch / 2);
    this.set(
      'away',
      `ClickHouse does not take rows (${failure}); the logs keep them until it does`,
    );
    const fields = { failure, code: serverCode(error), failures: this.failures };
    if (failure !== this.lastFailure) {
      this.options.logger.warn(fields, 'ClickHouse is away, trying again until it is back');
      // Ours, or one that we do not know: its text is needed, and quotes no row.
      if (failure === 'other') this.options.logger.error({ what: nameOf(error) }, 'what it was');
    }
    this.lastFailure = failure;
    const waitMs = BACK_OFF_FIRST_MS * 2 ** Math.min(this.failures - 1, 10);
    await this.wait(Math.min(this.options.pace.backOffMsMax, waitMs));
  }

  private async runSession(client: DatabaseClient): Promise<void> {
    const session = await this.open(client);
    if (session === undefined) return;
    this.session = session;
    while (!this.stopping.signal.aborted) {
      const startMs = performance.now();
      const caughtUp = await session.round(this.journalBatch);
      this.journalBatch = Math.min(JOURNAL_BATCH_MAX, 2 * this.journalBatch);
      this.writtenToMs = session.cursors.writtenToMs || null;
      this.set('ready', '');
      if (this.lastFailure !== undefined) this.options.logger.info('ClickHouse is back');
      this.lastFailure = undefined;
      this.failures = 0;
      if (this.doubt === 'restart') return this.lookAgain();
      await this.retain(client);
      if (!caughtUp) continue;
      await this.compare(client, session);
      const { roundMs } = this.options.pace;
      await this.wait(Math.max(0, roundMs - (performance.now() - startMs)));
    }
  }

  private async open(client: DatabaseClient): Promise<Session | undefined> {
    const { configuration, dir, kind, logger, logs, nowMs } = this.options;
    const database = configuration.clickhouseDatabase;
    const migrated = await migrate(client, database, nowMs);
    if (!migrated.ok) return this.refuse(migrated.detail);
    if (migrated.applied > 0) logger.info({ version: migrated.version }, 'tables are made');
    const opening = await openSession({
      dir,
      database,
      client,
      logs,
      rows: this.rows,
      sums: this.sums,
      logger,
      onRows: (table, rows) => {
        this.rowsTotal[table] += rows;
      },
      onSkipped: (records) => {
        this.skippedTotal += records;
      },
      onUnreadable: () => {
        this.unreadableTotal++;
      },
    });
    if (opening.ok) return opening.session;
    if (kind === 'server') {
      return this.refuse(
        `database ${database} is not of this data folder (${opening.detail}): ` +
          'give this Weir one of its own with --set clickhouseDatabase=...',
      );
    }
    logger.warn({ why: opening.detail }, 'the tables are of other logs: dropped and made anew');
    await client.command(`DROP DATABASE ${database} SYNC`);
    return undefined;
  }

  /** Only a person can mend it: said once, looked at again now and then. */
  private async refuse(detail: string): Promise<undefined> {
    if (this.state !== 'absent') this.options.logger.error(detail);
    this.set('absent', detail);
    await this.wait(REFUSED_RETRY_MS);
    return undefined;
  }

  private async retain(client: DatabaseClient): Promise<void> {
    if (performance.now() < this.retentionAtMs) return;
    this.retentionAtMs = performance.now() + RETENTION_EVERY_MS;
    const { configuration, logger, nowMs } = this.options;
    const { clickhouseDatabase, clickhouseBytesMax, historyDays } = configuration;
    const partitions = await readPartitions(client, clickhouseDatabase);
    this.databaseBytes = partitions.reduce((sum, { bytes }) => sum + bytes, 0);
    const limits = { nowMs: nowMs(), historyDays, bytesMax: clickhouseBytesMax };
    for (const partition of partitionsToDrop(partitions, limits)) {
      await dropPartition(client, clickhouseDatabase, partition);
      this.databaseBytes -= partition.bytes;
      logger.info({ ...partition }, 'oldest rows dropped, by age or for size');
    }
  }

  private async compare(client: DatabaseClient, session: Session): Promise<void> {
    if (performance.now() < this.reconcileAtMs) return;
    // Before it is begun: one that fails must not hold up the writing again and again.
    const doubted = this.doubt !== 'none';
    this.reconcileAtMs = performance.now() + (doubted ? DOUBT_RETRY_MS : RECONCILE_EVERY_MS);
    const { configuration, logger, logs } = this.options;
    const database = configuration.clickhouseDatabase;
    const keptFrom = await readDropped(client, database);
    const scope = { client, database, logs, keptFrom };
    this.differences = await reconcile(scope, session.cursors);
    this.reconciliations++;
    const same = isSame(this.differences);
    if (same && !doubted) return;
    if (!same) logger.error(this.differences, 'what is stored is not what the logs say');
    // Sums are not among what is compared; rows that are there already are replaced by themselves.
    logger.warn('the newest rows are written again from the logs');
    await session.rewind(keptFrom);
    while (!(await session.round(this.journalBatch)));
    this.differences = await reconcile(scope, session.cursors);
    this.reconciliations++;
    this.doubt = 'none';
    if (!isSame(this.differences)) {
      logger.error(this.differences, 'what is stored is still not what the logs say');
    }
  }

  private lookAgain(): void {
    const { logger, restartServer } = this.options;
    logger.warn({}, 'rows written to a full or damaged disk are compared with the logs');
    this.doubt = 'compare';
    this.reconcileAtMs = 0;
    restartServer?.();
  }

  private set(state: HistoryState, detail: string): void {
    this.state = state;
    this.detail = detail;
  }

  private async wait(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.stopping.signal }).catch(() => undefined);
  }
}

function isSame({ transactions, legs, hits }: Differences): boolean {
  return transactions + legs + hits === 0;
}

/** Of our own code the message is needed; the server's may quote rows. */
function nameOf(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  return serverCode(error) === '' ? `${error.name}: ${error.message}` : error.name;
}

function zeroes<Name extends string>(names: readonly Name[]): Record<Name, number> {
  return Object.fromEntries(names.map((name) => [name, 0])) as Record<Name, number>;
}

/**
 * The port `History` over ClickHouse. It reads as a user that cannot write, a few questions at a
 * time, each with an end; and it asks where the database is before every question, because the
 * embedded one takes another port at each start. Whatever fails is a value with a reason.
 */
import { type Logger, openStatsBoard, type StatsBoard } from '../../platform/index.js';
import type { Configuration } from '../../schemas/configuration.js';
import {
  HISTORY_ROWS_MAX,
  HISTORY_STATES,
  HISTORY_TIMEOUT_MS,
  type History,
  type HistoryAnswer,
  type HistoryFailure,
  type HistoryStatus,
} from '../../schemas/history.js';
import type { StorageStats } from '../../schemas/stats.js';
import { createDatabaseClient, type DatabaseClient, exact } from '../client/client.js';
import { classify, type DatabaseFailure, serverCode } from '../client/errors.js';
import { type Endpoint, readEndpoint } from '../endpoint.js';
import { alertsQuestion, rulesQuestion } from './alerts.js';
import {
  accountsQuestion,
  counterpartiesQuestion,
  daysQuestion,
  transactionsQuestion,
} from './customer.js';
import { Gate, QUESTIONS_RUNNING_MAX, QUESTIONS_WAITING_MAX } from './gate.js';
import type { LogName, Question } from './question.js';

export interface HistoryOptions {
  /** Data folder. */
  dir: string;
  configuration: Configuration;
  logger: Pick<Logger, 'warn'>;
  /** Of the process's clock; ages of records are told by it. */
  nowMs: () => number;
  /** HISTORY_TIMEOUT_MS; waiting for a turn is part of it. */
  timeoutMs?: number;
}

/** The storage role publishes once a second; after this silence it is taken to be away. */
const STATS_AGE_MS_MAX = 5_000;
/** Four of them leave the embedded server room to write. */
const QUESTION_MEMORY_BYTES_MAX = 128 * 1024 * 1024;
/** From here on groups go to disk: a long search is slower then, and not refused. */
const GROUPS_MEMORY_BYTES_MAX = 32 * 1024 * 1024;

/** Constants only. Limits beside LIMIT: they hold for what is made on the way, too. */
const READER_SETTINGS = {
  max_execution_time: Math.ceil(HISTORY_TIMEOUT_MS / 1000),
  max_result_rows: String(HISTORY_ROWS_MAX + 1),
  max_memory_usage: String(QUESTION_MEMORY_BYTES_MAX),
  max_bytes_before_external_group_by: String(GROUPS_MEMORY_BYTES_MAX),
  // What nobody waits for any more ends at once.
  cancel_http_readonly_queries_on_client_close: 1,
} as const;

const FAILURES: Record<DatabaseFailure, [HistoryFailure, string]> = {
  refused: ['unavailable', 'the history store does not answer; it is tried again'],
  timeout: ['timeout', 'the history store took too long; ask for less, or try again'],
  auth: ['unavailable', 'the history store refuses our user; see clickhouseUser and its password'],
  memory: ['too-large', 'the question needs too much memory; ask for less'],
  'disk-full': ['unavailable', 'the disk of the history store is full'],
  corrupt: ['failed', 'rows of the history store cannot be read; they are written again'],
  'too-many-parts': ['unavailable', 'the history store is overloaded; it is tried again'],
  'too-large': ['too-large', 'the answer is too large; ask for less'],
  busy: ['unavailable', 'the history store is busy; try again'],
  missing: ['unavailable', 'the history store is not set up yet'],
  'bad-data': ['failed', 'the history store does not understand the question'],
  other: ['failed', 'the history store failed; its log says why'],
};

export function createHistory(options: HistoryOptions): History {
  const reader = new HistoryReader(options);
  return {
    status: () => reader.status(),
    customerDays: (...asked) => reader.ask(daysQuestion(...asked)),
    customerAccounts: (...asked) => reader.ask(accountsQuestion(...asked)),
    topCounterparties: (...asked) => reader.ask(counterpartiesQuestion(...asked)),
    customerTransactions: (...asked) => reader.ask(transactionsQuestion(...asked)),
    searchAlerts: (...asked) => reader.ask(alertsQuestion(...asked)),
    ruleStatistics: (...asked) => reader.ask(rulesQuestion(...asked)),
    close: () => reader.close(),
  };
}

interface Connection {
  key: string;
  database: string;
  client: DatabaseClient;
}

class HistoryReader {
  private readonly gate = new Gate();
  private readonly board: StatsBoard;
  private readonly timeoutMs: number;
  private connection: Connection | undefined;
  private lastFailure: DatabaseFailure | undefined;

  constructor(private readonly options: HistoryOptions) {
    this.board = openStatsBoard(options.dir, { readOnly: true });
    this.timeoutMs = options.timeoutMs ?? HISTORY_TIMEOUT_MS;
  }

  status(): HistoryStatus {
    if (this.options.configuration.clickhouse === 'none') {
      const detail = 'no history is kept; set clickhouse in weir.yaml to embedded or to a server';
      return { state: 'off', detail, writtenToMs: null };
    }
    const entry = this.board.read('storage');
    if (entry === undefined) {
      return {
        state: 'starting',
        detail: 'the storage role has not started yet',
        writtenToMs: null,
      };
    }
    const told = (entry.value as Partial<StorageStats>).history;
    const silent = this.options.nowMs() - entry.atMs > STATS_AGE_MS_MAX;
    if (told === undefined || silent || !HISTORY_STATES.includes(told.state)) {
      const detail = 'the storage role is silent; it is restarted, see its log';
      return { state: 'away', detail, writtenToMs: told?.writtenToMs ?? null };
    }
    return told;
  }

  async ask<Row, T>(question: Question<Row, T>): Promise<HistoryAnswer<T[]>> {
    if (this.options.configuration.clickhouse === 'none') {
      return { ok: false, failure: 'unavailable', detail: this.status().detail };
    }
    const endMs = performance.now() + this.timeoutMs;
    const turn = await this.gate.run(this.timeoutMs, () => this.answer(question, endMs));
    if (turn.done) return turn.value;
    if (turn.why === 'late') return failed('timeout');
    const places = QUESTIONS_RUNNING_MAX + QUESTIONS_WAITING_MAX;
    const detail = `${places} questions are being answered or wait already; try again`;
    return { ok: false, failure: 'unavailable', detail };
  }

  async close(): Promise<void> {
    const { connection } = this;
    this.connection = undefined;
    await connection?.client.close();
  }

  private async answer<Row, T>(
    question: Question<Row, T>,
    endMs: number,
  ): Promise<HistoryAnswer<T[]>> {
    for (let mayRetry = true; ; mayRetry = false) {
      try {
        const connection = this.connect();
        if (connection === undefined) {
          const detail = this.status().detail || 'the history store has not started yet';
          return { ok: false, failure: 'unavailable', detail };
        }
        const answer = await this.fetch(connection, question, endMs);
        this.lastFailure = undefined;
        return answer;
      } catch (error) {
        const failure = classify(error);
        // A kept connection to a child that has gone, most often.
        if (failure === 'refused' && mayRetry) continue;
        this.report(failure, error);
        return failed(failure);
      }
    }
  }

  private async fetch<Row, T>(
    connection: Connection,
    question: Question<Row, T>,
    endMs: number,
  ): Promise<HistoryAnswer<T[]>> {
    const { limit, offset = 0 } = question;
    const leftMs = () => Math.max(1, Math.ceil(endMs - performance.now()));
    // First, and then the rows: the age may be told too old, never too young.
    const writtenToMs = await this.writtenToMs(connection, question.logs, leftMs());
    if (writtenToMs === 0) {
      return { ok: false, failure: 'unavailable', detail: 'nothing is stored yet' };
    }
    const sql = `${question.sql(connection.database)} LIMIT {rows:UInt64} OFFSET {offset:UInt64}`;
    const parameters = { ...question.parameters, rows: limit + 1, offset };
    const rows = await connection.client.query<Row>(sql, parameters, leftMs());
    const values = rows.slice(0, limit).map(question.read);
    const value = question.finish?.(values) ?? values;
    return { ok: true, value, writtenToMs, truncated: rows.length > limit };
  }

  /**
   * Up to when the answer is complete, 0 before the first record. The cursor tells of the newest
   * record; a log that is quiet is stored up to now, which the storage role knows: it tells how
   * much it has to do.
   */
  private async writtenToMs(
    { client, database }: Connection,
    logs: readonly LogName[],
    timeoutMs: number,
  ): Promise<number> {
    const entry = this.board.read('storage');
    const lag = (entry?.value as Partial<StorageStats> | undefined)?.lag;
    const [journal] = await client.query<{ ingest_ms: string }>(
      `SELECT ingest_ms FROM ${database}.cursors FINAL WHERE log = 'journal'`,
      {},
      timeoutMs,
    );
    const storedMs = journal === undefined ? 0 : exact(journal.ingest_ms);
    const idle = logs.every((log) => lag?.[log] === 0);
    return idle ? Math.max(storedMs, entry?.atMs ?? 0) : storedMs;
  }

  private connect(): Connection | undefined {
    const endpoint = readEndpoint(this.options.dir, this.options.configuration);
    if (endpoint === undefined) return undefined;
    const key = JSON.stringify(endpoint);
    if (this.connection?.key === key) return this.connection;
    void this.connection?.client.close();
    this.connection = { key, database: endpoint.database, client: this.open(endpoint) };
    return this.connection;
  }

  private open({ url, reader }: Endpoint): DatabaseClient {
    return createDatabaseClient({
      url,
      ...reader,
      requestTimeoutMs: this.timeoutMs,
      connectionsMax: QUESTIONS_RUNNING_MAX,
      settings: READER_SETTINGS,
    });
  }

  /** Once for each change: a page asks many times while the database is away. */
  private report(failure: DatabaseFailure, error: unknown): void {
    if (failure === this.lastFailure) return;
    this.lastFailure = failure;
    this.options.logger.warn({ failure, code: serverCode(error) }, 'history does not answer');
  }
}

function failed(why: DatabaseFailure): Extract<HistoryAnswer<never>, { ok: false }> {
  const [failure, detail] = FAILURES[why];
  return { ok: false, failure, detail };
}

/**
 * A bank whose logs are kept in ClickHouse, for tests of storage: a real journal through
 * admission, hits and work records of their own, the storage role's work in this process, and the
 * truth made from the same bytes by other code (the router's legs), compared row by row.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeHit } from '../../dashboard/server/hits.js';
import { type Harness, startAdmission } from '../../ingest/testing.js';
import {
  createLogger,
  createMetrics,
  type LmdbLog,
  type Metrics,
  openLmdbLog,
  openStatsBoard,
} from '../../platform/index.js';
import { ClassBit } from '../../schemas/classes.js';
import { type Configuration, configurationSchema } from '../../schemas/configuration.js';
import type { Hit } from '../../schemas/hit.js';
import type { TransactionFields } from '../../schemas/transaction-codec.js';
import type { WorkRecord } from '../../schemas/work-log.js';
import { createDatabaseClient, type DatabaseClient } from '../../storage/client/client.js';
import { readEndpoint } from '../../storage/endpoint.js';
import { type Storage, startStorage } from '../../storage/storage.js';
import { type Differences, reconcile } from '../../storage/writer/reconciliation.js';
import { compare, storedDifferences, sumsOf, truthOf } from './stored-truth.js';

const HOUR_MS = 3_600_000;
const PACE = {
  roundMs: 50,
  requestMsMax: 3_000,
  hungAfterMs: 3_000,
  compareFirstMs: 0,
  backOffMsMax: 400,
};
const READ_MS_MAX = 20_000;
const WAIT_MS_MAX = 60_000;

export interface StoredBankOptions {
  settings?: Partial<Configuration>;
  seed?: number;
  /** Before storage starts. */
  prepare?: (dir: string) => void;
}

export class StoredBank {
  readonly dir = mkdtempSync(join(tmpdir(), 'weir-stored-'));
  readonly configuration: Configuration;
  storage!: Storage;
  metrics!: Metrics;
  private harness!: Harness;
  private hits!: LmdbLog;
  private work!: LmdbLog;
  private readers: LmdbLog[] = [];
  private state: number;
  private made = 0;
  private readonly hitIds: string[] = [];
  private workRecords = 0;
  /** As it was offered, by position. */
  private readonly offered = new Map<number, string>();

  private constructor(options: StoredBankOptions) {
    this.configuration = configurationSchema.parse(options.settings ?? {});
    this.state = options.seed ?? 1;
  }

  static async start(options: StoredBankOptions = {}): Promise<StoredBank> {
    const bank = new StoredBank(options);
    bank.harness = await startAdmission(bank.dir);
    const writer = (name: string) => openLmdbLog(join(bank.dir, `${name}.mdb`), { name });
    bank.hits = writer('hits');
    bank.work = writer('work');
    options.prepare?.(bank.dir);
    await bank.startStorage();
    return bank;
  }

  async startStorage(): Promise<void> {
    const open = (name: string) =>
      openLmdbLog(join(this.dir, `${name}.mdb`), { name, readOnly: true });
    const [journal, hits, work] = [open('journal'), open('hits'), open('work')];
    this.readers = [journal, hits, work];
    this.metrics = createMetrics('storage', { processMetrics: false });
    this.storage = startStorage({
      dir: this.dir,
      configuration: this.configuration,
      logs: { journal, hits, work },
      metrics: this.metrics,
      stats: openStatsBoard(this.dir),
      nowMs: Date.now,
      logger: createLogger({ role: 'storage', level: 'fatal' }),
      pace: PACE,
    });
  }

  /** May be called again. */
  async stopStorage(): Promise<void> {
    if (this.readers.length === 0) return;
    await this.storage.stop(10_000);
    await Promise.all(this.readers.splice(0).map((log) => log.close()));
  }

  async stop(): Promise<void> {
    await this.stopStorage();
    await this.harness.stop();
    await Promise.all([this.hits.close(), this.work.close()]);
    rmSync(this.dir, { recursive: true, force: true });
  }

  get journal(): LmdbLog {
    return this.harness.journal as unknown as LmdbLog;
  }

  /** Seeded, so that a failure can be seen again. */
  private random(below: number): number {
    this.state = (Math.imul(this.state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((this.state / 2 ** 32) * below);
  }

  /** Appends transactions, and a hit with its alert's events for some; resolves when durable. */
  async live(transactions: number): Promise<void> {
    const batch = Array.from({ length: transactions }, () => this.transaction());
    const offered = this.harness.offer(batch, { history: true });
    if (offered.full) throw new Error('the journal is full');
    for (const [i, outcome] of offered.outcomes.entries()) {
      if (outcome.ack !== 'accepted') throw new Error(`not accepted: ${JSON.stringify(outcome)}`);
      const { id, amountMinor } = batch[i] as TransactionFields;
      this.offered.set(outcome.position, `${outcome.position}|${id}|${amountMinor}|true`);
    }
    await offered.flushed;
    for (let i = 0; i < transactions; i += 100) await this.alert();
  }

  private transaction(): TransactionFields {
    const n = this.made++;
    const account = (): TransactionFields['debtor'] => {
      const number = this.random(60);
      return number < 45
        ? { account: `账户-${number}`, kind: 'person' }
        : { account: `X-${number}`, kind: 'external', country: 'US' };
    };
    const debtor = account();
    let creditor = account();
    while (
      creditor.account === debtor.account ||
      (creditor.kind === 'external' && debtor.kind === 'external')
    ) {
      creditor = account();
    }
    const types = ['transfer', 'card', 'salary', 'fee', 'cash-out'] as const;
    return {
      id: `t'"\\${n}`,
      eventTimeMs: this.harness.clock.nowMs() - this.random(130 * 24) * HOUR_MS - this.random(1e6),
      debtor,
      creditor,
      amountMinor: 1 + this.random(1e9),
      currency: 'CNY',
      type: types[this.random(types.length)] ?? 'transfer',
      channel: 'mobile',
      ...(this.random(2) === 0 && { debtorBalanceAfterMinor: this.random(1e9) }),
    };
  }

  private async alert(): Promise<void> {
    const n = this.hitIds.length;
    const id = (n + 1).toString(16).padStart(32, '0');
    const position = this.hits.nextPosition;
    await this.hits.append([encodeHit(hit(id, n), { position: n, ingestMs: Date.now() })]);
    this.hitIds.push(id);
    const atMs = Date.now();
    const base = { atMs, alertId: id };
    const byUser = { ...base, user: 'officer', command: `c-${n}` };
    const records: WorkRecord[] = [
      { ...base, type: 'open', hitPosition: position, rule: 'r-1', subject: `账户-${n % 45}` },
      { ...byUser, type: 'take' },
      { ...byUser, type: 'close', reason: 'confirmed', note: "'; DROP TABLE x" },
    ];
    await this.work.append(records.map((record) => Buffer.from(JSON.stringify(record))));
    this.workRecords += records.length;
  }

  /** Waits until everything that was appended is stored. */
  async caughtUp(): Promise<void> {
    for (let waitedMs = 0; waitedMs < WAIT_MS_MAX; waitedMs += 20) {
      const { lag, status } = this.storage.writer;
      if (status.state === 'ready' && lag.journal + lag.hits + lag.work === 0) return;
      await new Promise((done) => setTimeout(done, 20));
    }
    const { status, lag, errorsTotal } = this.storage.writer;
    throw new Error(`not caught up: ${JSON.stringify({ status, lag, errorsTotal })}`);
  }

  /** Asks as the reader. */
  async ask<Row>(sql: string): Promise<Row[]> {
    const client = this.client();
    try {
      return await client.query<Row>(sql);
    } finally {
      await client.close();
    }
  }

  client(as: 'reader' | 'writer' = 'reader'): DatabaseClient {
    const endpoint = readEndpoint(this.dir, this.configuration);
    if (endpoint === undefined) throw new Error('ClickHouse does not listen');
    return createDatabaseClient({
      url: endpoint.url,
      ...endpoint[as],
      requestTimeoutMs: READ_MS_MAX,
    });
  }

  /** Every difference between the logs and the rows, in words; empty when there is none. */
  differences(): Promise<string[]> {
    const { offered, hitIds, workRecords } = this;
    const truth = truthOf(this.harness.admitted, (position) => offered.get(position));
    return storedDifferences((sql) => this.ask(sql), { ...truth, hitIds, workRecords });
  }

  /** Sums that are not those of the stored rows, which may be fewer than the log had. */
  async wrongSums(): Promise<string[]> {
    const rows = async (at: string): Promise<string[]> => {
      const side = (n: number) => `countIf(side = ${n}), sumIf(amount_base_minor, side = ${n})`;
      const found = await this.ask<Record<string, unknown>>(
        `SELECT subject, account, ${at} AS at, ${side(1)}, ${side(0)}, ` +
          `countIf(bitAnd(class_bits, ${ClassBit.customerMade}) != 0) ` +
          'FROM weir.legs FINAL GROUP BY subject, account, at',
      );
      return found.map((row) => Object.values(row).join('|'));
    };
    const day = "toUInt16(toDate(fromUnixTimestamp64Milli(event_ms, 'Asia/Shanghai')))";
    return [
      ...compare(
        'hours',
        await rows('intDiv(event_ms, 3600000)'),
        await sumsOf((sql) => this.ask(sql), 'hour', 'account_hours'),
      ),
      ...compare(
        'days',
        await rows(day),
        await sumsOf((sql) => this.ask(sql), 'toUInt16(day)', 'account_days'),
      ),
    ];
  }

  /** As storage compares once an hour. */
  async reconcile(): Promise<Differences> {
    const [journal, hits, work] = this.readers as [LmdbLog, LmdbLog, LmdbLog];
    const client = this.client('writer');
    try {
      return await reconcile(
        { client, database: 'weir', logs: { journal, hits, work }, keptFrom: 0 },
        { journal: journal.end(), hits: hits.end(), work: 0, block: 0, writtenToMs: 0 },
      );
    } finally {
      await client.close();
    }
  }
}

function hit(id: string, n: number): Hit {
  return {
    id,
    rule: `rule-${n % 3}`,
    ruleVersion: 1,
    catalogueVersion: 'abc',
    family: 'aml',
    subject: `账户-${n % 45}`,
    account: '',
    eventTime: 1_000_000 + n,
    severity: 'high',
    score: 50,
    action: 'notify',
    observed: { feature: 'f', unit: 'count', value: 1 },
    threshold: 1,
    band: 'b',
    gates: [],
    window: { from: 0, to: 1 },
    facts: {},
    transactions: [],
    transactionIds: [],
    transactionCount: 0,
    atLeast: false,
    counterparties: [],
    transactionId: '',
    amountBaseMinor: 5,
    profile: 0,
    referenceVersion: 1,
    origin: { source: 1, partition: 0, offset: n, index: 0 },
    side: 'timer',
    history: false,
  };
}

/**
 * The whole program while its ClickHouse suffers: payments come in over HTTP, each makes a hit, an
 * officer's page stays subscribed; and what must be true at any time and in the end.
 */
import { join } from 'node:path';
import { openLmdbLog, openStatsBoard } from '../../platform/index.js';
import { configurationSchema } from '../../schemas/configuration.js';
import { RECORD_HEADER_KIND } from '../../schemas/generated/records.js';
import type { AlertRow } from '../../schemas/protocol.js';
import type { StorageStats } from '../../schemas/stats.js';
import { createDatabaseClient, type DatabaseClient } from '../../storage/client/client.js';
import { type Endpoint, readEndpoint } from '../../storage/endpoint.js';
import { type Differences, reconcile } from '../../storage/writer/reconciliation.js';
import type { Random } from '../demo/random.js';
import { packageRoot } from '../package.js';
import { ingestKey, signInLink } from './clients.js';
import { LiveClient } from './live-client.js';
import { Load } from './load.js';
import { childPid, freePorts, type Program, startRun, until, untilReady } from './program.js';
import { storedDifferences, truthOf } from './stored-truth.js';
import { readLog, type Verdict, verifyFolder } from './verify.js';

const CATALOGUE = join(packageRoot(), 'app', 'testing', 'every-transaction.yaml');
const FLAGS = ['--demo', 'none', '--catalogue', CATALOGUE, '--log-level', 'warn'];
const LOGS = ['journal', 'hits', 'work'] as const;
/** So many that nearly every payment opens an alert of its own. */
const ACCOUNTS = 100_000;
/** Payments that must have come, been acknowledged and shown before a fault may end. */
const PAYMENTS_IN_FAULT = 40;
const QUERY_MS_MAX = 20_000;
const KIND_TRANSACTION = 1;

export class StorageWorld {
  private constructor(
    readonly dir: string,
    readonly program: Program,
    readonly load: Load,
    readonly live: LiveClient,
    private readonly server: Endpoint | undefined,
  ) {}

  static async start(
    dir: string,
    random: Random,
    flags: readonly string[],
    server?: Endpoint,
  ): Promise<StorageWorld> {
    const ports = await freePorts();
    const program = startRun(dir, ports, [...FLAGS, ...flags]);
    await untilReady(program);
    const origin = `http://127.0.0.1:${ports.dashboard}`;
    const live = await LiveClient.signIn(origin, signInLink(program));
    await live.start();
    const load = new Load({
      url: `http://127.0.0.1:${ports.ingest}/v1/transactions`,
      key: () => ingestKey(dir),
      random,
      batchesPerSecond: 20,
      transactionsPerBatch: 5,
      accounts: ACCOUNTS,
    });
    load.start();
    return new StorageWorld(dir, program, load, live, server);
  }

  /** Of those that nothing here may restart. */
  pids(): (number | undefined)[] {
    return ['engine', 'dashboard', 'storage'].map((role) => childPid(this.program.pid, role));
  }

  get stats(): StorageStats | undefined {
    const board = openStatsBoard(this.dir, { readOnly: true });
    return board.read('storage')?.value as StorageStats | undefined;
  }

  /** Hits that the page has been told of. */
  get shown(): number {
    let hits = 0;
    for (const row of this.live.rows.values()) hits += row.hitCount;
    return hits;
  }

  /** Payments go on being taken, and their alerts arrive on the socket. */
  async alertsGoOn(): Promise<void> {
    const { load } = this;
    const before = load.acknowledged.size;
    await until(() => load.acknowledged.size > before + PAYMENTS_IN_FAULT);
    const acknowledged = load.acknowledged.size;
    await until(
      () => this.shown >= acknowledged,
      () => `${this.shown} of ${acknowledged} on the socket: ${this.program.err().slice(-2_000)}`,
    );
  }

  /** No new payments; everything that was sent is shown and stored. */
  async settle(): Promise<Verdict> {
    const { load, live, dir } = this;
    load.stop();
    await until(() => load.outstanding === 0 && this.shown >= load.acknowledged.size);
    const verdict = await verifyFolder(dir, {
      rules: ['every-transaction'],
      sent: load.sent,
      acknowledged: load.acknowledged,
      commandsDone: live.commandsDone,
      commandsSent: live.commandsSent,
    });
    const ends = await this.ends();
    await until(
      async () => (await this.storedTo()).every((position, i) => position >= (ends[i] ?? 0)),
      () => `not stored: ${JSON.stringify(this.stats)} ${this.program.err().slice(-2_000)}`,
    );
    return verdict;
  }

  private async ends(): Promise<number[]> {
    const logs = LOGS.map((name) => this.openLog(name));
    const ends = logs.map((log) => log.end());
    await Promise.all(logs.map((log) => log.close()));
    return ends;
  }

  private openLog(name: (typeof LOGS)[number]) {
    return openLmdbLog(join(this.dir, `${name}.mdb`), { name, readOnly: true });
  }

  private async storedTo(): Promise<number[]> {
    try {
      const rows = await this.ask<{ log: string; position: string }>(
        'SELECT log, position FROM weir.cursors FINAL',
      );
      return LOGS.map((name) => Number(rows.find(({ log }) => log === name)?.position ?? -1));
    } catch {
      return [-1]; // it is on its way back
    }
  }

  client(): DatabaseClient {
    const endpoint = this.server ?? readEndpoint(this.dir, configurationSchema.parse({}));
    if (endpoint === undefined) throw new Error('ClickHouse does not listen');
    const { url, writer } = endpoint;
    return createDatabaseClient({ url, ...writer, requestTimeoutMs: QUERY_MS_MAX });
  }

  private async ask<Row>(sql: string): Promise<Row[]> {
    const client = this.client();
    try {
      return await client.query<Row>(sql);
    } finally {
      await client.close();
    }
  }

  /** Between the logs, what was sent, and the tables. */
  async differences(): Promise<string[]> {
    const journal = await readLog(join(this.dir, 'journal.mdb'), 'journal');
    const admitted = journal
      .filter(({ bytes }) => bytes[RECORD_HEADER_KIND] === KIND_TRANSACTION)
      .map(({ position, bytes }) => ({ position, record: bytes }));
    const truth = truthOf(admitted, () => undefined);
    // A leg of each payment is the debtor's, who is ours; its amount is told by whoever sent it.
    const transactions = truth.legs.flatMap((leg) => {
      const [position, side, , , , , id = ''] = leg.split('|');
      const sent = this.load.sent.get(id);
      return side === '0' ? [`${position}|${id}|${sent?.amountMinor}|false`] : [];
    });
    const hits = await readLog(join(this.dir, 'hits.mdb'), 'hits');
    // The id as 32 digits, of four words that stand one after another.
    const hitIds = hits.map(({ bytes }) => {
      const head = new DataView(bytes.buffer, bytes.byteOffset);
      const words = [40, 44, 48, 52].map((at) => head.getUint32(at, true));
      return words.map((word) => word.toString(16).padStart(8, '0')).join('');
    });
    const work = await readLog(join(this.dir, 'work.mdb'), 'work');
    return storedDifferences((sql) => this.ask(sql), {
      ...truth,
      transactions,
      hitIds,
      workRecords: work.length,
    });
  }

  /** As storage compares, on what it has stored by now. */
  async reconcile(): Promise<Differences> {
    const [journal, hits, work] = LOGS.map((name) => this.openLog(name));
    if (journal === undefined || hits === undefined || work === undefined) throw new Error('logs');
    const client = this.client();
    try {
      const [journalTo = 0, hitsTo = 0] = await this.storedTo();
      const to = { journal: journalTo, hits: hitsTo, work: 0, block: 0, writtenToMs: 0 };
      const logs = { journal, hits, work };
      return await reconcile({ client, database: 'weir', logs, keptFrom: 0 }, to);
    } finally {
      await client.close();
      await Promise.all([journal, hits, work].map((log) => log.close()));
    }
  }

  /** Ids of alerts in the order in which they were opened. */
  async opened(): Promise<string[]> {
    const work = await readLog(join(this.dir, 'work.mdb'), 'work');
    const records = work.map(
      ({ bytes }) => JSON.parse(Buffer.from(bytes).toString('utf8')) as Record<string, string>,
    );
    return records.flatMap(({ type, alertId }) => (type === 'open' && alertId ? [alertId] : []));
  }
}

/** What the page was shown against what the logs say: each alert, all its hits, in order. */
export function unlike(
  opened: readonly string[],
  verdict: Verdict,
  rows: readonly Pick<AlertRow, 'id' | 'hitCount'>[],
): string[] {
  const problems: string[] = [];
  if (rows.length !== opened.length) problems.push(`${rows.length} alerts of ${opened.length}`);
  for (const [i, id] of opened.entries()) {
    if (rows[i]?.id !== id) problems.push(`alert ${i} is ${rows[i]?.id}, opened was ${id}`);
    else if (rows[i]?.hitCount !== verdict.alerts.get(id)?.hitCount) {
      problems.push(`${id} shows ${rows[i]?.hitCount} hits`);
    }
  }
  return problems.slice(0, 5);
}

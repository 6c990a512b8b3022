/**
 * History against a real ClickHouse: whatever a writer under retries has brought, each answer is
 * the one of plain code over the distinct rows; no text of a row or a question does anything.
 */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createLogger, openStatsBoard } from '../../platform/index.js';
import { CLOSE_REASONS } from '../../schemas/close-reasons.js';
import { configurationSchema } from '../../schemas/configuration.js';
import type { AlertSearch, History, HistoryAnswer } from '../../schemas/history.js';
import { FAMILIES, SEVERITIES } from '../../schemas/hit.js';
import { createDatabaseClient, type DatabaseClient } from '../client/client.js';
import { classify } from '../client/errors.js';
import { migrate } from '../client/migrations.js';
import type { Columns, RowOf, RowWriter } from '../client/row-binary.js';
import { writeEndpoint } from '../endpoint.js';
import { startTestDatabase, type TestDatabase } from '../testing/database.js';
import { createTables } from '../writer/tables.js';
import { createHistory } from './history.js';
import * as oracle from './testing/oracle.js';
import {
  asRetried,
  DAY_MS,
  dateOf,
  HOSTILE,
  makeWorld,
  type Random,
  START_MS,
  type World,
} from './testing/world.js';

const RUNS = process.env['WEIR_DEEP'] === '1' ? 60 : 3;
const TIMEOUT_MS = 20_000;
const STORED_MS = 4_711;
const nowMs = () => START_MS;
const cursorAt = (position: number, ingest_ms: number) => ({
  log: 'journal',
  position,
  ingest_ms,
  block: 0,
});

let database: TestDatabase;
let writer: DatabaseClient;
let history: History;

beforeAll(async () => {
  database = await startTestDatabase();
  const { url, writer: login } = database.endpoint;
  writer = createDatabaseClient({ url, ...login, requestTimeoutMs: TIMEOUT_MS });
  expect(await migrate(writer, 'weir', nowMs)).toMatchObject({ ok: true });
  await put(createTables().cursors, [[cursorAt(5, STORED_MS)]]);
  history = historyIn(database.dir);
});

afterAll(async () => {
  await history?.close();
  await writer?.close();
  await database?.stop();
});

function historyIn(dir: string, timeoutMs = TIMEOUT_MS): History {
  const configuration = configurationSchema.parse({});
  const logger = createLogger({ role: 'test', level: 'fatal' });
  return createHistory({ dir, configuration, logger, nowMs, timeoutMs });
}

function value<T>(answer: HistoryAnswer<T>): T {
  if (!answer.ok) throw new Error(`${answer.failure}: ${answer.detail}`);
  return answer.value;
}

async function put<C extends Columns>(table: RowWriter<C>, batches: RowOf<C>[][]): Promise<void> {
  for (const batch of batches) {
    table.clear();
    for (const row of batch) table.add(row);
    await writer.insert(table.insertSql('weir'), table.bytes());
  }
}

async function store(world: World): Promise<void> {
  const { random, legs, days, olderDays, hits, events } = world;
  const tables = createTables();
  for (const name of ['legs', 'account_days', 'hits', 'alert_events']) {
    await writer.command(`TRUNCATE TABLE weir.${name}`);
  }
  await put(tables.legs, asRetried(random, legs));
  await put(tables.account_days, asRetried(random, [...days, ...olderDays]));
  await put(tables.hits, asRetried(random, hits));
  await put(tables.alert_events, asRetried(random, events));
}

function randomSearch({ random, rules, subjects }: World): AlertSearch {
  const fromMs = START_MS + random.below(20) * DAY_MS;
  const maybe = <K extends string, V>(name: K, list: readonly V[]) =>
    random.chance(0.3) ? ({ [name]: random.pick(list) } as Record<K, V>) : {};
  return {
    fromMs,
    toMs: fromMs + random.below(40) * DAY_MS,
    limit: 1 + random.below(30),
    ...(random.chance(0.3) && { offset: random.below(5) }),
    ...maybe('rule', rules),
    ...maybe('family', FAMILIES),
    ...maybe('subject', subjects),
    ...maybe('state', ['open', 'taken', 'closed'] as const),
    ...maybe('severityAtLeast', SEVERITIES),
    ...maybe('closeReason', CLOSE_REASONS),
  };
}

async function checkCustomer(world: World, subject: string): Promise<void> {
  const { random } = world;
  const from = dateOf(Math.floor(START_MS / DAY_MS) + random.below(20));
  const to = dateOf(Math.floor(START_MS / DAY_MS) + 15 + random.below(30));
  const atMs = momentOf(random);
  const limit = 1 + random.below(20);
  const [days, accounts, flows, legs] = await Promise.all([
    history.customerDays(subject, from, to),
    history.customerAccounts(subject),
    history.topCounterparties(subject, atMs, limit),
    history.customerTransactions(subject, atMs, limit),
  ]);
  expect(value(days)).toEqual(oracle.days(world, subject, from, to));
  expect(value(accounts)).toEqual(oracle.accounts(world, subject));
  const allFlows = oracle.counterparties(world, subject, atMs);
  expect(value(flows)).toEqual(allFlows.slice(0, limit));
  expect(flows).toMatchObject({ truncated: allFlows.length > limit });
  const allLegs = oracle.transactions(world, subject, atMs);
  expect(value(legs)).toEqual(allLegs.slice(0, limit));
  expect(legs).toMatchObject({ truncated: allLegs.length > limit });
}

const momentOf = (random: Random) => START_MS + random.below(45) * DAY_MS + random.below(20);

it('answers what brute force finds, however often and in whatever order rows came', async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(), async (seed) => {
      const world = makeWorld(seed, 300);
      await store(world);
      for (const subject of [...world.subjects, 'unknown']) {
        await checkCustomer(world, subject);
      }
      for (let i = 0; i < 12; i++) {
        const search = randomSearch(world);
        const all = oracle.alerts(world, search);
        const from = search.offset ?? 0;
        const answer = await history.searchAlerts(search);
        expect(value(answer)).toEqual(all.slice(from, from + search.limit));
        expect(answer).toMatchObject({ truncated: all.length > from + search.limit });
      }
      for (const fromMs of [0, momentOf(world.random)]) {
        expect(value(await history.ruleStatistics(fromMs))).toEqual(oracle.rules(world, fromMs));
      }
    }),
    { numRuns: RUNS },
  );
});

it('takes whatever is asked as text', async () => {
  const world = makeWorld(1, 200);
  await store(world);
  const before = await countAll();
  for (const text of HOSTILE) {
    const search = { fromMs: 0, toMs: Number.MAX_SAFE_INTEGER, limit: 10 };
    for (const more of [{ rule: text }, { subject: text }, { family: text }, { state: text }]) {
      const asked = { ...search, ...more } as AlertSearch;
      const all = oracle.alerts(world, asked);
      expect(value(await history.searchAlerts(asked))).toEqual(all.slice(0, 10));
    }
    // No date: a failure as a value, and no word of it is SQL.
    expect(await history.customerDays('plain', text, text)).toMatchObject({ failure: 'failed' });
  }
  expect(await countAll()).toEqual(before);
});

/** Of what is there once: merges change the rest at any moment. */
async function countAll(): Promise<unknown> {
  const counts = Object.keys(createTables()).map(
    (table) => `(SELECT count() FROM weir.${table} FINAL) AS ${table}`,
  );
  return writer.query(`SELECT ${counts.join(', ')}`);
}

it('gives at most as many rows as the port says, and tells that there are more', async () => {
  const tables = createTables();
  const [like] = makeWorld(2, 50).legs;
  const legs = Array.from({ length: 1_200 }, (_, i) => ({
    ...like!,
    subject: 'busy',
    position: 1_000_000 + i,
    counterparty: `P${i}`,
  }));
  await put(tables.legs, [legs]);
  for (const answer of [
    await history.topCounterparties('busy', 0, 100_000),
    await history.customerTransactions('busy', Number.POSITIVE_INFINITY, 100_000),
  ]) {
    expect(answer).toMatchObject({ ok: true, truncated: true });
    expect(value<unknown[]>(answer)).toHaveLength(1_000);
  }
});

it('says up to when an answer is complete', async () => {
  const tables = createTables();
  const board = openStatsBoard(database.dir, { nowMs: () => START_MS - 1_000 });
  const ready = { state: 'ready', detail: '', writtenToMs: STORED_MS } as const;
  const age = async () => {
    const answer = await history.customerAccounts('plain');
    return answer.ok ? answer.writtenToMs : answer.detail;
  };
  await writer.command('TRUNCATE TABLE weir.cursors');
  expect(await age()).toBe('nothing is stored yet');
  expect(history.status()).toMatchObject({ state: 'starting', writtenToMs: null });
  await put(tables.cursors, [[cursorAt(5, STORED_MS), cursorAt(3, 3_000)]]);
  await board.publish('storage', { history: ready, lag: { journal: 3, hits: 0, work: 0 } });
  expect(await age()).toBe(STORED_MS);
  expect(history.status()).toEqual(ready);
  // Nothing left to write: a quiet log is not an old one.
  await board.publish('storage', { history: ready, lag: { journal: 0, hits: 0, work: 0 } });
  expect(await age()).toBe(START_MS - 1_000);
  await openStatsBoard(database.dir, { nowMs: () => START_MS - 5_001 }).publish('storage', {
    history: ready,
  });
  expect(history.status()).toMatchObject({ state: 'away', writtenToMs: STORED_MS });
});

it('reads as a user who cannot write, create, or reach files and the network', async () => {
  const { url, reader } = database.endpoint;
  const client = createDatabaseClient({ url, ...reader, requestTimeoutMs: TIMEOUT_MS });
  const before = await countAll();
  for (const sql of [
    "INSERT INTO weir.logs (log, identity) VALUES ('x', 'y')",
    'TRUNCATE TABLE weir.legs',
    'DROP TABLE weir.legs',
    'CREATE TABLE weir.mine (x UInt8) ENGINE = Memory',
    'ALTER TABLE weir.legs DELETE WHERE 1',
    "SELECT * FROM file('/etc/hostname', 'LineAsString')",
    "SELECT * FROM url('http://127.0.0.1:1/', 'LineAsString')",
    'SELECT 1 SETTINGS readonly = 0',
    'SYSTEM SHUTDOWN',
  ]) {
    expect([sql, await client.command(sql).then(() => 'done', classify)]).toEqual([sql, 'auth']);
  }
  await client.close();
  expect(await countAll()).toEqual(before);
});

it('finds the database again on another port, and says when it is not there', async () => {
  const refused = await withEndpoint({ reader: { user: 'weir_reader', password: 'wrong' } });
  expect(refused).toMatchObject({ ok: false, failure: 'unavailable' });
  const nobody = await withEndpoint({ url: 'http://127.0.0.1:1' });
  expect(nobody).toMatchObject({ ok: false, failure: 'unavailable' });
  const missing = await withEndpoint({ database: 'another' });
  expect(missing).toMatchObject({ ok: false, failure: 'unavailable' });
  await database.restart();
  expect(await history.customerAccounts('busy')).toMatchObject({ ok: true });
});

/** One question while the file of the endpoint says something else. */
async function withEndpoint(change: object): Promise<HistoryAnswer<unknown>> {
  writeEndpoint(database.dir, { ...database.endpoint, ...change });
  const answer = await history.customerAccounts('plain');
  writeEndpoint(database.dir, database.endpoint);
  return answer;
}

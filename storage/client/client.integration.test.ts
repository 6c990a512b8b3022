/** Against a real ClickHouse: bytes that we write come back as they were, errors have a name. */
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startTestDatabase, type TestDatabase } from '../testing/database.js';
import { createTables } from '../writer/tables.js';
import { createDatabaseClient, type DatabaseClient, exact } from './client.js';
import { classify, DatabaseError } from './errors.js';
import { MIGRATIONS_FOLDER, type Migration, migrate, readMigrations } from './migrations.js';
import { type ColumnType, createRowWriter } from './row-binary.js';

const TIMEOUT_MS = 20_000;
const nowMs = () => 1_760_000_000_000;

let database: TestDatabase;
let client: DatabaseClient;

beforeAll(async () => {
  database = await startTestDatabase();
  const { url, writer } = database.endpoint;
  client = createDatabaseClient({ url, ...writer, requestTimeoutMs: TIMEOUT_MS });
});
afterAll(async () => {
  await client?.close();
  await database?.stop();
});
beforeEach(() => client.command('DROP DATABASE IF EXISTS weir SYNC'));

const failureOf = (work: Promise<unknown>) => work.then(() => 'done', classify);

async function tables(): Promise<string[]> {
  const rows = await client.query<{ name: string }>(
    "SELECT name FROM system.tables WHERE database = 'weir' ORDER BY name",
  );
  return rows.map(({ name }) => name);
}

describe('rows', () => {
  it('have the columns of the migrations, in name, type and order', async () => {
    await migrate(client, 'weir', nowMs);
    for (const { table, columns } of Object.values(createTables())) {
      const described = await client.query<{ name: string; type: string }>(
        `DESCRIBE TABLE weir.${table}`,
      );
      expect([table, described.map(({ name, type }) => [name, type])]).toEqual([
        table,
        Object.entries(columns),
      ]);
    }
  });

  const COLUMNS = {
    u8: 'UInt8',
    text: 'String',
    u16: 'UInt16',
    u32: 'UInt32',
    u64: 'UInt64',
    code: 'LowCardinality(String)',
    i64: 'Int64',
    id: 'FixedString(32)',
    real: 'Float32',
    flag: 'Bool',
    maybe: 'Nullable(Int64)',
    day: 'Date',
  } as const;
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 60 }),
    fc.constantFrom('\0', `\\'"`, '🏦'.repeat(3_000), 'é'.repeat(43), 'x'.repeat(127), ''),
  );
  const whole = fc.oneof(fc.maxSafeInteger(), fc.constantFrom(0, -1, 2 ** 32, -(2 ** 32)));
  const row = fc.record({
    u8: fc.nat(255),
    text,
    u16: fc.nat(65_535),
    u32: fc.nat({ max: 2 ** 31 - 1 }).map((n) => n * 2 + 1),
    u64: whole.map(Math.abs),
    code: text,
    i64: whole,
    id: fc.nat().map((n) => n.toString(16).padStart(32, '0')),
    real: fc.float({ noNaN: true, noDefaultInfinity: true }),
    flag: fc.boolean(),
    maybe: fc.option(whole),
    day: fc.nat(65_535),
  });

  it('come back as they were', async () => {
    await client.command('CREATE DATABASE weir ENGINE = Atomic');
    const names = Object.entries(COLUMNS).map(([name, type]) => `${name} ${type}`);
    await client.command(
      `CREATE TABLE weir.t (n UInt32, ${names.join(', ')}) ENGINE = MergeTree ORDER BY n ` +
        'SETTINGS index_granularity = 128',
    );
    const writer = createRowWriter('t', { n: 'UInt32', ...COLUMNS } as const);
    await fc.assert(
      fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 200 }), async (rows) => {
        await client.command('TRUNCATE TABLE weir.t');
        writer.clear();
        for (const [n, one] of rows.entries()) writer.add({ n, ...one });
        await client.insert(writer.insertSql('weir'), writer.bytes());
        const stored = await client.query<Record<string, string | number | boolean | null>>(
          'SELECT * EXCEPT (day, n), toUInt16(day) AS day FROM weir.t ORDER BY n',
        );
        const numbers = (value: string | number | boolean | null) =>
          value === null ? null : exact(value as string);
        expect(
          stored.map((one) => ({
            ...one,
            u64: numbers(one['u64']!),
            i64: numbers(one['i64']!),
            maybe: numbers(one['maybe']!),
            real: Math.fround(one['real'] as number),
          })),
        ).toEqual(rows);
      }),
      { numRuns: 15 },
    );
  });

  it('are refused whole when a value does not fit, and the writer goes on', () => {
    const bad: [ColumnType, unknown][] = [
      ['UInt8', 256],
      ['UInt16', -1],
      ['UInt32', 2 ** 32],
      ['UInt64', 2 ** 53],
      ['UInt64', 0.5],
      ['Int64', -(2 ** 53)],
      ['Int64', undefined],
      ['Float32', '1'],
      ['Bool', 1],
      ['String', 7],
      ['FixedString(32)', 'é'.repeat(16)],
      ['FixedString(32)', 'é'.repeat(32)],
      ['Nullable(Int64)', undefined],
      ['Date', 65_536],
    ];
    for (const [type, value] of bad) {
      const writer = createRowWriter('t', { first: 'String', second: type });
      const secret = { first: 'a customer', second: value as never };
      expect(() => writer.add(secret)).toThrow(/^t\.second: not /);
      expect([writer.rows, writer.byteLength]).toEqual([0, 0]);
    }
  });
});

describe('errors', () => {
  it('are one of a closed set, and the client goes on', async () => {
    await migrate(client, 'weir', nowMs);
    const { url } = database.endpoint;
    const as = (user: string, at = url) =>
      createDatabaseClient({ url: at, user, password: 'wrong', requestTimeoutMs: TIMEOUT_MS });
    const cursors = 'INSERT INTO weir.cursors (log, position, ingest_ms, block) FORMAT RowBinary';
    const failures: [string, () => Promise<unknown>][] = [
      ['auth', () => as('weir').query('SELECT 1')],
      ['auth', () => as('default').query('SELECT 1')],
      ['auth', () => client.query("SELECT * FROM file('/etc/hostname', 'LineAsString')")],
      ['refused', () => as('weir', 'http://127.0.0.1:1').query('SELECT 1')],
      ['missing', () => client.query('SELECT * FROM weir.nowhere')],
      ['missing', () => client.query('SELECT nothing FROM weir.logs')],
      ['bad-data', () => client.insert(cursors, Buffer.from('no row'))],
      ['timeout', () => client.query('SELECT sleep(3)', {}, 200)],
      ['timeout', () => client.query('SELECT sleep(3) SETTINGS max_execution_time = 1')],
      ['too-large', () => client.query('SELECT * FROM numbers(10) SETTINGS max_result_rows = 2')],
      ['memory', () => client.query('SELECT groupArray(number) FROM numbers(1e8)', {})],
    ];
    for (const [failure, work] of failures) expect(await failureOf(work())).toBe(failure);
    expect(await client.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
    const full = new Error('Code: 1001. filesystem error: No space left on device');
    expect(classify(full)).toBe('disk-full');
    expect(() => exact('9007199254740993')).toThrow(DatabaseError);
  });
});

describe('migrations', () => {
  /** The client that a crash cuts off after so many statements. */
  function dyingAfter(statements: number): DatabaseClient {
    let left = statements;
    const command: DatabaseClient['command'] = (sql) => {
      if (left-- <= 0) return Promise.reject(new Error('planted crash'));
      return client.command(sql);
    };
    return { ...client, command };
  }

  it('run once, also when cut off after any statement or run by several at once', async () => {
    const fresh = { ok: true, version: readMigrations().length, applied: readMigrations().length };
    for (let statements = 0; ; statements++) {
      if (await failed(migrate(dyingAfter(statements), 'weir', nowMs))) continue;
      expect(statements).toBeGreaterThan(5);
      break;
    }
    const [all, again] = [await tables(), await migrate(client, 'weir', nowMs)];
    expect(again).toEqual({ ...fresh, applied: 0 });
    await client.command('DROP DATABASE weir SYNC');
    const several = [1, 2, 3].map(() => migrate(client, 'weir', nowMs));
    for (const outcome of await Promise.all(several)) expect(outcome).toMatchObject({ ok: true });
    expect(await tables()).toEqual(all);
    const book = await client.query('SELECT version FROM weir.migrations FINAL');
    expect(book).toHaveLength(fresh.version);
  });

  const failed = (work: Promise<unknown>) =>
    work.then(
      () => false,
      () => true,
    );

  it('refuse a database of a newer version and a file that was changed', async () => {
    const ours = readMigrations();
    const next: Migration = {
      version: ours.length + 1,
      name: 'next.sql',
      sha256: 'abc',
      statements: ['CREATE TABLE IF NOT EXISTS {database}.more (x UInt8) ENGINE = Memory'],
    };
    await migrate(client, 'weir', nowMs);
    expect(await migrate(client, 'weir', nowMs, [...ours, next])).toMatchObject({ applied: 1 });
    expect(await tables()).toContain('more');
    expect(await migrate(client, 'weir', nowMs)).toMatchObject({ ok: false, problem: 'newer' });
    const edited = [...ours, { ...next, sha256: 'abd' }];
    const refusal = await migrate(client, 'weir', nowMs, edited);
    expect(refusal).toMatchObject({ ok: false, problem: 'changed' });
    expect(refusal).toMatchObject({ detail: expect.stringContaining('next.sql') });
  });

  it('take no name that is not one, and no file that could not be run again', async () => {
    await expect(migrate(client, 'weir; DROP DATABASE weir', nowMs)).rejects.toThrow();
    const folder = mkdtempSync(join(tmpdir(), 'weir-migrations-'));
    cpSync(MIGRATIONS_FOLDER, folder, { recursive: true });
    const name = `000${readMigrations().length + 1}-once.sql`;
    writeFileSync(join(folder, name), '-- IF NOT EXISTS\nCREATE TABLE {database}.t (x UInt8)\n;\n');
    expect(() => readMigrations(folder)).toThrow('cannot be run again');
    rmSync(join(folder, name));
    writeFileSync(join(folder, '0009-gap.sql'), 'DROP TABLE IF EXISTS {database}.t');
    expect(() => readMigrations(folder)).toThrow('is missing');
    rmSync(folder, { recursive: true });
  });
});

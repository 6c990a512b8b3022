/**
 * Storage against the real ClickHouse: what is in the logs is in the tables once, whatever is
 * killed, and the sums are those of the rows.
 */
import { readdirSync, rmSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { neededFrom } from '../platform/index.js';
import type { DatabaseFailure } from '../storage/client/errors.js';
import { startBlackHole } from '../storage/testing/black-hole.js';
import { startTestDatabase } from '../storage/testing/database.js';
import { ROW_TABLES, type RowTable } from '../storage/writer/tables.js';
import { canMount, fillDisk, mountSmallDisk, unmountSmallDisk } from './testing/small-disk.js';
import { StoredBank, type StoredBankOptions } from './testing/stored-bank.js';

const deep = process.env['WEIR_DEEP'] === '1';
const KILLS = deep ? 100 : 3;

let bank: StoredBank | undefined;
async function start(options?: StoredBankOptions): Promise<StoredBank> {
  bank = await StoredBank.start(options);
  return bank;
}
afterEach(async () => {
  await bank?.stop();
  bank = undefined;
});

describe('storage', () => {
  it('keeps every transaction, hit and alert event once, with sums that are theirs', async () => {
    const { live, caughtUp, differences } = bound(await start());
    await live(3_000);
    await caughtUp();
    expect(await differences()).toEqual([]);
    await live(500);
    await bank?.stopStorage();
    await live(500);
    await bank?.startStorage();
    await caughtUp();
    expect(await differences()).toEqual([]);
    const { writer } = bank?.storage ?? {};
    expect(writer?.differences).toEqual({ transactions: 0, legs: 0, hits: 0 });
    expect(writer?.reconciliations).toBe(1);
  });

  it('notices a row that is missing and one that was changed', async () => {
    const { live, caughtUp, storage } = bound(await start());
    await live(200);
    await caughtUp();
    // Behind its own comparison, which would write them again.
    while (storage.writer.reconciliations === 0) await new Promise((done) => setTimeout(done, 10));
    expect(await bank?.reconcile()).toEqual({ transactions: 0, legs: 0, hits: 0 });
    const client = bank?.client('writer');
    const change = 'SETTINGS mutations_sync = 1';
    await client?.command(
      `ALTER TABLE weir.transactions DELETE WHERE position % 100 = 7 ${change}`,
    );
    await client?.command(`ALTER TABLE weir.hits DELETE WHERE position = 0 ${change}`);
    await client?.command(
      `ALTER TABLE weir.legs UPDATE amount_base_minor = 1 WHERE position = 9 ${change}`,
    );
    await client?.close();
    expect(await bank?.reconcile()).toEqual({ transactions: 2, legs: 1, hits: 1 });
  });

  it('makes room by dropping old rows, never hits, and knows it when it compares', async () => {
    // The bank of the tests lives months ago, so that none of its days is today.
    const { live, caughtUp } = bound(await start({ settings: { clickhouseBytesMax: 1 } }));
    await live(100);
    await caughtUp();
    await bank?.stopStorage();
    await bank?.startStorage();
    while (bank?.storage.writer.reconciliations === 0) {
      await new Promise((done) => setTimeout(done, 10));
    }
    const tables = ['transactions', 'legs', 'account_days', 'hits'];
    const counts = tables.map((table) => `(SELECT count() > 0 FROM weir.${table}) AS ${table}`);
    const [left] = (await bank?.ask(`SELECT ${counts.join(', ')}`)) ?? [];
    expect(left).toEqual({ transactions: 0, legs: 0, account_days: 0, hits: 1 });
    expect(bank?.storage.writer.differences).toEqual({ transactions: 0, legs: 0, hits: 0 });
  });

  it('goes on from what a cut journal has, with sums of what is stored', async () => {
    const { live, caughtUp, differences } = bound(await start());
    for (let i = 0; i < 8; i++) await live(50);
    await caughtUp();
    await bank?.stopStorage();
    // The start of the block is gone, and nothing that was not stored.
    await bank?.journal.truncate(200);
    expect(bank?.journal.first()).toBeGreaterThan(0);
    await live(50);
    await bank?.startStorage();
    await caughtUp();
    expect(await differences()).toEqual([]);
    await bank?.stopStorage();
    for (let i = 0; i < 8; i++) await live(50);
    await bank?.journal.truncate((bank?.journal.end() ?? 0) - 100);
    await bank?.startStorage();
    await live(50);
    await caughtUp();
    expect(bank?.storage.writer.skippedTotal).toBeGreaterThan(100);
    expect(await bank?.wrongSums()).toEqual([]);
  });

  it(`holds while ClickHouse is killed ${KILLS} times under load`, async () => {
    const { live, caughtUp, differences, storage } = bound(await start({ seed: 7 }));
    await live(200);
    await caughtUp();
    for (let kill = 0; kill < KILLS; kill++) {
      await live(200);
      await written(ROW_TABLES[kill % ROW_TABLES.length] ?? 'legs');
      process.kill(storage.childPid as number, 'SIGKILL');
    }
    await live(200);
    await caughtUp();
    expect(await differences()).toEqual([]);
    expect(storage.writer.errorsTotal['bad-data'] + storage.writer.errorsTotal.other).toBe(0);
  });
});

describe('a machine without python3 and compiler', () => {
  it('has no history, and says how to mend that', async () => {
    const { PATH } = process.env;
    process.env['PATH'] = '/nowhere';
    try {
      const { storage } = await start();
      while (storage.status.state !== 'absent') await new Promise((done) => setTimeout(done, 10));
      expect(storage.status.detail).toContain('install one');
      expect(neededFrom(bank?.dir ?? '', 'journal', bank?.journal.identity ?? '')).toBe(Infinity);
    } finally {
      process.env['PATH'] = PATH;
    }
  });
});

describe('a server', () => {
  it('that answers nothing any more is away, and gets everything when it is back', async () => {
    const database = await startTestDatabase();
    const hole = await startBlackHole(() => new URL(database.endpoint.url));
    process.env['WEIR_CLICKHOUSE_PASSWORD'] = database.endpoint.writer.password;
    try {
      const settings = { clickhouse: hole.url, clickhouseUser: database.endpoint.writer.user };
      const { live, caughtUp, differences, storage } = bound(await start({ settings }));
      await live(300);
      await caughtUp();
      hole.swallow();
      await live(300);
      await failed('timeout');
      expect(storage.status).toMatchObject({ state: 'away' });
      await live(300);
      hole.forward();
      await caughtUp();
      expect(await differences()).toEqual([]);
    } finally {
      delete process.env['WEIR_CLICKHOUSE_PASSWORD'];
      await bank?.stop();
      bank = undefined;
      await hole.close();
      await database.stop();
    }
  });

  it('whose database is of another data folder is refused, with the mend', async () => {
    const database = await startTestDatabase();
    process.env['WEIR_CLICKHOUSE_PASSWORD'] = database.endpoint.writer.password;
    const { url: clickhouse, writer } = database.endpoint;
    const settings = { clickhouse, clickhouseUser: writer.user };
    const first = await StoredBank.start({ settings });
    try {
      await first.live(50);
      await first.caughtUp();
      const { storage } = await start({ settings });
      while (storage.status.state !== 'absent') await new Promise((done) => setTimeout(done, 10));
      expect(storage.status.detail).toContain('--set clickhouseDatabase=');
      expect(await first.differences()).toEqual([]);
    } finally {
      delete process.env['WEIR_CLICKHOUSE_PASSWORD'];
      await first.stop();
      await bank?.stop();
      bank = undefined;
      await database.stop();
    }
  });
});

describe.runIf(canMount())('a full disk', () => {
  it('is waited for; a part that it spoiled is set aside, and its rows written again', async () => {
    const mounted = { path: '' };
    const prepare = (dir: string): void => {
      mounted.path = join(dir, 'clickhouse');
      mountSmallDisk(mounted.path, 32);
    };
    const { live, caughtUp, differences, storage } = bound(await start({ prepare }));
    try {
      await live(200);
      await caughtUp();
      const ballast = join(mounted.path, 'ballast');
      fillDisk(ballast);
      await live(2_000);
      await failed('disk-full');
      for (const file of await marksFiles(['legs', 'account_days'])) truncateSync(file, 0);
      rmSync(ballast);
      const { writer } = storage;
      const before = writer.reconciliations;
      while (writer.reconciliations < before + 2) await new Promise((done) => setTimeout(done, 10));
      await caughtUp();
      expect(await differences()).toEqual([]);
      // ClickHouse alone was started again, so that it looked at its parts.
      const restarts = /^weir_clickhouse_restarts_total\{.*\} 1$/m;
      expect(await bank?.metrics.text()).toMatch(restarts);
      expect(storage.writer.errorsTotal.other).toBe(0);
    } finally {
      await bank?.stopStorage();
      unmountSmallDisk(mounted.path);
      await bank?.stop();
      bank = undefined;
    }
  });
});

/** One file of marks of each table, as a part has been seen to have lost on a full disk. */
async function marksFiles(tables: readonly string[]): Promise<string[]> {
  const client = bank?.client('writer');
  const parts = await client?.query<{ path: string }>(
    `SELECT max(path) AS path FROM system.parts WHERE active AND database = 'weir' ` +
      `AND table IN (${tables.map((table) => `'${table}'`).join()}) GROUP BY table`,
  );
  await client?.close();
  return (parts ?? []).map(({ path }) => {
    const marks = readdirSync(path).find((name) => name.includes('mrk'));
    return join(path, marks ?? 'no marks');
  });
}

/** The methods that every test uses. */
function bound(of: StoredBank) {
  return {
    live: (transactions: number) => of.live(transactions),
    caughtUp: () => of.caughtUp(),
    differences: () => of.differences(),
    storage: of.storage,
  };
}

async function failed(code: DatabaseFailure): Promise<void> {
  while (bank?.storage.writer.errorsTotal[code] === 0) {
    await new Promise((done) => setTimeout(done, 10));
  }
}

/** The next insert into the table was answered; those behind it in the round were not. */
async function written(table: RowTable): Promise<void> {
  const rows = (): number => bank?.storage.writer.rowsTotal[table] ?? 0;
  const before = rows();
  while (rows() === before) await new Promise((done) => setTimeout(done, 1));
}

/**
 * Storage against the real ClickHouse: what is in the logs is in the tables once, whatever is
 * killed, and the sums are those of the rows.
 */
import { afterEach, describe, expect, it } from 'vitest';
import { ROW_TABLES, type RowTable } from '../storage/writer/tables.js';
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

/** The methods that every test uses. */
function bound(of: StoredBank) {
  return {
    live: (transactions: number) => of.live(transactions),
    caughtUp: () => of.caughtUp(),
    differences: () => of.differences(),
    storage: of.storage,
  };
}

/** The next insert into the table was answered; those behind it in the round were not. */
async function written(table: RowTable): Promise<void> {
  const rows = (): number => bank?.storage.writer.rowsTotal[table] ?? 0;
  const before = rows();
  while (rows() === before) await new Promise((done) => setTimeout(done, 1));
}

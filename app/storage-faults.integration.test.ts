/**
 * ClickHouse is killed, swallowed by the network and out of disk while the whole program runs
 * under load: alerts go on arriving on the socket, nothing but the child is started again, and in
 * the end every row is there once. Repeat a run with WEIR_SEED; WEIR_DEEP=1 kills 20 and 100 times
 * and keeps the network dead for a minute.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { recordEvidence } from '../schemas/testing/evidence.js';
import { startBlackHole } from '../storage/testing/black-hole.js';
import { startTestDatabase } from '../storage/testing/database.js';
import { type Random, seededRandom } from './demo/random.js';
import { killQuietly } from './testing/kills.js';
import { childPid, childPids, cleanUp, temporaryFolder, until } from './testing/program.js';
import { canMount, fillDisk, mountSmallDisk, unmountSmallDisk } from './testing/small-disk.js';
import { StorageWorld, unlike } from './testing/storage-world.js';

const DEEP = process.env['WEIR_DEEP'] === '1';
const KILLS = DEEP ? [20, 100] : [3];
const GAP_MS_MAX = 1_500;
const HOLE_MS = DEEP ? 60_000 : 5_000;
const DISK_MEGABYTES = DEEP ? 512 : 64;
const SEED = Number(process.env['WEIR_SEED'] ?? Date.now() % 1_000_000);
const mountable = canMount();
const POLL = { timeout: 120_000, interval: 2_000 };

let dir = '';
let mounted = '';
beforeEach(() => {
  dir = temporaryFolder();
});
afterEach(async () => {
  if (mounted !== '') unmountSmallDisk(mounted);
  mounted = '';
  await cleanUp(dir);
});

const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

describe(`under load, seed ${SEED}`, () => {
  it.each(KILLS)('ClickHouse may be killed %i times, and its disk be full', async (kills) => {
    const random = seededRandom(SEED);
    if (mountable) {
      mounted = join(dir, 'clickhouse');
      mountSmallDisk(mounted, DISK_MEGABYTES);
    }
    const world = await StorageWorld.start(dir, random, ['--set', 'clickhouse=embedded']);
    await until(() => world.stats?.history.state === 'ready');
    const before = world.pids();
    for (let kill = 0; kill < kills; kill++) {
      await killChild(world, random);
      // Now and then all is looked at; else the next one may hit a child that just starts.
      if (kill % 10 === 0) await world.alertsGoOn();
    }
    if (mounted !== '') await fullDisk(world);
    await holds(world, before);
    expect(world.stats?.restarts).toBeGreaterThanOrEqual(kills);
    await plantedFaultsAreFound(world);
    world.live.stop();
  });

  it('a server may be silent', async ({ task }) => {
    const database = await startTestDatabase();
    const hole = await startBlackHole(() => new URL(database.endpoint.url));
    process.env['WEIR_CLICKHOUSE_PASSWORD'] = database.endpoint.writer.password;
    try {
      const flags = ['--set', `clickhouse=${hole.url}`];
      const world = await StorageWorld.start(dir, seededRandom(SEED), flags, database.endpoint);
      await until(() => (world.stats?.rowsTotal['transactions'] ?? 0) > 0);
      const before = world.pids();
      hole.swallow();
      const endMs = performance.now() + HOLE_MS;
      do await world.alertsGoOn();
      while (performance.now() < endMs);
      const { acknowledged } = world.load;
      expect(world.stats?.lag.journal).toBeGreaterThan(0);
      hole.forward();
      await holds(world, before);
      world.live.stop();
      recordEvidence(task, { silentMs: HOLE_MS, acknowledgedByThen: acknowledged.size });
    } finally {
      delete process.env['WEIR_CLICKHOUSE_PASSWORD'];
      await hole.close();
      await database.stop();
    }
  });
});

/** The child of the storage role, at a random moment. */
async function killChild(world: StorageWorld, random: Random): Promise<void> {
  await pause(random.between(0, GAP_MS_MAX));
  let child: number | undefined;
  await until(() => {
    [child] = childPids(childPid(world.program.pid, 'storage') ?? 0);
    return child !== undefined;
  });
  killQuietly(child as number);
  await until(() => !childPids(childPid(world.program.pid, 'storage') ?? 0).includes(child ?? 0));
}

async function fullDisk(world: StorageWorld): Promise<void> {
  // Rows that come in say that the last kill is over: its record may still read `ready`.
  const stored = (): number => world.stats?.rowsTotal['transactions'] ?? 0;
  const known = stored();
  await until(() => world.stats?.history.state === 'ready' && stored() > known);
  const ballast = join(mounted, 'ballast');
  fillDisk(ballast);
  await until(() => (world.stats?.errorsTotal['disk-full'] ?? 0) > 0);
  await world.alertsGoOn();
  rmSync(ballast);
}

/** Everything is on the page and in the tables, once and in order, and nobody was restarted. */
async function holds(world: StorageWorld, before: readonly unknown[]): Promise<void> {
  const verdict = await world.settle();
  expect(verdict.problems).toEqual([]);
  expect(world.live.problems).toEqual([]);
  expect(world.live.reloads).toBe(0);
  const opened = await world.opened();
  const rows = [...world.live.rows.values()];
  expect(unlike(opened, verdict, rows)).toEqual([]);
  expect(unlike(opened, verdict, rows.slice(1)).length).toBeGreaterThan(0);
  expect(unlike(opened, verdict, rows.toReversed()).length).toBeGreaterThan(0);
  expect(world.pids(), world.program.err().slice(-2_000)).toEqual(before);
  // After a full disk ClickHouse is started again and everything recent is written once more.
  await expect.poll(() => world.differences().catch(String), POLL).toEqual([]);
  expect(await world.reconcile()).toEqual({ transactions: 0, legs: 0, hits: 0 });
}

/** One row lost, doubled or changed in each table: the comparison sees every one of them. */
async function plantedFaultsAreFound(world: StorageWorld): Promise<void> {
  const client = world.client();
  const once = 'SETTINGS mutations_sync = 1';
  for (const sql of [
    `ALTER TABLE weir.legs DELETE WHERE side = 0 AND position % 7 = 0 ${once}`,
    'INSERT INTO weir.transactions SELECT * REPLACE (position + 1000000 AS position) ' +
      'FROM weir.transactions LIMIT 1',
    `ALTER TABLE weir.account_days UPDATE out_minor = out_minor + 1 WHERE out_minor > 0 ${once}`,
    'INSERT INTO weir.account_hours SELECT * REPLACE (block + 1 AS block) ' +
      'FROM weir.account_hours LIMIT 1',
    `ALTER TABLE weir.hits DELETE WHERE position = 1 ${once}`,
    `ALTER TABLE weir.alert_events DELETE WHERE position = 1 ${once}`,
  ]) {
    await client.command(sql);
  }
  await client.close();
  const found = (await world.differences()).join('\n');
  for (const what of ['legs: missing', 'transactions: unexpected', 'days: ', 'hours: ']) {
    expect(found).toContain(what);
  }
  expect(found).toContain('hits: missing');
  expect(found).toContain('alert events: missing 1');
  const { legs, hits } = await world.reconcile();
  expect(Math.min(legs, hits)).toBeGreaterThan(0);
}

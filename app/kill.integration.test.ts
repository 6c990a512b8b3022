/**
 * The kill test: the whole program under load, killed with -9 again and again, in part or as a
 * whole, also while it starts. In the end an independent verifier compares what was acknowledged
 * with what stands in the logs, and a client that stayed subscribed with what it has seen.
 * Repeat a run with WEIR_SEED; WEIR_DEEP=1 kills 200 times.
 */
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Random, seededRandom } from './demo/random.js';
import { packageRoot } from './package.js';
import { ingestKey, signInLink } from './testing/clients.js';
import { killPlan, Mortal, type Victim } from './testing/kills.js';
import { LiveClient } from './testing/live-client.js';
import { Load, quantile } from './testing/load.js';
import { cleanUp, freePorts, temporaryFolder, until, untilReady } from './testing/program.js';
import { type Verdict, verifyFolder } from './testing/verify.js';

const DEEP = process.env['WEIR_DEEP'] === '1';
const KILLS = DEEP ? 200 : 20;
const SEED = Number(process.env['WEIR_SEED'] ?? Date.now() % 1_000_000);
const CATALOGUE = join(packageRoot(), 'app', 'testing', 'every-transaction.yaml');
const FLAGS = ['--demo', 'none', '--catalogue', CATALOGUE, '--log-level', 'warn'];
const ACCOUNTS = 300;

let dir = '';
beforeEach(() => {
  dir = temporaryFolder();
});
afterEach(() => cleanUp(dir));

const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

interface World {
  weir: Mortal;
  load: Load;
  live: LiveClient;
}

async function world(random: Random, flags: readonly string[] = []): Promise<World> {
  const ports = await freePorts();
  const weir = new Mortal(dir, ports, [...FLAGS, ...flags]);
  await untilReady(weir.program);
  const origin = `http://127.0.0.1:${ports.dashboard}`;
  const live = await LiveClient.signIn(origin, signInLink(weir.program));
  await live.start();
  const load = new Load({
    url: `http://127.0.0.1:${ports.ingest}/v1/transactions`,
    key: () => ingestKey(dir),
    random,
    batchesPerSecond: 30,
    transactionsPerBatch: 10,
    accounts: ACCOUNTS,
  });
  load.start();
  return { weir, load, live };
}

/** Everything sent is acknowledged, found and shown; then Weir stops as it should. */
async function finish({ weir, load, live }: World): Promise<Verdict> {
  live.stopClosing();
  load.stop();
  await until(
    () => load.outstanding === 0,
    () => `${load.outstanding} batches unanswered: ${weir.program.err().slice(-2_000)}`,
  );
  expect(load.refused).toEqual([]);
  await weir.ready();
  const expected = {
    rules: ['every-transaction'],
    sent: load.sent,
    acknowledged: load.acknowledged,
    commandsDone: live.commandsDone,
    commandsSent: live.commandsSent,
  };
  let verdict = await verifyFolder(dir, expected);
  const settled = async (): Promise<boolean> => {
    if (verdict.hits < load.acknowledged.size || verdict.problems.length > 0) {
      await pause(200);
      verdict = await verifyFolder(dir, expected);
      return false;
    }
    return sameAlerts(verdict, live.rows.values()).length === 0;
  };
  // What is not there by now is judged below.
  await until(settled).catch(() => undefined);
  expect(sameAlerts(verdict, live.rows.values())).toEqual([]);
  expect(sameAlerts(verdict, await live.list())).toEqual([]);
  live.stop();
  expect(await weir.stop()).toEqual({ code: 0, orphans: [] });
  return verifyFolder(dir, expected);
}

/** Differences between alerts by the work log and rows that somebody holds. */
function sameAlerts(
  verdict: Verdict,
  rows: Iterable<{ id: string; hitCount: number; state: string }>,
): string[] {
  const problems: string[] = [];
  const seen = new Set<string>();
  for (const { id, hitCount, state } of rows) {
    if (seen.has(id)) problems.push(`${id} twice`);
    seen.add(id);
    const truth = verdict.alerts.get(id);
    if (truth?.hitCount !== hitCount || truth.state !== state) {
      problems.push(`${id}: ${hitCount} ${state}, by the log ${truth?.hitCount} ${truth?.state}`);
    }
  }
  for (const id of verdict.alerts.keys()) if (!seen.has(id)) problems.push(`${id} missing`);
  return problems.slice(0, 10);
}

/** Kills and lets live for a while; half of the time the next kill comes whenever it comes. */
async function strike(weir: Mortal, victim: Victim, random: Random): Promise<number | undefined> {
  const engine = victim === 'dashboard' ? await weir.identity('engine') : undefined;
  await weir.kill(victim);
  let readyMs: number | undefined;
  if (random.next() < 0.7) readyMs = await weir.ready();
  await pause(random.between(50, 900));
  if (engine !== undefined) expect(await weir.identity('engine')).toEqual(engine);
  return readyMs;
}

function tell(lines: readonly string[]): void {
  process.stdout.write(`${lines.join('\n')}\n`);
}

describe(`kill test, seed ${SEED}`, () => {
  it(
    `loses and doubles nothing over ${KILLS} kills`,
    async () => {
      const random = seededRandom(SEED);
      const w = await world(random);
      const closing = w.live.closeAlerts(100, (rows) => random.pick(rows));
      await until(() => w.load.acknowledged.size > 500);
      const readyMs: Record<Victim, number[]> = { engine: [], dashboard: [], everything: [] };
      const from = performance.now();
      for (const victim of killPlan(KILLS, random)) {
        const ms = await strike(w.weir, victim, random);
        if (ms !== undefined) readyMs[victim].push(ms);
      }
      const seconds = (performance.now() - from) / 1_000;
      const verdict = await finish(w);
      await closing;
      const { load, live } = w;
      const ready = Object.entries(readyMs).map(
        ([victim, ms]) =>
          `${victim} ${quantile(ms, 0.5).toFixed(0)} (at most ${Math.max(...ms).toFixed(0)})`,
      );
      tell([
        `kill test, seed ${SEED}: ${KILLS} kills in ${seconds.toFixed(0)} s`,
        `  ${load.acknowledged.size} acknowledged of ${load.sent.size} sent, ` +
          `${load.retries} posts repeated, ${load.duplicates} answered duplicate`,
        `  ${verdict.hits} hits, ${verdict.hitsUnacknowledged} of them unacknowledged; ` +
          `${verdict.alerts.size} alerts, ${live.commandsDone.size} closed`,
        `  live client: ${live.connections} connections, ${live.resumed} subscriptions resumed, ` +
          `${live.reloads} reloads`,
        `  ready again after kill, ms, median: ${ready.join(', ')}`,
      ]);
      expect(verdict.problems).toEqual([]);
      expect(live.problems).toEqual([]);
      expect(live.commandsDone.size).toBeGreaterThan(KILLS);
      expect(load.acknowledged.size).toBeGreaterThan(KILLS * 50);
      expect(load.acknowledged.size).toBe(load.sent.size);
    },
    KILLS * 20_000,
  );
});

/**
 * The kill test: the whole program under load, killed with -9 again and again, in part or as a
 * whole, also while it starts. In the end an independent verifier compares what was acknowledged
 * with what stands in the logs, and a client that stayed subscribed with what it has seen.
 * Repeat a run with WEIR_SEED; WEIR_DEEP=1 kills 200 times.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Random, seededRandom } from './demo/random.js';
import { packageRoot } from './package.js';
import { ingestKey, signInLink } from './testing/clients.js';
import { killPlan, killQuietly, Mortal, type Victim } from './testing/kills.js';
import { LiveClient } from './testing/live-client.js';
import { Load, quantile } from './testing/load.js';
import {
  cleanUp,
  freePorts,
  isAlive,
  temporaryFolder,
  until,
  untilReady,
} from './testing/program.js';
import { type Verdict, verifyFolder } from './testing/verify.js';

const DEEP = process.env['WEIR_DEEP'] === '1';
const KILLS = DEEP ? 200 : 8;
const SEED = Number(process.env['WEIR_SEED'] ?? Date.now() % 1_000_000);
const CATALOGUE = join(packageRoot(), 'app', 'testing', 'every-transaction.yaml');
const FLAGS = ['--demo', 'none', '--catalogue', CATALOGUE, '--log-level', 'warn'];
const ACCOUNTS = 200;
/** Alerts that the dashboard keeps, and work records that it lets a client resume over. */
const MEMORY = DEEP ? 5_000 : 1_000;
const CLOSED_MAX = MEMORY / 2;

let dir = '';
beforeEach(() => {
  dir = temporaryFolder();
});
afterEach(() => cleanUp(dir));

const CYCLES = DEEP ? 20 : 2;
const WINDOW_MS = 3_000;

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

/** The page is shut until more has happened than it may resume over. */
async function longAbsence({ weir, load, live }: World): Promise<void> {
  await weir.ready();
  live.leave();
  const enough = load.acknowledged.size + MEMORY * 1.2;
  // Longer than one wait may take.
  for (let i = 0; i < 300 && load.acknowledged.size <= enough; i++) await pause(500);
  live.comeBack();
}

const told: string[] = [];

function tell(lines: readonly string[]): void {
  told.push(...lines);
  process.stdout.write(`${lines.join('\n')}\n`);
}

/** The figures of a deep run stay. */
afterAll(() => {
  if (!DEEP || told.length === 0) return;
  const [cpu] = cpus();
  const machine = `${cpus().length} x ${cpu?.model.trim()}, Node ${process.versions.node}`;
  const date = new Date().toISOString().slice(0, 10);
  const head = [
    '# Kill test',
    '',
    'Written by `npm run test:deep`.',
    '',
    `${date}, ${machine}.`,
    '',
  ];
  const folder = join(packageRoot(), 'docs', 'evidence');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'kill-test.md'), [...head, '```', ...told, '```', ''].join('\n'));
});

describe(`kill test, seed ${SEED}`, () => {
  it(
    `loses and doubles nothing over ${KILLS} kills`,
    async () => {
      const random = seededRandom(SEED);
      // Snapshots often, so that most restarts begin with some, of different ages.
      const w = await world(
        random,
        [
          ['--threads', '2'],
          ['--set', 'shards=32'],
          ['--set', 'snapshotRoundMs=5000'],
          ['--set', `alertsInMemoryMax=${MEMORY}`],
        ].flat(),
      );
      const closing = w.live.closeAlerts(100, CLOSED_MAX, (rows) => random.pick(rows));
      await until(() => w.load.acknowledged.size > 500);
      const readyMs: Record<Victim, number[]> = { engine: [], dashboard: [], everything: [] };
      const from = performance.now();
      for (const [i, victim] of killPlan(KILLS, random).entries()) {
        const ms = await strike(w.weir, victim, random);
        if (ms !== undefined) readyMs[victim].push(ms);
        if (i === Math.floor(KILLS / 2)) await longAbsence(w);
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
          `${load.retries} posts repeated, ${load.duplicates} answered duplicate, ` +
          `${load.abandoned} given up`,
        `  ${verdict.hits} hits, ${verdict.hitsUnacknowledged} of them given up; ` +
          `${verdict.alerts.size} alerts, ${live.commandsDone.size} closed`,
        `  live client: ${live.connections} connections, ${live.resumed} subscriptions resumed, ` +
          `${live.reloads} reloads`,
        `  ready again after kill, ms, median: ${ready.join(', ')}`,
      ]);
      expect(verdict.problems).toEqual([]);
      expect(live.problems).toEqual([]);
      expect(live.commandsDone.size).toBeGreaterThan(KILLS);
      expect(live.resumed).toBeGreaterThan(0);
      expect(live.reloads).toBeGreaterThan(0);
      expect(load.acknowledged.size).toBeGreaterThan(KILLS * 50);
      expect(load.acknowledged.size + load.abandoned).toBe(load.sent.size);
    },
    KILLS * 20_000,
  );

  it('stops under load, and starts again at once when its supervisor was killed', async () => {
    const w = await world(seededRandom(SEED));
    await until(() => w.load.acknowledged.size > 300);
    const from = performance.now();
    // Code 0: everything stopped by itself, before the deadline at which the supervisor kills.
    expect(await w.weir.stop()).toEqual({ code: 0, orphans: [] });
    const stopMs = performance.now() - from;
    w.weir.start();
    await w.weir.ready();
    const before = w.load.acknowledged.size;
    await until(() => w.load.acknowledged.size > before + 300);
    const left = await w.weir.behead();
    expect(left.length).toBe(2);
    await until(() => !left.some(isAlive)).catch(() => undefined);
    const orphans = left.filter(isAlive);
    for (const pid of orphans) killQuietly(pid);
    expect(orphans).toEqual([]);
    const readyMs = await w.weir.ready();
    const verdict = await finish(w);
    expect(verdict.problems).toEqual([]);
    expect(w.live.problems).toEqual([]);
    tell([
      `stop under load ${stopMs.toFixed(0)} ms; supervisor killed, ready again ` +
        `${readyMs.toFixed(0)} ms after the next start`,
    ]);
  });

  it(
    'scores on, unmoved, when only the dashboard dies',
    async () => {
      const w = await world(seededRandom(SEED));
      await until(() => w.load.acknowledged.size > 2_000);
      const engine = await w.weir.identity('engine');
      const before = new Window(w);
      const around = new Window(w);
      for (let i = 0; i < CYCLES; i++) {
        await before.watch(() => pause(WINDOW_MS));
        await around.watch(async () => {
          await w.weir.kill('dashboard');
          await pause(WINDOW_MS);
        });
        await w.weir.ready();
        await pause(DEEP ? 1_000 : 0);
      }
      expect(await w.weir.identity('engine')).toEqual(engine);
      const verdict = await finish(w);
      expect(verdict.problems).toEqual([]);
      expect(w.live.problems).toEqual([]);
      expect(w.load.retries).toBe(0);
      const ratio = around.scoringMs(0.99) / before.scoringMs(0.99);
      tell([
        `dashboard killed ${CYCLES} times, same engine throughout; before -> around a kill:`,
        `  p99 of a scoring batch ${before.scoringMs(0.99).toFixed(3)} -> ` +
          `${around.scoringMs(0.99).toFixed(3)} ms, ratio ${ratio.toFixed(2)} ` +
          `(${before.batches} and ${around.batches} batches)`,
        `  p99 of the acknowledgement ${before.ackMs(0.99).toFixed(1)} -> ` +
          `${around.ackMs(0.99).toFixed(1)} ms, median ${before.ackMs(0.5).toFixed(1)} -> ` +
          `${around.ackMs(0.5).toFixed(1)} ms (${before.acks} and ${around.acks} posts)`,
      ]);
      if (DEEP) expect(ratio).toBeLessThan(2);
    },
    CYCLES * 30_000 + 60_000,
  );
});

/** What happened in some spans of time: acknowledgements, and batches by the engine's own count. */
class Window {
  readonly #world: World;
  readonly #acks: number[] = [];
  readonly #batches = new Map<number, number>();

  constructor(world: World) {
    this.#world = world;
  }

  get acks(): number {
    return this.#acks.length;
  }

  get batches(): number {
    return [...this.#batches.values()].reduce((a, b) => a + b, 0);
  }

  async watch(during: () => Promise<void>): Promise<void> {
    const { load } = this.#world;
    const from = performance.now();
    const start = await this.#counts();
    await during();
    const end = await this.#counts();
    const to = performance.now();
    for (const [le, count] of end) {
      const more = count - (start.get(le) ?? 0);
      this.#batches.set(le, (this.#batches.get(le) ?? 0) + more);
    }
    for (const { atMs, latencyMs } of load.acks) {
      if (atMs >= from && atMs < to) this.#acks.push(latencyMs);
    }
  }

  /** Batches of all threads by the upper bound of their duration, seconds; each counted once. */
  async #counts(): Promise<Map<number, number>> {
    const url = `http://127.0.0.1:${this.#world.weir.ports.engineOperations}/metrics`;
    const text = await (await fetch(url)).text();
    const line = /^weir_scoring_duration_seconds_bucket\{.*?le="([^"]+)".*?\} (\S+)$/gm;
    const upTo = new Map<number, number>();
    for (const [, le, count] of text.matchAll(line)) {
      const bound = le === '+Inf' ? Infinity : Number(le);
      upTo.set(bound, (upTo.get(bound) ?? 0) + Number(count));
    }
    const bounds = [...upTo.keys()].sort((a, b) => a - b);
    return new Map(
      bounds.map((le, i) => [le, (upTo.get(le) ?? 0) - (upTo.get(bounds[i - 1] ?? NaN) ?? 0)]),
    );
  }

  ackMs(share: number): number {
    return quantile(this.#acks, share);
  }

  /** Within a bucket evenly spread, as Prometheus does it. */
  scoringMs(share: number): number {
    let left = this.batches * share;
    let lower = 0;
    for (const [upper, count] of [...this.#batches].sort(([a], [b]) => a - b)) {
      if (left <= count && count > 0) {
        return 1_000 * (lower + ((Math.min(upper, 10) - lower) * left) / count);
      }
      left -= count;
      lower = upper;
    }
    return Number.NaN;
  }
}

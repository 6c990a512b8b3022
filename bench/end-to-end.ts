/**
 * From the intended moment of sending, over HTTP, journal, scoring, hits log and alert book, to the
 * receipt of the alert on a WebSocket, against the real program. Open loop: the next post is sent
 * when it is due, whether or not answers have come, and latencies count from when it was due.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Histogram } from 'hdr-histogram-js';
import {
  latencyHistogram,
  median,
  medianOf,
  ms,
  type Percentiles,
  percentilesOf,
  recordMs,
  whole,
} from './figures.js';
import { openLive, signIn } from './live-client.js';
import { alertsBetween, isAlert, type Load, numberOfSubject } from './load.js';
import { type Beats, beatMs, nowMs } from './metronome.js';
import { type RunningProgram, startProgram } from './program.js';
import type { Bench, BenchAnswer, BenchOptions } from './question.js';
import { LATE_MS, type SendReport, type SendTask } from './sender.js';

interface Case {
  name: string;
  load: Load;
}

interface Lengths {
  runs: number;
  warmSeconds: number;
  seconds: number;
}

interface RunFigures {
  alerts: Percentiles;
  histogram: Histogram;
  sent: SendReport;
}

const FULL: Lengths = { runs: 5, warmSeconds: 5, seconds: 30 };
const QUICK: Lengths = { runs: 1, warmSeconds: 0.5, seconds: 1.5 };
/** The hub pushes at most ten times a second a client: 8 alerts a second never wait for it. */
const CASES: readonly Case[] = [
  {
    name: '1,000/s, single posts, 8 alerts/s',
    load: { postsPerSecond: 1_000, perPost: 1, alertEvery: 125 },
  },
  {
    name: '5,000/s, posts of 10, 8 alerts/s',
    load: { postsPerSecond: 500, perPost: 10, alertEvery: 625 },
  },
  {
    name: '1,000/s, single posts, 100 alerts/s (paced)',
    load: { postsPerSecond: 1_000, perPost: 1, alertEvery: 10 },
  },
];
const QUICK_CASES: readonly Case[] = [
  {
    name: '200/s, single posts, 8 alerts/s',
    load: { postsPerSecond: 200, perPost: 1, alertEvery: 25 },
  },
  {
    name: '1,000/s, posts of 10, 8 alerts/s',
    load: { postsPerSecond: 100, perPost: 10, alertEvery: 125 },
  },
];
/** From the forking of the sender to its first beat: it opens its connections meanwhile. */
const LEAD_MS = 1_000;
const ALERTS_WAIT_MS_MAX = 5_000;

export const endToEndBench: Bench = { name: 'end-to-end', run: runEndToEnd };

async function runEndToEnd({ quick, progress }: BenchOptions): Promise<BenchAnswer> {
  const lengths = quick ? QUICK : FULL;
  const rows: string[][] = [];
  for (const one of quick ? QUICK_CASES : CASES) {
    const runs: RunFigures[] = [];
    for (let run = 1; run <= lengths.runs; run++) {
      progress(`${one.name}, run ${run} of ${lengths.runs}`);
      const figures = await measure(one.load, lengths);
      const { p50, p99, max } = figures.alerts;
      progress(`  alert p50 ${ms(p50)}, p99 ${ms(p99)}, max ${ms(max)} ms`);
      runs.push(figures);
    }
    rows.push(...rowsOf(one, runs));
  }
  return {
    question:
      'How long after a transaction was to be sent is its alert on a screen? How long is its ' +
      'acknowledgement, which means: on disk?',
    load:
      'JSON over HTTP on kept connections, open loop at even intervals; 200,000 ordinary ' +
      'accounts, uniform; every nth transaction alerts by construction (an amount that one rule ' +
      'beside the shipped catalogue takes, each from an account of its own, each a new alert)',
    n:
      `${lengths.runs} run(s) of ${lengths.seconds} s a row, each on a program just started with ` +
      `an empty folder, after ${lengths.warmSeconds} s of warm-up that are not counted`,
    method:
      '`weir run` with one scoring thread; the sender is a process of its own, paced by a thread ' +
      'that sleeps until the intended moment; one signed-in WebSocket client (weir.v1) in the ' +
      'bench process; one steady clock for all. Median of the runs; p99.9 of the alerts is ' +
      'that of all runs together, max the largest of all. Late: sent more than ' +
      `${LATE_MS} ms after the intended time (from which latencies count all the same).`,
    columns: ['load', 'latency to', 'n', 'p50 ms', 'p99 ms', 'p99.9 ms', 'max ms', 'late sends'],
    rows,
    notes: [
      'The hub pushes to one client at most ten times a second, the first at once: with more ' +
        'than ten alerts a second, alerts wait up to 100 ms for the next push. That row shows it.',
    ],
  };
}

function rowsOf({ name }: Case, runs: readonly RunFigures[]): string[][] {
  const all = latencyHistogram();
  for (const run of runs) all.add(run.histogram);
  const together = percentilesOf(all);
  const late = runs.reduce((sum, r) => sum + r.sent.late, 0);
  const posts = runs.reduce((sum, r) => sum + r.sent.posts, 0);
  const worst = Math.max(...runs.map((r) => r.sent.lateMsMax));
  const lateText = `${whole(late)} of ${whole(posts)}, max ${ms(worst)} ms`;
  const of = (p: Percentiles): string[] => [
    whole(p.n),
    ms(p.p50),
    ms(p.p99),
    ms(p.p999),
    ms(p.max),
  ];
  const alerts = {
    ...together,
    p50: median(runs.map((r) => r.alerts.p50)),
    p99: median(runs.map((r) => r.alerts.p99)),
  };
  return [
    [name, 'alert on the socket', ...of(alerts), lateText],
    ['', 'acknowledgement', ...of(medianOf(runs.map((r) => r.sent.acknowledged))), ''],
  ];
}

async function measure(load: Load, lengths: Lengths): Promise<RunFigures> {
  const catalogue = catalogueFolder();
  const program = await startProgram(catalogue);
  try {
    return await measureOn(program, load, lengths);
  } finally {
    await program.stop();
    rmSync(catalogue, { recursive: true, force: true });
  }
}

/** The shipped rules and the one of the bench. */
export function catalogueFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'weir-bench-rules-'));
  const from = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
  cpSync(from('../scoring/catalogue/rules'), folder, { recursive: true });
  cpSync(from('../../bench/every-nth.yaml'), join(folder, 'every-nth.yaml'));
  return folder;
}

async function measureOn(
  program: RunningProgram,
  load: Load,
  { warmSeconds, seconds }: Lengths,
): Promise<RunFigures> {
  const intervalMs = 1_000 / load.postsPerSecond;
  const warmPosts = Math.round(warmSeconds * load.postsPerSecond);
  const count = warmPosts + Math.round(seconds * load.postsPerSecond);
  const histogram = latencyHistogram();
  const seen = new Set<number>();
  let beats: Beats | undefined;
  const live = await openLive(await signIn(program.signInLink), (subject, receivedMs) => {
    const number = numberOfSubject(subject);
    if (number === undefined || beats === undefined || !isAlert(load, number)) return;
    const post = Math.floor(number / load.perPost);
    if (post < warmPosts || seen.has(number)) return;
    seen.add(number);
    recordMs(histogram, receivedMs - beatMs(beats, post));
  });
  beats = { startMs: nowMs() + LEAD_MS, intervalMs, count };
  const sent = await runSender({
    url: program.ingestUrl,
    key: program.ingestKey,
    load,
    beats,
    warmPosts,
    runId: 'bench',
  });
  const expected = alertsBetween(load, warmPosts * load.perPost, count * load.perPost);
  for (let waited = 0; seen.size < expected && waited < ALERTS_WAIT_MS_MAX; waited += 10) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  const { closed } = live;
  live.close();
  if (closed !== undefined) throw new Error(`bench: the socket was closed: ${closed}`);
  if (sent.failed > 0) throw new Error(`bench: ${sent.failed} posts failed: ${sent.failure}`);
  const missing = expected - seen.size;
  if (missing > 0) throw new Error(`bench: ${missing} of ${expected} alerts never came`);
  return { alerts: percentilesOf(histogram), histogram, sent };
}

function runSender(task: SendTask): Promise<SendReport> {
  const child: ChildProcess = fork(fileURLToPath(new URL('./sender.js', import.meta.url)), {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  return new Promise((resolve, reject) => {
    child.once('message', (report: SendReport) => resolve(report));
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`bench: the sender ended with ${code}`)));
    child.send(task);
  });
}

/**
 * From the start command to the first alerts on the queue, on an installed clone and on a fresh
 * one: what a newcomer waits for. The real command, the real bank, an empty data folder each time.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { AlertList } from '../schemas/protocol.js';
import { figure, median } from './figures.js';
import { signIn } from './live-client.js';
import type { Bench, BenchAnswer, BenchOptions } from './question.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const RUNS = 5;
const WAIT_MS_MAX = 300_000;
const LOOK_MS = 50;
const STOP_WAIT_MS_MAX = 20_000;
const families = ['aml', 'outflow', 'activity-drop'] as const;
const SMALL = ['--demo-customers', '240', '--demo-merchants', '40'];
const OPERATIONS = ['engineOperations', 'dashboardOperations', 'storageOperations'];
const PORTS = ['dashboard', 'ingest', ...OPERATIONS];

const phases = [
  'cloned',
  'installed',
  'built',
  'ready: address and link shown',
  'history of 130 days played',
  ...families.map((family) => `first ${family} alert`),
] as const;
type Phase = (typeof phases)[number];
/** Seconds from the start. */
type Times = Partial<Record<Phase, number>>;

export const firstAlertBench: Bench = { name: 'first-alert', run };

async function run({ quick, progress }: BenchOptions): Promise<BenchAnswer> {
  const runs = quick ? 1 : RUNS;
  const installed: Times[] = [];
  const cloned: Times[] = [];
  for (let i = 0; i < runs; i++) {
    progress(`installed clone, run ${i + 1} of ${runs}`);
    const more = quick ? SMALL : [];
    installed.push(await inFolder((dir) => fromStart(root, dir, more)));
  }
  for (let i = 0; i < runs && !quick; i++) {
    progress(`fresh clone, run ${i + 1} of ${runs}`);
    cloned.push(await inFolder(fromClone));
  }
  return {
    question: 'How long does a newcomer wait for the first alerts of each family?',
    load: 'what `npm start` plays: a bank of 5,000 customers, 200 card receipts a second',
    n: `${runs} starts of an installed clone, ${cloned.length} of a fresh one, in empty folders`,
    method:
      'seconds from the command to the end of each phase, medians; alerts by the list of the ' +
      `page, asked every ${LOOK_MS} ms. A fresh clone begins with \`git clone\`; its packages ` +
      'come from wherever npm finds them.',
    columns: ['phase', 'installed, s', 'fresh clone, s', 'slowest, s'],
    rows: phases.map((phase) => [
      phase,
      seconds(installed, phase, median),
      seconds(cloned, phase, median),
      seconds([...installed, ...cloned], phase, (all) => Math.max(...all)),
    ]),
  };
}

function seconds(all: Times[], phase: Phase, of: (values: number[]) => number): string {
  const values = all.flatMap((times) => times[phase] ?? []);
  return values.length === 0 ? '-' : figure(of(values));
}

async function inFolder(act: (dir: string) => Promise<Times>): Promise<Times> {
  const dir = mkdtempSync(join(tmpdir(), 'weir-first-alert-'));
  try {
    return await act(dir);
  } finally {
    rmSync(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
  }
}

async function fromClone(dir: string): Promise<Times> {
  const from = performance.now();
  const clone = join(dir, 'clone');
  const { status, stderr } = spawnSync('git', ['clone', '--quiet', root, clone]);
  if (status !== 0) throw new Error(`bench: git clone failed: ${stderr}`);
  const clonedS = (performance.now() - from) / 1000;
  const times = await fromStart(clone, join(dir, 'data'), []);
  const later = Object.entries(times).map(([phase, s]) => [phase, Number(s) + clonedS]);
  return { cloned: clonedS, ...Object.fromEntries(later) };
}

/** `npm start` in a folder, until every family has alerted. */
async function fromStart(cwd: string, dir: string, more: readonly string[]): Promise<Times> {
  const free = PORTS.flatMap((name) => ['--set', `${name}Port=0`]);
  const from = performance.now();
  const args = ['start', '--silent', '--', '--dir', dir, ...free, ...more];
  // A group of its own: npm does not hand on every signal.
  const npm = spawn('npm', args, { cwd, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  const times: Times = {};
  const note = (phase: Phase): void => {
    times[phase] ??= (performance.now() - from) / 1000;
  };
  try {
    const session = await signIn(await linkOf(npm, note));
    note('ready: address and link shown');
    while (families.some((family) => times[`first ${family} alert`] === undefined)) {
      const { counts } = await alertsOf(session);
      for (const family of families) if (counts.byFamily[family] > 0) note(`first ${family} alert`);
      if (performance.now() - from > WAIT_MS_MAX) throw new Error('bench: no alert in time');
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
    return times;
  } finally {
    await end(npm);
  }
}

async function alertsOf(session: { base: string; cookie: string }): Promise<AlertList> {
  const url = `${session.base}/api/alerts?limit=1`;
  const response = await fetch(url, { headers: { cookie: session.cookie } });
  if (response.status !== 200) throw new Error(`bench: the list answered ${response.status}`);
  return (await response.json()) as AlertList;
}

/** The sign-in link that the terminal shows; notes what it says on the way there and later. */
function linkOf(npm: ChildProcess, note: (phase: Phase) => void): Promise<string> {
  let out = '';
  let errors = '';
  return new Promise((resolve, reject) => {
    const fail = (why: string): void => reject(new Error(`bench: npm start ${why}\n${errors}`));
    const timer = setTimeout(() => fail('was not ready in time'), WAIT_MS_MAX);
    npm.stderr?.setEncoding('utf8').on('data', (text: string) => {
      errors = `${errors}${text}`.slice(-8_000);
      if (errors.includes('packages installed in')) note('installed');
      if (errors.includes('page built in')) note('built');
      if (errors.includes('demonstration bank: live')) note('history of 130 days played');
    });
    npm.stdout?.setEncoding('utf8').on('data', (text: string) => {
      out += text;
      const link = /http:\/\/\S+\/#token=\S+/.exec(out)?.[0];
      if (link === undefined || !out.includes('Stop')) return;
      clearTimeout(timer);
      resolve(link);
    });
    npm.once('exit', (code) => {
      clearTimeout(timer);
      fail(`ended with ${code}`);
    });
  });
}

function end(npm: ChildProcess): Promise<void> {
  const { pid } = npm;
  if (pid === undefined || npm.exitCode !== null) return Promise.resolve();
  const signal = (name: NodeJS.Signals): void => {
    try {
      process.kill(-pid, name);
    } catch {
      // Nobody of the group is left.
    }
  };
  return new Promise((resolve) => {
    const timer = setTimeout(() => signal('SIGKILL'), STOP_WAIT_MS_MAX);
    npm.once('close', () => {
      clearTimeout(timer);
      resolve();
    });
    signal('SIGINT');
  });
}

/** Starts the built program in tests: free ports, a folder of its own, and what it printed. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from '../package.js';

const main = join(packageRoot(), 'dist', 'app', 'main.js');
const STEP_MS = 20;
/** Nothing waits for this: it is when a busy machine must have done what hangs otherwise. */
const WAIT_MS_MAX = 120_000;

export interface Ports {
  dashboard: number;
  ingest: number;
  engineOperations: number;
  dashboardOperations: number;
  storageOperations: number;
}

export interface Program {
  readonly process: ChildProcess;
  readonly pid: number;
  readonly out: () => string;
  readonly err: () => string;
  /** Exit code, or the name of the signal. */
  readonly ended: Promise<number | string>;
}

const running = new Set<ChildProcess>();

/** Any command line of `weir`. */
export function startWeir(args: readonly string[]): Program {
  const child = spawn(process.execPath, [main, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  running.add(child);
  let out = '';
  let err = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
  const ended = new Promise<number | string>((resolve) => {
    child.on('close', (code, signal) => {
      running.delete(child);
      resolve(code ?? signal ?? 'unknown');
    });
  });
  return { process: child, pid: child.pid as number, out: () => out, err: () => err, ended };
}

/** `weir run` on the given ports; without ClickHouse, unless `more` sets it. */
export function startRun(dir: string, ports: Ports, more: readonly string[] = []): Program {
  const flags = [
    ['--dir', dir],
    ['--dashboard-port', String(ports.dashboard)],
    ['--ingest-port', String(ports.ingest)],
    ['--engine-operations-port', String(ports.engineOperations)],
    ['--dashboard-operations-port', String(ports.dashboardOperations)],
    ['--set', `storageOperationsPort=${ports.storageOperations}`],
    ['--set', 'clickhouse=none'],
  ].flat();
  return startWeir(['run', ...flags, ...more]);
}

export async function untilReady(program: Program): Promise<void> {
  await until(
    () => program.out().includes('Weir is ready') || program.process.exitCode !== null,
    () => `not ready: ${program.err()}`,
  );
}

/** Looks again and again until it is so; at the limit it fails with the given text. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  otherwise: () => string = () => 'waited too long',
): Promise<void> {
  const endMs = performance.now() + WAIT_MS_MAX;
  while (!(await condition())) {
    if (performance.now() > endMs) throw new Error(otherwise());
    await new Promise((done) => setTimeout(done, STEP_MS));
  }
}

export async function freePorts(): Promise<Ports> {
  const servers = await Promise.all(
    [0, 1, 2, 3, 4].map(
      () =>
        new Promise<ReturnType<typeof createServer>>((resolve) => {
          const server = createServer().listen(0, '127.0.0.1', () => resolve(server));
        }),
    ),
  );
  const numbers = servers.map((s) => (s.address() as { port: number }).port);
  const [dashboard = 0, ingest = 0, engineOperations = 0] = numbers;
  const [dashboardOperations = 0, storageOperations = 0] = numbers.slice(3);
  await Promise.all(servers.map((s) => new Promise((done) => s.close(done))));
  return { dashboard, ingest, engineOperations, dashboardOperations, storageOperations };
}

export function temporaryFolder(): string {
  return mkdtempSync(join(tmpdir(), 'weir-program-'));
}

/** Pid of a role by the name of its subcommand. */
export function childPid(parent: number, role: string): number | undefined {
  return childPids(parent).find((pid) => commandLine(pid).includes(role));
}

export function childPids(parent: number): number[] {
  const text = readOr('', () =>
    existsSync('/proc/self')
      ? readFileSync(`/proc/${parent}/task/${parent}/children`, 'utf8')
      : execFileSync('ps', ['-o', 'pid=', '--ppid', String(parent)], { encoding: 'utf8' }),
  );
  return text.split(/\s+/).filter(Boolean).map(Number);
}

function commandLine(pid: number): string[] {
  return readOr('', () =>
    existsSync('/proc/self')
      ? readFileSync(`/proc/${pid}/cmdline`, 'utf8')
      : execFileSync('ps', ['-o', 'args=', '-p', String(pid)], { encoding: 'utf8' }),
  ).split(/[\0\s]+/);
}

/** A process may be gone by the time that it is looked at. */
function readOr(otherwise: string, read: () => string): string {
  try {
    return read();
  } catch {
    return otherwise;
  }
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  // A zombie still has a pid, until its parent looks.
  return !/\) Z /.test(readOr('', () => readFileSync(`/proc/${pid}/stat`, 'latin1')));
}

export async function status(url: string): Promise<number> {
  try {
    return (await fetch(url)).status;
  } catch {
    return 0;
  }
}

/** Ends what a test left behind, and removes its folder. */
export async function cleanUp(dir: string): Promise<void> {
  for (const child of running) {
    const children = childPids(child.pid as number);
    child.kill('SIGKILL');
    await until(() => !children.some(isAlive));
  }
  rmSync(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
}

/** The real program for a bench: `weir run` on free ports with a folder of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureSecrets } from '../platform/index.js';

const READY_WAIT_MS_MAX = 60_000;
const STOP_WAIT_MS_MAX = 15_000;
const main = fileURLToPath(new URL('../app/main.js', import.meta.url));

export interface RunningProgram {
  dir: string;
  ingestUrl: string;
  ingestKey: string;
  signInLink: string;
  stop(): Promise<void>;
}

export async function startProgram(catalogue: string): Promise<RunningProgram> {
  const dir = mkdtempSync(join(tmpdir(), 'weir-bench-'));
  const doors = ['dashboard', 'ingest', 'engineOperations', 'dashboardOperations'];
  const ports = [...doors, 'storageOperations'].map((door) => `${door}Port`);
  const free = ports.flatMap((name) => ['--set', `${name}=0`]);
  const args = ['run', '--dir', dir, '--demo', 'none', '--catalogue', catalogue, ...free];
  const child = spawn(process.execPath, [main, ...args, '--log-level', 'warn'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const stop = async (): Promise<void> => {
    await end(child);
    rmSync(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
  };
  try {
    const said = await readyText(child);
    const signInLink = /http:\/\/\S+\/#token=\S+/.exec(said)?.[0];
    const ingestUrl = /curl -X POST (http:\/\/\S+)/.exec(said)?.[1];
    if (signInLink === undefined || ingestUrl === undefined) {
      throw new Error(`bench: the program did not say where to look:\n${said}`);
    }
    return { dir, ingestUrl, ingestKey: ensureSecrets(dir).ingestKey, signInLink, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function readyText(child: ChildProcess): Promise<string> {
  let out = '';
  let errors = '';
  return new Promise((resolve, reject) => {
    const fail = (why: string): void => reject(new Error(`bench: the program ${why}\n${errors}`));
    const timer = setTimeout(() => fail('was not ready in time'), READY_WAIT_MS_MAX);
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      errors = `${errors}${text}`.slice(-4_000);
    });
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      out += text;
      if (!out.includes('Weir is ready') || !out.includes('Stop')) return;
      clearTimeout(timer);
      resolve(out);
    });
    child.once('exit', (code) => {
      clearTimeout(timer);
      fail(`ended with ${code}`);
    });
  });
}

function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_WAIT_MS_MAX);
    child.once('exit', () => {
      clearTimeout(timer);
      resolve();
    });
    child.kill('SIGTERM');
  });
}

/** One run of the embedded ClickHouse: started on a free loopback port, pinged, stopped. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createServer } from 'node:net';
import type { Endpoint } from '../endpoint.js';
import type { EmbeddedFiles } from './files.js';
import type { Launch } from './launcher.js';

const START_MS_MAX = 60_000;
const START_STEP_MS = 25;
export const PING_MS_MAX = 5_000;
/** What is kept of its last words, for the log. */
const LAST_WORDS_MAX = 2_000;

/** Listens first, then waits for ever: `clickhouse local` ends with its query. */
const QUERY =
  'SYSTEM START LISTEN HTTP; SELECT sleepEachRow(1) FROM system.numbers SETTINGS ' +
  'function_sleep_max_microseconds_per_block=0, max_block_size=1 FORMAT Null';

export interface EmbeddedChild {
  readonly pid: number;
  readonly endpoint: Endpoint;
  /** Resolves with the way it ended: a code, a signal or a reason, and its last words. */
  readonly ended: Promise<string>;
  /** False after `msMax` without an answer. */
  ping(msMax: number): Promise<boolean>;
  /** SIGTERM, and SIGKILL at the deadline; resolves when it is gone. */
  stop(deadlineMs: number): Promise<void>;
  kill(): void;
}

/** Resolves once it listens. Rejects with its last words when it ends before that. */
export async function startChild(
  launch: Extract<Launch, { command: string }>,
  files: EmbeddedFiles,
  database: string,
): Promise<EmbeddedChild> {
  const port = await freePort();
  const child = spawn(
    launch.command,
    [
      ...launch.args,
      ...['--config-file', files.configFile, '--path', files.dataFolder],
      ...['--listen_host', '127.0.0.1', '--http_port', String(port), '--query', QUERY],
    ],
    // Nothing of our environment is its business; days are made in UTC or with a named zone.
    { stdio: ['pipe', 'ignore', 'pipe'], env: { PATH: process.env['PATH'] ?? '', TZ: 'UTC' } },
  );
  const ended = watchEnd(child);
  const url = `http://127.0.0.1:${port}`;
  const running = runningChild(child, ended, {
    url,
    database,
    writer: files.writer,
    reader: files.reader,
  });
  let over: string | undefined;
  void ended.then((how) => (over = how));
  for (let waitedMs = 0; waitedMs < START_MS_MAX; waitedMs += START_STEP_MS) {
    if (over === undefined && (await running.ping(PING_MS_MAX))) return running;
    if (over !== undefined) throw new Error(`ClickHouse ended at its start: ${over}`);
    await new Promise((done) => setTimeout(done, START_STEP_MS));
  }
  running.kill();
  throw new Error(`ClickHouse does not answer within ${START_MS_MAX} ms of its start`);
}

function runningChild(
  child: ChildProcess,
  ended: Promise<string>,
  endpoint: Endpoint,
): EmbeddedChild {
  return {
    pid: child.pid ?? 0,
    endpoint,
    ended,
    ping: (msMax) => ping(endpoint.url, msMax),
    kill: () => void child.kill('SIGKILL'),
    async stop(deadlineMs) {
      const timer = setTimeout(() => child.kill('SIGKILL'), deadlineMs);
      child.kill('SIGTERM');
      await ended;
      clearTimeout(timer);
    },
  };
}

function watchEnd(child: ChildProcess): Promise<string> {
  let lastWords = '';
  child.stdin?.on('error', () => undefined);
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    lastWords = (lastWords + text).slice(-LAST_WORDS_MAX);
  });
  return new Promise((resolve) => {
    child.on('error', (error) => resolve(error.message));
    child.on('close', (code, signal) => {
      resolve(`${signal ?? `code ${code}`}${lastWords === '' ? '' : `: ${lastWords.trim()}`}`);
    });
  });
}

async function ping(url: string, msMax: number): Promise<boolean> {
  try {
    const reply = await fetch(`${url}/ping`, { signal: AbortSignal.timeout(msMax) });
    return (await reply.text()) === 'Ok.\n';
  } catch {
    return false;
  }
}

/** Another process may take it before the child does: then the child ends, and is started again. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' ? (address?.port ?? 0) : 0));
    });
  });
}

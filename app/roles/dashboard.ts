/**
 * The dashboard as a role: opens the logs that the engine writes, waits until they are there, and
 * runs the server with its operations port.
 */
import { join } from 'node:path';
import {
  type DeadLetterPort,
  type DemoPort,
  type RefusedMessage,
  startDashboardServer,
  WORK_TABLES,
} from '../../dashboard/index.js';
import { DEAD_LETTERS_TABLE, type DeadLetter, showDeadLetter } from '../../ingest/index.js';
import {
  createHealth,
  createMetrics,
  createTransport,
  type LmdbLog,
  openLmdbLog,
  openStatsBoard,
  startOperations,
} from '../../platform/index.js';
import { isStop } from '../ipc.js';
import { packageRoot, packageVersion } from '../package.js';
import type { RoleOptions, RunningRole } from '../role-contract.js';
import { isSupervised, tellSupervisor } from '../role-process.js';

const LOOK_MS = 50;
const SAY_WAITING_MS = 3_000;

export async function runDashboard(options: RoleOptions): Promise<RunningRole> {
  const { dir, configuration, clock, logger } = options;
  const nowMs = (): number => clock.nowMs();
  const metrics = createMetrics('dashboard', { version: packageVersion() });
  const health = createHealth();
  const operations = await startOperations({
    transport: createTransport({ logger }),
    metrics,
    health,
    host: configuration.operationsHost,
    port: configuration.dashboardOperationsPort,
    setting: 'dashboardOperationsPort',
  });
  const journal = openLmdbLog(join(dir, 'journal.mdb'), { name: 'journal', readOnly: true });
  const hits = openLmdbLog(join(dir, 'hits.mdb'), { name: 'hits', readOnly: true });
  const waiting = waitForEngine([journal, hits], (text) => logger.info(text));
  health.condition('engine files', () => waiting.done || 'waiting for the engine');
  // Asked to stop before the engine is there: nothing is open that would need an end.
  const leave = (): never => process.exit(0);
  const leaveIfAsked = (message: unknown): void => void (isStop(message) && leave());
  process.on('SIGTERM', leave);
  process.on('message', leaveIfAsked);
  await waiting.promise;
  process.off('SIGTERM', leave);
  process.off('message', leaveIfAsked);
  const work = openLmdbLog(join(dir, 'work.mdb'), { name: 'work', tables: WORK_TABLES });
  const demo = demoSwitchboard(dir);
  const server = await startDashboardServer({
    dir,
    configuration,
    nowMs,
    logger,
    hits,
    work,
    journal,
    deadLetters: deadLettersOf(journal),
    demo: demo.port,
    stats: openStatsBoard(dir, { nowMs }),
    webDir: join(packageRoot(), 'dist', 'dashboard', 'web'),
    metrics,
    onTurn: () => health.beat('alerts'),
    onFatal: (error) => {
      health.set('failed');
      // The supervisor starts us again; what was decided stands in the logs.
      setImmediate(() => {
        throw error;
      });
    },
  });
  health.set('running');
  logger.info({ url: server.url, transport: server.transport }, 'dashboard ready');
  tellSignInLink(server.signInLink());
  tellSupervisor({ type: 'ready', dashboardUrl: server.url });
  return {
    async stop() {
      health.set('draining');
      await server.stop(configuration.stopDeadlineMs / 2);
      await Promise.all([work.close(), hits.close(), journal.close(), demo.close()]);
      health.set('stopped');
      await operations.close(configuration.stopDeadlineMs / 10);
    },
  };
}

/** A secret: to the person who started Weir, never into the log. */
function tellSignInLink(url: string): void {
  if (isSupervised()) tellSupervisor({ type: 'sign-in-link', url });
  else process.stderr.write(`Sign in (works once, within 15 minutes): ${url}\n`);
}

function waitForEngine(
  logs: readonly LmdbLog[],
  say: (text: string) => void,
): { readonly done: boolean; promise: Promise<void> } {
  let done = false;
  const wait = async (): Promise<void> => {
    const startMs = performance.now();
    let said = false;
    while (!logs.every((log) => log.attached || log.identity !== '')) {
      if (!said && performance.now() - startMs > SAY_WAITING_MS) {
        said = true;
        say('waiting for the engine to make its logs; start it with: weir run, or weir engine');
      }
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
    done = true;
  };
  return {
    get done() {
      return done;
    },
    promise: wait(),
  };
}

/** Looked at, newest first, for one list. */
const LETTERS_SCANNED_MAX = 5_000;

/** The dead letters beside the journal; keys count up, so newest first is a walk down. */
function deadLettersOf(journal: LmdbLog): DeadLetterPort {
  const table = journal.table(DEAD_LETTERS_TABLE);
  const view = (letter: DeadLetter): RefusedMessage => ({
    id: String(letter.key),
    reason: letter.reason,
    detail: letter.detail,
    source: letter.source,
    atMs: letter.ingestMs,
    bytes: letter.rawBytes,
    raw: letter.raw,
  });
  return {
    list(reason, limit) {
      const newest = Number(table.range({ limit: 1, reverse: true })[0]?.key ?? 0);
      const letters: RefusedMessage[] = [];
      for (let key = newest; key > newest - LETTERS_SCANNED_MAX; key--) {
        const letter = showDeadLetter(table, key);
        if (letter === undefined) return { letters, truncated: false };
        if (reason !== undefined && letter.reason !== reason) continue;
        if (letters.length === limit) return { letters, truncated: true };
        letters.push(view(letter));
      }
      return { letters, truncated: true };
    },
    show(id) {
      const letter = /^[1-9]\d{0,14}$/.test(id) ? showDeadLetter(table, Number(id)) : undefined;
      return letter && view(letter);
    },
  };
}

const DEMO_BYTES_MAX = 16 * 1024 * 1024;
/** Commands kept; the player reads them within a second. */
const DEMO_RECORDS_MAX = 1_000;

/** The log of commands is made with the first command: without a demonstration there is none. */
function demoSwitchboard(dir: string): { port: DemoPort; close(): Promise<void> } {
  let log: LmdbLog | undefined;
  const path = join(dir, 'demo.mdb');
  return {
    port: {
      async append(record) {
        log ??= openLmdbLog(path, { name: 'demo', mapBytesMax: DEMO_BYTES_MAX });
        await log.append([Buffer.from(JSON.stringify(record))]);
        if (log.end() - log.first() > 2 * DEMO_RECORDS_MAX) {
          await log.truncate(log.end() - DEMO_RECORDS_MAX);
        }
      },
      curl: () => null,
    },
    close: async () => log?.close(),
  };
}

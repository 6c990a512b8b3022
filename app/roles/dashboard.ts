/**
 * The dashboard as a role: opens the logs that the engine writes, waits until they are there, and
 * runs the server with its operations port.
 */
import { join } from 'node:path';
import { startDashboardServer, WORK_TABLES } from '../../dashboard/index.js';
import {
  createHealth,
  createMetrics,
  type LmdbLog,
  openLmdbLog,
  openStatsBoard,
} from '../../platform/index.js';
import { createHistory } from '../../storage/index.js';
import { isStop } from '../ipc.js';
import { packageRoot, packageVersion } from '../package.js';
import type { RoleOptions, RunningRole } from '../role-contract.js';
import { openOperations } from '../role-operations.js';
import { isSupervised, tellSupervisor } from '../role-process.js';
import { deadLettersOf, demoSwitchboard } from './dashboard-ports.js';
import { createExplainer } from './explainer.js';

const LOOK_MS = 50;
const SAY_WAITING_MS = 3_000;

export async function runDashboard(options: RoleOptions): Promise<RunningRole> {
  const { dir, configuration, clock, logger } = options;
  const nowMs = (): number => clock.nowMs();
  const metrics = createMetrics('dashboard', { version: packageVersion() });
  const health = createHealth();
  const operations = await openOperations(options, { metrics, health }, 'dashboardOperationsPort');
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
  const demo = demoSwitchboard(dir, configuration);
  const history = createHistory({ dir, configuration, logger, nowMs });
  const explainer = createExplainer({ journalPath: join(dir, 'journal.mdb'), logger });
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
    history,
    explainer,
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
  const { url: operationsUrl } = operations;
  tellSupervisor({ type: 'ready', dashboardUrl: server.url, operationsUrl });
  return {
    async stop() {
      health.set('draining');
      await explainer.close();
      await server.stop(configuration.stopDeadlineMs / 2);
      await Promise.all([work, hits, journal, demo, history].map((each) => each.close()));
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

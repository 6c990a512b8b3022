/**
 * The frame of a role's process: it announces readiness to the supervisor, stops on request and
 * leaves at once when the supervisor is gone. Started alone, it obeys signals itself.
 */

import { join } from 'node:path';
import { type Logger, lockFolder, settleLogs } from '../platform/index.js';
import { ExitCode, exitCodeOf, isForOperators } from './exit-codes.js';
import { watchTerminal } from './hangup.js';
import { type ChildMessage, isReload, isStop } from './ipc.js';
import type { RunningRole } from './role-contract.js';

const LOCK_WAIT_MS_MAX = 5_000;
const LOCK_STEP_MS = 20;
/** Logs that have not settled by then are left as they are: they survive a kill. */
const SETTLE_MS_MAX = 1_000;

export const isSupervised = (): boolean =>
  process.env['WEIR_SUPERVISED'] === '1' && process.send !== undefined;

/**
 * One process per role and folder. Children of a supervisor that was killed leave within
 * milliseconds, but their successors may be faster: so they wait, and no two ever write one log.
 */
export async function lockRole(dir: string, role: string): Promise<void> {
  const folder = join(dir, 'roles', role);
  for (let waitedMs = 0; ; waitedMs += LOCK_STEP_MS) {
    try {
      lockFolder(folder);
      return;
    } catch (error) {
      if (exitCodeOf(error) !== ExitCode.busy || waitedMs >= LOCK_WAIT_MS_MAX) throw error;
      await new Promise((done) => setTimeout(done, LOCK_STEP_MS));
    }
  }
}

/** Tells the supervisor; without one, nothing. */
export function tellSupervisor(message: ChildMessage): void {
  if (process.connected) process.send?.(message);
}

/** Whatever was begun survives it; unlike process.exit it never waits for anything. */
function killOurselves(): void {
  process.kill(process.pid, 'SIGKILL');
}

/**
 * Ends the process with a code. process.exit alone may never return: it joins LMDB's writer thread,
 * which in the middle of a transaction waits for this thread to go on. (Seen in the kill test: an
 * engine whose supervisor was killed stayed for ever, and with it the lock of its role.)
 */
async function leave(code: number): Promise<void> {
  setTimeout(killOurselves, SETTLE_MS_MAX);
  await settleLogs();
  process.exit(code);
}

/** Never resolves before the role is over; then the process exits. */
export async function runRoleProcess(
  logger: Logger,
  stopDeadlineMs: number,
  start: () => Promise<RunningRole>,
): Promise<void> {
  let stopping = false;
  let running: RunningRole | undefined;
  let reloadAsked = false;
  const hasLostTerminal = watchTerminal();
  const stop = async (why: string): Promise<void> => {
    if (stopping) return;
    stopping = true;
    logger.info({ why }, 'stopping');
    // Whatever was begun survives a kill, so a start is not waited for. What it complains of from
    // here on is only that its logs are closed.
    if (running === undefined) {
      logger.level = 'silent';
      return leave(0);
    }
    // The supervisor kills at its deadline; alone, the role keeps the deadline itself.
    setTimeout(() => {
      logger.error({ stopDeadlineMs }, 'not stopped within the deadline, leaving');
      void leave(1);
    }, stopDeadlineMs).unref();
    try {
      await running.stop();
      logger.info('stopped');
      await leave(0);
    } catch (error) {
      logger.error({ err: error }, 'stopping failed');
      await leave(1);
    }
  };
  /** During a start the files may have been read already: then once more behind it. */
  const reload = (): void => {
    if (running === undefined) reloadAsked = true;
    else if (!stopping) void running.reload?.();
  };
  let crashed = false;
  const crash = (error: unknown): void => {
    if (crashed) return;
    crashed = true;
    logger.fatal({ err: error }, 'unexpected error, leaving to be restarted');
    void leave(1);
  };
  process.on('uncaughtException', crash);
  process.on('unhandledRejection', crash);
  process.on('message', (m) => {
    if (isStop(m)) void stop('asked by the supervisor');
    else if (isReload(m)) reload();
  });
  process.on('disconnect', killOurselves);
  process.on('SIGTERM', () => void stop('SIGTERM'));
  process.on('SIGINT', () => {
    // Ctrl-C reaches the whole group; the supervisor decides for its children.
    if (!isSupervised()) void stop('SIGINT');
  });
  process.on('SIGHUP', () => {
    if (!hasLostTerminal()) reload();
    else if (!isSupervised()) void stop('SIGHUP');
  });
  try {
    running = await start();
    tellSupervisor({ type: 'ready' });
    if (reloadAsked) reload();
  } catch (error) {
    if (stopping) return;
    if (isForOperators(error)) logger.error((error as Error).message);
    else logger.fatal({ err: error }, 'could not start');
    await leave(exitCodeOf(error));
  }
}

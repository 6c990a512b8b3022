/**
 * The frame of a role's process: it announces readiness to the supervisor, stops on request and
 * leaves at once when the supervisor is gone. Started alone, it obeys signals itself.
 */

import { join } from 'node:path';
import { type Logger, lockFolder } from '../platform/index.js';
import { ExitCode, exitCodeOf, isForOperators } from './exit-codes.js';
import { type ChildMessage, isStop } from './ipc.js';
import type { RunningRole } from './role-contract.js';

const LOCK_WAIT_MS_MAX = 5_000;
const LOCK_STEP_MS = 20;

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

/** Never resolves before the role is over; then the process exits. */
export async function runRoleProcess(
  logger: Logger,
  stopDeadlineMs: number,
  start: () => Promise<RunningRole>,
): Promise<void> {
  let stopping = false;
  let running: RunningRole | undefined;
  const stop = async (why: string): Promise<void> => {
    if (stopping) return;
    stopping = true;
    logger.info({ why }, 'stopping');
    // Whatever was begun survives a kill, so a start is not waited for.
    if (running === undefined) process.exit(0);
    // The supervisor kills at its deadline; alone, the role keeps the deadline itself.
    setTimeout(() => {
      logger.error({ stopDeadlineMs }, 'not stopped within the deadline, leaving');
      process.exit(1);
    }, stopDeadlineMs).unref();
    try {
      await running.stop();
      logger.info('stopped');
      process.exit(0);
    } catch (error) {
      logger.error({ err: error }, 'stopping failed');
      process.exit(1);
    }
  };
  const crash = (error: unknown): void => {
    logger.fatal({ err: error }, 'unexpected error, leaving to be restarted');
    process.exit(1);
  };
  process.on('uncaughtException', crash);
  process.on('unhandledRejection', crash);
  process.on('message', (m) => void (isStop(m) && stop('asked by the supervisor')));
  process.on('disconnect', () => process.exit(1));
  process.on('SIGTERM', () => void stop('SIGTERM'));
  process.on('SIGINT', () => {
    // Ctrl-C reaches the whole group; the supervisor decides for its children.
    if (!isSupervised()) void stop('SIGINT');
  });
  try {
    running = await start();
    tellSupervisor({ type: 'ready' });
  } catch (error) {
    if (stopping) return;
    if (isForOperators(error)) logger.error((error as Error).message);
    else logger.fatal({ err: error }, 'could not start');
    process.exit(exitCodeOf(error));
  }
}

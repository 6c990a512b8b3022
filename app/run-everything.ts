/**
 * The supervisor's process: holds the lock of the data folder, starts the roles, and tells the
 * person at the terminal where to look once they are ready.
 */
import { join } from 'node:path';
import {
  createClock,
  createLogger,
  ensureSecrets,
  forgetCursors,
  loadConfiguration,
  lockFolder,
  parseClockStart,
} from '../platform/index.js';
import type { Configuration } from '../schemas/configuration.js';
import { writeAddresses } from './addresses.js';
import { checkDemoFolder } from './demo/bank-state.js';
import { resetDemo } from './demo/reset.js';
import { watchDisk } from './disk.js';
import { UsageError } from './exit-codes.js';
import { ignoreGoneTerminal, watchTerminal } from './hangup.js';
import type { ChildMessage } from './ipc.js';
import { engineArguments, overridesOf, type RunFlags, roleArguments } from './options.js';
import { packageRoot } from './package.js';
import { readyText } from './ready-text.js';
import { type ChildSpec, type Supervisor, startSupervisor } from './supervisor.js';

export async function runEverything(flags: RunFlags): Promise<number> {
  const configuration = loadConfiguration(flags.dir, overridesOf(flags));
  checkClock(flags.clockStart);
  const logger = createLogger({ role: 'supervisor', level: flags.logLevel });
  const lock = lockFolder(flags.dir);
  let stopWatching = (): void => undefined;
  try {
    prepareFolder(flags);
    const { ingestKey } = ensureSecrets(flags.dir);
    const anchored = { clockAnchorMs: Date.now(), ...flags };
    const clock = createClock({ startIso: flags.clockStart, anchorMs: anchored.clockAnchorMs });
    stopWatching = watchDisk(flags.dir, clock, (error) =>
      logger.warn({ err: error }, 'disk used is not known'),
    );
    const main = join(packageRoot(), 'dist', 'app', 'main.js');
    const said = new Map<string, ChildMessage>();
    const supervisor: Supervisor = startSupervisor({
      children: [
        { name: 'engine', module: main, args: ['engine', ...engineArguments(anchored)] },
        { name: 'dashboard', module: main, args: ['dashboard', ...roleArguments(anchored)] },
        ...storageChildren(flags.dir, configuration, main, roleArguments(anchored)),
      ],
      logger,
      stopDeadlineMs: configuration.stopDeadlineMs,
      onMessage: (child, message) => {
        // A role may say more than once that it is ready, and where.
        const key = `${child} ${message.type}`;
        said.set(key, { ...said.get(key), ...message });
      },
      onReady: () => announce(flags, ingestKey, configuration, said),
    });
    const stop = (): void => {
      process.stderr.write('weir: stopping ...\n');
      void supervisor.stop();
    };
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, stop);
    const hasLostTerminal = watchTerminal();
    ignoreGoneTerminal();
    process.on('SIGHUP', () => {
      if (hasLostTerminal()) stop();
      else supervisor.reload();
    });
    return await supervisor.done;
  } finally {
    stopWatching();
    await lock.release();
  }
}

function checkClock(clockStart: string | undefined): void {
  if (clockStart === undefined) return;
  try {
    parseClockStart(clockStart);
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

/** Before any role starts: what the folder holds must fit the demonstration that is asked for. */
function prepareFolder({ dir, demo, reset }: RunFlags): void {
  if (reset === true) {
    if (demo === 'none') throw new UsageError('--reset: only a demonstration, add --demo bank');
    const removed = resetDemo(dir);
    const what = removed.length === 0 ? 'nothing to remove' : `removed ${removed.join(', ')}`;
    process.stderr.write(`weir: begins afresh in ${dir}: ${what}\n`);
  }
  checkDemoFolder(dir, demo);
}

function announce(
  flags: RunFlags,
  ingestKey: string,
  configuration: Configuration,
  said: ReadonlyMap<string, ChildMessage>,
): void {
  const link = said.get('dashboard sign-in-link');
  const engine = said.get('engine ready');
  const dashboard = said.get('dashboard ready');
  const storage = said.get('storage ready');
  const { dir, demo } = flags;
  const engineAt = engine?.type === 'ready' ? engine : undefined;
  const dashboardAt = dashboard?.type === 'ready' ? dashboard : undefined;
  const addresses = {
    ingestUrl: engineAt?.ingestUrl,
    dashboardUrl: dashboardAt?.dashboardUrl,
  };
  writeAddresses(dir, addresses);
  const signInLink = link?.type === 'sign-in-link' ? link.url : undefined;
  const bank = demo === 'bank';
  const operationsUrls = {
    engine: engineAt?.operationsUrl,
    dashboard: dashboardAt?.operationsUrl,
    storage: storage?.type === 'ready' ? storage.operationsUrl : undefined,
  };
  const facts = { dir, configuration, bank, signInLink, ingestKey, operationsUrls, ...addresses };
  process.stdout.write(readyText(facts));
}

/** None when history is switched off; then nothing is kept for it any more. */
function storageChildren(
  dir: string,
  { clickhouse }: Configuration,
  module: string,
  args: readonly string[],
): ChildSpec[] {
  if (clickhouse !== 'none') return [{ name: 'storage', module, args: ['storage', ...args] }];
  forgetCursors(dir, 'storage');
  return [];
}

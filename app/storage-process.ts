/** Storage as a process: its configuration, clock and log, then the role does the work. */
import { createClock, createLogger, loadConfiguration } from '../platform/index.js';
import { UsageError } from './exit-codes.js';
import { overridesOf, type RoleFlags } from './options.js';
import { lockRole, runRoleProcess } from './role-process.js';

export async function startStorageProcess(flags: RoleFlags): Promise<void> {
  const configuration = loadConfiguration(flags.dir, overridesOf(flags));
  if (configuration.clickhouse === 'none') {
    throw new UsageError(
      'clickhouse is none: there is nothing to store; set it to embedded, or to a server such as ' +
        'http://clickhouse:8123',
    );
  }
  const logger = createLogger({ role: 'storage', level: flags.logLevel });
  const clock = createClock({ startIso: flags.clockStart, anchorMs: flags.clockAnchorMs });
  await runRoleProcess(logger, configuration.stopDeadlineMs, async () => {
    await lockRole(flags.dir, 'storage');
    const { runStorage } = await import('./roles/storage.js');
    return runStorage({ dir: flags.dir, configuration, clock, logger });
  });
}

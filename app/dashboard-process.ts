/** The dashboard as a process: its configuration, clock and log, then the role does the work. */
import { createClock, createLogger, loadConfiguration } from '../platform/index.js';
import { openDoors } from './open-doors.js';
import { overridesOf, type RoleFlags } from './options.js';
import { lockRole, runRoleProcess } from './role-process.js';

export async function startDashboardProcess(flags: RoleFlags): Promise<void> {
  const configuration = loadConfiguration(flags.dir, overridesOf(flags));
  const logger = createLogger({ role: 'dashboard', level: flags.logLevel });
  const clock = createClock({ startIso: flags.clockStart, anchorMs: flags.clockAnchorMs });
  await runRoleProcess(logger, configuration.stopDeadlineMs, async () => {
    await lockRole(flags.dir, 'dashboard');
    // The engine tells of the operations port, which has one setting for both.
    for (const line of openDoors(configuration, ['dashboardHost'])) logger.warn(line);
    const { runDashboard } = await import('./roles/dashboard.js');
    return runDashboard({ dir: flags.dir, configuration, clock, logger });
  });
}

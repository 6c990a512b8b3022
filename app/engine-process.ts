/** The engine as a process: its configuration, clock and log, then app/engine does the work. */
import { createClock, createLogger, loadConfiguration } from '../platform/index.js';
import { openDoors } from './open-doors.js';
import { type EngineFlags, overridesOf } from './options.js';
import { lockRole, runRoleProcess } from './role-process.js';

export async function startEngineProcess(flags: EngineFlags): Promise<void> {
  const configuration = loadConfiguration(flags.dir, overridesOf(flags));
  const logger = createLogger({ role: 'engine', level: flags.logLevel });
  const clock = createClock({ startIso: flags.clockStart, anchorMs: flags.clockAnchorMs });
  await runRoleProcess(logger, configuration.stopDeadlineMs, async () => {
    await lockRole(flags.dir, 'engine');
    for (const line of openDoors(configuration, ['ingestHost', 'operationsHost'])) {
      logger.warn(line);
    }
    const { runEngine } = await import('./engine/index.js');
    const { prepareDemo } = await import('./demo/index.js');
    const { state, referenceDir } = prepareDemo(flags.demo, flags.dir, clock.nowMs(), {
      customers: flags.demoCustomers,
      merchants: flags.demoMerchants,
      historyDays: flags.demoDays,
    });
    const reference = flags.reference ?? referenceDir;
    return runEngine({
      dir: flags.dir,
      configuration,
      clock,
      logger,
      demo: { what: flags.demo, ratePerSecond: flags.rate, state },
      ...(flags.catalogue !== undefined && { cataloguePath: flags.catalogue }),
      ...(reference !== undefined && { referenceDir: reference }),
    });
  });
}

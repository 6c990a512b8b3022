/**
 * Storage as a role: opens the logs that engine and dashboard write, and keeps them in ClickHouse.
 * It runs behind everything else on the machine, and so does the ClickHouse that it starts.
 */
import { setPriority } from 'node:os';
import { join } from 'node:path';
import { createHealth, createMetrics, openLmdbLog, openStatsBoard } from '../../platform/index.js';
import { startStorage } from '../../storage/index.js';
import { packageVersion } from '../package.js';
import type { RoleOptions, RunningRole } from '../role-contract.js';
import { openOperations } from '../role-operations.js';
import { tellSupervisor } from '../role-process.js';

/** Its ClickHouse takes as much again. */
const NICE = 5;

export async function runStorage(options: RoleOptions): Promise<RunningRole> {
  const { dir, configuration, clock } = options;
  setPriority(NICE);
  const nowMs = (): number => clock.nowMs();
  const metrics = createMetrics('storage', { version: packageVersion() });
  const health = createHealth();
  const operations = await openOperations(options, { metrics, health }, 'storageOperationsPort');
  const open = (name: 'journal' | 'hits' | 'work') =>
    openLmdbLog(join(dir, `${name}.mdb`), { name, readOnly: true });
  const logs = { journal: open('journal'), hits: open('hits'), work: open('work') };
  const stats = openStatsBoard(dir, { nowMs });
  const storage = startStorage({ ...options, logs, metrics, stats, nowMs });
  health.condition('clickhouse', () => {
    const { state, detail } = storage.status;
    return state === 'ready' || `${state}: ${detail}`;
  });
  health.set('running');
  tellSupervisor({ type: 'ready', operationsUrl: operations.url });
  return {
    async stop() {
      health.set('draining');
      await storage.stop(configuration.stopDeadlineMs);
      await Promise.all(Object.values(logs).map((log) => log.close()));
      health.set('stopped');
      await operations.close(configuration.stopDeadlineMs / 10);
    },
  };
}

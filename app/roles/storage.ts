/**
 * Storage as a role: opens the logs that engine and dashboard write, and keeps them in ClickHouse.
 * It runs behind everything else on the machine, and so does the ClickHouse that it starts.
 */
import { setPriority } from 'node:os';
import { join } from 'node:path';
import {
  createHealth,
  createMetrics,
  createTransport,
  openLmdbLog,
  openStatsBoard,
  startOperations,
} from '../../platform/index.js';
import { startStorage } from '../../storage/index.js';
import { packageVersion } from '../package.js';
import type { RoleOptions, RunningRole } from '../role-contract.js';
import { tellSupervisor } from '../role-process.js';

/** Its ClickHouse takes as much again. */
const NICE = 5;

export async function runStorage(options: RoleOptions): Promise<RunningRole> {
  const { dir, configuration, clock, logger } = options;
  setPriority(NICE);
  const nowMs = (): number => clock.nowMs();
  const metrics = createMetrics('storage', { version: packageVersion() });
  const health = createHealth();
  const operations = await startOperations({
    transport: createTransport({ logger }),
    metrics,
    health,
    host: configuration.operationsHost,
    port: configuration.storageOperationsPort,
    setting: 'storageOperationsPort',
  });
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
  const operationsUrl = `http://${configuration.operationsHost}:${operations.port}`;
  tellSupervisor({ type: 'ready', operationsUrl });
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

/** The operations port of a role: metrics and health, open from its first moment. */
import { createTransport, type Health, type Metrics, startOperations } from '../platform/index.js';
import type { Configuration } from '../schemas/configuration.js';
import type { RoleOptions } from './role-contract.js';

type Setting = keyof Configuration & `${'engine' | 'dashboard' | 'storage'}OperationsPort`;

/** `setting` names the port, also to whoever must choose another. */
export async function openOperations(
  { configuration, logger }: Pick<RoleOptions, 'configuration' | 'logger'>,
  role: { metrics: Metrics; health: Health },
  setting: Setting,
): Promise<{ url: string; port: number; close(deadlineMs: number): Promise<void> }> {
  const host = configuration.operationsHost;
  const { port, close } = await startOperations({
    transport: createTransport({ logger }),
    ...role,
    host,
    port: configuration[setting],
    setting,
  });
  return { port, url: `http://${host}:${port}`, close: (deadlineMs) => close(deadlineMs) };
}

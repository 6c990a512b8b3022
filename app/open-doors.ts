/**
 * Doors that the network can reach. Weir speaks plain HTTP: on another address than loopback,
 * cookies, keys and customers' data travel in the clear unless a proxy with TLS stands before it.
 */
import type { Configuration } from '../schemas/configuration.js';

type HostSetting = 'dashboardHost' | 'ingestHost' | 'operationsHost';

const DOORS: Record<HostSetting, { name: string; risk: string }> = {
  dashboardHost: { name: 'the page', risk: 'sign-in and customer data travel unencrypted' },
  ingestHost: { name: 'ingest', risk: 'the key and transactions travel unencrypted' },
  operationsHost: { name: 'operations', risk: 'metrics and health are read without sign-in' },
};

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host === '[::1]' || /^127\./.test(host);
}

/** One line for each of these doors that is open to the network. */
export function openDoors(
  configuration: Pick<Configuration, HostSetting>,
  settings: readonly HostSetting[],
): string[] {
  return settings.flatMap((setting) => {
    const host = configuration[setting];
    if (isLoopback(host)) return [];
    const { name, risk } = DOORS[setting];
    const mend = `put a proxy with TLS before it, or set ${setting} to 127.0.0.1`;
    return [`${name} listens on ${host}, which the network can reach: ${risk}; ${mend}`];
  });
}

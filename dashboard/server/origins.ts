/**
 * Which web pages may speak to us: the dashboard's own addresses and those of the configuration.
 * Compared with the Origin header, never with Host, which a rebinding page chooses.
 */
import { hostname, networkInterfaces } from 'node:os';

const EVERYWHERE = ['0.0.0.0', '::', ''];

export function originCheck(
  host: string,
  port: number,
  allowed: readonly string[],
): (origin: string | undefined) => boolean {
  const hosts = new Set([host, 'localhost', '127.0.0.1', '[::1]']);
  if (EVERYWHERE.includes(host)) {
    hosts.add(hostname().toLowerCase());
    for (const addresses of Object.values(networkInterfaces())) {
      for (const { address, family } of addresses ?? []) {
        hosts.add(family === 'IPv6' ? `[${address}]` : address);
      }
    }
  }
  const known = new Set(allowed.map((origin) => origin.toLowerCase().replace(/\/$/, '')));
  for (const name of hosts) {
    const withBrackets = name.includes(':') && !name.startsWith('[') ? `[${name}]` : name;
    known.add(port === 80 ? `http://${withBrackets}` : `http://${withBrackets}:${port}`);
  }
  return (origin) => origin !== undefined && known.has(origin.toLowerCase());
}

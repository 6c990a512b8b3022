/** Where the roles of a data folder listened last: flags may have moved the ports. */
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Addresses {
  dashboardUrl?: string | undefined;
  ingestUrl?: string | undefined;
}

const FILE = 'addresses.json';

export function writeAddresses(dir: string, addresses: Addresses): void {
  const path = join(dir, FILE);
  writeFileSync(`${path}.new`, JSON.stringify(addresses));
  renameSync(`${path}.new`, path);
}

export function readAddresses(dir: string): Addresses {
  const path = join(dir, FILE);
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Addresses) : {};
}

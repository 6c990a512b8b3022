/** Makes a one-time link beside a running dashboard: whoever may write its folder may come in. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createSignInLink, signInUrl } from '../dashboard/index.js';
import { createClock, loadConfiguration, SECRETS_FILE } from '../platform/index.js';
import { readAddresses } from './addresses.js';
import { UsageError } from './exit-codes.js';

export async function requestSignInLink(dir: string): Promise<string> {
  if (!existsSync(join(dir, SECRETS_FILE))) {
    throw new UsageError(`no Weir has run in ${dir}; name its data folder with --dir`);
  }
  const { dashboardHost, dashboardPort } = loadConfiguration(dir);
  const url = readAddresses(dir).dashboardUrl ?? `http://${dashboardHost}:${dashboardPort}`;
  const { token } = createSignInLink(dir, createClock().nowMs());
  return signInUrl(url, token);
}

/** `--reset`: removes what a demonstration left in a data folder, and nothing else. */
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { UsageError } from '../exit-codes.js';
import { DEMO_FILE } from './bank-state.js';

/** Settings, keys and users stay: whoever begins afresh is the same person. */
const LOGS = /^(journal|hits|work|demo)\.mdb/;
const OTHERS = [
  ...['snapshots', 'dedupe', 'stats', 'cursors', 'clickhouse', 'demo-reference'],
  'addresses.json',
];

const isOurs = (name: string): boolean =>
  LOGS.test(name) || [...OTHERS, DEMO_FILE].some((own) => name === own || name === `${own}.new`);

/**
 * Names of what was removed; none when there was nothing. Throws when the folder holds data that
 * are no demonstration's. The caller holds the folder's lock.
 */
export function resetDemo(dir: string): string[] {
  const found = readdirSync(dir).filter(isOurs);
  if (found.length === 0) return [];
  if (!existsSync(join(dir, DEMO_FILE))) {
    throw new UsageError(
      `--reset: data folder ${dir} holds no demonstration (no ${DEMO_FILE} in it), nothing was ` +
        'removed; give the --dir of a demonstration',
    );
  }
  // Last: what a crash leaves behind is still known as a demonstration's.
  const order = [...found.filter((name) => name !== DEMO_FILE), DEMO_FILE];
  for (const name of order) rmSync(join(dir, name), { recursive: true, force: true });
  return order;
}

/**
 * Secrets of a data folder, made at the first start: `secrets.json`, readable by its owner only.
 * Several processes may come first at the same time; a hard link decides who made it.
 */
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  fsyncSync,
  linkSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { ConfigurationError } from './configuration.js';

export const SECRETS_FILE = 'secrets.json';

export interface Secrets {
  /** Key that senders of transactions show. */
  ingestKey: string;
  /** What other rooms keep there, each under a name of its own. */
  [more: string]: unknown;
}

/** Reads the file, or makes it. */
export function ensureSecrets(dir: string): Secrets {
  const path = join(dir, SECRETS_FILE);
  const found = read(path);
  if (found !== undefined) return found;
  const temporary = writeTemporary(path, {
    ingestKey: randomBytes(24).toString('base64url'),
  });
  try {
    linkSync(temporary, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(temporary, { force: true });
  }
  return ensureSecrets(dir);
}

/** Changes the file atomically; one process at a time may call it (the dashboard). */
export function updateSecrets(dir: string, change: (secrets: Secrets) => Secrets): Secrets {
  const path = join(dir, SECRETS_FILE);
  const changed = change(ensureSecrets(dir));
  renameSync(writeTemporary(path, changed), path);
  return changed;
}

function read(path: string): Secrets | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  keepFromOthers(path);
  let value: Partial<Secrets> | null = null;
  try {
    value = JSON.parse(text) as Partial<Secrets> | null;
  } catch {
    // told below, without the text
  }
  if (typeof value?.ingestKey !== 'string') {
    throw new ConfigurationError([
      `${SECRETS_FILE}: unreadable, or without ingestKey; restore it from a ` +
        'backup, or remove it: new keys are made at the next start and everybody signs in again',
    ]);
  }
  return value as Secrets;
}

/** A file that came back from a backup may be open to everybody. */
function keepFromOthers(path: string): void {
  if ((statSync(path).mode & 0o077) === 0) return;
  try {
    chmodSync(path, 0o600);
  } catch {
    throw new ConfigurationError([
      `${SECRETS_FILE}: others can read it, and its rights cannot be changed; chmod 600 it`,
    ]);
  }
}

function writeTemporary(path: string, secrets: Secrets): string {
  const temporary = `${path}.${process.pid}.${randomBytes(4).toString('hex')}`;
  const file = openSync(temporary, 'wx', 0o600);
  try {
    writeSync(file, `${JSON.stringify(secrets, null, 2)}\n`);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  return temporary;
}

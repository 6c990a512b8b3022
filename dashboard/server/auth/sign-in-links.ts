/**
 * One-time sign-in links. Each is a small file named by the hash of its token, in a folder of its
 * own: so the command line can make one while the dashboard runs, and using one is a rename, which
 * succeeds exactly once. The token itself stands nowhere but in the link's fragment, which
 * browsers do not send.
 */
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export const LINK_LIFE_MS = 15 * 60_000;
/** How long a used or expired link still gets a clear answer. */
const REMEMBER_MS = 86_400_000;
const LINKS_MAX = 1_000;
const FOLDER = 'sign-in-links';
const TOKEN = /^[A-Za-z0-9_-]{43}$/;

export type LinkOutcome = 'ok' | 'used' | 'expired' | 'unknown';

/** Makes a link's token for the first administrator. Works while the dashboard runs. */
export function createSignInLink(dir: string, nowMs: number): { token: string; expiresMs: number } {
  const folder = join(dir, FOLDER);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  prune(folder, nowMs);
  const token = randomBytes(32).toString('base64url');
  const expiresMs = nowMs + LINK_LIFE_MS;
  writeFileSync(join(folder, hash(token)), String(expiresMs), { mode: 0o600, flag: 'wx' });
  return { token, expiresMs };
}

/** `http://host:port/#token=...` */
export function signInUrl(baseUrl: string, token: string): string {
  return `${baseUrl.replace(/\/$/, '')}/#token=${token}`;
}

export function useSignInLink(dir: string, token: string, nowMs: number): LinkOutcome {
  if (!TOKEN.test(token)) return 'unknown';
  const path = join(dir, FOLDER, hash(token));
  const expiresMs = readExpiry(path);
  if (expiresMs === undefined) return readExpiry(`${path}.used`) === undefined ? 'unknown' : 'used';
  if (nowMs >= expiresMs) return 'expired';
  try {
    renameSync(path, `${path}.used`);
    return 'ok';
  } catch {
    return 'used'; // somebody else was faster
  }
}

function readExpiry(path: string): number | undefined {
  try {
    return Number(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}

function prune(folder: string, nowMs: number): void {
  const names = readdirSync(folder);
  for (const name of names) {
    const expiresMs = readExpiry(join(folder, name));
    if (expiresMs !== undefined && nowMs > expiresMs + REMEMBER_MS) {
      rmSync(join(folder, name), { force: true });
    }
  }
  if (names.length >= LINKS_MAX) {
    throw new Error(`${FOLDER}: ${LINKS_MAX} links of one day; remove the folder's files`);
  }
}

function hash(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

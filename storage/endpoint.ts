/**
 * Where ClickHouse answers, and as whom. The embedded child takes a new port at each start and says
 * so in a file that only its owner can read; a server has one address and one user for all.
 */
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Configuration } from '../schemas/configuration.js';

export interface Login {
  user: string;
  password: string;
}

export interface Endpoint {
  /** http://host:port */
  url: string;
  database: string;
  writer: Login;
  /** May only read; the same as the writer where a server gives us one user. */
  reader: Login;
}

/** An operator can mend it; the command ends as for any wrong setting. */
class EndpointError extends Error {
  override readonly name = 'ConfigurationError';
}

export type StorageKind = 'embedded' | 'server' | 'none';

export type EndpointSettings = Pick<
  Configuration,
  'clickhouse' | 'clickhouseUser' | 'clickhousePasswordFile' | 'clickhouseDatabase'
>;

export function storageKind(clickhouse: string): StorageKind {
  return clickhouse === 'embedded' || clickhouse === 'none' ? clickhouse : 'server';
}

/** Folder of the embedded child: its tables, configuration, passwords and this endpoint. */
export function clickhouseFolder(dir: string): string {
  return join(dir, 'clickhouse');
}

const fileOf = (dir: string): string => join(clickhouseFolder(dir), 'endpoint.json');

/** By the keeper of the child, once it listens. */
export function writeEndpoint(dir: string, endpoint: Endpoint): void {
  const path = fileOf(dir);
  rmSync(`${path}.tmp`, { force: true });
  writeFileSync(`${path}.tmp`, JSON.stringify(endpoint), { mode: 0o600 });
  renameSync(`${path}.tmp`, path);
}

/** The child has been stopped: nobody needs to try. */
export function forgetEndpoint(dir: string): void {
  rmSync(fileOf(dir), { force: true });
}

/**
 * Undefined while the embedded child has never listened, and for `none`. Throws a
 * ConfigurationError when a server's password cannot be read.
 */
export function readEndpoint(dir: string, settings: EndpointSettings): Endpoint | undefined {
  const kind = storageKind(settings.clickhouse);
  if (kind === 'none') return undefined;
  if (kind === 'embedded') return readFile(fileOf(dir));
  const login = { user: settings.clickhouseUser, password: serverPassword(settings) };
  return {
    url: settings.clickhouse,
    database: settings.clickhouseDatabase,
    writer: login,
    reader: login,
  };
}

function readFile(path: string): Endpoint | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Endpoint;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function serverPassword(settings: EndpointSettings): string {
  const fromEnvironment = process.env['WEIR_CLICKHOUSE_PASSWORD'];
  if (fromEnvironment !== undefined) return fromEnvironment;
  const path = settings.clickhousePasswordFile;
  if (path === '') return '';
  try {
    return readFileSync(path, 'utf8').trimEnd();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new EndpointError(
      `clickhousePasswordFile: ${path} cannot be read (${code}); mend its path or rights, or ` +
        'give the password in the environment as WEIR_CLICKHOUSE_PASSWORD',
    );
  }
}

/**
 * Brings a database to the newest version: the .sql files of schemas/clickhouse in the order of
 * their numbers. A file is recorded only when all of it is done, and each of its statements can
 * be run again; so a crash in the middle, or two writers at once, come out as one run.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { configurationSchema } from '../../schemas/configuration.js';
import type { DatabaseClient } from './client.js';
import { serverCode } from './errors.js';

export interface Migration {
  version: number;
  /** File name. */
  name: string;
  sha256: string;
  /** With `{database}` where its name goes. */
  statements: string[];
}

export type MigrationOutcome =
  | { ok: true; version: number; applied: number }
  /** `newer`: written by a later Weir; `changed`: a file is not what was applied. */
  | { ok: false; problem: 'newer' | 'changed'; detail: string };

/** Beside the code, in the sources as in the build. */
export const MIGRATIONS_FOLDER = fileURLToPath(
  new URL('../../schemas/clickhouse', import.meta.url),
);
const FILE_NAME = /^(\d{4})-[a-z0-9-]+\.sql$/;
const SEPARATOR = /^;$/m;
const RERUNNABLE = /\bIF (?:NOT )?EXISTS\b|^\s*ALTER TABLE \S+ MODIFY\b/;
/** TABLE_ALREADY_EXISTS and DATABASE_ALREADY_EXISTS: another writer was between check and deed. */
const LOST_RACE_CODES = ['57', '82'];
const RACE_ATTEMPTS_MAX = 5;

/** Throws for a folder with gaps, foreign names or statements that cannot be run again. */
export function readMigrations(folder = MIGRATIONS_FOLDER): Migration[] {
  const migrations = readdirSync(folder)
    .sort()
    .map((name) => readMigration(folder, name));
  for (const [index, { name, version }] of migrations.entries()) {
    if (version !== index + 1) throw new Error(`migration ${name}: ${index + 1} is missing`);
  }
  return migrations;
}

function readMigration(folder: string, name: string): Migration {
  const version = Number(FILE_NAME.exec(name)?.[1]);
  if (!(version > 0)) throw new Error(`migration ${name}: not named like 0001-words.sql`);
  const text = readFileSync(join(folder, name), 'utf8');
  const statements = text
    .split(SEPARATOR)
    .map((statement) => statement.trim())
    .filter((statement) => statement !== '');
  for (const statement of statements) {
    const code = statement.replace(/^\s*--.*$/gm, '').trim();
    if (!RERUNNABLE.test(code)) {
      throw new Error(`migration ${name}: cannot be run again: ${code.slice(0, 60)}`);
    }
  }
  const sha256 = createHash('sha256').update(text).digest('hex');
  return { version, name, sha256, statements };
}

/**
 * Creates the database where it is missing and applies what is not applied yet. Rejects as the
 * client does when the database is away; then simply call it again.
 */
export async function migrate(
  client: DatabaseClient,
  database: string,
  nowMs: () => number,
  migrations: readonly Migration[] = readMigrations(),
): Promise<MigrationOutcome> {
  // The one name that is put into statements as it is.
  configurationSchema.shape.clickhouseDatabase.parse(database);
  await createBook(client, database);
  const done = await client.query<{ version: number; sha256: string }>(
    `SELECT version, sha256 FROM ${database}.migrations FINAL ORDER BY version`,
  );
  for (const { version, sha256 } of done) {
    const known = migrations[version - 1];
    if (known === undefined) return newer(database, version, migrations.length);
    if (known.sha256 !== sha256) return changed(database, known);
  }
  let applied = 0;
  for (const migration of migrations) {
    if (done.some(({ version }) => version === migration.version)) continue;
    for (const statement of migration.statements) {
      await settleRaces(() => client.command(statement.replaceAll('{database}', database)));
    }
    await client.command(
      `INSERT INTO ${database}.migrations (version, sha256, applied_ms) VALUES ` +
        `(${migration.version}, '${migration.sha256}', ${Math.floor(nowMs())})`,
    );
    applied++;
  }
  return { ok: true, version: migrations.length, applied };
}

async function createBook(client: DatabaseClient, database: string): Promise<void> {
  // Asked first: on a server our user may own its database without the right to create one.
  const [found] = await client.query<{ result: number }>(`EXISTS DATABASE ${database}`);
  if (found?.result !== 1) {
    await settleRaces(() =>
      client.command(`CREATE DATABASE IF NOT EXISTS ${database} ENGINE = Atomic`),
    );
  }
  await settleRaces(() =>
    client.command(
      `CREATE TABLE IF NOT EXISTS ${database}.migrations ` +
        '(version UInt32, sha256 String, applied_ms Int64) ' +
        'ENGINE = ReplacingMergeTree ORDER BY version',
    ),
  );
}

async function settleRaces(deed: () => Promise<void>): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await deed();
    } catch (error) {
      const lost = LOST_RACE_CODES.includes(serverCode(error));
      if (!lost || attempt === RACE_ATTEMPTS_MAX) throw error;
    }
  }
}

function newer(database: string, version: number, ours: number): MigrationOutcome {
  const detail =
    `database ${database} is of version ${version}, this Weir knows ${ours}: ` +
    'start the newer Weir, or give this one a database of its own (clickhouseDatabase)';
  return { ok: false, problem: 'newer', detail };
}

function changed(database: string, { name }: Migration): MigrationOutcome {
  const detail =
    `${name} is not what was applied to database ${database}: put the file back, or give this ` +
    'Weir a database of its own (clickhouseDatabase)';
  return { ok: false, problem: 'changed', detail };
}

/**
 * Configuration and users of the embedded ClickHouse. Everybody on the machine can reach loopback,
 * so: one user that writes, one that reads, each with a random password; the session that
 * `clickhouse local` itself runs as (`default`, without a password) may do nothing but listen and
 * wait, and its quota is spent by that.
 */
import { createHash, randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Login } from '../endpoint.js';

const WRITER = 'weir';
const READER = 'weir_reader';
const YEAR_SECONDS = 31_536_000;
const MARK_CACHE_BYTES = 32 * 1024 * 1024;
/** Threads in the background: two that merge, one for each of the rest. */
const POOLS = {
  background_pool_size: 2,
  background_merges_mutations_concurrency_ratio: 1,
  background_schedule_pool_size: 2,
  background_move_pool_size: 1,
  background_fetches_pool_size: 1,
  background_common_pool_size: 1,
  background_buffer_flush_schedule_pool_size: 1,
  background_distributed_schedule_pool_size: 1,
  background_message_broker_schedule_pool_size: 1,
};
const MERGES = {
  // Larger parts are left as they are: a merge of them would occupy the machine for long.
  max_bytes_to_merge_at_max_space_in_pool: 1024 ** 3,
  // Defaults that ask for more threads than there are.
  number_of_free_entries_in_pool_to_lower_max_size_of_merge: 0,
  number_of_free_entries_in_pool_to_execute_mutation: 1,
  number_of_free_entries_in_pool_to_execute_optimize_entire_partition: 1,
};

export interface EmbeddedFiles {
  configFile: string;
  dataFolder: string;
  writer: Login;
  reader: Login;
}

export function writeEmbeddedFiles(
  folder: string,
  options: { database: string; memoryBytesMax: number },
): EmbeddedFiles {
  mkdirSync(folder, { recursive: true });
  chmodSync(folder, 0o700);
  const { writer, reader } = passwords(join(folder, 'passwords.json'));
  const usersFile = join(folder, 'users.xml');
  const configFile = join(folder, 'config.xml');
  writePrivate(usersFile, usersXml(options.database, writer, reader));
  writePrivate(configFile, configXml(usersFile, options.memoryBytesMax));
  return {
    configFile,
    dataFolder: join(folder, 'data'),
    writer: { user: WRITER, password: writer },
    reader: { user: READER, password: reader },
  };
}

/** Kept, so that a reader's connection outlives a restart of the child. */
function passwords(path: string): { writer: string; reader: string } {
  try {
    const kept = JSON.parse(readFileSync(path, 'utf8')) as { writer?: unknown; reader?: unknown };
    chmodSync(path, 0o600);
    const { writer, reader } = kept;
    if (typeof writer === 'string' && typeof reader === 'string') return { writer, reader };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT' && !(error instanceof SyntaxError)) throw error;
  }
  const made = () => randomBytes(24).toString('base64url');
  const fresh = { writer: made(), reader: made() };
  writePrivate(path, JSON.stringify(fresh));
  return fresh;
}

function writePrivate(path: string, text: string): void {
  const temporary = `${path}.${process.pid}.tmp`;
  writeFileSync(temporary, text, { mode: 0o600 });
  renameSync(temporary, path);
}

function configXml(usersFile: string, memoryBytesMax: number): string {
  const settings = {
    users_config: escapeXml(usersFile),
    max_server_memory_usage: memoryBytesMax,
    mark_cache_size: MARK_CACHE_BYTES,
    uncompressed_cache_size: 0,
    ...POOLS,
    max_concurrent_queries: 32,
    max_connections: 64,
    keep_alive_timeout: 30,
    merge_tree: elements(MERGES),
  };
  return `<clickhouse>\n${elements(settings)}</clickhouse>\n`;
}

function elements(values: Readonly<Record<string, string | number>>): string {
  return Object.entries(values)
    .map(([name, value]) => `<${name}>${value}</${name}>\n`)
    .join('');
}

function usersXml(database: string, writer: string, reader: string): string {
  const user = (name: string, password: string, grants: string[]) => `    <${name}>
      ${password}
      <networks><ip>127.0.0.1</ip></networks>
      <profile>${name === 'default' ? 'locked' : name}</profile>
      <quota>${name === 'default' ? 'locked' : 'default'}</quota>
      <grants>${grants.map((grant) => `<query>GRANT ${grant}</query>`).join('')}</grants>
    </${name}>
`;
  const sha256 = (password: string) =>
    elements({ password_sha256_hex: createHash('sha256').update(password).digest('hex') });
  const all = [`ALL ON ${database}.*`, 'TABLE ENGINE ON *', 'SELECT ON system.*'];
  return `<clickhouse>
  <profiles>
    <default></default>
    <locked><max_threads>1</max_threads><max_memory_usage>50000000</max_memory_usage></locked>
    <${WRITER}><async_insert>0</async_insert><max_threads>1</max_threads></${WRITER}>
    <${READER}><readonly>2</readonly><max_threads>2</max_threads></${READER}>
  </profiles>
  <quotas>
    <default></default>
    <locked><interval><duration>${YEAR_SECONDS}</duration><queries>2</queries></interval></locked>
  </quotas>
  <users>
${user('default', '<password></password>', ['SYSTEM LISTEN ON *.*', 'SELECT ON system.numbers'])}\
${user(WRITER, sha256(writer), all)}\
${user(READER, sha256(reader), [`SELECT ON ${database}.*`])}\
  </users>
</clickhouse>
`;
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}

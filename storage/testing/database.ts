/** One embedded ClickHouse in a temporary folder, for tests. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDatabaseClient, type DatabaseClient } from '../client/client.js';
import { type EmbeddedChild, startChild } from '../embedded/child.js';
import { writeEmbeddedFiles } from '../embedded/files.js';
import { prepareLaunch } from '../embedded/launcher.js';
import { clickhouseFolder, type Endpoint, writeEndpoint } from '../endpoint.js';

export type { DatabaseClient };

const MEMORY_BYTES_MAX = 700 * 1024 * 1024;
const STOP_MS_MAX = 5_000;

export interface TestDatabase {
  /** Data folder; `readEndpoint(dir, ...)` finds the child. */
  readonly dir: string;
  readonly endpoint: Endpoint;
  readonly child: EmbeddedChild;
  /** As the user that may write; to be closed before the database is stopped. */
  connect(requestTimeoutMs: number): DatabaseClient;
  /** kill -9 and a new start, on another port. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** Throws where this machine cannot run it: the package and python3 or a compiler are needed. */
export async function startTestDatabase(database = 'weir'): Promise<TestDatabase> {
  const dir = mkdtempSync(join(tmpdir(), 'weir-clickhouse-'));
  const folder = clickhouseFolder(dir);
  const files = writeEmbeddedFiles(folder, { database, memoryBytesMax: MEMORY_BYTES_MAX });
  const launch = await prepareLaunch(folder);
  if ('absent' in launch) throw new Error(launch.absent);
  const start = async (): Promise<EmbeddedChild> => {
    const child = await startChild(launch, files, database);
    writeEndpoint(dir, child.endpoint);
    return child;
  };
  let child = await start();
  return {
    dir,
    get endpoint() {
      return child.endpoint;
    },
    get child() {
      return child;
    },
    connect(requestTimeoutMs) {
      const { url, writer } = child.endpoint;
      return createDatabaseClient({ url, ...writer, requestTimeoutMs });
    },
    async restart() {
      child.kill();
      await child.ended;
      child = await start();
    },
    async stop() {
      await child.stop(STOP_MS_MAX);
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

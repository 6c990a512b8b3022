/**
 * One LMDB file: its databases, its read transaction, its size. Its one trick: `fresh` drops the
 * read transaction before and after each read, so a reader sees what was committed last and never
 * pins old pages (a pinned page makes the file grow). lmdb grows a full map by itself; the limit
 * of a log is therefore kept here, by counting pages.
 */
import { existsSync, statfsSync, statSync } from 'node:fs';
import { open } from 'lmdb';

/** The part of lmdb's database that the logs use. */
export interface Database {
  getBinary(key: TableKey): Uint8Array | undefined;
  doesExist(key: TableKey): boolean;
  getKeys(options: RangeOptions): Iterable<TableKey>;
  getRange(options: RangeOptions): Iterable<{ key: TableKey; value: Uint8Array }>;
  put(key: TableKey, value: Uint8Array): Promise<boolean>;
  remove(key: TableKey): Promise<boolean>;
  getStats(): Record<string, number>;
}

interface RootDatabase extends Database {
  openDB(name: string, options: { encoding: 'binary' }): Database | undefined;
  resetReadTxn(): void;
  readerCheck(): number;
  flushed: Promise<boolean>;
  committed: PromiseLike<boolean>;
  close(): Promise<void>;
}

export type TableKey = string | number;

interface RangeOptions {
  start?: TableKey;
  limit?: number;
  reverse?: boolean;
}

export interface Environment {
  readonly root: RootDatabase;
  /** Undefined only for a reader, when the writer has not made it yet. */
  database(name: string): Database | undefined;
  /** Runs `reads` on the newest committed state; what it returns must be copied. */
  fresh<T>(reads: () => T): T;
  /** Bytes of the pages in use, and of the whole file. */
  size(): { usedBytes: number; fileBytes: number };
  freeDiskBytes(): number;
}

const TABLES_MAX = 32;
const PAGE_BYTES = 4096;

/** Undefined for a reader when the file, or its first commit, is not there yet. */
export function openEnvironment(
  path: string,
  options: { readOnly: boolean; mapBytes: number; names: readonly string[] },
): Environment | undefined {
  const { readOnly } = options;
  if (readOnly && (!existsSync(path) || statSync(path).size < 2 * PAGE_BYTES)) return undefined;
  const root = open(path, {
    noSubdir: true,
    mapSize: options.mapBytes,
    maxDbs: TABLES_MAX,
    encoding: 'binary',
    readOnly,
  }) as unknown as RootDatabase;
  const databases = new Map<string, Database>();
  const database = (name: string): Database | undefined => {
    const known = databases.get(name);
    if (known !== undefined) return known;
    const made = root.openDB(name, { encoding: 'binary' });
    if (made !== undefined) databases.set(name, made);
    return made;
  };
  for (const name of options.names) {
    if (database(name) !== undefined) continue;
    void root.close(); // a reader came between the writer's first commits: it tries again later
    return undefined;
  }
  return {
    root,
    database,
    fresh(reads) {
      root.resetReadTxn();
      try {
        return reads();
      } finally {
        root.resetReadTxn();
      }
    },
    size() {
      root.resetReadTxn();
      let pages = 0;
      let fileBytes = 0;
      for (const each of databases.values()) {
        const stats = each.getStats();
        pages += stats.treeBranchPageCount + stats.treeLeafPageCount + stats.overflowPages;
        fileBytes = (stats.lastPageNumber + 1) * stats.pageSize;
      }
      root.resetReadTxn();
      return { usedBytes: pages * PAGE_BYTES, fileBytes };
    },
    freeDiskBytes() {
      const disk = statfsSync(path);
      return disk.bavail * disk.bsize;
    },
  };
}

/**
 * The stats board: each role's newest record of itself (rates, queues, versions), read by the
 * system page and by readiness. Conflated: one small file a role, replaced by rename, so that a
 * reader in another process sees an old or a new record and never half of one. Not synced: after
 * a power cut nobody asks how fast a dead process was. Written behind the event loop's back: beside
 * the flushes of a log, a rename may wait for the disk.
 */
import { readFileSync } from 'node:fs';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface StatsEntry {
  atMs: number;
  value: unknown;
}

export interface StatsBoard {
  /** Resolves when the record, or one that came after it, is on the board. */
  publish(role: string, value: object): Promise<void>;
  /** Undefined when the role never published here. */
  read(role: string): StatsEntry | undefined;
}

export interface StatsBoardOptions {
  readOnly?: boolean;
  /** Stamps the records; the process's clock. */
  nowMs?: () => number;
}

const ROLE = /^[a-z][a-z0-9-]{0,31}$/;

/** `folder` is the data folder; the board lies in `stats` below it. */
export function openStatsBoard(folder: string, options: StatsBoardOptions = {}): StatsBoard {
  const { readOnly = false, nowMs = Date.now } = options;
  const board = join(folder, 'stats');
  const pathOf = (role: string) => {
    if (!ROLE.test(role)) throw new Error(`stats board: bad role name '${role}'`);
    return join(board, `${role}.json`);
  };
  /** By path: what is to be written next, and the writing under way. */
  const newest = new Map<string, string>();
  const writing = new Map<string, Promise<void>>();
  const write = async (path: string): Promise<void> => {
    await mkdir(board, { recursive: true });
    for (let text = newest.get(path); text !== undefined; text = newest.get(path)) {
      newest.delete(path);
      await writeFile(`${path}.tmp`, text);
      await rename(`${path}.tmp`, path);
    }
  };
  return {
    async publish(role, value) {
      if (readOnly) throw new Error('stats board: it is open read-only here');
      const path = pathOf(role);
      newest.set(path, JSON.stringify({ atMs: nowMs(), value }));
      const before = writing.get(path);
      if (before !== undefined) return before;
      const now = write(path).finally(() => writing.delete(path));
      writing.set(path, now);
      return now;
    },
    read(role) {
      try {
        return JSON.parse(readFileSync(pathOf(role), 'utf8')) as StatsEntry;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
        // Written at the moment of a power cut, perhaps: the next record replaces it.
        if (error instanceof SyntaxError) return undefined;
        throw error;
      }
    },
  };
}

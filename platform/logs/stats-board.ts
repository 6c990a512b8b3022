/**
 * The stats board: each role's newest record of itself (rates, queues, versions), read by the
 * system page and by readiness. Conflated: one small file a role, replaced by rename, so that a
 * reader in another process sees an old or a new record and never half of one. Not synced: after
 * a power cut nobody asks how fast a dead process was.
 */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface StatsEntry {
  atMs: number;
  value: unknown;
}

export interface StatsBoard {
  publish(role: string, value: object): void;
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
  if (!readOnly) mkdirSync(board, { recursive: true });
  const pathOf = (role: string) => {
    if (!ROLE.test(role)) throw new Error(`stats board: bad role name '${role}'`);
    return join(board, `${role}.json`);
  };
  return {
    publish(role, value) {
      if (readOnly) throw new Error('stats board: it is open read-only here');
      const path = pathOf(role);
      const temporary = `${path}.tmp`;
      writeFileSync(temporary, JSON.stringify({ atMs: nowMs(), value }));
      renameSync(temporary, path);
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

/**
 * Disk used below the data folder, by part. Blocks are counted, not sizes: logs are sparse files
 * that claim gigabytes and hold megabytes.
 */
import { lstatSync, readdirSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { openStatsBoard } from '../platform/index.js';
import type { Clock } from '../schemas/ports.js';
import type { DiskStats } from '../schemas/stats.js';

const EVERY_MS = 10_000;
const BLOCK_BYTES = 512;
type Part = DiskStats['parts'][number]['name'];
const parts: readonly Part[] = ['journal', 'hits', 'work', 'snapshots', 'clickhouse', 'other'];

export function measureDisk(dir: string): DiskStats {
  const bytes = new Map<Part, number>(parts.map((name) => [name, 0]));
  for (const entry of namesIn(dir)) {
    const part = parts.find((name) => entry === name || entry.startsWith(`${name}.mdb`)) ?? 'other';
    bytes.set(part, (bytes.get(part) ?? 0) + bytesBelow(join(dir, entry)));
  }
  const { bavail, bsize } = statfsSync(dir);
  return {
    parts: parts.map((name) => ({ name, bytes: bytes.get(name) ?? 0 })),
    totalBytes: [...bytes.values()].reduce((sum, each) => sum + each, 0),
    freeBytes: bavail * bsize,
  };
}

/** Publishes at once and every 10 s; returns the way to stop. */
export function watchDisk(
  dir: string,
  clock: Clock,
  onFailed: (error: unknown) => void,
): () => void {
  const board = openStatsBoard(dir, { nowMs: () => clock.nowMs() });
  let failed = false;
  const publish = async (): Promise<void> => {
    try {
      await board.publish('disk', measureDisk(dir));
      failed = false;
    } catch (error) {
      // A full disk, perhaps: said once, and measured again.
      if (!failed) onFailed(error);
      failed = true;
    }
  };
  void publish();
  const timer = setInterval(() => void publish(), EVERY_MS);
  return () => clearInterval(timer);
}

function bytesBelow(path: string): number {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return 0;
  const own = stat.blocks * BLOCK_BYTES;
  if (!stat.isDirectory()) return own;
  return namesIn(path).reduce((sum, name) => sum + bytesBelow(join(path, name)), own);
}

/** Files come and go while it looks. */
function namesIn(path: string): string[] {
  try {
    return readdirSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

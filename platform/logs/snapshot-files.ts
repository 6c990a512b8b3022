/**
 * Snapshots as files, `shard-NNN/GENERATION.snap`. A snapshot is there as a whole or not at all:
 * temporary file, fsync, rename, fsync of the folder (without the last one a power cut may take
 * back the rename). What is inside is the scoring room's; here only the position is looked at.
 */
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import {
  SNAPSHOT_HEADER_BYTES,
  SNAPSHOT_HEADER_POSITION,
} from '../../schemas/generated/records.js';
import type { SnapshotMeta, SnapshotStore } from '../../schemas/ports.js';
import { LogError } from './errors.js';
import { owned } from './tables.js';

const SUFFIX = '.snap';
const TEMPORARY = '.tmp';
const NAME = /^(\d+)\.snap$/;

export function openSnapshotStore(folder: string): SnapshotStore {
  mkdirSync(folder, { recursive: true });
  const shardFolder = (shard: number) => join(folder, `shard-${String(shard).padStart(3, '0')}`);
  const fileOf = (shard: number, generation: number) =>
    join(shardFolder(shard), `${generation}${SUFFIX}`);
  return {
    write(shard, generation, parts) {
      const target = fileOf(shard, generation);
      if (mkdirSync(dirname(target), { recursive: true }) !== undefined) syncFolder(folder);
      writeWhole(target, parts);
    },
    list(shard) {
      const found: SnapshotMeta[] = [];
      for (const generation of generationsOf(shardFolder(shard))) {
        const meta = metaOf(fileOf(shard, generation), shard, generation);
        if (meta !== undefined) found.push(meta);
      }
      return found;
    },
    read(shard, generation) {
      try {
        return owned(readFileSync(fileOf(shard, generation)));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
        throw new LogError(
          'snapshot_missing',
          `shard ${shard} has no snapshot ${generation}; list them again, it may have been pruned`,
          error,
        );
      }
    },
    prune(shard, keep) {
      const old = generationsOf(shardFolder(shard)).slice(Math.max(0, keep));
      for (const generation of old) rmSync(fileOf(shard, generation), { force: true });
    },
    drop(shard, generation) {
      rmSync(fileOf(shard, generation), { force: true });
      syncFolder(shardFolder(shard));
    },
  };
}

/** Newest first. */
function generationsOf(folder: string): number[] {
  let names: string[] = [];
  try {
    names = readdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  return names
    .map((name) => NAME.exec(name))
    .filter((match) => match !== null)
    .map((match) => Number(match[1]))
    .sort((a, b) => b - a);
}

/** Position -1: too short to say; the reader's check of the whole will refuse it. */
function metaOf(path: string, shard: number, generation: number): SnapshotMeta | undefined {
  const header = new Uint8Array(SNAPSHOT_HEADER_BYTES);
  try {
    const bytes = statSync(path).size;
    const file = openSync(path, 'r');
    try {
      const got = readSync(file, header, 0, header.length, 0);
      const position = new DataView(header.buffer).getFloat64(SNAPSHOT_HEADER_POSITION, true);
      return { shard, generation, position: got === header.length ? position : -1, bytes };
    } finally {
      closeSync(file);
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined; // pruned meanwhile
    throw error;
  }
}

function writeWhole(target: string, parts: readonly Uint8Array[]): void {
  const temporary = `${target}${TEMPORARY}`; // one writer a shard: a leftover is overwritten
  const file = openSync(temporary, 'w', 0o600);
  try {
    for (const part of parts) {
      for (let offset = 0; offset < part.length; ) {
        offset += writeSync(file, part, offset);
      }
    }
    fsyncSync(file);
  } catch (error) {
    closeSync(file);
    rmSync(temporary, { force: true });
    throw error;
  }
  closeSync(file);
  renameSync(temporary, target);
  syncFolder(dirname(target));
}

function syncFolder(folder: string): void {
  const handle = openSync(folder, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

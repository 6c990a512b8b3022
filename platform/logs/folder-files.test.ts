import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  SNAPSHOT_HEADER_BYTES,
  SNAPSHOT_HEADER_POSITION,
} from '../../schemas/generated/records.js';
import { lockFolder } from './folder-lock.js';
import { openSnapshotStore } from './snapshot-files.js';
import { openStatsBoard } from './stats-board.js';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'weir-files-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('the folder lock', () => {
  it('is held once, names its holder, and can be taken again when released', async () => {
    const lock = lockFolder(folder);
    expect(() => lockFolder(folder)).toThrow(new RegExp(`in use by process ${process.pid};`));
    await lock.release();
    await lock.release();
    await lockFolder(folder).release();
  });
});

function snapshotAt(position: number, body = 'body'): Uint8Array[] {
  const header = new Uint8Array(SNAPSHOT_HEADER_BYTES);
  new DataView(header.buffer).setFloat64(SNAPSHOT_HEADER_POSITION, position, true);
  return [header, Buffer.from(body), new Uint8Array(0)];
}

describe('the snapshot store', () => {
  it('lists newest first by number, reads back, prunes the oldest', () => {
    const store = openSnapshotStore(join(folder, 'snapshots'));
    expect(store.list(7)).toEqual([]);
    for (const generation of [2, 10, 9]) store.write(7, generation, snapshotAt(generation * 100));
    store.write(8, 1, snapshotAt(5));
    const bytes = SNAPSHOT_HEADER_BYTES + 4;
    expect(store.list(7)).toEqual([
      { shard: 7, generation: 10, position: 1000, bytes },
      { shard: 7, generation: 9, position: 900, bytes },
      { shard: 7, generation: 2, position: 200, bytes },
    ]);
    expect(Buffer.from(store.read(7, 9)).subarray(-4).toString()).toBe('body');
    store.prune(7, 2);
    expect(store.list(7).map((meta) => meta.generation)).toEqual([10, 9]);
    expect(store.list(8)).toHaveLength(1);
    expect(() => store.read(7, 2)).toThrow(/shard 7 has no snapshot 2/);
  });

  it('does not list what a crash left half-written, and writes over it', () => {
    const store = openSnapshotStore(join(folder, 'snapshots'));
    store.write(1, 1, snapshotAt(1));
    const shard = join(folder, 'snapshots', 'shard-001');
    writeFileSync(join(shard, '2.snap.tmp'), 'half');
    writeFileSync(join(shard, '3.snap'), 'short');
    expect(store.list(1).map((m) => [m.generation, m.position])).toEqual([
      [3, -1],
      [1, 1],
    ]);
    store.write(1, 2, snapshotAt(2));
    expect(readdirSync(shard).sort()).toEqual(['1.snap', '2.snap', '3.snap']);
  });
});

describe('the stats board', () => {
  it('keeps the newest record of each role and is readable before anything is there', async () => {
    const reader = openStatsBoard(folder, { readOnly: true });
    expect(reader.read('engine')).toBeUndefined();
    let now = 5;
    const board = openStatsBoard(folder, { nowMs: () => now });
    const first = board.publish('engine', { rate: 1 });
    now = 6;
    // The last of several wins, also while the first is being written.
    await Promise.all([first, board.publish('engine', { rate: 2 })]);
    expect(reader.read('engine')).toEqual({ atMs: 6, value: { rate: 2 } });
    expect(reader.read('dashboard')).toBeUndefined();
    await expect(board.publish('../engine', {})).rejects.toThrow(/bad role name/);
    await expect(reader.publish('engine', {})).rejects.toThrow(/read-only/);
  });
});

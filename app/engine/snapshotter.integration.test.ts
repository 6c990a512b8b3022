/** When a snapshot may be published, and what of the journal it makes superfluous. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openSnapshotStore } from '../../platform/index.js';
import type { SnapshotReport } from './scoring-thread.js';
import { decodeSnapshot } from './snapshot-file.js';
import { type Snapshotter as SnapshotterClass, snapshotPosition } from './snapshotter.js';
import { until } from './testing/rig.js';

const built = new URL('../../dist/app/engine/snapshotter.js', import.meta.url).href;
const GENERATIONS = 2;

let dir = '';
let snapshotter: SnapshotterClass;
let routed = 0;
let durable = 0;
let hits = { found: 0, done: 0 };

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'weir-snapshotter-'));
  [routed, durable, hits] = [0, 0, { found: 0, done: 0 }];
  snapshotter = await open();
});
afterEach(async () => {
  await snapshotter.stop();
  rmSync(dir, { recursive: true });
});

async function open(): Promise<SnapshotterClass> {
  const { Snapshotter } = (await import(built)) as { Snapshotter: typeof SnapshotterClass };
  return new Snapshotter({
    dir,
    store: openSnapshotStore(dir),
    shards: 1,
    roundMs: 1_000,
    generations: GENERATIONS,
    logger: { info: () => undefined, warn: () => undefined, error: () => undefined },
    hitsMark: () => hits.found,
    hitsDone: (mark) => hits.done >= mark,
    routed: () => routed,
    isDurable: (end) => durable >= end,
  });
}

const report = (generation: number, position: number) =>
  ({
    type: 'snapshot',
    shard: 0,
    generation,
    position,
    watermarkMs: 0,
    bytes: 8,
    described: {},
  }) as unknown as SnapshotReport;

const copyOf = (byte: number) => ({
  body: new Uint8Array(new SharedArrayBuffer(8)).fill(byte),
  done: () => undefined,
});

const generations = (): number[] =>
  openSnapshotStore(dir)
    .list(0)
    .map((meta) => meta.generation);

describe('a snapshot', () => {
  it('is not published before the journal below it is on disk', async () => {
    routed = 100;
    snapshotter.copied(report(1, 99), copyOf(1));
    durable = 99;
    snapshotter.publish();
    await new Promise((done) => setTimeout(done, 100));
    expect(generations()).toEqual([]);
    durable = 100;
    snapshotter.publish();
    await until(() => snapshotter.written === 1);
    expect(generations()).toEqual([1]);
  });

  it('is not published before its hits are on disk', async () => {
    hits = { found: 7, done: 6 };
    snapshotter.copied(report(1, 5), copyOf(1));
    hits.found = 9;
    await new Promise((done) => setTimeout(done, 100));
    expect(generations()).toEqual([]);
    hits.done = 7;
    snapshotter.publish();
    await until(() => snapshotter.written === 1);
  });

  it('holds what was copied', async () => {
    snapshotter.copied(report(1, 5), copyOf(42));
    await until(() => snapshotter.written === 1);
    const read = decodeSnapshot(openSnapshotStore(dir).read(0, 1));
    expect(read.ok && [...read.content.body]).toEqual(new Array(8).fill(42));
  });

  it('frees the journal only below the oldest that is kept', async () => {
    const write = async (generation: number, position: number): Promise<void> => {
      const before = snapshotter.written;
      snapshotter.copied(report(generation, position), copyOf(0));
      await until(() => snapshotter.written === before + 1);
    };
    await write(1, 10);
    expect(snapshotter.passed).toBe(0);
    await write(2, 20);
    expect(snapshotter.passed).toBe(10);
    await write(3, 30);
    expect(snapshotter.passed).toBe(20);
    await snapshotter.stop();
    snapshotter = await open();
    expect(snapshotter.passed).toBe(20);
  });

  it('of records that the journal has lost is no place to go on', async () => {
    snapshotter.copied(report(1, 10), copyOf(0));
    await until(() => snapshotter.written === 1);
    snapshotter.copied(report(2, 20), copyOf(0));
    await until(() => snapshotter.written === 2);
    expect(snapshotPosition(dir, [0], 50)).toBe(20);
    expect(snapshotPosition(dir, [0], 15)).toBe(10);
    expect(snapshotPosition(dir, [0, 1], 50)).toBe(0);
  });
});

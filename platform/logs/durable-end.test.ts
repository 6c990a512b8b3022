import { mkdtempSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DurableEndReader, DurableEndWriter, durablePath } from './durable-end.js';
import { type LmdbLog, openLmdbLog } from './lmdb-log.js';

let folder = '';
let path = '';
const open: { close(): unknown }[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'weir-durable-'));
  path = join(folder, 'hits.mdb');
});
afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
  rmSync(folder, { recursive: true });
});
function log(readOnly: boolean): LmdbLog {
  const opened = openLmdbLog(path, { name: 'hits', readOnly });
  open.push(opened);
  return opened;
}
const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('a reader', () => {
  it('never sees a record before it is on disk', async () => {
    const writer = log(false);
    await writer.append([new Uint8Array(8)]);
    const reader = log(true);
    expect(reader.end()).toBe(1);
    for (let i = 0; i < 200; i++) {
      let done = false;
      const appended = writer.append([new Uint8Array(500)]).then(() => {
        done = true;
      });
      while (!done) {
        if (reader.end() > writer.durableEnd) expect(reader.end()).toBe(writer.durableEnd);
        expect(reader.read(writer.durableEnd, 10)).toEqual([]);
        await turn();
      }
      await appended;
      expect(reader.end()).toBe(writer.durableEnd);
    }
  });

  it('takes what the file holds when the writer has said nothing', async () => {
    const writer = log(false);
    await writer.append([new Uint8Array(8), new Uint8Array(8)]);
    await writer.close();
    rmSync(durablePath(path));
    expect(log(true).end()).toBe(2);
    // As a power failure may leave it.
    writeFileSync(durablePath(path), 'torn');
    expect(log(true).end()).toBe(2);
  });
});

describe('the field', () => {
  it('is told, written in place, and half a one is not believed', () => {
    const writer = new DurableEndWriter(path);
    const reader = new DurableEndReader(path);
    open.push(writer, reader);
    expect(reader.read()).toBe(Number.POSITIVE_INFINITY);
    writer.write(7);
    const { ino } = statSync(durablePath(path));
    expect(reader.read()).toBe(7);
    writer.write(2 ** 40 + 1);
    expect(reader.read()).toBe(2 ** 40 + 1);
    expect(statSync(durablePath(path)).ino).toBe(ino);
    truncateSync(durablePath(path), 8);
    expect(reader.read()).toBe(Number.POSITIVE_INFINITY);
  });
});

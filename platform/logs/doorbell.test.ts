import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Bell, bellPath, ListenerSet, LogWatcher, openBell } from './doorbell.js';

let folder = '';
let log = '';
let bell: Bell | undefined;
let watcher: LogWatcher | undefined;
let end = 0;
let calls: number[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'weir-bell-'));
  log = join(folder, 'j.mdb');
  end = 0;
  calls = [];
});
afterEach(async () => {
  watcher?.stop();
  await bell?.close();
  rmSync(folder, { recursive: true });
});

function watch(): void {
  const listeners = new ListenerSet();
  listeners.add(() => calls.push(end));
  watcher = new LogWatcher(log, listeners, () => end);
  watcher.start();
}
async function connected(): Promise<void> {
  await expect.poll(() => bell?.readerCount(), { interval: 5 }).toBe(1);
}

describe('the doorbell', () => {
  it('calls once for two bells of the same commit', async () => {
    bell = openBell(log);
    watch();
    await connected();
    end = 3;
    bell.ring();
    bell.ring();
    await expect.poll(() => calls, { interval: 2 }).toEqual([3]);
    await new Promise((done) => setTimeout(done, 30));
    expect(calls).toEqual([3]);
  });

  it('calls for side tables though the log has not grown', async () => {
    bell = openBell(log);
    watch();
    await connected();
    bell.ringTables();
    await expect.poll(() => calls, { interval: 2 }).toEqual([0]);
  });

  it('takes over the socket that a killed writer left behind', async () => {
    writeFileSync(bellPath(log), '');
    bell = openBell(log);
    watch();
    await connected();
  });

  it('lies in the temporary folder, under a name of its own, when the path is too long', () => {
    const deep = join(folder, 'x'.repeat(100), 'j.mdb');
    expect(Buffer.byteLength(bellPath(deep))).toBeLessThan(104);
    expect(bellPath(deep)).not.toBe(bellPath(join(folder, 'y'.repeat(100), 'j.mdb')));
    expect(bellPath('short/j.mdb')).toMatch(/short\/j\.mdb\.bell$/);
  });
});

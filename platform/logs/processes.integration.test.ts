/**
 * Logs, bells and locks between real processes, with kill -9. The children run small scripts
 * against the built program in dist/.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bellPath } from './doorbell.js';
import { lockFolder } from './folder-lock.js';
import { type LmdbLog, openLmdbLog } from './lmdb-log.js';

const deep = process.env.WEIR_DEEP === '1';
const built = (file: string) => pathToFileURL(resolve('dist/platform/logs', file)).href;
let folder = '';
let path = '';
const children: ChildProcess[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'weir-log-'));
  path = join(folder, 'journal.mdb');
});
afterEach(async () => {
  for (const child of children.splice(0)) await kill(child);
  rmSync(folder, { recursive: true });
});

interface Child {
  process: ChildProcess;
  lines: string[];
  /** The next line not yet taken; rejects when the child ends. */
  line(): Promise<string>;
}

const PRELUDE = `
import { writeSync } from 'node:fs';
import { openLmdbLog } from '${built('lmdb-log.js')}';
import { lockFolder } from '${built('folder-lock.js')}';
const [path, ...args] = process.argv.slice(1);
const say = (text) => writeSync(1, text + '\\n');
const record = (n) => {
  const bytes = new Uint8Array(16 + (n * 7919) % 900).fill(n & 255);
  new DataView(bytes.buffer).setFloat64(0, n);
  return bytes;
};
setInterval(() => {}, 1000);
`;

function start(script: string, args: string[] = [], shell?: string): Child {
  const node = ['--input-type=module', '-e', PRELUDE + script, path, ...args];
  const child =
    shell === undefined
      ? spawn(process.execPath, node, { stdio: ['ignore', 'pipe', 'inherit'] })
      : spawn('bash', ['-c', `${shell}; exec "$@"`, 'bash', process.execPath, ...node], {
          stdio: ['ignore', 'pipe', 'ignore'],
        });
  children.push(child);
  const lines: string[] = [];
  let taken = 0;
  let wake = (): void => undefined;
  let ended = false;
  const reader = createInterface({ input: child.stdout as NodeJS.ReadableStream });
  reader.on('line', (line) => {
    lines.push(line);
    wake();
  });
  reader.on('close', () => {
    ended = true;
    wake();
  });
  return {
    process: child,
    lines,
    async line() {
      while (taken === lines.length) {
        if (ended) throw new Error(`the child ended after: ${lines.slice(-3).join(' | ')}`);
        await new Promise<void>((done) => {
          wake = done;
        });
      }
      return lines[taken++];
    },
  };
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const closed = new Promise((done) => child.once('close', done));
  child.kill('SIGKILL');
  await closed;
}

const numberOf = (bytes: Uint8Array) =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.length).getFloat64(0);

const WRITER = `
const log = openLmdbLog(path, { name: 'journal', tables: ['ids'] });
say('open ' + log.end());
const write = async () => {
  const count = 1 + Math.floor(Math.random() * 6);
  const first = log.nextPosition;
  const records = Array.from({ length: count }, (_, i) => record(first + i));
  const put = records.map((_, i) => {
    const value = new Uint8Array(new Float64Array([first + i]).buffer);
    return { table: 'ids', key: 'id-' + (first + i), value };
  });
  const { end } = await log.append(records, { put, meta: { last: first + count - 1 } });
  say('acked ' + end);
};
const loop = async () => { for (;;) await write(); };
for (let i = 0; i < 4; i++) loop(); // several appends in flight
`;

/**
 * Records [from, end) are there in order, and the side tables agree with them; returns end. They
 * show more than a reader's end when the writer was killed between a commit and its flush.
 */
function check(log: LmdbLog, from: number, ackedEnd: number): number {
  const end = log.end();
  expect(end).toBeGreaterThanOrEqual(ackedEnd);
  for (let at = from; at < end; ) {
    for (const { position, bytes } of log.read(at, 5000)) {
      if (position !== at || numberOf(bytes) !== at) expect([position, numberOf(bytes)]).toBe(at);
      at++;
    }
  }
  for (let at = from; at < end; at++) {
    const value = log.table('ids').get(`id-${at}`) ?? new Uint8Array(8);
    if (new Float64Array(value.buffer)[0] !== at) expect([...value]).toBe(at);
  }
  const shown = log.table('ids').count();
  expect(shown).toBeGreaterThanOrEqual(end);
  expect(log.getMeta('last')).toBe(shown - 1);
  return end;
}

describe('a writer that is killed', () => {
  it('has lost nothing that it acknowledged, and stored nothing twice', async () => {
    const kills = deep ? 100 : 10;
    const reader = openLmdbLog(path, { name: 'journal', readOnly: true });
    let ackedEnd = 0;
    let checked = 0;
    for (let i = 0; i < kills; i++) {
      const child = start(WRITER);
      const found = Number((await child.line()).split(' ')[1]);
      expect(found).toBeGreaterThanOrEqual(ackedEnd);
      await child.line();
      // What the killed one left was flushed by its successor, and is offered.
      expect(reader.end()).toBeGreaterThanOrEqual(found);
      await new Promise((done) => setTimeout(done, Math.random() * 120));
      await kill(child.process);
      ackedEnd = Math.max(...child.lines.map((line) => Number(line.split(' ')[1])));
      checked = check(reader, checked, ackedEnd); // the reader keeps its handle over every kill
    }
    expect(ackedEnd).toBeGreaterThan(kills * 4);
    await reader.close();
    const log = openLmdbLog(path, { name: 'journal', tables: ['ids'] });
    expect(check(log, 0, ackedEnd)).toBe(log.table('ids').count());
    await log.close();
  });
});

const FOLLOWER = `
const log = openLmdbLog(path, { name: 'journal', readOnly: true });
say('waiting ' + log.end());
let next = 0;
log.onAppend(() => {
  for (const { position, bytes } of log.read(next, 10000)) {
    if (position !== next || new DataView(bytes.buffer, bytes.byteOffset).getFloat64(0) !== next) {
      say('wrong ' + position);
    }
    next++;
  }
  say('seen ' + next);
});
`;

function record(n: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setFloat64(0, n);
  return bytes;
}

async function seen(child: Child, end: number): Promise<void> {
  for (;;) {
    const [word, value] = (await child.line()).split(' ');
    if (word === 'wrong') throw new Error(`the reader saw position ${value} out of order`);
    if (word === 'seen' && Number(value) >= end) return;
  }
}

describe('a reader in another process', () => {
  it('attaches to a file made later, and follows by bell, not by poll', async () => {
    const child = start(FOLLOWER);
    expect(await child.line()).toBe('waiting 0');
    const log = openLmdbLog(path, { name: 'journal' });
    await log.append([record(0)]);
    await seen(child, 1); // this one by poll: there was nobody to ring
    const rounds = 40;
    const from = performance.now();
    for (let i = 1; i <= rounds; i++) {
      await log.append([record(i)]);
      await seen(child, i + 1);
    }
    // Were every second one left to the 250 ms poll, this would take 5 s.
    expect(performance.now() - from).toBeLessThan((rounds / 2) * 125);
    await log.close();
  });

  it('follows without any bell, and over a restart of the writer', async () => {
    const child = start(FOLLOWER);
    await child.line();
    let log = openLmdbLog(path, { name: 'journal' });
    rmSync(bellPath(path), { force: true });
    await log.append([record(0)]);
    await seen(child, 1);
    await log.close();
    log = openLmdbLog(path, { name: 'journal' });
    await log.append([record(1)]);
    await seen(child, 2);
    await log.close();
  });

  it('that was killed leaves its slot to readerCheck', async () => {
    const log = openLmdbLog(path, { name: 'journal' });
    await log.append([record(0)]);
    const child = start(`${FOLLOWER}; say('read ' + log.read(0, 1).length);`);
    expect(await child.line()).toBe('waiting 1');
    expect(await child.line()).toBe('read 1');
    await kill(child.process);
    expect(log.readerCheck()).toBe(1);
    expect(log.readerCheck()).toBe(0);
    await log.close();
  });
});

describe('a reader that was killed while it read', () => {
  it('keeps pages from being used again only until the next one opens the log', async () => {
    const log = openLmdbLog(path, { name: 'journal' });
    const fileBytes = (): number => statSync(path).size;
    /** As much again as is thrown away. */
    const churn = async (): Promise<number> => {
      const before = fileBytes();
      for (let i = 0; i < 30; i++) {
        const { end } = await log.append([new Uint8Array(100_000)]);
        await log.truncate(end);
      }
      return fileBytes() - before;
    };
    await churn();
    expect(await churn()).toBeLessThan(500_000);
    const child = start(`
import { open } from 'lmdb';
const root = open({ path, readOnly: true, noSubdir: true, maxDbs: 12 });
root.useReadTransaction();
say('reads');`);
    expect(await child.line()).toBe('reads');
    await kill(child.process);
    const pinned = await churn();
    expect(pinned).toBeGreaterThan(1_500_000);
    const next = openLmdbLog(path, { name: 'journal', readOnly: true });
    expect(next.end()).toBeGreaterThan(0);
    expect(await churn()).toBeLessThan(pinned / 3);
    await next.close();
    await log.close();
  });
});

describe('a commit that fails', () => {
  it('refuses the append, takes the positions back, and the log goes on', async () => {
    // A file-size limit stands in for the full disk: both fail the write inside LMDB's commit.
    const child = start(
      `
const log = openLmdbLog(path, { name: 'journal' });
let acked = 0;
const fill = Array.from({ length: 50 }, () => new Uint8Array(4000));
for (let i = 0; i < 100; i++) {
  const both = [log.append(fill), log.append(fill)];
  const outcomes = await Promise.allSettled(both);
  acked = outcomes.reduce((n, o) => o.status === 'fulfilled' ? o.value.end : n, acked);
  const failed = outcomes.filter((o) => o.status === 'rejected');
  if (failed.length === 0) continue;
  say('failed ' + failed.map((o) => o.reason.code).join(','));
  say('state ' + (log.nextPosition === acked) + ' ' + (log.end() === acked));
  break;
}
await log.truncate(acked - 50);
const { first } = await log.append([record(7)]);
say('goes on ' + (first === acked) + ' ' + log.read(first, 1)[0].bytes.length);
await log.close();
say('closed');
`,
      [],
      "trap '' XFSZ; ulimit -f 6000",
    );
    expect(await child.line()).toBe('failed log_failed,log_failed');
    expect(await child.line()).toBe('state true true');
    expect(await child.line()).toMatch(/^goes on true \d+$/);
    expect(await child.line()).toBe('closed');
  });
});

const HOLDER = `
try { lockFolder(args[0]); say('held'); } catch (error) { say(error.code + ' ' + error.message); }
`;

describe('the folder lock between processes', () => {
  it('refuses the second, and is taken over at once when the holder was killed', async () => {
    const first = start(HOLDER, [folder]);
    expect(await first.line()).toBe('held');
    expect(() => lockFolder(folder)).toThrow(`in use by process ${first.process.pid};`);
    const second = start(HOLDER, [folder]);
    expect(await second.line()).toMatch(/^folder_locked data folder .* is in use by process \d+;/);
    await kill(first.process);
    const lock = lockFolder(folder);
    await lock.release();
  });

  it('goes to exactly one of several that start over a dead holder', async () => {
    const dead = start(HOLDER, [folder]);
    await dead.line();
    await kill(dead.process);
    const contenders = Array.from({ length: 4 }, () => start(HOLDER, [folder]));
    const answers = await Promise.all(contenders.map((child) => child.line()));
    expect(answers.filter((answer) => answer === 'held')).toHaveLength(1);
    expect(answers.filter((answer) => answer.startsWith('folder_locked'))).toHaveLength(3);
  });
});

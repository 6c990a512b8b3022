/** What must hold at the edges of a log: truncation, the size limit, damage, random histories. */
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { encodeChunk, parseChunk } from './chunk.js';
import { logErrorCode } from './errors.js';
import { type LmdbLog, type LmdbLogOptions, openLmdbLog } from './lmdb-log.js';

const deep = process.env.WEIR_DEEP === '1';
let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'weir-log-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const openLog = (options: Partial<LmdbLogOptions> = {}): LmdbLog =>
  openLmdbLog(join(folder, 'j.mdb'), { name: 'journal', ...options });
const codeOf = (run: () => unknown): string | undefined => {
  try {
    run();
    return undefined;
  } catch (error) {
    return logErrorCode(error) ?? String(error);
  }
};
const numbered = (from: number, count: number, bytes = 8): Uint8Array[] =>
  Array.from({ length: count }, (_, i) => {
    const record = new Uint8Array(bytes).fill((from + i) & 255);
    new DataView(record.buffer).setFloat64(0, from + i);
    return record;
  });

describe('truncation', () => {
  it('drops in the middle of a chunk, refuses what is gone, and survives reopening', async () => {
    const log = openLog();
    for (let i = 0; i < 200; i++) await log.append(numbered(10 * i, 10));
    await log.truncate(1005);
    expect(log.first()).toBe(1005);
    expect(codeOf(() => log.read(1004, 1))).toBe('log_truncated');
    expect(log.read(1005, 2).map((r) => r.position)).toEqual([1005, 1006]);
    await log.truncate(500); // backwards: nothing to do
    expect(log.first()).toBe(1005);
    await expect(log.truncate(2001)).rejects.toThrow(/ends at 2000/);
    await log.truncate(2000);
    await log.close();
    const again = openLog();
    expect([again.first(), again.end(), again.nextPosition]).toEqual([2000, 2000, 2000]);
    expect(again.read(2000, 5)).toEqual([]);
    await again.append(numbered(2000, 1));
    expect(again.read(2000, 5)).toHaveLength(1);
    await again.close();
  });

  it('gives the space back: endless append and truncate stays within the limit', async () => {
    const mapBytesMax = 4 * 1024 * 1024;
    const log = openLog({ mapBytesMax });
    for (let i = 0; i < 60; i++) {
      await log.append(numbered(log.nextPosition, 50, 8000));
      if (log.nextPosition > 200) await log.truncate(log.nextPosition - 200);
    }
    expect(log.bytesUsed()).toBeLessThan(mapBytesMax);
    await log.close();
    expect(statSync(join(folder, 'j.mdb')).size).toBeLessThan(2 * mapBytesMax);
  });
});

describe('the size limit', () => {
  it('refuses with log_full, half-writes nothing, and goes on after truncation', async () => {
    const log = openLog({ mapBytesMax: 2 * 1024 * 1024, tables: ['t'] });
    let refused = '';
    for (let i = 0; i < 1000 && refused === ''; i++) {
      const at = log.nextPosition;
      const put = [{ table: 't', key: i, value: Uint8Array.of(i & 255) }];
      await log.append(numbered(at, 10, 2000), { put }).catch((error) => {
        refused = `${logErrorCode(error)} ${error.message}`;
      });
    }
    expect(refused).toMatch(/^log_full journal full: its limit is 2097152 bytes; it is truncated/);
    const end = log.end();
    expect(end).toBeGreaterThan(500);
    expect([log.nextPosition, log.pendingBytes]).toEqual([end, 0]);
    expect(log.table('t').count()).toBe(end / 10);
    expect(log.bytesUsed()).toBeLessThanOrEqual(2 * 1024 * 1024);
    await log.append([], { meta: { cursor: 5 } }); // cursors pass: they let it be truncated
    await log.truncate(end - 10);
    expect(await log.append(numbered(end, 10, 2000))).toEqual({ first: end, end: end + 10 });
    await log.close();
  });

  it('counts what is queued, and refuses in order', async () => {
    const log = openLog({ mapBytesMax: 2 * 1024 * 1024 });
    const outcomes = await Promise.allSettled(
      Array.from({ length: 100 }, () => log.append(numbered(log.nextPosition, 10, 8000))),
    );
    const stored = outcomes.filter((o) => o.status === 'fulfilled').length;
    expect(stored).toBeGreaterThan(10);
    expect(stored).toBeLessThan(30);
    expect(log.end()).toBe(10 * stored);
    expect(
      log
        .read(0, 1000, 1e9)
        .map((r) => new DataView(r.bytes.buffer, r.bytes.byteOffset))
        .map((view) => view.getFloat64(0)),
    ).toEqual(Array.from({ length: log.end() }, (_, i) => i));
    await log.close();
  });
});

describe('damage', () => {
  it('is named with log and position, and leaves the other chunks readable', async () => {
    const log = openLog();
    for (let i = 0; i < 5; i++) await log.append([Buffer.from(`marker-${i}`.repeat(20))]);
    await log.close();
    const path = join(folder, 'j.mdb');
    const file = readFileSync(path);
    // Pages are written anew at each commit, so the record stands in the file several times.
    let flips = 0;
    for (let at = file.indexOf('marker-2'); at >= 0; at = file.indexOf('marker-2', at + 1)) {
      file[at + 7] ^= 1;
      flips++;
    }
    expect(flips).toBeGreaterThan(0);
    writeFileSync(path, file);
    const again = openLog();
    expect(again.read(0, 2)).toHaveLength(2);
    expect(codeOf(() => again.read(2, 1))).toBe('log_corrupt');
    expect(() => again.read(1, 2)).toThrow(
      /log journal: chunk at position 2 is damaged \(checksum/,
    );
    expect(again.read(3, 5)).toHaveLength(2);
    await again.close();
  });

  it('of any single bit of a chunk is found, and so is every truncation', () => {
    const records = [Buffer.from('one'), Buffer.alloc(0), Buffer.from('a longer record'.repeat(3))];
    const chunk = encodeChunk(41, records, 0, 3);
    expect(parseChunk('j', 41, chunk.slice()).end).toBe(44);
    for (let bit = 0; bit < chunk.length * 8; bit++) {
      const bad = chunk.slice();
      bad[bit >> 3] ^= 1 << (bit & 7);
      expect(codeOf(() => parseChunk('j', 41, bad))).toBe('log_corrupt');
    }
    for (let length = 0; length < chunk.length; length++) {
      expect(codeOf(() => parseChunk('j', 41, chunk.slice(0, length)))).toBe('log_corrupt');
    }
    expect(codeOf(() => parseChunk('j', 40, chunk.slice()))).toBe('log_corrupt');
  });
});

type Step =
  | { kind: 'append'; sizes: number[]; wait: boolean }
  | { kind: 'read'; at: number; limit: number; bytesMax: number }
  | { kind: 'truncate'; at: number }
  | { kind: 'reopen' };

const steps = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        kind: fc.constant('append' as const),
        sizes: fc.array(fc.oneof(fc.nat(40), fc.nat(3000), fc.nat(400_000)), { maxLength: 12 }),
        wait: fc.boolean(),
      }),
    },
    {
      weight: 6,
      arbitrary: fc.record({
        kind: fc.constant('read' as const),
        at: fc.nat(1000),
        limit: fc.integer({ min: 1, max: 40 }),
        bytesMax: fc.oneof(fc.nat(5000), fc.constant(10_000_000)),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant('truncate' as const), at: fc.nat(1000) }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('reopen' as const) }) },
  ),
  { maxLength: 40 },
);

/** The model: all records ever appended, and the first one kept. */
class Model {
  readonly all: Uint8Array[] = [];
  first = 0;
  log = openLog();
  reader = openLog({ readOnly: true });
  pending: Promise<unknown>[] = [];

  async settle(): Promise<void> {
    await Promise.all(this.pending.splice(0));
  }

  async run(step: Step): Promise<void> {
    if (step.kind === 'append') {
      const records = step.sizes.map((size, i) => new Uint8Array(size).fill(this.all.length + i));
      expect(this.log.nextPosition).toBe(this.all.length);
      this.all.push(...records);
      this.pending.push(this.log.append(records));
      if (step.wait) await this.settle();
      return;
    }
    await this.settle();
    if (step.kind === 'truncate') {
      const position = step.at % (this.all.length + 1);
      await this.log.truncate(position);
      this.first = Math.max(this.first, position);
    } else if (step.kind === 'reopen') {
      await this.log.close();
      await this.reader.close();
      this.log = openLog();
      this.reader = openLog({ readOnly: true });
    } else {
      this.check(this.log, step);
      this.check(this.reader, step);
    }
  }

  check(log: LmdbLog, step: Extract<Step, { kind: 'read' }>): void {
    expect([log.first(), log.end()]).toEqual([this.first, this.all.length]);
    const from = step.at % (this.all.length + 2);
    if (from < this.first) {
      expect(codeOf(() => log.read(from, step.limit))).toBe('log_truncated');
      return;
    }
    const got = log.read(from, step.limit, step.bytesMax);
    let bytes = 0;
    let count = 0;
    for (let i = from; i < this.all.length && count < step.limit; i++, count++) {
      bytes += this.all[i].length;
      if (bytes > step.bytesMax && count > 0) break;
    }
    expect(got.map((r) => r.position)).toEqual(Array.from({ length: count }, (_, i) => from + i));
    for (const { position, bytes: record } of got) {
      expect(Buffer.compare(record, this.all[position])).toBe(0);
      expect(record.byteOffset % 8).toBe(0);
    }
  }
}

describe('random histories', () => {
  it('read like an array, by the writer and by a reader', async () => {
    const run = fc.asyncProperty(steps, async (history) => {
      const model = new Model();
      try {
        for (const step of history) await model.run(step);
      } finally {
        await model.settle();
        await model.reader.close();
        await model.log.close();
        rmSync(folder, { recursive: true });
        folder = mkdtempSync(join(tmpdir(), 'weir-log-'));
      }
    });
    const seed = Number(process.env.WEIR_SEED ?? Date.now());
    process.stdout.write(`random histories: WEIR_SEED=${seed}\n`);
    await fc.assert(run, { numRuns: deep ? 1000 : 40, seed });
  });
});

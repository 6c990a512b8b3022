import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { measureDisk } from './disk.js';

it('counts blocks by part: a file of a gigabyte with nothing in it is nothing', () => {
  const dir = mkdtempSync(join(tmpdir(), 'weir-disk-'));
  try {
    mkdirSync(join(dir, 'snapshots', 'deep'), { recursive: true });
    writeFileSync(join(dir, 'journal.mdb'), Buffer.alloc(100_000, 1));
    truncateSync(join(dir, 'journal.mdb'), 2 ** 30);
    writeFileSync(join(dir, 'journal.mdb-lock'), Buffer.alloc(10_000, 1));
    writeFileSync(join(dir, 'snapshots', 'deep', 'a'), Buffer.alloc(50_000, 1));
    writeFileSync(join(dir, 'demo.json'), 'x');
    const { parts, totalBytes, freeBytes } = measureDisk(dir);
    const of = Object.fromEntries(parts.map((p) => [p.name, p.bytes]));
    expect(of['journal']).toBeGreaterThanOrEqual(110_000);
    expect(of['journal']).toBeLessThan(2 ** 20);
    expect(of['snapshots']).toBeGreaterThanOrEqual(50_000);
    expect(of['hits']).toBe(0);
    expect(totalBytes).toBe(parts.reduce((sum, p) => sum + p.bytes, 0));
    expect(freeBytes).toBeGreaterThan(0);
  } finally {
    rmSync(dir, { recursive: true });
  }
});

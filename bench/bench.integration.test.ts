/** The bench runs and prints its tables; what stands in them is not a test's business. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const index = fileURLToPath(new URL('../dist/bench/index.js', import.meta.url));

function bench(...args: string[]): { status: number | null; out: string; err: string } {
  const run = spawnSync(process.execPath, [index, ...args], { encoding: 'utf8' });
  return { status: run.status, out: run.stdout, err: run.stderr };
}

/** It starts the whole program: for the deep run. */
const END_TO_END: [string, RegExp] = [
  'end-to-end',
  /^\| 1,000\/s, posts of 10, 8 alerts\/s \| +alert on the socket \|( +[\d.,]+ \|){5}/m,
];

describe('npm run bench', () => {
  it.each<[string, RegExp]>([
    ['scoring', /^\| 1 M subjects, uniform +\|( +[\d.,∞]+ \|){6}$/m],
    ['scoring-limits', /^\| 10,000 subjects +\|( +[-\d.,]+ \|){5}$/m],
    ['admission', /^\| admission, journal on LMDB, flushed +\|( +[\d.,]+ \|){5}$/m],
    ...(process.env['WEIR_DEEP'] === '1' ? [END_TO_END] : []),
  ])('asks %s and prints question, load, N, method, machine and a table', (name, row) => {
    const { status, out, err } = bench('--quick', '--only', name);
    expect(status, err).toBe(0);
    expect(out).toContain(`## ${name}`);
    for (const fact of ['Question', 'Load', 'N', 'Method', 'Machine']) {
      expect(out).toMatch(new RegExp(`^- \\*\\*${fact}:\\*\\* \\S`, 'm'));
    }
    expect(out).toMatch(row);
  });

  it('writes what it printed', () => {
    const folder = mkdtempSync(join(tmpdir(), 'weir-bench-out-'));
    try {
      const file = join(folder, 'new', 'bench.md');
      const { status, out, err } = bench('--quick', '--only', 'admission', '--out', file);
      expect(status, err).toBe(0);
      expect(out.trimEnd()).toBe(readFileSync(file, 'utf8').trimEnd());
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('names the questions there are when asked another', () => {
    const { status, err } = bench('--only', 'speed');
    expect(status).toBe(2);
    expect(err).toContain('take one of');
    expect(err).toContain('end-to-end');
  });
});

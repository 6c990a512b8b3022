/** `weir replay` as a command: files in, hits out, a summary that adds up. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { packageRoot } from './package.js';
import { cleanUp, startWeir, temporaryFolder } from './testing/program.js';

/** The rules that A1 is about; what the others say of it is no matter here. */
const RULES = 'scoring/catalogue/rules/cross-border-remittances.yaml';
const CATALOGUE = ['--catalogue', join(packageRoot(), RULES)];
let dir = '';
beforeEach(() => {
  dir = temporaryFolder();
});
afterEach(() => cleanUp(dir));

/** Three remittances of scenario A1, one malformed line, one amount that is none. */
function a1(): string {
  const times = ['09:10', '13:40', '20:05'];
  const rows = times.map((time, i) =>
    JSON.stringify({
      id: `T-${i}`,
      eventTime: `2026-03-02T${time}:00+08:00`,
      debtor: { account: '622202-1', kind: 'person' },
      creditor: { account: `US-${i}`, country: 'US', kind: 'external' },
      amount: ['60000', '70000', '80000'][i],
      currency: 'CNY',
      type: 'transfer',
    }),
  );
  const broken = JSON.stringify({ ...JSON.parse(rows[0] ?? ''), id: 'x', amount: 'y' });
  return `${[...rows, '{"id":', broken].join('\n')}\n`;
}

async function replay(...args: string[]) {
  const weir = startWeir(['replay', ...args]);
  const code = await weir.ended;
  return { code, out: weir.out(), err: weir.err() };
}

describe('weir replay', () => {
  it('writes one JSON object per hit, and a summary that adds up', async () => {
    const file = join(dir, 'day.ndjson');
    writeFileSync(file, a1());
    const { code, out, err } = await replay(file, ...CATALOGUE);
    expect(err).toMatch(/^3 transactions /);
    expect(err).toContain('1 hits');
    expect(err).toContain('dead letters 2');
    expect(code).toBe(0);
    const [hit] = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(hit).toMatchObject({
      rule: 'cross-border-remittances-person',
      subject: '622202-1',
      eventTime: Date.parse('2026-03-02T20:05:00+08:00'),
      observed: { value: 210_000_00 },
      transactionIds: ['T-0', 'T-1', 'T-2'],
      transactionCount: 3,
    });
    expect(hit?.['alertId']).toBe(hit?.['id']);
  });

  it('takes two files of one name for what they are: two', async () => {
    const files = ['a', 'b'].map((folder) => join(dir, folder, 'day.ndjson'));
    for (const [i, file] of files.entries()) {
      mkdirSync(dirname(file));
      const later = a1().replaceAll('2026-03-02', `2026-03-0${2 + 3 * i}`);
      writeFileSync(file, later.replaceAll('"T-', `"T${i}-`));
    }
    const { out } = await replay(...files, ...CATALOGUE);
    expect(out.trim().split('\n')).toHaveLength(2);
  });

  it('gives the same bytes from gzip, with more threads, into a file', async () => {
    const plain = join(dir, 'day.ndjson');
    writeFileSync(plain, a1());
    writeFileSync(`${plain}.gz`, gzipSync(a1()));
    const first = await replay(plain, '--threads', '1');
    const out = join(dir, 'hits.ndjson');
    const second = await replay(`${plain}.gz`, '--threads', '2', '--out', out);
    expect(second).toMatchObject({ code: 0, out: '' });
    expect(first.out).not.toBe('');
    expect(readFileSync(out, 'utf8')).toBe(first.out);
  });

  it('ends with 2 where the call is wrong, and says what', async () => {
    expect(await replay(join(dir, 'none.ndjson'))).toMatchObject({
      code: 2,
      err: expect.stringContaining('not found'),
    });
    writeFileSync(join(dir, 'day.csv'), 'a,b\n1,2\n');
    writeFileSync(join(dir, 'm.yaml'), 'columns: { a: nonsense }\n');
    const { code, err } = await replay(join(dir, 'day.csv'), '--mapping', join(dir, 'm.yaml'));
    expect(code).toBe(2);
    expect(err).toMatch(/m\.yaml:\d+: /);
  });
});

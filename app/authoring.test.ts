/** What the author's commands refuse, before they do anything. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ReplayFlags } from './commands/replay.js';
import { explain } from './explain-command.js';
import { checkReportFlags } from './replay-report.js';

let dir = '';
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'weir-authoring-'));
});
afterAll(() => rmSync(dir, { recursive: true }));

const flags = { subject: 'x', at: '2026-03-02T20:04:00+08:00', lang: 'en', seconds: 60 } as const;

describe('weir explain', () => {
  it('refuses a time without offset, a folder without journal, a lost file', async () => {
    const ask = (more: object) => explain({ ...flags, dir, ...more });
    await expect(ask({ at: '2026-03-02' })).rejects.toThrow('--at "2026-03-02" is no time');
    await expect(ask({})).rejects.toThrow(/no journal in .*; name the data folder/);
    const file = join(dir, 'lost.ndjson');
    await expect(ask({ file: [file] })).rejects.toThrow(/lost\.ndjson: not found/);
  });

  it('tells of a file that is no journal, and of nobody, without repeating who', async () => {
    writeFileSync(join(dir, 'journal.mdb'), 'not one');
    await expect(explain({ ...flags, dir })).rejects.toThrow(/journal\.mdb: no record can be read/);
    const file = join(dir, 'empty.ndjson');
    writeFileSync(file, '');
    const asked = explain({ ...flags, subject: '6222-secret', dir, file: [file] });
    await expect(asked).rejects.toThrow(/^no transaction of that subject; (?!.*6222)/);
  });
});

describe('weir replay', () => {
  it('refuses what belongs to --report, and what is no time', () => {
    const check = (more: Partial<ReplayFlags>) => () =>
      checkReportFlags({ evidence: 'newest', threads: 1, ...more });
    expect(check({ labels: 'x.csv' })).toThrow('--labels belongs to --report');
    expect(check({ closeAfterDays: 3 })).toThrow('--close-after-days belongs to --report');
    expect(check({ report: true, from: 'monday' })).toThrow('--from "monday" is no time');
    expect(check({ report: true, from: '2026-03-02T00:00:00Z' })).not.toThrow();
  });
});

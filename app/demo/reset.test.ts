import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BANK_SIZE, checkDemoFolder, openBankState } from './bank-state.js';
import { resetDemo } from './reset.js';
import { writeState } from './state.js';

let dir = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'weir-reset-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

const put = (...names: string[]): void => {
  for (const name of names) writeFileSync(join(dir, name), 'x');
};

describe('--reset', () => {
  it('removes what the demonstration left, keeps settings, keys and what is not ours', () => {
    openBankState(dir, Date.now(), BANK_SIZE);
    put('journal.mdb', 'journal.mdb-lock', 'hits.mdb.durable', 'work.mdb', 'demo.mdb');
    put('secrets.json', 'weir.yaml', 'notes.txt');
    for (const folder of ['snapshots', 'dedupe', 'clickhouse', 'demo-reference'])
      mkdirSync(join(dir, folder));
    const removed = resetDemo(dir);
    expect(removed.at(-1)).toBe('demo.json');
    expect(removed).toContain('clickhouse');
    expect(readdirSync(dir).sort()).toEqual(['notes.txt', 'secrets.json', 'weir.yaml']);
    expect(resetDemo(dir)).toEqual([]);
  });

  it('refuses a folder without a demonstration, and touches nothing', () => {
    put('journal.mdb', 'hits.mdb');
    expect(() => resetDemo(dir)).toThrow(/holds no demonstration/);
    expect(existsSync(join(dir, 'journal.mdb'))).toBe(true);
  });
});

describe('a data folder', () => {
  it('of one demonstration is refused to the other, with the mend', () => {
    openBankState(dir, Date.now(), BANK_SIZE);
    expect(() => checkDemoFolder(dir, 'sample')).toThrow(/holds the demonstration "bank".*--reset/);
    expect(() => checkDemoFolder(dir, 'bank')).not.toThrow();
    expect(() => checkDemoFolder(dir, 'none')).not.toThrow();
    const state = { format: 1, endMs: 0, pastNext: 0, liveNext: 0, pastEnded: false } as const;
    writeState(dir, state);
    expect(() => checkDemoFolder(dir, 'bank')).toThrow(/holds the demonstration "sample"/);
  });

  it('with transactions of its own is no place for the bank', () => {
    put('journal.mdb');
    expect(() => checkDemoFolder(dir, 'bank')).toThrow(/--demo none/);
    expect(() => checkDemoFolder(dir, 'none')).not.toThrow();
  });

  it('keeps seed and anchor from its first start, at the start of the bank day', () => {
    const first = openBankState(dir, Date.parse('2026-03-02T12:34:56+08:00'), BANK_SIZE);
    expect(first.anchorMs).toBe(Date.parse('2026-03-02T00:00:00+08:00'));
    const size = { customers: 1, merchants: 1, historyDays: 1 };
    expect(openBankState(dir, Date.now(), size)).toEqual(first);
  });
});

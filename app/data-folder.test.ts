import { lstatSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { prepareDataFolder } from './data-folder.js';

let dir = '';
let mask = 0;
beforeEach(() => {
  mask = process.umask();
  dir = mkdtempSync(join(tmpdir(), 'weir-folder-'));
});
afterEach(() => {
  process.umask(mask);
  rmSync(dir, { recursive: true });
});
const modeOf = (path: string): number => lstatSync(path).mode & 0o777;

describe('the data folder', () => {
  it('is made with its parents, and what is made in it is its owner alone', () => {
    process.umask(0o022);
    const path = prepareDataFolder(join(dir, 'a', 'b'));
    expect([path, modeOf(join(dir, 'a')), modeOf(path)]).toEqual([
      join(dir, 'a', 'b'),
      0o700,
      0o700,
    ]);
    writeFileSync(join(path, 'journal.mdb'), '');
    expect(modeOf(join(path, 'journal.mdb'))).toBe(0o600);
  });

  it('stays as it is when it is there: an administrator may have made it for a group', () => {
    mkdirSync(join(dir, 'made'));
    const before = modeOf(join(dir, 'made'));
    expect(prepareDataFolder(join(dir, 'made'))).toBe(join(dir, 'made'));
    expect(modeOf(join(dir, 'made'))).toBe(before);
  });

  it('that cannot be made is told in one line, also below a file and below /proc', () => {
    writeFileSync(join(dir, 'file'), '');
    for (const path of [join(dir, 'file'), join(dir, 'file', 'below'), '/proc/nowhere/data']) {
      expect(() => prepareDataFolder(path)).toThrow(/^data folder \S+ cannot be made \(E\w+\); /);
    }
  });
});

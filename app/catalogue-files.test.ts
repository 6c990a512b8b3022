import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { changed, good } from '../scoring/testing/rule-text.js';
import { loadCatalogueFrom, prepareCatalogue } from './catalogue-files.js';

const second = changed(['id: test-rule', 'id: other-rule']);

let dir = '';
let prepared = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'weir-catalogue-'));
  prepared = join(dir, 'prepared.txt');
  mkdirSync(join(dir, 'rules'));
  write(good, second);
  prepareCatalogue(rules(), prepared);
});
afterEach(() => {
  rmSync(dir, { recursive: true });
});

const rules = (): string => join(dir, 'rules');

function write(a: string, b: string): void {
  writeFileSync(join(rules(), 'a.yaml'), a);
  writeFileSync(join(rules(), 'b.yaml'), b);
}

const strict = () => loadCatalogueFrom(rules(), join(dir, 'none.txt'));
const quick = () => loadCatalogueFrom(rules(), prepared);

/** Puts no rules at all under the seal of the texts that stand there. */
function emptyPrepared(): void {
  const texts = [good, second, '{"rules":[],"typologies":[]}'];
  const sealed = `${texts.map((t) => t.length).join()}\n${texts.join('')}`;
  const seal = createHash('sha256').update(sealed, 'utf8').digest('hex');
  writeFileSync(prepared, `${seal}${texts[2]}`);
}

it('what was prepared is the catalogue of the files, to the byte', () => {
  expect(JSON.stringify(quick())).toBe(JSON.stringify(strict()));
});

it('is taken instead of the files while these are the same', () => {
  emptyPrepared();
  expect(quick().rules).toEqual([]);
});

it.each([
  ['a number', changed(['score: 10', 'score: 11']), second],
  ['a line that says nothing', `${good}# said\n`, second],
  ['the order', second, good],
])('is left when the files differ by %s', (_, a, b) => {
  emptyPrepared();
  write(a, b);
  expect(quick()).toEqual(strict());
  expect(quick().rules).toHaveLength(2);
});

it('is left when it did not come through whole', () => {
  const whole = readFileSync(prepared, 'utf8');
  for (const broken of [whole.slice(0, -1), whole.slice(0, 40), '', whole.replace('10', '99')]) {
    expect(broken).not.toBe(whole);
    writeFileSync(prepared, broken);
    expect(quick()).toEqual(strict());
  }
});

it('rules that are refused are refused, and leave nothing of older ones', () => {
  write(good, changed(['version: 1', 'version: 0']));
  expect(quick).toThrow(/b\.yaml:\d+: .*version/);
  expect(() => prepareCatalogue(rules(), prepared)).toThrow(/b\.yaml:\d+/);
  expect(existsSync(prepared)).toBe(false);
});

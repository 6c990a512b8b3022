import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { JOURNAL_TABLES } from '../../ingest/index.js';
import { type LmdbLog, openLmdbLog } from '../../platform/index.js';
import { loadCatalogue } from '../../scoring/index.js';
import { good } from '../../scoring/testing/rule-text.js';
import { VersionBook } from './versions.js';

let dir = '';
let journal: LmdbLog;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'weir-versions-'));
  const options = { name: 'journal', tables: JOURNAL_TABLES };
  journal = openLmdbLog(join(dir, 'journal.mdb'), options);
});
afterEach(async () => {
  await journal.close();
  rmSync(dir, { recursive: true });
});

/** Stores a version and names it at the journal's next position; returns its hash. */
async function put(type: 'catalogue' | 'reference', text: string): Promise<string> {
  const sha256 = await journal.blobs.put(Buffer.from(text));
  const record = type === 'catalogue' ? { type, sha256 } : { type, version: 1, sha256 };
  const value = Buffer.from(JSON.stringify(record));
  const key = journal.nextPosition;
  await journal.append([value], { put: [{ table: 'control', key, value }] });
  return sha256;
}

function isThere(sha256: string): boolean {
  try {
    return journal.blobs.get(sha256).length > 0;
  } catch {
    return false;
  }
}

it('drops reference data that no position kept needs, and no catalogue', async () => {
  const book = new VersionBook(journal);
  const rules = await put('catalogue', 'rules');
  const a = await put('reference', 'a');
  const b = await put('reference', 'b');
  await put('reference', 'a');
  const c = await put('reference', 'c');
  const d = await put('reference', 'd');
  const there = () => [rules, a, b, c, d].map(isThere);
  await book.dropOldReferences();
  expect(there()).toEqual([true, true, true, true, true]);

  // At position 4 the first `a` is long over, and the second is still in force.
  await journal.truncate(4);
  await book.dropOldReferences();
  expect(there()).toEqual([true, true, false, true, true]);
  expect(book.shaAt(4)).toEqual({ catalogue: rules, reference: a });

  await journal.truncate(5);
  await book.dropOldReferences();
  expect(there()).toEqual([true, false, false, true, true]);

  await journal.truncate(6);
  await book.dropOldReferences();
  expect(there()).toEqual([true, false, false, false, true]);
  expect(await put('reference', 'b')).toBe(b);
  expect(isThere(b)).toBe(true);
});

it('gives a catalogue that was checked here without its blob, and counts its rules', () => {
  const book = new VersionBook(journal);
  const catalogue = loadCatalogue([{ path: 'r.yaml', text: good }]);
  expect(() => book.catalogue(catalogue.sha256)).toThrow();
  book.rememberCatalogue(catalogue);
  expect(book.catalogue(catalogue.sha256)).toBe(catalogue);
  expect(book.ruleIds).toEqual(['test-rule']);
});

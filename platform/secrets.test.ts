import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ensureSecrets, updateSecrets } from './secrets.js';

let dir = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'weir-secrets-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

describe('secrets', () => {
  it('are made once, for the owner only, and leave no temporary file', () => {
    const first = ensureSecrets(dir);
    expect(first.ingestKey.length).toBeGreaterThanOrEqual(32);
    expect(ensureSecrets(dir)).toEqual(first);
    expect(statSync(join(dir, 'secrets.json')).mode & 0o777).toBe(0o600);
    expect(readdirSync(dir)).toEqual(['secrets.json']);
  });

  it('are taken away from others when a copy came back open', () => {
    const path = join(dir, 'secrets.json');
    const made = ensureSecrets(dir);
    chmodSync(path, 0o644);
    expect(ensureSecrets(dir)).toEqual(made);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('keep what others store there', () => {
    const { ingestKey } = ensureSecrets(dir);
    updateSecrets(dir, (s) => ({ ...s, users: ['a'] }));
    expect(ensureSecrets(dir)).toMatchObject({ ingestKey, users: ['a'] });
  });

  it.each(['', '{', 'null', '{"ingestKey": 1}'])('refuse a broken file: %j', (text) => {
    writeFileSync(join(dir, 'secrets.json'), text);
    expect(() => ensureSecrets(dir)).toThrow(/secrets\.json: .*backup/);
  });
});

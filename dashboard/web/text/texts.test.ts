import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const folder = new URL('.', import.meta.url);
const read = (language: string, file: string): unknown =>
  JSON.parse(readFileSync(new URL(`${language}/${file}`, folder), 'utf8'));

/** `a.b` -> text, for all texts of a file. */
function flat(value: unknown, path = ''): Map<string, string> {
  if (typeof value === 'string') return new Map([[path, value]]);
  const out = new Map<string, string>();
  for (const [key, inner] of Object.entries(value as Record<string, unknown>)) {
    for (const entry of flat(inner, path === '' ? key : `${path}.${key}`)) out.set(...entry);
  }
  return out;
}
const places = (text: string): string[] => (text.match(/\{\w+\}/g) ?? []).sort();

describe('texts', () => {
  const files = readdirSync(new URL('zh', folder));
  it('have the same files in each language', () => {
    expect(readdirSync(new URL('en', folder))).toEqual(files);
    expect(files.length).toBeGreaterThan(5);
  });
  it.each(files)('%s has every key in both languages, none empty', (file) => {
    const zh = flat(read('zh', file));
    const en = flat(read('en', file));
    expect([...en.keys()].sort()).toEqual([...zh.keys()].sort());
    for (const text of [...zh.values(), ...en.values()]) expect(text.trim()).not.toBe('');
  });
  it.each(files)('%s has places for values that both languages know', (file) => {
    const zh = flat(read('zh', file));
    for (const [key, text] of flat(read('en', file))) {
      const original = places(zh.get(key) ?? '');
      for (const place of places(text)) expect(original, `${file} ${key}`).toContain(place);
    }
  });
});

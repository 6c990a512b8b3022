/** The shipped rules load, and docs/rules.md says what they say. `vitest -u` writes it anew. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { rulesDocument } from './document.js';
import { catalogueFromJson, catalogueText, loadCatalogue } from './load.js';

const folder = fileURLToPath(new URL('./rules/', import.meta.url));
const files = readdirSync(folder).map((name) => ({
  path: name,
  text: readFileSync(`${folder}${name}`, 'utf8'),
}));
const catalogue = loadCatalogue(files);

describe('shipped rules', () => {
  it('load', () => {
    const documents = files.flatMap(({ text }) => text.match(/^id: .+/gm) ?? []);
    expect(catalogue.rules.length + catalogue.typologies.length).toBe(documents.length);
  });

  it('come back from their blob unchanged, whatever the order of the files', () => {
    const reversed = loadCatalogue([...files].reverse());
    expect(JSON.stringify(reversed)).toBe(JSON.stringify(catalogue));
    const again = catalogueFromJson(catalogueText(catalogue));
    expect(JSON.stringify(again)).toBe(JSON.stringify(catalogue));
  });

  it('are what docs/rules.md says', async () => {
    const path = fileURLToPath(new URL('../../docs/rules.md', import.meta.url));
    await expect(rulesDocument(catalogue)).toMatchFileSnapshot(path);
  });
});

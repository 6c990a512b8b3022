/** What the build left of the shipped rules is what the loader makes of them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { catalogueText, loadCatalogue } from '../scoring/index.js';
import { loadCatalogueFrom, readCatalogueFiles } from './catalogue-files.js';
import { packageRoot } from './package.js';

it('the build prepared the shipped rules', () => {
  const path = join(packageRoot(), 'dist', 'app', 'shipped-catalogue.txt');
  const catalogue = loadCatalogue(readCatalogueFiles());
  expect(readFileSync(path, 'utf8').slice(64)).toBe(catalogueText(catalogue));
  expect(loadCatalogueFrom(undefined, path)).toEqual(catalogue);
});

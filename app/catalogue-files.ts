/** Reads rule files from disk for the loader, which itself touches nothing. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Catalogue } from '../schemas/catalogue.js';
import { loadCatalogue } from '../scoring/index.js';
import { UsageError } from './exit-codes.js';
import { packageRoot } from './package.js';

const isRuleFile = (name: string): boolean => /\.ya?ml$/.test(name);

/** The shipped rules, or those of a file or folder. Throws CatalogueError with line and mend. */
export function loadCatalogueFrom(path?: string): Catalogue {
  return loadCatalogue(readCatalogueFiles(path));
}

export function readCatalogueFiles(path?: string): { path: string; text: string }[] {
  const from = path ?? join(packageRoot(), 'scoring', 'catalogue', 'rules');
  if (!existsSync(from)) {
    throw new UsageError(`catalogue ${from}: not found; give a YAML file or a folder of them`);
  }
  const files = statSync(from).isDirectory()
    ? readdirSync(from)
        .filter(isRuleFile)
        .sort()
        .map((name) => join(from, name))
    : [from];
  if (files.length === 0) {
    throw new UsageError(`catalogue ${from}: no .yaml file in it; add one, a rule a document`);
  }
  const shown = (file: string): string => (path === undefined ? basename(file) : file);
  return files.map((file) => ({ path: shown(file), text: readFileSync(file, 'utf8') }));
}

/**
 * Reads rule files from disk for the loader, which itself touches nothing. Its one trick: the build
 * leaves what the strict loader made of the shipped files beside the built code, under one hash of
 * their texts and of the result, so that a start need not read 400 kB of YAML again. With another
 * text, even by a space, the hash differs and the loader reads everything.
 */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Catalogue } from '../schemas/catalogue.js';
import { type CatalogueFile, catalogueText, loadCatalogue } from '../scoring/index.js';
import { UsageError } from './exit-codes.js';
import { packageRoot } from './package.js';

const isRuleFile = (name: string): boolean => /\.ya?ml$/.test(name);

/** Beside this very code: the sources, which may be newer than the build, have none. */
const PREPARED = fileURLToPath(new URL('./shipped-catalogue.txt', import.meta.url));
const HEX_DIGITS = 64;

/** The shipped rules, or those of a file or folder. Throws CatalogueError with line and mend. */
export function loadCatalogueFrom(path?: string, preparedPath = PREPARED): Catalogue {
  const files = readCatalogueFiles(path);
  return takePrepared(files, preparedPath) ?? loadCatalogue(files);
}

/** Checks the shipped rules, throws `CatalogueError`, and leaves them for `loadCatalogueFrom`. */
export function prepareCatalogue(path?: string, preparedPath = PREPARED): void {
  rmSync(preparedPath, { force: true });
  const files = readCatalogueFiles(path);
  const text = catalogueText(loadCatalogue(files));
  writeFileSync(preparedPath, sealOf(files, text) + text);
}

/** Undefined unless it was made of these very texts and came through whole. */
function takePrepared(files: readonly CatalogueFile[], path: string): Catalogue | undefined {
  if (!existsSync(path)) return undefined;
  const prepared = readFileSync(path, 'utf8');
  const text = prepared.slice(HEX_DIGITS);
  if (prepared.slice(0, HEX_DIGITS) !== sealOf(files, text)) return undefined;
  return { sha256: sha256Of(text), ...(JSON.parse(text) as Omit<Catalogue, 'sha256'>) };
}

/** Lengths first: moving text from one file to the next is another seal. */
function sealOf(files: readonly CatalogueFile[], text: string): string {
  const texts = [...files.map((f) => f.text), text];
  return sha256Of(`${texts.map((t) => t.length).join()}\n${texts.join('')}`);
}

function sha256Of(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex');
}

export function readCatalogueFiles(path?: string): CatalogueFile[] {
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

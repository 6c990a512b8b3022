/**
 * Regenerates schemas/generated. After a change of a .fbs: build, then
 * `node dist/schemas/codegen/generate.js`, and commit what it writes.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { generateStructOffsets } from './structs.js';
import { generateTables } from './tables.js';

/** The repository's schemas folder, from the source or from the built file. */
export function schemasFolder(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  for (let levels = 0; levels < 4; levels++) {
    if (existsSync(join(folder, 'transaction.fbs'))) return folder;
    const beside = join(folder, 'schemas');
    if (existsSync(join(beside, 'transaction.fbs'))) return beside;
    folder = dirname(folder);
  }
  throw new Error('schemas/transaction.fbs not found above this file: run it from the repository');
}

/** File name in schemas/generated -> what it must hold. */
export function generateFiles(schemas: string): Map<string, string> {
  const read = (name: string) => readFileSync(join(schemas, name), 'utf8');
  return new Map([
    ['records.ts', generateStructOffsets(read('records.fbs'))],
    ['transaction.ts', generateTables(read('transaction.fbs'))],
  ]);
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const schemas = schemasFolder();
  for (const [name, text] of generateFiles(schemas)) {
    const path = join(schemas, 'generated', name);
    if (existsSync(path) && readFileSync(path, 'utf8') === text) continue;
    writeFileSync(path, text);
    console.log(`wrote schemas/generated/${name}`);
  }
}

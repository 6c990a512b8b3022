/** Where the program's own files lie, built or not: the folder with our package.json. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

let cached: { root: string; version: string } | undefined;

function find(): { root: string; version: string } {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (folder !== dirname(folder)) {
    const path = join(folder, 'package.json');
    if (existsSync(path)) {
      const read = JSON.parse(readFileSync(path, 'utf8')) as { name?: string; version?: string };
      if (read.name === 'weir') return { root: folder, version: read.version ?? 'unknown' };
    }
    folder = dirname(folder);
  }
  throw new Error('the folder of Weir was not found: package.json is missing');
}

export function packageRoot(): string {
  cached ??= find();
  return cached.root;
}

export function packageVersion(): string {
  cached ??= find();
  return cached.version;
}

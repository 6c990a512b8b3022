/** Mappings that ship with Weir, found from the source and from the built program. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const LEVELS_MAX = 5;

/** Path of ingest/mappings/NAME.yaml, or undefined when none of this name is shipped. */
export function shippedMappingPath(name: string): string | undefined {
  if (!/^[a-z0-9-]+$/.test(name)) return undefined;
  let folder = dirname(fileURLToPath(import.meta.url));
  for (let level = 0; level < LEVELS_MAX; level++) {
    const path = join(folder, 'ingest', 'mappings', `${name}.yaml`);
    if (existsSync(path)) return path;
    folder = dirname(folder);
  }
  return undefined;
}

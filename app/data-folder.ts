/**
 * The data folder holds names, account numbers, watch classes and keys. Its one trick: the mask of
 * the process is set before anything is made, so that every file, folder and socket that Weir or
 * one of its libraries makes belongs to its owner alone, also in a folder that others may list.
 */
import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';

const OTHERS = 0o077;

/** Makes the folder if needed; its path from the root. */
export function prepareDataFolder(dir: string): string {
  process.umask(OTHERS);
  const path = resolve(dir);
  mkdirSync(path, { recursive: true });
  return path;
}

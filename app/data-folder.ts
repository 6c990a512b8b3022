/**
 * The data folder holds names, account numbers, watch classes and keys. Its one trick: the mask of
 * the process is set before anything is made, so that every file, folder and socket that Weir or
 * one of its libraries makes belongs to its owner alone, also in a folder that others may list.
 */
import { mkdirSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { UsageError } from './exit-codes.js';

const OTHERS = 0o077;

/** Makes the folder if needed; its path from the root. */
export function prepareDataFolder(dir: string): string {
  process.umask(OTHERS);
  const path = resolve(dir);
  try {
    make(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new UsageError(
      `data folder ${path} cannot be made (${code}); give another --dir, or mend its rights`,
    );
  }
  return path;
}

/** Step by step: mkdir's own recursion never ends below /proc. */
function make(path: string): void {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found?.isDirectory()) return;
  if (dirname(path) !== path) make(dirname(path));
  mkdirSync(path);
}

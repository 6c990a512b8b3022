/**
 * How far readers have come, for whoever truncates a log: one small file a reader below
 * `cursors/`. A reader that has a file holds the logs that it names; one without holds nothing.
 */
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface ReaderCursors {
  /** Identity of the log -> first position still needed. */
  journal?: { identity: string; position: number };
  hits?: { identity: string; position: number };
  work?: { identity: string; position: number };
}

const READER = /^[a-z][a-z0-9-]{0,31}$/;

/** Publishes; never goes back by itself. A loss of the newest version keeps more, never less. */
export function publishCursors(dir: string, reader: string, cursors: ReaderCursors): void {
  if (!READER.test(reader)) throw new Error(`cursors: bad reader name '${reader}'`);
  const folder = join(dir, 'cursors');
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `${reader}.json`);
  writeFileSync(`${path}.tmp`, JSON.stringify(cursors));
  renameSync(`${path}.tmp`, path);
}

/** The reader is no more (switched off): nothing is kept for it. */
export function forgetCursors(dir: string, reader: string): void {
  rmSync(join(dir, 'cursors', `${reader}.json`), { force: true });
}

/**
 * First position of a log that some reader still needs; Infinity when none holds it. A file of
 * another log's identity holds nothing; one that cannot be read holds everything.
 */
export function neededFrom(dir: string, log: keyof ReaderCursors, identity: string): number {
  const folder = join(dir, 'cursors');
  let needed = Number.POSITIVE_INFINITY;
  for (const name of listed(folder)) {
    if (!name.endsWith('.json')) continue;
    const cursors = parse(join(folder, name));
    if (cursors === undefined) return 0;
    const cursor = cursors[log];
    if (cursor?.identity === identity) needed = Math.min(needed, cursor.position);
  }
  return needed;
}

function listed(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

function parse(path: string): ReaderCursors | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as ReaderCursors;
  } catch {
    return undefined;
  }
}

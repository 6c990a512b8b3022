/**
 * A checkpoint of the alert book in the work log's side table, so that a restart reads the work
 * log from there and not from its beginning. Only a shortcut: the log remains the truth, and a
 * checkpoint that is missing or of another form means reading all of it.
 */
import type { AlsoCommit } from '../../schemas/ports.js';
import type { AlertEntry } from './alert-entry.js';
import type { WorkLog } from './work-tables.js';

const CHECKPOINT_TABLE = 'checkpoint';
/** Work records between two; about a second of reading. */
export const CHECKPOINT_RECORDS = 50_000;
const META_KEY = 'checkpoint';
/** Raised when the form of an entry changes. */
const FORMAT = 2;
const CHUNK_CHARACTERS = 512 * 1024;

interface Mark {
  format: number;
  /** First work record that it does not contain. */
  position: number;
  chunks: number;
}

/** To be committed as one: chunks and mark stand or fall together. */
export function encodeCheckpoint(position: number, entries: Iterable<AlertEntry>): AlsoCommit {
  const put: NonNullable<AlsoCommit['put']> = [];
  let lines: string[] = [];
  let characters = 0;
  const cut = (): void => {
    if (lines.length === 0) return;
    put.push({ table: CHECKPOINT_TABLE, key: put.length, value: Buffer.from(lines.join('\n')) });
    lines = [];
    characters = 0;
  };
  for (const entry of entries) {
    const line = JSON.stringify({ ...entry, row: undefined });
    lines.push(line);
    characters += line.length;
    if (characters >= CHUNK_CHARACTERS) cut();
  }
  cut();
  const mark: Mark = { format: FORMAT, position, chunks: put.length };
  return { meta: { [META_KEY]: JSON.stringify(mark) }, put };
}

export function loadCheckpoint(
  work: WorkLog,
): { position: number; entries: AlertEntry[] } | undefined {
  const text = work.getMeta(META_KEY);
  if (typeof text !== 'string') return undefined;
  const mark = JSON.parse(text) as Mark;
  if (mark.format !== FORMAT || mark.position > work.end()) return undefined;
  const table = work.table(CHECKPOINT_TABLE);
  const entries: AlertEntry[] = [];
  for (let chunk = 0; chunk < mark.chunks; chunk++) {
    const bytes = table.get(chunk);
    if (bytes === undefined) return undefined;
    for (const line of Buffer.from(bytes).toString('utf8').split('\n')) {
      entries.push({ ...(JSON.parse(line) as AlertEntry), row: undefined });
    }
  }
  return { position: mark.position, entries };
}

/**
 * A checkpoint of the alert book in the work log's side table, so that a restart reads the work
 * log from there and not from its beginning. A shortcut as long as the log has its beginning: a
 * checkpoint that is missing or of another form then means reading all of it. Once the log has been
 * shortened (log-keeper.ts), it is the only place that tells what came before.
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
  /** First hit that its entries have not seen. */
  hits: number;
}

/** To be committed as one: chunks and mark stand or fall together. */
export function encodeCheckpoint(
  position: number,
  hits: number,
  entries: Iterable<AlertEntry>,
): AlsoCommit {
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
  const mark: Mark = { format: FORMAT, position, chunks: put.length, hits };
  return { meta: { [META_KEY]: JSON.stringify(mark) }, put };
}

export interface Checkpoint {
  position: number;
  hits: number;
  entries: AlertEntry[];
}

/** Throws when it cannot be read and the log does not have its beginning any more. */
export function loadCheckpoint(work: WorkLog): Checkpoint | undefined {
  const found = readCheckpoint(work);
  if (found !== undefined || work.first() === 0) return found;
  throw new Error(
    'work.mdb: its beginning was dropped and its checkpoint cannot be read; restore it from a ' +
      'backup, together with hits.mdb, or use the version of Weir that wrote it',
  );
}

function readCheckpoint(work: WorkLog): Checkpoint | undefined {
  const text = work.getMeta(META_KEY);
  if (typeof text !== 'string') return undefined;
  const mark = JSON.parse(text) as Mark;
  const { format, position, chunks, hits } = mark;
  if (format !== FORMAT || position > work.end() || position < work.first()) return undefined;
  const table = work.table(CHECKPOINT_TABLE);
  const entries: AlertEntry[] = [];
  for (let chunk = 0; chunk < chunks; chunk++) {
    const bytes = table.get(chunk);
    if (bytes === undefined) return undefined;
    for (const line of Buffer.from(bytes).toString('utf8').split('\n')) {
      entries.push({ ...(JSON.parse(line) as AlertEntry), row: undefined });
    }
  }
  return { position, hits, entries };
}

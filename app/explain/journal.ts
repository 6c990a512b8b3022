/**
 * Explains from a journal, read beside whoever writes it: a reader takes no lock and asks for
 * nothing to be kept. Reads in small steps with a turn of the event loop between, until the time
 * budget is spent, so that a server may ask too.
 */
import type { Catalogue } from '../../schemas/catalogue.js';
import type { ExplainRequest, ExplainResult } from '../../schemas/explanation.js';
import type { LogReader } from '../../schemas/ports.js';
import { VersionBook, type VersionedJournal } from '../engine/versions.js';
import { explainSubject } from './explain.js';
import { SubjectRecords } from './subject-records.js';

export interface JournalOptions extends ExplainRequest {
  journal: LogReader & VersionedJournal;
  /** Most time to take for reading. */
  budgetMs: number;
  /** Asked instead of the catalogues that were in force. */
  catalogue?: Catalogue;
  onProgress?(done: number, total: number): void;
}

const STEP_RECORDS = 2_000;
const STEP_BYTES = 2 << 20;

/** Throws LogError where the journal cannot be read. */
export async function explainFromJournal(options: JournalOptions): Promise<ExplainResult> {
  const { journal, subject, atMs, side, budgetMs, catalogue, onProgress } = options;
  const untilMs = performance.now() + budgetMs;
  const records = new SubjectRecords(subject);
  const first = journal.first();
  // What comes in meanwhile is of later: it is not waited for.
  const end = journal.end();
  for (let next = first; next < end; ) {
    if (performance.now() > untilMs) {
      return { ok: false, reason: 'out-of-time', done: next - first, total: end - first };
    }
    const read = journal.read(next, Math.min(STEP_RECORDS, end - next), STEP_BYTES);
    const last = read.at(-1);
    if (last === undefined) break;
    for (const { position, bytes } of read) records.take(position, bytes);
    next = last.position + 1;
    onProgress?.(next - first, end - first);
    await new Promise((resolve) => setImmediate(resolve));
  }
  if (records.own === 0) return { ok: false, reason: 'unknown-subject' };
  const versions = new VersionBook(journal);
  return explainSubject({
    subject,
    atMs,
    ...(side !== undefined && { side }),
    records,
    versions,
    first,
    ...(catalogue !== undefined && { catalogue }),
  });
}

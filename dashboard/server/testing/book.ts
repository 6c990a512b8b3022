/** An alert book on logs in memory, and what tests do with it. */
import type { AlertCommand } from '../../../schemas/protocol.js';
import { AlertBook } from '../alert-book.js';
import { listAlerts } from '../alert-query.js';
import { encodeHit } from '../hits.js';
import type { MemoryLog } from './memory-log.js';
import { sampleDirectory, type sampleHit, silentLogger } from './sample.js';

export const directory = sampleDirectory();
export const NOW = Date.parse('2026-03-02T20:05:01+08:00');

export async function openBook(
  hits: MemoryLog,
  work: MemoryLog,
  max = 10_000,
  nowMs: () => number = () => NOW,
): Promise<AlertBook> {
  const book = new AlertBook({
    hits,
    work,
    directory,
    nowMs,
    alertsInMemoryMax: max,
    logger: silentLogger,
  });
  await book.rebuild();
  return book;
}

export async function drain(book: AlertBook): Promise<void> {
  while (await book.turn());
}

export const put = (hits: MemoryLog, ...list: ReturnType<typeof sampleHit>[]): Promise<unknown> =>
  hits.append(list.map((hit) => encodeHit(hit, { position: 0, ingestMs: NOW })));

export const list = (book: AlertBook, state: 'open' | 'closed' = 'open', user = 'li') =>
  listAlerts(book, directory, {
    state,
    family: null,
    rule: null,
    who: 'all',
    q: '',
    limit: 100,
    user,
    nowMs: NOW,
  });

export async function run(book: AlertBook, id: string, command: AlertCommand, user = 'li') {
  const reply = book.execute(id, command, user);
  await drain(book);
  return reply;
}

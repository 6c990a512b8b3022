/**
 * One question, asked of a journal by a process of its own: reading and scoring take seconds, and
 * no loop that serves somebody may wait for them. The question comes as a message, since others may
 * see arguments; the answer goes back as one, and the process ends.
 */
import { setPriority } from 'node:os';
import { openLmdbLog } from '../../platform/index.js';
import type { ExplainRequest, ExplainResult } from '../../schemas/explanation.js';
import { explainFromJournal } from './journal.js';

/** Behind everything else on the machine. */
const NICE = 19;

export interface ExplainQuestion extends ExplainRequest {
  journalPath: string;
  budgetMs: number;
}

async function answer({ journalPath, ...request }: ExplainQuestion): Promise<ExplainResult> {
  const journal = openLmdbLog(journalPath, { name: 'journal', readOnly: true });
  try {
    return await explainFromJournal({ ...request, journal });
  } finally {
    await journal.close();
  }
}

setPriority(NICE);
// Who asked is gone: nobody waits for an answer.
process.once('disconnect', () => process.exit(0));
process.once('message', (question) => {
  // A failure ends the process: who asked sees that no answer came.
  void answer(question as ExplainQuestion).then((result) => process.send?.(result));
});

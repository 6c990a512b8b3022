/** The journal as admission sees it: every append is timed, and told when it is on disk. */
import type { Journal } from '../../ingest/index.js';
import type { Durations, LmdbLog } from '../../platform/index.js';

/** Upper bounds of an append, seconds: a fast disk flushes in 1 ms, a busy one in 100. */
export const APPEND_BOUNDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5] as const;

export function measuredJournal(
  journal: LmdbLog,
  durations: Durations,
  onFlushed: () => void,
): Journal {
  return {
    get nextPosition() {
      return journal.nextPosition;
    },
    first: () => journal.first(),
    end: () => journal.end(),
    read: (from, limit, maxBytes) => journal.read(from, limit, maxBytes),
    append: async (records, also) => {
      const began = performance.now();
      const result = await journal.append(records, also);
      durations.observe((performance.now() - began) / 1000);
      onFlushed();
      return result;
    },
    table: (name) => journal.table(name),
    getMeta: (key) => journal.getMeta(key),
    bytesUsed: () => journal.bytesUsed(),
  };
}

/** What the dashboard gets from other rooms, wired here: dead letters, the demonstration bank. */
import { join } from 'node:path';
import type { DeadLetterPort, DemoPort, RefusedMessage } from '../../dashboard/index.js';
import { DEAD_LETTERS_TABLE, type DeadLetter, showDeadLetter } from '../../ingest/index.js';
import { ensureSecrets, type LmdbLog, openLmdbLog } from '../../platform/index.js';
import type { Configuration } from '../../schemas/configuration.js';
import { readAddresses } from '../addresses.js';
import { demoCurl } from '../demo/curl.js';

/** Looked at, newest first, for one list. */
const LETTERS_SCANNED_MAX = 5_000;

/** The dead letters beside the journal; keys count up, so newest first is a walk down. */
export function deadLettersOf(journal: LmdbLog): DeadLetterPort {
  const table = journal.table(DEAD_LETTERS_TABLE);
  const view = (letter: DeadLetter): RefusedMessage => ({
    id: String(letter.key),
    reason: letter.reason,
    detail: letter.detail,
    source: letter.source,
    atMs: letter.ingestMs,
    bytes: letter.rawBytes,
    raw: letter.raw,
  });
  return {
    list(reason, limit) {
      const newest = Number(table.range({ limit: 1, reverse: true })[0]?.key ?? 0);
      const letters: RefusedMessage[] = [];
      for (let key = newest; key > newest - LETTERS_SCANNED_MAX; key--) {
        const letter = showDeadLetter(table, key);
        if (letter === undefined) return { letters, truncated: false };
        if (reason !== undefined && letter.reason !== reason) continue;
        if (letters.length === limit) return { letters, truncated: true };
        letters.push(view(letter));
      }
      return { letters, truncated: true };
    },
    show(id) {
      const letter = /^[1-9]\d{0,14}$/.test(id) ? showDeadLetter(table, Number(id)) : undefined;
      return letter && view(letter);
    },
  };
}

const DEMO_BYTES_MAX = 16 * 1024 * 1024;
/** Commands kept; the player reads them within a second. */
const DEMO_RECORDS_MAX = 1_000;

/** The log of commands is made with the first command: without a demonstration there is none. */
export function demoSwitchboard(
  dir: string,
  configuration: Configuration,
): { port: DemoPort; close(): Promise<void> } {
  let log: LmdbLog | undefined;
  const path = join(dir, 'demo.mdb');
  return {
    port: {
      async append(record) {
        log ??= openLmdbLog(path, { name: 'demo', mapBytesMax: DEMO_BYTES_MAX });
        await log.append([Buffer.from(JSON.stringify(record))]);
        if (log.end() - log.first() > 2 * DEMO_RECORDS_MAX) {
          await log.truncate(log.end() - DEMO_RECORDS_MAX);
        }
      },
      curl() {
        const { ingestHost, ingestPort } = configuration;
        const ingestUrl = readAddresses(dir).ingestUrl ?? `http://${ingestHost}:${ingestPort}`;
        return demoCurl({ ingestUrl, ingestKey: ensureSecrets(dir).ingestKey });
      },
    },
    close: async () => log?.close(),
  };
}

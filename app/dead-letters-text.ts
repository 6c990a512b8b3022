/** What `weir dead-letters` prints. Reads the journal's file beside a running engine. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  DEAD_LETTERS_TABLE,
  type DeadLetter,
  listDeadLetters as listOldestFirst,
  showDeadLetter as readOne,
} from '../ingest/index.js';
import { openLmdbLog } from '../platform/index.js';
import type { SideTable } from '../schemas/ports.js';
import { DEAD_LETTER_REASONS } from '../schemas/reasons.js';
import { table } from './columns.js';
import type { DeadLetterListFlags } from './commands/dead-letters.js';
import { UsageError } from './exit-codes.js';

const PAGE = 1_000;
/** Bytes shown when they are no text. */
const HEX_BYTES_MAX = 1_024;

export async function listDeadLetters(flags: DeadLetterListFlags): Promise<string> {
  const { reason, limit } = flags;
  if (reason !== undefined && !(DEAD_LETTER_REASONS as readonly string[]).includes(reason)) {
    throw new UsageError(
      `--reason "${reason}" is no reason; write one of: ${DEAD_LETTER_REASONS.join(', ')}`,
    );
  }
  const letters = await withTable(flags.dir, (t) => newest(t, reason, limit));
  if (flags.json === true) {
    return letters.map(({ raw, ...head }) => `${JSON.stringify(head)}\n`).join('');
  }
  if (letters.length === 0) return 'no dead letter\n';
  const rows = letters.map((l) => [
    String(l.key),
    new Date(l.ingestMs).toISOString(),
    l.source,
    l.reason,
    String(l.rawBytes),
    printable(l.detail),
  ]);
  return table([['number', 'ingest time (UTC)', 'source', 'reason', 'bytes', 'detail'], ...rows]);
}

export async function showDeadLetter(
  number: number,
  flags: { dir: string; raw?: boolean },
): Promise<string | Uint8Array> {
  const letter = await withTable(flags.dir, (t) => readOne(t, number));
  if (letter === undefined) {
    throw new UsageError(
      `there is no dead letter ${number}; "weir dead-letters list" shows those there are`,
    );
  }
  if (flags.raw === true) return letter.raw;
  const { raw, ...head } = letter;
  const cut = raw.length < letter.rawBytes ? `, the first ${raw.length} kept` : '';
  const title = `As it came (${letter.rawBytes} bytes${cut}):`;
  return `${printable(JSON.stringify(head, null, 2))}\n\n${title}\n${shown(raw)}\n`;
}

/** The last `limit` that fit, newest first; pages through, since the log lists oldest first. */
function newest(t: SideTable, reason: string | undefined, limit: number): DeadLetter[] {
  const kept: DeadLetter[] = [];
  for (let from = 0; ; ) {
    const filter = reason === undefined ? {} : { reason };
    const page = listOldestFirst(t, { ...filter, from, limit: PAGE });
    kept.push(...page);
    kept.splice(0, Math.max(0, kept.length - limit));
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE) return kept.reverse();
    from = last.key + 1;
  }
}

async function withTable<T>(dir: string, work: (table: SideTable) => T): Promise<T> {
  const path = join(dir, 'journal.mdb');
  if (!existsSync(path)) {
    throw new UsageError(`no journal in ${dir}; name the data folder of your Weir with --dir`);
  }
  const log = openLmdbLog(path, { name: 'journal', readOnly: true });
  try {
    return work(log.table(DEAD_LETTERS_TABLE));
  } finally {
    await log.close();
  }
}

/** A detail may name a key that a sender made up: no code of it reaches the terminal. */
function printable(text: string): string {
  return text.replace(/[^\P{C}\n]/gu, '\ufffd');
}

function shown(raw: Uint8Array): string {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(raw);
    if (!/[^\P{C}\t\r\n]/u.test(text)) return text;
  } catch {
    // no text: shown as bytes
  }
  const lines: string[] = [];
  for (let i = 0; i < Math.min(raw.length, HEX_BYTES_MAX); i += 16) {
    const bytes = [...raw.subarray(i, i + 16)];
    const hex = bytes.map((b) => b.toString(16).padStart(2, '0')).join(' ');
    const letters = bytes.map((b) => (b >= 32 && b < 127 ? String.fromCharCode(b) : '.')).join('');
    lines.push(`${i.toString(16).padStart(6, '0')}  ${hex.padEnd(47)}  ${letters}`);
  }
  if (raw.length > HEX_BYTES_MAX) lines.push(`... ${raw.length - HEX_BYTES_MAX} more: --raw`);
  return lines.join('\n');
}

/** What `weir explain` does: finds the records, asks, prints. */
import { accessSync, constants, existsSync } from 'node:fs';
import { join } from 'node:path';
import { ReferenceTables } from '../ingest/index.js';
import { openLmdbLog } from '../platform/index.js';
import type { Catalogue } from '../schemas/catalogue.js';
import type { ExplainFailure, ExplainResult } from '../schemas/explanation.js';
import type { ReferenceData } from '../schemas/reference.js';
import { loadCatalogueFrom } from './catalogue-files.js';
import type { ExplainFlags } from './commands/explain.js';
import { FileFeed, VersionBook } from './engine/index.js';
import { UsageError } from './exit-codes.js';
import {
  explainFromJournal,
  explainSubject,
  explanationText,
  SubjectRecords,
} from './explain/index.js';
import { mappingOf, referenceOf } from './replay.js';

const PROGRESS_EVERY_MS = 500;

interface Answer {
  result: ExplainResult;
  /** Of the end: names, currency and zone for the text. */
  catalogue: Catalogue;
  reference: ReferenceData;
}

export async function explain(flags: ExplainFlags): Promise<string> {
  const atMs = Date.parse(flags.at);
  if (Number.isNaN(atMs) || !/(Z|[+-]\d{2}:\d{2})$/.test(flags.at)) {
    throw new UsageError(`--at "${flags.at}" is no time; write 2026-03-02T20:05:00+08:00`);
  }
  const asked = flags.catalogue === undefined ? undefined : loadCatalogueFrom(flags.catalogue);
  const answer =
    flags.file === undefined
      ? await fromFolder(flags, atMs, asked)
      : await fromFiles(flags, flags.file, atMs, asked);
  const { result, catalogue, reference } = answer;
  if (!result.ok) throw new UsageError(failureText(result));
  if (flags.json === true) return `${JSON.stringify(result.explanation)}\n`;
  const all = [...catalogue.rules, ...catalogue.typologies];
  return explanationText(result.explanation, {
    lang: flags.lang,
    currency: reference.baseCurrency,
    zoneTable: reference.zoneTable,
    nameOf: (id) => all.find((r) => r.id === id)?.names[flags.lang] ?? '',
  });
}

async function fromFolder(
  flags: ExplainFlags,
  atMs: number,
  asked: Catalogue | undefined,
): Promise<Answer> {
  const path = join(flags.dir, 'journal.mdb');
  if (!existsSync(path)) {
    throw new UsageError(
      `no journal in ${flags.dir}; name the data folder of your Weir with --dir`,
    );
  }
  try {
    accessSync(path, constants.R_OK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new UsageError(`${path}: cannot be read (${code}); ask as the user that runs Weir`);
  }
  const bar = progressBar();
  const journal = openLmdbLog(path, { name: 'journal', readOnly: true });
  try {
    if (journal.end() === 0) {
      throw new UsageError(`${path}: no record can be read; it is empty, or no journal of a Weir`);
    }
    const result = await explainFromJournal({
      journal,
      subject: flags.subject,
      atMs,
      budgetMs: flags.seconds * 1000,
      ...(flags.side !== undefined && { side: flags.side }),
      ...(asked !== undefined && { catalogue: asked }),
      onProgress: bar.show,
    });
    const { catalogue, reference } = new VersionBook(journal).at(journal.end());
    return { result, catalogue: asked ?? catalogue, reference: reference.data };
  } catch (error) {
    if ((error as Error).name !== 'LogError') throw error;
    throw new UsageError(`${path}: ${(error as Error).message}`);
  } finally {
    bar.clear();
    await journal.close();
  }
}

async function fromFiles(
  flags: ExplainFlags,
  files: readonly string[],
  atMs: number,
  asked: Catalogue | undefined,
): Promise<Answer> {
  const missing = files.find((f) => !existsSync(f));
  if (missing !== undefined)
    throw new UsageError(`${missing}: not found; give NDJSON or CSV files`);
  const mapping = mappingOf(flags.mapping);
  const reference = referenceOf(flags.reference, mapping);
  const tables = new ReferenceTables(reference);
  const catalogue = asked ?? loadCatalogueFrom();
  const records = new SubjectRecords(flags.subject);
  const bar = progressBar();
  const feed = new FileFeed({
    files,
    reference,
    tables,
    ...(mapping !== undefined && { mapping }),
    onProgress: (_, p) => bar.show(p.bytesRead, p.bytesTotal),
    onAdmitted: (position, record) => {
      records.take(position, record);
      feed.consumed(position + 1);
    },
  });
  await feed.open();
  await feed.play();
  bar.clear();
  if (feed.failed !== undefined) throw feed.failed;
  const versions = {
    catalogue: () => catalogue,
    reference: () => tables,
    at: () => ({ catalogue, reference: tables }),
  };
  const result = explainSubject({
    subject: flags.subject,
    atMs,
    ...(flags.side !== undefined && { side: flags.side }),
    records,
    versions,
    first: 0,
    catalogue,
  });
  return { result, catalogue, reference };
}

/** The subject is not told again: what went wrong may stand in a log. */
function failureText(failure: ExplainFailure): string {
  switch (failure.reason) {
    case 'unknown-subject':
      return 'no transaction of that subject; give the customer, else the account';
    case 'before-first-leg':
      return `its first transaction is of ${new Date(failure.firstMs).toISOString()}; ask later`;
    case 'never-scored':
      return 'no rule was asked: its transactions came too late, or undid others';
    case 'out-of-time': {
      const share = Math.floor((100 * failure.done) / failure.total);
      return `read ${share} % of the journal in the time given; give more with --seconds`;
    }
  }
}

/** One line that is written over, only where somebody watches. */
function progressBar(): { show(done: number, total: number): void; clear(): void } {
  let shownAt = performance.now();
  let isShown = false;
  return {
    show(done, total) {
      const now = performance.now();
      if (process.stderr.isTTY !== true || now - shownAt < PROGRESS_EVERY_MS) return;
      shownAt = now;
      isShown = true;
      const share = total === 0 ? 1 : done / total;
      const bar = '#'.repeat(Math.round(share * 30)).padEnd(30);
      process.stderr.write(`\r[${bar}] ${Math.floor(100 * share)} %`);
    },
    clear() {
      if (isShown) process.stderr.write(`\r${' '.repeat(40)}\r`);
    },
  };
}

/** What `weir replay` does: reads what the flags name, scores, writes the hits. */
import { existsSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import {
  defaultReference,
  loadMapping,
  loadReference,
  type Mapping,
  shippedMappingPath,
} from '../ingest/index.js';
import { createLogger } from '../platform/index.js';
import type { Catalogue } from '../schemas/catalogue.js';
import { configurationSchema } from '../schemas/configuration.js';
import type { ReferenceData } from '../schemas/reference.js';
import { loadCatalogueFrom } from './catalogue-files.js';
import type { ReplayFlags } from './commands/replay.js';
import { type ReplayHit, type ReplaySummary, replayFiles } from './engine/index.js';
import { ExitCode, UsageError } from './exit-codes.js';
import { checkReportFlags, replayReport } from './replay-report.js';

const PROGRESS_EVERY_MS = 1_000;
/** Hits are written in pieces of about this size. */
const WRITE_CHARACTERS = 256 * 1024;

export async function replay(files: readonly string[], flags: ReplayFlags): Promise<number> {
  for (const file of files) {
    if (!existsSync(file)) throw new UsageError(`${file}: not found; give NDJSON or CSV files`);
  }
  if (flags.threads < 1) throw new UsageError('--threads: at least 1');
  checkReportFlags(flags);
  const mapping = mappingOf(flags.mapping);
  const reference = referenceOf(flags.reference, mapping);
  const say = progressLine();
  const score = (
    catalogue: Catalogue,
    onRecord: ((position: number, record: Uint8Array) => void) | undefined,
    onHit: (hit: ReplayHit) => void,
  ): Promise<ReplaySummary> =>
    replayFiles({
      files,
      ...(mapping !== undefined && { mapping }),
      catalogue,
      reference,
      threads: flags.threads,
      evidence: flags.evidence,
      logger: createLogger({ role: 'replay', level: 'warn' }),
      onProgress: (file, p) =>
        say(`${file}: ${p.rows} rows, ${percent(p.bytesRead, p.bytesTotal)}`),
      ...(onRecord !== undefined && { onRecord }),
      onHit,
    });
  const isReport = flags.report === true;
  const output = isReport && flags.out === undefined ? undefined : await openOutput(flags.out);
  const write = (hit: ReplayHit): void => output?.write(`${JSON.stringify(hit)}\n`);
  try {
    if (isReport) process.stdout.write(await replayReport(flags, reference, score, write));
    else {
      const summary = await score(loadCatalogueFrom(flags.catalogue), undefined, write);
      process.stderr.write(summaryText(summary));
    }
  } finally {
    await output?.close();
  }
  return ExitCode.ok;
}

/** A path, or the name of a mapping that ships with Weir. */
export function mappingOf(given: string | undefined): Mapping | undefined {
  if (given === undefined) return undefined;
  return loadMapping(existsSync(given) ? given : (shippedMappingPath(given) ?? given));
}

/** Of a folder, else the default with what the mapping says of the bank. */
export function referenceOf(
  folder: string | undefined,
  mapping: Mapping | undefined,
): ReferenceData {
  if (folder !== undefined) return loadReference(folder);
  const { baseCurrency, homeCountry, zone } = mapping?.bank ?? {};
  const reference = defaultReference(
    configurationSchema.parse({
      ...(baseCurrency !== undefined && { baseCurrency }),
      ...(homeCountry !== undefined && { homeCountry }),
      ...(zone !== undefined && { zone }),
    }),
  );
  return { ...reference, ourBanks: mapping?.ourBanks ?? [] };
}

interface Output {
  write(line: string): void;
  close(): Promise<void>;
}

/** Gathers lines and writes them behind each other; stdout when no file is named. */
async function openOutput(path: string | undefined): Promise<Output> {
  let file: FileHandle | undefined;
  if (path !== undefined) file = await open(path, 'w');
  let gathered = '';
  let tail: Promise<unknown> = Promise.resolve();
  const flush = (): void => {
    const text = gathered;
    gathered = '';
    if (text === '') return;
    tail = tail.then(() => (file === undefined ? writeStdout(text) : file.appendFile(text)));
  };
  return {
    write(line) {
      gathered += line;
      if (gathered.length >= WRITE_CHARACTERS) flush();
    },
    async close() {
      flush();
      await tail;
      await file?.close();
    },
  };
}

function writeStdout(text: string): Promise<void> {
  return new Promise((resolve) => {
    if (process.stdout.write(text)) resolve();
    else process.stdout.once('drain', () => resolve());
  });
}

/** At most one line a second, only where somebody watches. */
function progressLine(): (text: string) => void {
  let saidAt = performance.now();
  return (text) => {
    const now = performance.now();
    if (process.stderr.isTTY !== true || now - saidAt < PROGRESS_EVERY_MS) return;
    saidAt = now;
    process.stderr.write(`${text}\n`);
  };
}

function percent(part: number, whole: number): string {
  return `${whole === 0 ? 100 : Math.floor((100 * part) / whole)} %`;
}

export function summaryText(s: ReplaySummary): string {
  const rate = Math.round(s.transactions / Math.max(s.seconds, 0.001));
  const lines = [
    `${s.transactions} transactions (${s.legs} legs) in ${s.seconds.toFixed(2)} s, ` +
      `${rate} a second`,
    `${s.hits} hits`,
    ...byCount(s.hitsByRule),
    `dead letters ${sum(s.deadLetters)}, duplicates ${s.duplicates}`,
    ...byCount(s.deadLetters),
    `late events: ${s.lateScored} scored, ${s.lateDropped} too late to be scored`,
  ];
  return lines.map((line) => `${line}\n`).join('');
}

function byCount(counts: Record<string, number>): string[] {
  const sorted = Object.entries(counts).sort((a, b) => b[1] - a[1]);
  return sorted.map(([name, count]) => `  ${String(count).padStart(8)}  ${name}`);
}

function sum(counts: Record<string, number>): number {
  return Object.values(counts).reduce((a, b) => a + b, 0);
}

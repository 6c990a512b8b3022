/** What `weir replay --report` does with the hits of one or two catalogues. */
import { readFileSync } from 'node:fs';
import type { Catalogue } from '../schemas/catalogue.js';
import type { ReferenceData } from '../schemas/reference.js';
import { bankDayStartMs } from '../schemas/time.js';
import { loadCatalogueFrom } from './catalogue-files.js';
import type { ReplayFlags } from './commands/replay.js';
import type { ReplayHit } from './engine/index.js';
import { UsageError } from './exit-codes.js';
import {
  Census,
  makeReport,
  type Pattern,
  type ReportHit,
  readPatterns,
  reportText,
} from './report/index.js';

const DAY_MS = 86_400_000;

/** Scores the files by a catalogue, handing over every admitted record and every hit. */
export type Score = (
  catalogue: Catalogue,
  onRecord: ((position: number, record: Uint8Array) => void) | undefined,
  onHit: (hit: ReplayHit) => void,
) => Promise<unknown>;

/** Throws UsageError for flags that need --report, or that are no times. */
export function checkReportFlags(flags: ReplayFlags): void {
  if (flags.report === true) {
    timeOf(flags.from, '--from');
    timeOf(flags.to, '--to');
    return;
  }
  for (const name of ['labels', 'against', 'from', 'to', 'closeAfterDays', 'json'] as const) {
    if (flags[name] === undefined) continue;
    const flag = name.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`);
    throw new UsageError(`--${flag} belongs to --report; add it`);
  }
}

/** The report as it is printed; `onHit` sees the hits of the catalogue itself. */
export async function replayReport(
  flags: ReplayFlags,
  reference: ReferenceData,
  score: Score,
  onHit: (hit: ReplayHit) => void,
): Promise<string> {
  const catalogue = loadCatalogueFrom(flags.catalogue);
  const other = flags.against === undefined ? undefined : loadCatalogueFrom(flags.against);
  const patterns = flags.labels === undefined ? undefined : labelsOf(flags.labels, reference);
  const census = new Census(timeOf(flags.from, '--from'), timeOf(flags.to, '--to'));
  const hits: ReportHit[] = [];
  await score(
    catalogue,
    (_, record) => census.take(record),
    (hit) => {
      onHit(hit);
      hits.push(kept(hit));
    },
  );
  const against: ReportHit[] = [];
  if (other !== undefined) await score(other, undefined, (hit) => against.push(kept(hit)));
  const scored = [...catalogue.rules, ...catalogue.typologies].filter(
    (r) => r.state === 'active' || r.state === 'shadow',
  );
  const report = makeReport({
    hits,
    population: census.population,
    rules: scored.map((r) => r.id),
    ...(flags.closeAfterDays !== undefined && { closeAfterDays: flags.closeAfterDays }),
    ...(patterns !== undefined && { patterns }),
    ...(other !== undefined && { against }),
  });
  return flags.json === true ? `${JSON.stringify(report)}\n` : reportText(report);
}

/** The evidence of a year of hits fills the memory; what a report reads of them does not. */
function kept(hit: ReplayHit): ReportHit {
  const { id, rule, subject, side, eventTime, score, transactionId, transactionIds, shadow } = hit;
  return { id, rule, subject, side, eventTime, score, transactionId, transactionIds, shadow };
}

function labelsOf(path: string, reference: ReferenceData): Pattern[] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new UsageError(`${path}: cannot be read (${code}); give a CSV of patterns`);
  }
  const dateMs = (date: string): number =>
    bankDayStartMs(Date.parse(`${date}T00:00:00Z`) / DAY_MS, reference.zoneTable);
  try {
    return readPatterns(text, dateMs);
  } catch (error) {
    throw new UsageError(`${path}: ${(error as Error).message}`);
  }
}

function timeOf(text: string | undefined, flag: string): number | undefined {
  if (text === undefined) return undefined;
  const ms = Date.parse(text);
  if (!Number.isNaN(ms) && /(Z|[+-]\d{2}:\d{2})$/.test(text)) return ms;
  throw new UsageError(`${flag} "${text}" is no time; write 2026-03-02T00:00:00+08:00`);
}

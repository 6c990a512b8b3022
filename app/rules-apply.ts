/** What `weir rules apply|pending|cancel` do: write and read files; the engine does the rest. */
import { existsSync } from 'node:fs';
import { openStatsBoard } from '../platform/index.js';
import type { EngineStats } from '../schemas/stats.js';
import { catalogueText } from '../scoring/index.js';
import { loadCatalogueFrom } from './catalogue-files.js';
import { table } from './columns.js';
import type { ApplyFlags, PendingFlags } from './commands/rules-apply.js';
import { UsageError } from './exit-codes.js';
import { answerRequest, readAnswer, readRequest, writeRequest } from './rules-request.js';

/** Throws CatalogueError, with line and mend, before anything is written. */
export async function applyRules(flags: ApplyFlags): Promise<string> {
  const { dir } = flags;
  const requestedMs = Date.now();
  const atMs = flags.at === undefined ? requestedMs : timeOf(flags.at);
  requireFolder(dir);
  const catalogue = loadCatalogueFrom(flags.catalogue);
  const { sha256 } = catalogue;
  const before = readRequest(dir);
  const rules = catalogue.rules.length + catalogue.typologies.length;
  const text = catalogueText(catalogue);
  await writeRequest(dir, { format: 1, atMs, requestedMs, sha256, rules, catalogue: text });
  const instead = before === undefined ? '' : `, instead of ${before.sha256.slice(0, 12)}`;
  const when = flags.at === undefined ? 'as soon as the engine looks' : `at ${isoOf(atMs)}`;
  return `catalogue ${sha256.slice(0, 12)}, ${rules} rules: ${when}${instead}\n`;
}

export function pendingRules({ dir, json }: PendingFlags): string {
  requireFolder(dir);
  const request = readRequest(dir);
  const answer = readAnswer(dir);
  const rules = rulesNow(dir);
  if (json === true) {
    const waits = request && { ...request, catalogue: undefined };
    return `${JSON.stringify({ pending: waits ?? null, last: answer ?? null, rules })}\n`;
  }
  return waitsLine(request) + (answer === undefined ? '' : lastLine(answer)) + statesTable(rules);
}

export async function cancelRules(dir: string): Promise<string> {
  requireFolder(dir);
  const request = readRequest(dir);
  if (request === undefined) return 'nothing waits\n';
  const { sha256, requestedMs } = request;
  const doneMs = Date.now();
  await answerRequest(dir, { format: 1, sha256, requestedMs, doneMs, outcome: 'cancelled' });
  return `catalogue ${sha256.slice(0, 12)} taken back\n`;
}

function waitsLine(request: ReturnType<typeof readRequest>): string {
  if (request === undefined) return 'nothing waits\n';
  const { sha256, rules, atMs } = request;
  return `catalogue ${sha256.slice(0, 12)}, ${rules} rules: at ${isoOf(atMs)}\n`;
}

function lastLine(answer: NonNullable<ReturnType<typeof readAnswer>>): string {
  const { sha256, outcome, doneMs, position, why } = answer;
  const at = position === undefined ? '' : ` at journal position ${position}`;
  const reason = why === undefined ? '' : `: ${why}`;
  return `last: ${sha256.slice(0, 12)} ${outcome} ${isoOf(doneMs)}${at}${reason}\n`;
}

/** As the engine published them last; none while it has not. */
function rulesNow(dir: string): EngineStats['rules'] {
  const entry = openStatsBoard(dir, { nowMs: () => Date.now() }).read('engine');
  return (entry?.value as Partial<EngineStats> | undefined)?.rules ?? [];
}

function statesTable(rules: EngineStats['rules']): string {
  if (rules.length === 0) return '';
  const rows = rules.map((r) => [
    r.rule,
    r.state,
    String(r.hits),
    r.openShards > 0 ? `open in ${r.openShards} shards, ${r.floods} hits grouped` : '',
    r.warmingUntilMs > 0 ? `until ${isoOf(r.warmingUntilMs)}` : '',
  ]);
  return table([['rule', 'state', 'hits', 'breaker', 'warming'], ...rows]);
}

function requireFolder(dir: string): void {
  if (existsSync(dir)) return;
  throw new UsageError(`${dir}: no data folder; start Weir there first, or give --dir`);
}

function timeOf(text: string): number {
  const ms = Date.parse(text);
  if (/(?:Z|[+-]\d\d:\d\d)$/.test(text) && Number.isFinite(ms)) return ms;
  throw new UsageError(`--at ${text}: write a time with its offset, 2026-03-02T18:00:00+08:00`);
}

function isoOf(ms: number): string {
  return new Date(ms).toISOString();
}

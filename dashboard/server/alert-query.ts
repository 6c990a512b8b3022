/** The questions of the HTTP API to the alert book: the first screen, and one alert in full. */

import { z } from 'zod';
import type { Band, Rule } from '../../schemas/catalogue.js';
import { FEATURE_UNITS } from '../../schemas/features.js';
import { FAMILIES, type Family, type Hit, type Unit } from '../../schemas/hit.js';
import { parseAmount } from '../../schemas/money.js';
import type { AlertDetail, AlertList } from '../../schemas/protocol.js';
import type { AlertBook } from './alert-book.js';
import { type AlertEntry, NOBODY, urgency } from './alert-entry.js';
import type { AnyRule, BankDirectory } from './directory.js';

const LIST_LIMIT_DEFAULT = 1_000;
const LIST_LIMIT_MAX = 10_000;
const OTHER_ALERTS_MAX = 20;

/** What may be asked of the list, as a query string. */
export const listQuery = z.strictObject({
  state: z.enum(['open', 'closed']).default('open'),
  family: z.enum(FAMILIES).nullable().default(null),
  rule: z.string().max(100).nullable().default(null),
  who: z.enum(['all', 'mine', 'unassigned']).default('all'),
  q: z.string().max(200).default(''),
  limit: z.coerce.number().int().min(1).max(LIST_LIMIT_MAX).default(LIST_LIMIT_DEFAULT),
});

export interface ListQuery extends z.infer<typeof listQuery> {
  user: string;
  nowMs: number;
}

/** Everything but the cursor, which the live hub makes. */
export function listAlerts(
  book: AlertBook,
  directory: BankDirectory,
  query: ListQuery,
): Omit<AlertList, 'cursor'> {
  const counts = emptyCounts();
  const found: { entry: AlertEntry; urgency: number }[] = [];
  const words = query.q.toLowerCase().split(/\s+/).filter(Boolean);
  for (const entry of book.store.all()) {
    // What is not flushed yet is not there yet; a spilled row was published once.
    const state = entry.row?.state ?? entry.state;
    const owner = entry.row?.owner ?? entry.owner;
    if ((state === 'closed') !== (query.state === 'closed')) continue;
    count(counts, entry, owner, query.user);
    if (query.who === 'mine' && owner !== query.user) continue;
    if (query.who === 'unassigned' && owner !== null) continue;
    if (query.family !== null && entry.best.family !== query.family) continue;
    if (query.rule !== null && entry.rule !== query.rule) continue;
    if (words.length > 0 && !contains(textOf(entry, directory), words)) continue;
    found.push({ entry, urgency: urgency(entry, query.nowMs) });
  }
  found.sort((a, b) => (query.state === 'closed' ? byChange(a, b) : byUrgency(a, b)));
  const rows = found.slice(0, query.limit).map(({ entry }) => book.store.rowOf(entry));
  return { rows, total: found.length, counts };
}

function emptyCounts(): AlertList['counts'] {
  const byFamily = Object.fromEntries(FAMILIES.map((family) => [family, 0]));
  return { all: 0, mine: 0, unassigned: 0, byFamily: byFamily as Record<Family, number> };
}

function count(
  counts: AlertList['counts'],
  entry: AlertEntry,
  owner: string | null,
  user: string,
): void {
  counts.all++;
  if (owner === user) counts.mine++;
  if (owner === null) counts.unassigned++;
  counts.byFamily[entry.best.family]++;
}

function byUrgency(
  a: { entry: AlertEntry; urgency: number },
  b: { entry: AlertEntry; urgency: number },
): number {
  return (
    b.urgency - a.urgency ||
    b.entry.best.score - a.entry.best.score ||
    b.entry.eventTime - a.entry.eventTime ||
    (a.entry.id < b.entry.id ? -1 : 1)
  );
}

function byChange(a: { entry: AlertEntry }, b: { entry: AlertEntry }): number {
  return b.entry.updatedMs - a.entry.updatedMs || (a.entry.id < b.entry.id ? -1 : 1);
}

/** What is searched; of a spilled row what is known without reading its hit. */
function textOf(entry: AlertEntry, directory: BankDirectory): string {
  const { id, rule, subject, owner, row } = entry;
  const name = directory.subjectName(subject);
  if (row === undefined) return [id, rule, subject, name, owner].join('\n').toLowerCase();
  const { ruleName, sentence } = row;
  const texts = [ruleName.zh, ruleName.en, sentence.zh, sentence.en];
  return [id, rule, subject, name, owner, ...texts].join('\n').toLowerCase();
}

/** Every word must be found somewhere. */
function contains(text: string, words: readonly string[]): boolean {
  return words.every((word) => text.includes(word));
}

export function alertDetail(
  book: AlertBook,
  directory: BankDirectory,
  id: string,
): AlertDetail | undefined {
  const entry = book.store.find(id);
  if (entry === undefined) return undefined;
  const hits = entry.hitPositions
    .map((position) => book.store.hitAt(position))
    .filter((hit): hit is Hit => hit !== undefined)
    .reverse();
  const [newest] = hits;
  const rule = newest && directory.rule(newest.catalogueVersion, newest.rule);
  const others = otherAlerts(book, entry);
  return {
    row: book.store.rowOf(entry),
    hits,
    rule: rule === undefined || newest === undefined ? null : ruleView(rule, newest, directory),
    trail: [
      { atMs: entry.openedMs, what: 'open', user: null, detail: '' },
      ...entry.acts.map(({ atMs, type, user, detail }) => ({ atMs, what: type, user, detail })),
    ],
    otherAlerts: others.map((other) => book.store.rowOf(other)),
    parties: directory.customers()?.parties(hits.flatMap(counterpartiesOf)) ?? {},
    followedBy: book.followedBy(entry),
    hitsGone: entry.hitPositions.length - hits.length,
  };
}

function counterpartiesOf({ counterparties, transactions }: Hit): string[] {
  return [...counterparties, ...transactions.map(({ counterparty }) => counterparty)];
}

/** Of the same customer: open ones first, then the newest. */
function otherAlerts(book: AlertBook, { id, subject }: AlertEntry): AlertEntry[] {
  if (subject === NOBODY) return [];
  const others = [...book.store.all()].filter((e) => e.subject === subject && e.id !== id);
  const open = (e: AlertEntry): number => ((e.row?.state ?? e.state) === 'closed' ? 0 : 1);
  others.sort((a, b) => open(b) - open(a) || b.eventTime - a.eventTime);
  return others.slice(0, OTHER_ALERTS_MAX);
}

function ruleView(
  rule: AnyRule,
  { observed, catalogueVersion }: Hit,
  directory: BankDirectory,
): NonNullable<AlertDetail['rule']> {
  const features = 'features' in rule ? Object.entries(rule.features) : [];
  const members = 'members' in rule ? rule.members : [];
  return {
    id: rule.id,
    version: rule.version,
    names: rule.names,
    formula: rule.formula,
    units: Object.fromEntries(features.map(([name, f]) => [name, FEATURE_UNITS[f.kind]])),
    normals: 'normals' in rule ? rule.normals : {},
    bands: rule.bands.map((band) => bandView(band, observed.unit)),
    references: rule.references,
    owner: rule.owner,
    score: 'features' in rule ? scoreView(rule) : null,
    members: Object.fromEntries(
      members.map(({ rule: id }) => {
        const names = directory.rule(catalogueVersion, id)?.names;
        return [id, names ?? { zh: id, en: id }];
      }),
    ),
  };
}

function scoreView(rule: Rule): NonNullable<AlertDetail['rule']>['score'] {
  if (rule.score === undefined) return null;
  const { by = rule.observed, points } = rule.score;
  const feature = rule.features[by];
  if (feature === undefined) return null;
  const unit = FEATURE_UNITS[feature.kind];
  return { by, unit, points: points.map(([value, score]) => [numberIn(value, unit), score]) };
}

/** In the unit of the hit: money in minor units, as everywhere outside YAML. */
function numberIn(value: string | number, unit: Unit): number {
  return unit === 'money' ? (parseAmount(String(value), 2) ?? 0) : Number(value);
}

function bandView(band: Band, unit: Unit): NonNullable<AlertDetail['rule']>['bands'][number] {
  return {
    outcome: band.outcome,
    ...(band.from !== undefined && { from: numberIn(band.from, unit) }),
    ...(band.above !== undefined && { above: numberIn(band.above, unit) }),
    severity: band.severity,
  };
}

/**
 * What detection is measured on: the labelled sample, and the synthetic bank with the patterns that
 * it plants. Labels are read here and go into figures only; nothing that is scored sees them.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import {
  defaultReference,
  loadMapping,
  loadReference,
  type Mapping,
  type PatternLabel,
  shippedMappingPath,
} from '../../ingest/index.js';
import { configurationSchema } from '../../schemas/configuration.js';
import type { ReferenceData } from '../../schemas/reference.js';
import { bankDayStartMs, DAY_MS } from '../../schemas/time.js';
import { generate } from '../generate.js';
import { packageRoot } from '../package.js';
import { type Pattern, type Population, readPatterns } from '../report/index.js';

export interface Sample {
  name: string;
  files: readonly string[];
  mapping?: Mapping;
  reference: ReferenceData;
  /** Without legs: whoever replays knows them. */
  population: Population;
  patterns: readonly Pattern[];
  /** Pattern id -> whom a hit must name to find it, of patterns with a centre. */
  hubs: ReadonlyMap<string, ReadonlySet<string>>;
}

export interface Payment {
  from: string;
  to: string;
}

/**
 * Whom an officer must be shown. Fans: their centre. Scatter-gather: who only scatters or only
 * gathers. Gather-scatter: who does both, in the middle. Others: any member, so undefined.
 */
export function hubsOf(type: string, payments: readonly Payment[]): Set<string> | undefined {
  const paid = countBy(payments, (p) => p.from);
  const received = countBy(payments, (p) => p.to);
  const members = [...new Set([...paid.keys(), ...received.keys()])];
  switch (type) {
    case 'fan_out':
      return new Set([largest(paid)]);
    case 'fan_in':
      return new Set([largest(received)]);
    case 'scatter_gather':
      return new Set(members.filter((m) => paid.has(m) !== received.has(m)));
    case 'gather_scatter':
      return new Set(members.filter((m) => paid.has(m) && received.has(m)));
    default:
      return undefined;
  }
}

function countBy(payments: readonly Payment[], key: (p: Payment) => string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const p of payments) counts.set(key(p), (counts.get(key(p)) ?? 0) + 1);
  return counts;
}

function largest(counts: ReadonlyMap<string, number>): string {
  return [...counts].reduce((a, b) => (b[1] > a[1] ? b : a))[0];
}

/** 2,000 accounts and 42 patterns, as app/demo/data/README.md tells. */
export function labelledSample(): Sample {
  const folder = join(packageRoot(), 'app', 'demo', 'data');
  const file = join(folder, 'transactions.csv.gz');
  const mapping = loadMapping(shippedMappingPath('labelled-sample') as string);
  const { baseCurrency, homeCountry, zone } = mapping.bank ?? {};
  const configuration = configurationSchema.parse({ baseCurrency, homeCountry, zone });
  const reference = { ...defaultReference(configuration), ourBanks: mapping.ourBanks };
  const dateMs = (date = '', days = 0): number =>
    bankDayStartMs(Date.parse(`${date}T00:00:00Z`) / DAY_MS + days, reference.zoneTable);
  const patterns = readPatterns(readFileSync(join(folder, 'labels_patterns.csv'), 'utf8'), dateMs);
  const rows = lines(gunzipSync(readFileSync(file)).toString('utf8')).slice(1);
  const payments = new Map<string, Payment>();
  for (const row of rows) {
    const [id = '', , , , from = '', to = ''] = row.split(',');
    payments.set(id, { from, to });
  }
  return {
    name: 'labelled sample',
    files: [file],
    mapping,
    reference,
    population: {
      customers: lines(readFileSync(join(folder, 'accounts.csv'), 'utf8')).length - 1,
      legs: 0,
      fromMs: dateMs(rows[0]?.split(',')[1]),
      toMs: dateMs(rows.at(-1)?.split(',')[1], 1),
    },
    patterns,
    hubs: hubsByPattern(patterns, (p) =>
      hubsOf(
        p.type,
        p.transactionIds.map((id) => payments.get(id) as Payment),
      ),
    ),
  };
}

/** Kinds whose story has one customer in its middle; of the others any member will do. */
const CENTRED = new Set(['fan-in', 'fan-out', 'gather-scatter', 'pass-through']);
const BANK_DAYS = 130;
const BANK_UNTIL = '2026-11-22';
/** Before that pairs and normals are not yet known: no pattern that starts there is counted. */
const BANK_WARM_DAYS = 40;

export interface BankSample extends Sample {
  /** From when on pairs and normals are known. */
  warm: Population;
}

/** Another sample, of another kind: 5,000 customers and merchants of the synthetic bank. */
export function bankSample(folder: string): BankSample {
  generate({
    out: folder,
    format: 'ndjson',
    days: BANK_DAYS,
    customers: 5_000,
    merchants: 2_000,
    receiptsPerDay: 100,
    seed: 1,
    until: BANK_UNTIL,
    labels: true,
  });
  const reference = loadReference(join(folder, 'reference'));
  const toMs = Date.parse(`${BANK_UNTIL}T00:00:00+08:00`);
  const fromMs = toMs - BANK_DAYS * DAY_MS;
  const warmMs = fromMs + BANK_WARM_DAYS * DAY_MS;
  const labels = lines(readFileSync(join(folder, 'labels.ndjson'), 'utf8'))
    .map((line) => JSON.parse(line) as PatternLabel)
    .filter((l) => l.suspicious);
  const patterns = labels.map((l) => ({
    id: l.id,
    type: l.kind,
    firstMs: l.firstMs,
    transactionIds: l.transactionIds,
    accounts: l.subjects,
  }));
  const population = { customers: reference.parties.length, legs: 0, fromMs, toMs };
  return {
    name: 'synthetic bank',
    files: [join(folder, 'transactions.ndjson')],
    reference,
    population,
    warm: { ...population, fromMs: warmMs },
    patterns,
    hubs: hubsByPattern(patterns, (p) =>
      CENTRED.has(p.type) ? new Set([p.id.split(':')[1] as string]) : undefined,
    ),
  };
}

/**
 * The same bank on days when nothing is planted: what its customers do of their own, hard negatives
 * and fading activity among it. How rare a value is there says how improbable it is.
 */
export function ordinaryLife(bank: BankSample, folder: string): BankSample {
  const planted = new Set(
    bank.patterns.filter((p) => p.type !== 'activity-drop').flatMap((p) => p.transactionIds),
  );
  const path = join(folder, 'ordinary.ndjson');
  const rows = lines(readFileSync(bank.files[0] as string, 'utf8'));
  const kept = rows.filter((row) => !planted.has((JSON.parse(row) as { id: string }).id));
  writeFileSync(path, kept.join('\n'));
  return { ...bank, name: 'synthetic bank, ordinary life', files: [path], patterns: [] };
}

function hubsByPattern(
  patterns: readonly Pattern[],
  hubs: (p: Pattern) => ReadonlySet<string> | undefined,
): Map<string, ReadonlySet<string>> {
  const found = new Map<string, ReadonlySet<string>>();
  for (const p of patterns) {
    const of = hubs(p);
    if (of !== undefined) found.set(p.id, of);
  }
  return found;
}

const lines = (text: string): string[] => text.split(/\r?\n/).filter((line) => line !== '');

/**
 * The engine against the second oracle, queries of ClickHouse written from the words of the
 * features: every kind of feature, at every leg's own place, at every day's close and at a line
 * that late legs carry values over; and every shipped rule, without its cooldown. Cooldowns,
 * typologies and sources of history are compared by the brute-force oracle (scoring/oracle).
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Catalogue, Rule } from '../../schemas/catalogue.js';
import { FEATURE_UNITS } from '../../schemas/features.js';
import { recordEvidence } from '../../schemas/testing/evidence.js';
import { buildZoneTable } from '../../schemas/time.js';
import { type RandomLogOptions, randomLog } from '../../scoring/oracle/random-log.js';
import { shippedCatalogue } from '../../scoring/testing/feeder.js';
import {
  type DatabaseClient,
  startTestDatabase,
  type TestDatabase,
} from '../../storage/testing/database.js';
import { type Comparison, compare, engineHits } from './compare.js';
import { runSqlOracle } from './oracle.js';
import { lineProbes, valueProbes } from './probes.js';

const deep = process.env['WEIR_DEEP'] === '1';
const SEED = Number(process.env['WEIR_SEED'] ?? 20_261);
/** Logs of each comparison; one has so many transactions. */
const LOGS = deep ? { shipped: 250, values: 80, lines: 20 } : { shipped: 1, values: 1, lines: 1 };
const LOG_TRANSACTIONS = deep
  ? { shipped: 4_000, values: 1_500, lines: 400 }
  : { shipped: 1_200, values: 1_200, lines: 100 };
const QUERY_MS_MAX = 120_000;
const TEST_MS_MAX = deep ? 7_200_000 : 300_000;
const SHOWN_MAX = 20;
/** A planted fault is looked for in so many transactions by so many rules that it concerns. */
const PLANTED_TRANSACTIONS = 800;
const PLANTED_RULES = 6;

/** Zones with and without summer time, and a calendar with holidays and a worked Sunday. */
const WORLDS = ['Asia/Shanghai', 'Europe/Berlin', 'America/New_York'].map((zone) => ({
  zone,
  zoneTable: buildZoneTable(zone, 2024, 2027),
  calendar: {
    holidays: ['2025-01-28', '2025-01-29', '2025-01-30', '2025-05-01', '2025-10-01'],
    workdays: ['2025-01-26', '2025-09-28'],
  },
  rates: { USD: 7.1234 },
}));
/** Short and dense, with full windows; long and thin, so that pairs are forgotten. */
const SHAPES: Partial<RandomLogOptions>[] = [
  { days: 60, subjects: 10 },
  { days: 100, subjects: 6 },
  { days: 500, subjects: 25 },
];

let database: TestDatabase;
let client: DatabaseClient;
beforeAll(async () => {
  database = await startTestDatabase();
  client = database.connect(QUERY_MS_MAX);
});
afterAll(async () => {
  await client.close();
  await database.stop();
});

function logOf(n: number, transactions: number) {
  const world = WORLDS[n % WORLDS.length] as (typeof WORLDS)[number];
  const seed = SEED + n;
  const shape = SHAPES[n % SHAPES.length];
  const { zoneTable } = world;
  return { seed, world, records: randomLog({ ...shape, seed, transactions, zoneTable }) };
}
type Log = ReturnType<typeof logOf>;

const ask = ({ records, world }: Log, catalogue: Catalogue) =>
  runSqlOracle(client, records, catalogue, { ...world, ...world.calendar });

async function compareOver(log: Log, catalogue: Catalogue): Promise<Comparison> {
  const told = engineHits(log.records, catalogue, log.world);
  return compare(catalogue, told, await ask(log, catalogue));
}

/** Everything that was compared; throws with seed and examples where something differs. */
class Total {
  readonly compared = new Map<string, number>();
  transactions = 0;
  hits = 0;

  add({ seed, world, records }: Log, { lines, compared, hits }: Comparison): void {
    const shown = lines.slice(0, SHOWN_MAX).join('\n');
    expect(lines.length, `seed ${seed}, ${world.zone}:\n${shown}`).toBe(0);
    for (const [kind, count] of compared) {
      this.compared.set(kind, (this.compared.get(kind) ?? 0) + count);
    }
    this.transactions += records.filter(({ kind }) => kind === 'transaction').length;
    this.hits += hits;
  }

  figures() {
    const values = Object.fromEntries([...this.compared].map(([k, n]) => [`${k} values`, n]));
    return {
      'first seed': SEED,
      transactions: this.transactions,
      hits: this.hits,
      differences: 0,
      ...values,
    };
  }
}

/** Printed, and with the deep tests left behind as evidence. */
function tell(task: { meta: object }, total: Total): void {
  const figures = total.figures();
  recordEvidence(task, figures);
  process.stdout.write(`${JSON.stringify(figures)}\n`);
}

const withoutCooldown = (rule: Rule): Rule => {
  const { cooldown: _, ...rest } = rule;
  return rest;
};
const shipped = (): Catalogue => {
  const catalogue = shippedCatalogue();
  return { ...catalogue, rules: catalogue.rules.map(withoutCooldown), typologies: [] };
};

describe('the engine and the queries agree', { timeout: TEST_MS_MAX }, () => {
  it('about every shipped rule', async ({ task }) => {
    const total = new Total();
    const catalogue = shipped();
    for (let n = 0; n < LOGS.shipped; n++) {
      const log = logOf(n, LOG_TRANSACTIONS.shipped);
      total.add(log, await compareOver(log, catalogue));
    }
    tell(task, total);
  });

  it('about every kind of feature, at every leg and every close of a day', async ({ task }) => {
    const total = new Total();
    for (let n = 0; n < LOGS.values; n++) {
      const log = logOf(1_000 + n, LOG_TRANSACTIONS.values);
      total.add(log, await compareOver(log, valueProbes()));
    }
    expect([...total.compared.keys()].sort()).toEqual(Object.keys(FEATURE_UNITS).sort());
    tell(task, total);
  });

  it('about when a value first reaches a line, late legs among them', async ({ task }) => {
    const total = new Total();
    for (let n = 0; n < LOGS.lines; n++) {
      const log = logOf(2_000 + n, LOG_TRANSACTIONS.lines);
      const lines = lineProbes(valueProbes(), await ask(log, valueProbes()));
      total.add(log, await compareOver(log, lines));
    }
    tell(task, total);
  });
});

/** The same catalogue with one word of it changed. */
const changed = (catalogue: Catalogue, from: string, to: string): Catalogue => {
  const text = JSON.stringify(catalogue);
  expect(text).toContain(from);
  return JSON.parse(text.replaceAll(from, to)) as Catalogue;
};

describe('a fault planted on one side is found', { timeout: TEST_MS_MAX }, () => {
  it.each([
    ['a line one minor unit higher', '"below":"50000.00"', '"below":"50000.01"'],
    ['a window that ends a minute earlier', '"window":"24h"', '"window":"1439m"'],
    ['the wrong direction', '"all":["debit"]', '"all":["credit"]'],
    ['a day less', '"days":90', '"days":85'],
    ['at least for more than', '"op":"atLeast"', '"op":"above"'],
  ])('%s', async (_, from, to) => {
    const log = logOf(2, PLANTED_TRANSACTIONS);
    const all = shipped();
    const rules = all.rules.filter((rule) => JSON.stringify(rule).includes(from));
    const catalogue = { ...all, rules: rules.slice(0, PLANTED_RULES) };
    const told = engineHits(log.records, catalogue, log.world);
    expect(compare(catalogue, told, await ask(log, catalogue)).lines).toEqual([]);
    const asked = await ask(log, changed(catalogue, from, to));
    expect(compare(catalogue, told, asked).lines).not.toEqual([]);
  });
});

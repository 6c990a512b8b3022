/**
 * Change while running: another catalogue at a position of the log, with a typology, a rule in
 * shadow, a breaker that trips and windows that must fill. The hits are the same bytes for any
 * number of operators, and after a crash whose snapshots stand on both sides of the change.
 */
import { describe, expect, it } from 'vitest';
import type { Hit } from '../schemas/hit.js';
import { randomLog } from './oracle/random-log.js';
import type { OracleRecord } from './oracle/types.js';
import type { RegionDescription } from './rebuild.js';
import { H } from './region.js';
import { canonicalLines, Feeder, sha256 } from './testing/feeder.js';
import { band, testCatalogue, testRule, testTypology } from './testing/rules.js';

const SHARDS = 8;
const BREAKER_HITS = 3;
const debit = { all: ['debit'] };
const count = { amount: { kind: 'amount' }, times: { kind: 'count', window: '24h' } };
const busy = testRule('busy', {
  features: count,
  observed: 'times',
  bands: [band('two', 2, 30), band('four', 4, 60)],
  score: {
    by: 'amount',
    points: [
      ['0.00', 1],
      ['100000.00', 99],
    ],
  },
  cooldown: '2d',
});
const each = testRule('each', { on: { all: ['debit'], amount: { min: '20000.00' } } });
const before = testCatalogue([busy, each]);
const after = testCatalogue(
  [
    { ...busy, version: 2 },
    each,
    testRule('received', {
      on: { all: ['credit'] },
      features: { sum: { kind: 'sum', window: '7d' } },
      observed: 'sum',
      bands: [band('much', '50000.00', 50)],
      cooldown: '30d',
    }),
    testRule('watching', { on: { ...debit, amount: { min: '40000.00' } }, state: 'shadow' }),
  ],
  [
    testTypology(
      'together',
      [
        ['busy', 0.6],
        ['received', 0.8],
      ],
      { cooldown: '1d' },
    ),
  ],
);

/** Even positions, so that the change has one of its own. */
const log: OracleRecord[] = randomLog({ seed: 5, transactions: 4_000, subjects: 40 }).map(
  (record) => ({ ...record, position: record.position * 2 + 10 }),
);
const half = Math.floor(log.length / 2);
const CHANGE = (log[half]?.position ?? 0) - 1;

/** As the engine starts: under what is in force just before the first position that is needed. */
function feeder(operators: number, from: number): Feeder {
  const catalogue = from > CHANGE ? after : before;
  return new Feeder({ catalogue, operators, shardsTotal: SHARDS });
}

function enter(to: Feeder, from: number): void {
  command(to, from > CHANGE ? after : before, from - 1);
}

function command(to: Feeder, catalogue: typeof before, position: number): void {
  for (const operator of to.operators) {
    const breakerHits = BREAKER_HITS;
    operator.applyCommand({ type: 'catalogue', position, catalogue, breakerHits });
  }
}

/** Records [from, to) of the log, with the change at its place. */
function play(to: Feeder, from: number, end: number): void {
  to.feed(log.slice(from, Math.min(end, half)));
  if (from <= half && end > half) command(to, after, CHANGE);
  to.feed(log.slice(Math.max(from, half), end));
}

function whole(operators: number): Hit[] {
  const made = feeder(operators, 0);
  enter(made, 0);
  play(made, 0, log.length);
  return [...made.hits.values()];
}

/** Snapshots of every third shard at each of three records, then a crash, then the rest. */
function crashed(moments: [number, number, number], crash: number, operators: number): Hit[] {
  const first = feeder(2, 0);
  enter(first, 0);
  const copies: { shard: number; body: Uint8Array; described: RegionDescription }[] = [];
  let from = Infinity;
  let at = 0;
  moments.forEach((moment, m) => {
    play(first, at, moment);
    at = moment;
    for (const { region, description } of first.operators.flatMap((o) => [...o.shards])) {
      if (region.shard % 3 !== m) continue;
      const body = region.u8.slice(0, region.usedBytes);
      from = Math.min(from, region.f64[H.position] ?? 0);
      // As a snapshot's file carries it.
      const described = JSON.parse(JSON.stringify(description)) as RegionDescription;
      copies.push({ shard: region.shard, body, described });
    }
  });
  play(first, at, crash);
  const second = feeder(operators, from);
  for (const { shard, body, described } of copies) {
    second.operators[shard % operators]?.restore(shard, body, described);
  }
  enter(second, from);
  const next = log.findIndex(({ position }) => position >= from);
  play(second, next, log.length);
  return [...new Map([...second.hits, ...first.hits]).values()];
}

it('silences nothing by what a rule did in shadow', () => {
  const rule = { ...busy, bands: [band('two', 2, 30)], cooldown: '900d' };
  const shadow = testCatalogue([{ ...rule, state: 'shadow' }]);
  const active = testCatalogue([rule]);
  const made = new Feeder({ catalogue: shadow, shardsTotal: SHARDS });
  made.feed(log.slice(0, half));
  command(made, active, CHANGE);
  made.feed(log.slice(half));
  const of = (inShadow: boolean) =>
    new Set(
      [...made.hits.values()].filter((h) => (h.shadow === true) === inShadow).map((h) => h.subject),
    );
  const both = [...of(true)].filter((subject) => of(false).has(subject));
  expect(both.length).toBeGreaterThan(10);
});

describe('a change of the rules while they run', () => {
  const hits = whole(1);
  const lines = sha256(canonicalLines(hits));
  const number = (test: (hit: Hit) => boolean): number => hits.filter(test).length;

  it('has everything in it that could come out differently', () => {
    expect(number((h) => h.rule === 'together')).toBeGreaterThan(20);
    expect(number((h) => h.flood === true)).toBeGreaterThan(20);
    expect(number((h) => h.shadow === true)).toBeGreaterThan(20);
    expect(number((h) => h.warmingUntil !== undefined)).toBeGreaterThan(0);
  });

  it('is in every hit from its position on, and in none before', () => {
    const versions = new Map<string, [number, number]>();
    for (const { side, origin, catalogueVersion } of hits) {
      if (side === 'timer') continue;
      const [least, most] = versions.get(catalogueVersion) ?? [Infinity, 0];
      const bounds: [number, number] = [
        Math.min(least, origin.offset),
        Math.max(most, origin.offset),
      ];
      versions.set(catalogueVersion, bounds);
    }
    expect(versions.get(before.sha256.slice(0, 12))?.[1]).toBeLessThan(CHANGE);
    const busyHits = hits.filter((h) => h.rule === 'busy');
    for (const { ruleVersion, catalogueVersion } of busyHits) {
      expect(ruleVersion === 2).toBe(catalogueVersion === after.sha256.slice(0, 12));
    }
  });

  it('warms only what nobody kept, for as long as its window is', () => {
    const warm = hits.filter((hit) => hit.warmingUntil !== undefined);
    expect(new Set(warm.map((hit) => hit.rule))).toEqual(new Set(['received', 'together']));
    const untils = new Set(warm.map((hit) => hit.warmingUntil));
    expect(untils.size).toBe(1);
    for (const hit of warm) expect(hit.eventTime).toBeLessThan(hit.warmingUntil ?? 0);
    const [until = 0] = untils;
    const cold = hits.filter((hit) => hit.rule === 'received' && hit.eventTime >= until);
    expect(cold.length).toBeGreaterThan(20);
  });

  it.each([2, 4])('gives the same bytes with %d operators', (operators) => {
    expect(sha256(canonicalLines(whole(operators)))).toBe(lines);
  });

  it.each([
    ['before it', [half - 300, half - 200, half - 100], half - 50],
    ['on both sides of it', [half - 100, half + 600, half + 900], half + 1_000],
    ['right behind it, without a leg since', [half + 1, half + 2, half + 3], half + 10],
  ] as [string, [number, number, number], number][])(
    'and from snapshots %s',
    (_, moments, crash) => {
      for (const operators of [1, 4]) {
        expect(sha256(canonicalLines(crashed(moments, crash, operators)))).toBe(lines);
      }
    },
  );
});

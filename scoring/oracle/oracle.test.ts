/** Scenarios A1 to A5 of the bank, the examples of every rule, and the stream's own cases. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Catalogue, Rule, Typology } from '../../schemas/catalogue.js';
import { ClassBit, packProfile } from '../../schemas/classes.js';
import { loadCatalogue } from '../catalogue/load.js';
import { featureUnit, thresholdNumber } from '../catalogue/units.js';
import { recordsOfExample, withDailyWatermarks } from '../testing/example-log.js';
import { type OracleRecord, runOracle, zoneSettings } from './oracle.js';

const folder = fileURLToPath(new URL('../catalogue/rules/', import.meta.url));
const catalogue = loadCatalogue(
  readdirSync(folder).map((name) => ({ path: name, text: readFileSync(folder + name, 'utf8') })),
);

/** By the two shipped rules that the cases below are about. */
const rules = catalogue.rules.filter((r) =>
  ['cross-border-remittances-person', 'activity-drop'].includes(r.id),
);
const run = (records: OracleRecord[]) => runOracle(records, { rules, typologies: [] });

const person = packProfile({ kind: 'person', tier: 'base', riskClass: 0, watch: [], lists: [] });
const B = ClassBit;

interface Given {
  at: string;
  yuan: number;
  bits?: number;
  id?: string;
  reverses?: string;
  history?: boolean;
}

/** Debits of one person to somebody abroad, in the order given. */
function log(given: (Given | { watermark: string; ingest?: string })[]): OracleRecord[] {
  return given.map((g, position) => {
    if ('watermark' in g) {
      const watermarkMs = Date.parse(g.watermark);
      const ingestMs = g.ingest === undefined ? 0 : Date.parse(g.ingest);
      return { kind: 'watermark', position, watermarkMs, ingestMs };
    }
    const remittance = B.debit | B.transfer | B.crossBorder | B.customerMade;
    const none = Number.NaN;
    return {
      kind: 'transaction',
      position,
      eventMs: Date.parse(g.at),
      ingestMs: Date.parse(g.at),
      id: g.id ?? `t${position}`,
      amountBaseMinor: Math.round(g.yuan * 100),
      debtor: {
        subject: 'G',
        account: 'a',
        classBits: g.reverses === undefined ? (g.bits ?? remittance) : B.debit | B.reversal,
        profile: person,
        balanceAfterMinor: none,
        external: false,
      },
      creditor: {
        subject: 'X',
        account: 'x',
        classBits: 0,
        profile: 0,
        balanceAfterMinor: none,
        external: true,
      },
      reversedId: g.reverses ?? '',
      history: g.history ?? false,
    };
  });
}

const a1 = [
  { at: '2026-03-02T09:10:00+08:00', yuan: 60_000 },
  { at: '2026-03-02T13:40:00+08:00', yuan: 70_000 },
  { at: '2026-03-02T20:05:00+08:00', yuan: 80_000 },
];

/** Its own catalogue, whatever its state; a typology needs its members. */
function alone(tested: Rule | Typology): Pick<Catalogue, 'rules' | 'typologies'> {
  const on = <T extends Rule | Typology>(r: T): T => ({ ...r, state: 'active' });
  if (!('members' in tested)) return { rules: [on(tested)], typologies: [] };
  const members = tested.members.map((m) => m.rule);
  const rules = catalogue.rules.filter((r) => members.includes(r.id)).map(on);
  return { rules, typologies: [on(tested)] };
}

function expectedNumber(tested: Rule | Typology, value: string | number): number {
  if ('members' in tested) return Number(value);
  const feature = tested.features[tested.observed];
  if (feature === undefined) throw new Error(`no feature ${tested.observed}`);
  return thresholdNumber(featureUnit(feature.kind), value) ?? Number.NaN;
}

describe('examples of the rules', () => {
  for (const tested of [...catalogue.rules, ...catalogue.typologies]) {
    it.each(tested.examples.map((e) => [e.name, e] as const))(`${tested.id}: %s`, (_, example) => {
      const { hits } = runOracle(
        withDailyWatermarks(recordsOfExample(example)),
        alone(tested),
        zoneSettings([{ fromMs: 0, offsetMs: 8 * 3_600_000 }], {
          spreadMs: () => 3_599_000,
          rate: (currency) => example.rates[currency],
        }),
      );
      const mine = hits.filter((h) => h.rule === tested.id);
      expect(mine.length).toBe(example.expect.hits);
      const last = mine.at(-1);
      if (example.expect.band !== undefined) expect(last?.band).toBe(example.expect.band);
      if (example.expect.observed === undefined) return;
      expect(last?.observed).toBe(expectedNumber(tested, example.expect.observed));
    });
  }
});

describe('scenarios', () => {
  it('A1: the third remittance, 3 of 210,000', () => {
    expect(run(log(a1)).hits).toEqual([
      {
        rule: 'cross-border-remittances-person',
        subject: 'G',
        side: 'debit',
        at: 2,
        evaluatedEventMs: Date.parse('2026-03-02T20:05:00+08:00'),
        band: 'large',
        observed: 21_000_000,
        count: 3,
        score: 70,
        history: false,
      },
    ]);
  });

  it('A2: the window is open on the left', () => {
    const third = (at: string) => run(log([a1[0], a1[1], { at, yuan: 80_000 }])).hits.length;
    expect(third('2026-03-03T09:10:00.000+08:00')).toBe(0);
    expect(third('2026-03-03T09:09:59.999+08:00')).toBe(1);
  });

  it('A4: the deadline is the end of the bank day, without the spread', () => {
    const example = catalogue.rules.find((r) => r.id === 'activity-drop')?.examples[0];
    const records = recordsOfExample(example as NonNullable<typeof example>);
    const [hit] = run(records).hits;
    expect(hit).toMatchObject({ side: 'timer', band: 'down', observed: 30, count: 14 });
    expect(hit.at).toBe(Date.parse('2026-06-30T00:00:00+08:00'));
  });
});

describe('late and undone', () => {
  it('a late leg completes the windows of the legs after it, each once', () => {
    const first = { at: '2026-03-02T20:05:00+08:00', yuan: 80_000 };
    const second = { at: '2026-03-02T20:06:00+08:00', yuan: 70_000 };
    const third = { at: '2026-03-02T20:04:00+08:00', yuan: 60_000 };
    const { hits } = run(log([first, second, third]));
    // The late one itself sees one leg; the newest of the three sees all.
    expect(hits.map((h) => [h.at, h.count])).toEqual([[1, 3]]);
  });

  it('below the watermark it is only counted', () => {
    const records = log([a1[0], a1[1], { watermark: '2026-03-02T20:05:00.001+08:00' }, a1[2]]);
    expect(run(records)).toEqual({ hits: [], tooLate: 1, notReevaluated: 0 });
    const atIt = log([a1[0], a1[1], { watermark: '2026-03-02T20:05:00+08:00' }, a1[2]]);
    expect(run(atIt).hits.length).toBe(1);
  });

  it('a reversal takes the original out from its position on', () => {
    const undone = { at: '2026-03-02T14:00:00+08:00', yuan: 70_000, reverses: 't1' };
    expect(run(log([a1[0], a1[1], undone, a1[2]])).hits).toEqual([]);
    expect(run(log([...a1, undone])).hits.length).toBe(1);
  });

  it('counts what it leaves out when many stand behind a late leg', () => {
    const many = Array.from({ length: 70 }, (_, i) => ({
      at: new Date(Date.parse('2026-03-02T12:00:00Z') + i * 1000).toISOString(),
      yuan: 10,
    }));
    const late = { at: '2026-03-02T11:59:00Z', yuan: 10 };
    const { notReevaluated } = runOracle(log([...many, late]), catalogue);
    expect(notReevaluated).toBe(6);
  });

  it('finds at least what it finds in order, however late legs come within a day', () => {
    const rows = fc.array(
      fc.record({ minute: fc.nat(2_000), thousand: fc.integer({ min: 40, max: 120 }) }),
      {
        minLength: 3,
        maxLength: 12,
      },
    );
    fc.assert(
      fc.property(rows, (drawn) => {
        const start = Date.parse('2026-03-02T00:00:00Z');
        const given = drawn.map((d, i) => ({
          at: new Date(start + d.minute * 60_000 + i).toISOString(),
          yuan: d.thousand * 1_000,
          id: `t${i}`,
        }));
        const inOrder = [...given].sort((a, b) => (a.at < b.at ? -1 : 1));
        const times = (g: Given[]) =>
          new Set(run(log(g)).hits.map((h) => `${h.rule} ${h.evaluatedEventMs}`));
        const found = times(given);
        for (const hit of times(inOrder)) {
          if (hit.startsWith('cross-border')) expect(found).toContain(hit);
        }
      }),
      { numRuns: 200 },
    );
  });
});

describe('history and cooldown', () => {
  const days = Array.from({ length: 60 }, (_, i) => ({
    at: new Date(Date.parse('2026-01-01T04:00:00Z') + i * 86_400_000).toISOString(),
    yuan: 10,
    bits: B.debit | B.card | B.customerMade,
  }));

  it('tells a drop once in 30 days, or when it reaches a higher band', () => {
    const { hits } = run(log([...days, { watermark: '2026-05-20T00:00:00+08:00' }]));
    expect(hits.map((h) => h.band)).toEqual(['down', 'halved', 'collapsed', 'collapsed']);
    expect(hits[3].at - hits[2].at).toBe(30 * 86_400_000);
  });

  it('history starts no cooldown', () => {
    const watermark = '2026-05-20T00:00:00+08:00';
    const { hits } = run(log([...days, { watermark, ingest: '2026-07-01T00:00:00+08:00' }]));
    expect(hits.length).toBeGreaterThan(30);
    expect(hits.every((h) => h.history)).toBe(true);
  });
});

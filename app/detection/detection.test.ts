import { describe, expect, it } from 'vitest';
import type { ReplayHit } from '../engine/index.js';
import { pointsOf } from './calibrate.js';
import { half, measure } from './measure.js';
import { withScore } from './points.js';
import { hubsOf, labelledSample } from './sample.js';

const DAY_MS = 86_400_000;

describe('whom an officer must be shown', () => {
  const pay = (from: string, ...to: string[]) => to.map((t) => ({ from, to: t }));

  it('is the centre of a fan', () => {
    expect(hubsOf('fan_out', pay('h', 'a', 'b'))).toEqual(new Set(['h']));
    expect(hubsOf('fan_in', [...pay('a', 'h'), ...pay('b', 'h')])).toEqual(new Set(['h']));
  });

  it('is who only scatters or gathers, or who does both', () => {
    const layers = [...pay('s', 'm', 'n'), ...pay('m', 'e'), ...pay('n', 'e')];
    expect(hubsOf('scatter_gather', layers)).toEqual(new Set(['s', 'e']));
    expect(hubsOf('gather_scatter', layers)).toEqual(new Set(['m', 'n']));
  });

  it('is anybody in a chain', () => {
    expect(hubsOf('cycle', pay('a', 'b'))).toBeUndefined();
  });

  it('is a member of every pattern of the labelled sample', () => {
    const { patterns, hubs } = labelledSample();
    expect(patterns).toHaveLength(42);
    for (const p of patterns) {
      for (const hub of hubs.get(p.id) ?? p.accounts) expect(p.accounts).toContain(hub);
      expect(hubs.get(p.id)?.size ?? 1).toBeGreaterThan(0);
    }
  });
});

describe('a measured queue', () => {
  const hit = (subject: string, day: number, score: number, transactionIds: string[]): ReplayHit =>
    ({
      id: `${subject}${day}`,
      rule: 'r',
      subject,
      side: 'credit',
      eventTime: day * DAY_MS,
      score,
      transactionId: transactionIds[0] ?? '',
      transactionIds,
    }) as ReplayHit;
  const pattern = {
    id: 'p',
    type: 'fan_in',
    firstMs: DAY_MS,
    transactionIds: ['t1', 't2'],
    accounts: ['hub', 'spoke'],
  };
  const given = {
    population: { customers: 1_000, legs: 0, fromMs: 0, toMs: 30 * DAY_MS },
    patterns: [pattern],
    hubs: new Map([['p', new Set(['hub'])]]),
  };

  it('finds a fan by its centre; an alert on another member is true and finds nothing', () => {
    const worth = measure({
      ...given,
      hits: [hit('x', 1, 90, ['t9']), hit('spoke', 2, 50, ['t1']), hit('hub', 3, 80, ['t2'])],
    });
    expect(worth.falsePer1000Month).toBe(1);
    expect(worth.rules).toEqual([
      { rule: 'r', alerts: 3, trueAlerts: 2, falsePer1000Month: 1, found: 1 },
    ]);
    expect(worth.types[0]).toMatchObject({ type: 'fan_in', found: 1, medianDays: 2 });
    const spokeAlone = measure({ ...given, hits: [hit('spoke', 2, 50, ['t1'])] });
    expect(spokeAlone).toMatchObject({ falsePer1000Month: 0, types: [{ found: 0 }] });
  });

  it('counts a rule and subject once in 30 days', () => {
    const hits = [hit('x', 1, 90, ['t9']), hit('x', 2, 90, ['t8']), hit('x', 29.5, 90, ['t7'])];
    expect(measure({ ...given, hits }).alerts).toBe(1);
  });

  it('says how much score says that time does not', () => {
    const hits = Array.from({ length: 20 }, (_, i) =>
      hit(`s${i}`, i / 4, i < 10 ? 10 : 60, [i < 10 ? 't9' : 't1']),
    );
    expect(measure({ ...given, hits }).precision[0]).toEqual({ top: 10, byScore: 1, byTime: 0 });
  });

  it('leaves out the other half of the subjects, with what is found there alone', () => {
    const hits = [hit('hub', 3, 80, ['t2']), hit('x', 1, 90, ['t9'])];
    const worth = measure({ ...given, hits, of: (subject) => subject === 'x' });
    expect(worth).toMatchObject({ alerts: 1, types: [] });
  });
});

describe('halves', () => {
  it('are halves', () => {
    const names = Array.from({ length: 2_000 }, (_, i) => `A${String(i).padStart(5, '0')}`);
    const tuning = names.filter((n) => half(n) === 'tuning').length;
    expect(Math.abs(tuning - 1_000)).toBeLessThan(100);
  });
});

describe('score points', () => {
  it('are -25 log10 of the share of customer-months that reach the value', () => {
    // 100 of 10,000 reach 2 (50), 10 reach 5 (75); fewer than three reach 9.
    const values = [9, ...Array(9).fill(5), ...Array(90).fill(2)] as number[];
    expect(pointsOf([{ customerMonths: 10_000, values }])).toEqual([
      [2, 50],
      [5, 75],
    ]);
  });

  it('take the mean of the shares, so that a large sample does not speak alone', () => {
    const small = { customerMonths: 100, values: [2, 2, 1, 1, 1, 1, 1, 1, 1, 1] };
    const large = { customerMonths: 1_000_000, values: [2, 2, 2, 2] };
    expect(pointsOf([small, large])).toEqual([
      [1, 33],
      [2, 50],
    ]);
  });

  it('are none where too few reach the rule, or nobody could', () => {
    expect(pointsOf([{ customerMonths: 100, values: [1, 2] }])).toBeUndefined();
    expect(pointsOf([{ customerMonths: 0, values: [] }])).toBeUndefined();
  });

  const entry = [
    'id: one',
    'bands: []',
    'cooldown: 24h',
    'action: notify',
    '---',
    'id: two',
    'score:',
    '  points: [[1, 2], [2, 3]]',
    'action: notify',
    '',
  ].join('\n');

  it('go into the YAML entry, and over what stood there', () => {
    const one = withScore(entry, { rule: 'one', unit: 'money', points: [[5_000_000, 40]] });
    expect(one).toContain("  points: [['50000.00', 40]]\ncooldown: 24h\naction: notify\n---\n");
    const two = withScore(one, {
      rule: 'two',
      unit: 'count',
      by: 'seen',
      points: [
        [3, 10],
        [4, 20],
      ],
    });
    expect(two).toMatch(
      /id: two\nscore: #.*\n {2}by: seen\n {2}points: \[\[3, 10\], \[4, 20\]\]\na/,
    );
    expect(two.match(/points/g)).toHaveLength(2);
    expect(() => withScore(entry, { rule: 'three', unit: 'count', points: [] })).toThrow('three');
  });
});

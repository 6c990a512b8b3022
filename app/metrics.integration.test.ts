/**
 * docs/metrics.md against a running Weir: the same names, types and labels, each with a meaning;
 * and the habits that a name cannot lose later (base units, closed label sets).
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EngineStats } from '../schemas/stats.js';
import { packageRoot } from './package.js';
import {
  cleanUp,
  freePorts,
  startRun,
  temporaryFolder,
  until,
  untilReady,
} from './testing/program.js';

interface Metric {
  type: string;
  labels: string[];
  help: string;
}

let dir = '';
const served = new Map<string, Metric>();
beforeAll(async () => {
  dir = temporaryFolder();
  const ports = await freePorts();
  await untilReady(startRun(dir, ports, ['--set', 'clickhouse=embedded']));
  const { engineOperations, dashboardOperations, storageOperations } = ports;
  for (const port of [engineOperations, dashboardOperations, storageOperations]) {
    const reply = await fetch(`http://127.0.0.1:${port}/metrics`);
    for (const [name, metric] of read(await reply.text())) served.set(name, metric);
  }
});
afterAll(() => cleanUp(dir));

/** The metrics of an exposition that are ours. */
function read(text: string): Map<string, Metric> {
  const found = new Map<string, Metric>();
  for (const [, name = '', help = ''] of text.matchAll(/^# HELP (weir_\S+) (.*)$/gm)) {
    const type = new RegExp(`^# TYPE ${name} (\\w+)$`, 'm').exec(text)?.[1] ?? 'none';
    const sample = new RegExp(`^${name}(?:_count)?\\{(.*)\\} `, 'm').exec(text)?.[1] ?? '';
    const labels = [...sample.matchAll(/(\w+)="/g)].map((m) => m[1] ?? '');
    found.set(name, { type, help, labels: labels.filter((label) => label !== 'role').sort() });
  }
  return found;
}

const documented = new Map(
  readFileSync(join(packageRoot(), 'docs', 'metrics.md'), 'utf8')
    .split('\n')
    .flatMap((line) => {
      const cells = line.split('|').map((cell) => cell.trim());
      const name = /^`(weir_\w+)`$/.exec(cells[1] ?? '')?.[1];
      if (name === undefined) return [];
      const [, , type = '', labels = '', meaning = ''] = cells;
      const list = labels === '' ? [] : labels.split(/, */).sort();
      return [[name, { type, labels: list, help: meaning }] as const];
    }),
);

describe('docs/metrics.md', () => {
  it('names what is served, all of it and nothing else', () => {
    expect(served.size).toBeGreaterThan(25);
    expect([...documented.keys()].sort()).toEqual([...served.keys()].sort());
  });

  it('tells type and labels as they are, and what each means', () => {
    const shape = ([name, { type, labels }]: [string, Metric]) => ({ name, type, labels });
    const byName = (a: { name: string }, b: { name: string }) => (a.name < b.name ? -1 : 1);
    expect([...documented].map(shape).sort(byName)).toEqual([...served].map(shape).sort(byName));
    for (const [name, { help }] of documented) expect(help.length, name).toBeGreaterThan(5);
  });
});

describe('every metric', () => {
  it('has a help text of one sentence', () => {
    for (const [name, { help }] of served) expect(help, name).toMatch(/^[A-Z1].*[.;]/);
  });

  it('counts in base units and says so', () => {
    for (const [name, { type }] of served) {
      expect(name, name).not.toMatch(/_(ms|millis|milliseconds|minutes|kb|mb|percent)(_|$)/);
      expect(name.endsWith('_total'), name).toBe(type === 'counter');
    }
  });

  it('has labels of closed sets only', () => {
    const known =
      'code family le node outcome reader reason ' +
      'result rule severity source state table thread version';
    for (const [name, { labels }] of served) {
      for (const label of labels) expect(known.split(' '), name).toContain(label);
    }
  });
});

describe('statistics of the engine', () => {
  const read = () =>
    JSON.parse(readFileSync(join(dir, 'stats', 'engine.json'), 'utf8')) as {
      atMs: number;
      value: EngineStats;
    };

  it('tell every part, as typed, without a gap', async () => {
    await until(() => read().value.threads?.[0]?.subjects !== undefined);
    const { value } = read();
    expect(value.state).toBe('running');
    expect(value.threads.map((t) => [t.index, t.state, t.restarts])).toEqual([[0, 'live', 0]]);
    expect(value.rules.length).toBeGreaterThan(10);
    expect(value.rules.every((r) => r.evaluations >= r.hits + r.notApplicable)).toBe(true);
    expect(value.journalDurableEnd).toBeLessThanOrEqual(value.journalEnd);
    expect(value.scoredEnd).toBeLessThanOrEqual(value.routedEnd);
    for (const { bounds, counts } of [value.scoring, value.journalAppend]) {
      expect(counts).toHaveLength(bounds.length + 1);
    }
    expect(sum(value.journalAppend.counts)).toBeGreaterThan(0);
    expect(value.rssBytes).toBeGreaterThan(1_000_000);
    // JSON has no infinity and no NaN: they would read as null.
    expect(JSON.stringify({ ...value, sources: [] })).not.toContain('null');
  });
});

const sum = (all: readonly number[]) => all.reduce((a, b) => a + b, 0);

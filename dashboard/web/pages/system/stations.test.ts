import { describe, expect, it } from 'vitest';
import type { SystemPage } from '../../../../schemas/protocol.js';
import { World } from '../../testing/world.js';
import { systemRoute } from '../testing/system.js';
import { type Station, type StationName, stations, watchMoves } from './stations.js';
import { texts } from './text.js';

function page(change: (page: SystemPage) => void = () => undefined): SystemPage {
  const user = { name: 'wei', role: 'supervisor', permissions: ['system.read'] } as const;
  const answer = systemRoute({
    world: new World(),
    method: 'GET',
    url: new URL('http://test/api/system'),
    user: { ...user, permissions: [...user.permissions] },
    body: () => Promise.resolve(null),
  });
  const made = (answer as { value: SystemPage }).value;
  change(made);
  return made;
}
const at = (made: SystemPage, name: StationName): Station =>
  stations(made, watchMoves()).find((each) => each.name === name) as Station;

describe('stations', () => {
  it('of a machine at work are good, in the order of the pipeline', () => {
    const all = stations(page(), watchMoves());
    expect(all.map((each) => each.name)).toEqual([
      'source',
      'admission',
      'journal',
      'shards',
      'hits',
      'dashboard',
      'clickhouse',
    ]);
    expect(all.map((each) => each.state)).toEqual(all.map(() => 'good'));
  });

  const cases: [string, StationName, string, string, (page: SystemPage) => void][] = [
    ['no engine', 'journal', 'bad', 'away', (p) => Object.assign(p, { engine: null })],
    ['an engine silent for 6 s', 'hits', 'bad', 'away', (p) => old(p.engine, 6_000)],
    ['an engine silent for 4 s', 'journal', 'good', 'flows', (p) => old(p.engine, 4_000)],
    [
      'no payments',
      'source',
      'quiet',
      'nothingComes',
      (p) => engine(p, 'transactionsPerSecond', 0),
    ],
    ['a failed engine', 'source', 'bad', 'engine-failed', (p) => engine(p, 'state', 'failed')],
    ['full pending', 'admission', 'busy', 'queueFull', (p) => engine(p, 'pendingBytes', 6e7)],
    ['a full journal', 'journal', 'bad', 'journalFull', (p) => engine(p, 'journalBytes', 5e9)],
    ['a long way to flush', 'journal', 'busy', 'behind', (p) => engine(p, 'journalDurableEnd', 9)],
    ['threads behind', 'shards', 'busy', 'behind', (p) => engine(p, 'scoredEnd', 9)],
    ['many hits queued', 'hits', 'busy', 'behind', (p) => engine(p, 'hitsQueued', 900)],
    ['a silent thread', 'shards', 'bad', 'threadSilent', (p) => thread(p, 'heartbeatMs', 0)],
    ['a full ring', 'shards', 'busy', 'queueFull', (p) => thread(p, 'ringFillRatio', 0.9)],
    ['slow sockets', 'dashboard', 'busy', 'overTarget', (p) => board(p, 'latencyP99Ms', 51)],
    ['hits unread', 'dashboard', 'busy', 'behind', (p) => board(p, 'hitsWaiting', 900)],
    ['no store here', 'clickhouse', 'off', 'history-absent', (p) => store(p, 'absent')],
    ['a store away', 'clickhouse', 'bad', 'history-away', (p) => store(p, 'away')],
  ];
  it.each(cases)('%s: %s is %s', (_, name, state, why, change) => {
    const station = at(page(change), name);
    expect([station.state, station.why]).toEqual([state, why]);
  });

  it('have words for every reason, in both languages', () => {
    const reasons = new Set([...cases.map((each) => each[3]), 'serves', 'noHit', 'noSource']);
    for (const t of [texts.zh, texts.en]) {
      expect(Object.keys(t.why)).toEqual(expect.arrayContaining([...reasons]));
    }
  });

  it('remember when each last did something', () => {
    const moved = watchMoves();
    expect(moved('hits', 5, 1_000, 0)).toBeNull();
    expect(moved('hits', 5, 2_000, 0)).toBeNull();
    expect(moved('hits', 6, 3_000, 0)).toBe(3_000);
    expect(moved('hits', 6, 4_000, 0)).toBe(3_000);
    expect(moved('journal', 1, 1_000, 200)).toBe(1_000);
  });
});

function old(said: SystemPage['engine'], ms: number): void {
  if (said !== null) said.atMs -= ms;
}
function engine(p: SystemPage, field: string, value: unknown): void {
  Object.assign(p.engine?.value ?? {}, { [field]: value });
}
function thread(p: SystemPage, field: string, value: number): void {
  Object.assign(p.engine?.value.threads[0] ?? {}, { [field]: value });
}
function board(p: SystemPage, field: string, value: number): void {
  Object.assign(p.dashboard?.value ?? {}, { [field]: value });
}
function store(p: SystemPage, state: string): void {
  Object.assign(p.storage?.value.history ?? {}, { state });
}

import { describe, expect, it } from 'vitest';
import type { ALARMS } from '../../schemas/alarms.js';
import { configurationSchema } from '../../schemas/configuration.js';
import { SEVERITIES } from '../../schemas/hit.js';
import type { DashboardStats, DiskStats, EngineStats, StorageStats } from '../../schemas/stats.js';
import { type AlarmInputs, alarmsOf } from './alarms.js';
import { Trend } from './trend.js';

const NOW = Date.parse('2026-03-02T20:05:00+08:00');
const configuration = configurationSchema.parse({});
const MIB = 1024 * 1024;
const GIB = 1024 * MIB;

const thread = {
  ...{ index: 0, state: 'live', heartbeatMs: NOW - 10, ringFillRatio: 0.1, subjects: 5 },
  ...{ stateBytes: 1, stateFillRatio: 0.2, restarts: 0, busyRatio: 0.1 },
};
const engine = {
  ...{ state: 'running', startedMs: NOW - 3_600_000, threads: [thread] },
  ...{ pendingBytes: 0, pendingBytesMax: 32 * MIB, journalBytes: MIB, journalBytesMax: 100 * MIB },
  ...{ watermarkMs: NOW - 600_000, deadLetters: {}, transactionsPerSecond: 200 },
  snapshots: { lastMs: NOW - 60_000, failed: 0, roundMs: 300_000 },
} as unknown as EngineStats;
const dashboard = { hitsWaiting: 3, latencyP99Ms: 9 } as unknown as DashboardStats;
const storage = { databaseBytes: 1, databaseBytesMax: 10 } as unknown as StorageStats;
const disk: DiskStats = { parts: [], totalBytes: 10 * GIB, freeBytes: 50 * GIB };
const well: AlarmInputs = {
  ...{ nowMs: NOW, configuration, newDeadLetters: 0, newSnapshotFailures: 0 },
  history: { state: 'ready', detail: '', writtenToMs: NOW - 1_000 },
  system: {
    engine: { atMs: NOW, value: engine },
    dashboard: { atMs: NOW, value: dashboard },
    storage: { atMs: NOW, value: storage },
    ...{ disk: { atMs: NOW, value: disk }, demo: null },
  },
};

const codes = (inputs: AlarmInputs): string[] => alarmsOf(inputs).map(({ code }) => code);
const withEngine = (change: object): AlarmInputs => ({
  ...well,
  system: { ...well.system, engine: { atMs: NOW, value: { ...engine, ...change } } },
});
const withThread = (change: object) => withEngine({ threads: [{ ...thread, ...change }] });
const withSystem = (change: object) => ({ ...well, system: { ...well.system, ...change } });
const withHistory = (change: object) => ({ ...well, history: { ...well.history, ...change } });

/** Each code with a state that raises it and nothing else. */
const raised: Record<keyof typeof ALARMS, AlarmInputs> = {
  'engine-away': withSystem({ engine: null }),
  'engine-starting': withEngine({ state: 'starting', watermarkMs: 1 }),
  'thread-dead': withThread({ state: 'dead', heartbeatMs: 0 }),
  'thread-silent': withThread({ heartbeatMs: NOW - 2_001 }),
  'state-nearly-full': withThread({ stateFillRatio: 0.81 }),
  'ring-full': withThread({ ringFillRatio: 0.96 }),
  'sources-paused': withEngine({ pendingBytes: 31 * MIB }),
  'journal-nearly-full': withEngine({ journalBytes: 76 * MIB }),
  'snapshots-failing': { ...well, newSnapshotFailures: 2 },
  'snapshots-old': withEngine({
    snapshots: { lastMs: NOW - 600_001, failed: 0, roundMs: 300_000 },
  }),
  'watermark-behind': withEngine({ watermarkMs: NOW - 600_000 - 300_001 }),
  'rule-floods': withEngine({ rules: [{ rule: 'fan-in', openShards: 2, floods: 31 }] }),
  'dead-letters-rising': { ...well, newDeadLetters: 1 },
  'dashboard-behind': withSystem({ dashboard: { value: { ...dashboard, hitsWaiting: 5_001 } } }),
  'latency-over-target': withSystem({ dashboard: { value: { ...dashboard, latencyP99Ms: 101 } } }),
  'history-away': withHistory({ state: 'away' }),
  'history-absent': withHistory({ state: 'absent', detail: 'install python3' }),
  'history-behind': withHistory({ writtenToMs: NOW - 60_001 }),
  'database-nearly-full': withSystem({ storage: { value: { ...storage, databaseBytes: 9.1 } } }),
  'disk-nearly-full': withSystem({ disk: { value: { ...disk, freeBytes: 1.1 * GIB } } }),
};

describe('alarms', () => {
  it('are none when all is well, and each is raised by its own cause alone', () => {
    expect(alarmsOf(well)).toEqual([]);
    for (const [code, inputs] of Object.entries(raised))
      expect(codes(inputs), code).toEqual([code]);
  });

  it('come worst first, with the severity of their code', () => {
    const all = alarmsOf({
      ...withSystem({ engine: null, disk: { value: { ...disk, freeBytes: 0 } } }),
      history: { state: 'absent', detail: 'why', writtenToMs: null },
    });
    expect(all.map(({ code }) => code)).toEqual([
      ...['engine-away', 'disk-nearly-full', 'history-absent'],
    ]);
    const ranks = all.map(({ severity }) => SEVERITIES.indexOf(severity));
    expect(ranks).toEqual([...ranks].sort((a, b) => b - a));
    expect(all[2]?.detail).toBe('why');
  });

  it('tells of a disk that others fill', () => {
    const full = { parts: [], totalBytes: MIB, freeBytes: GIB - 1 };
    expect(codes(withSystem({ disk: { value: full } }))).toEqual(['disk-nearly-full']);
  });

  it('are not raised by what a role does not say, nor while a past is loaded', () => {
    const silent = { state: 'running' } as unknown as EngineStats;
    expect(codes(withSystem({ engine: { atMs: NOW, value: silent } }))).toEqual([]);
    expect(codes(withEngine({ watermarkMs: 0 }))).toEqual([]);
    const loading = withEngine({ watermarkMs: NOW - 9e9 });
    const demo = { phase: 'history' } as AlarmInputs['system']['demo'];
    expect(codes({ ...loading, system: { ...loading.system, demo } })).toEqual([]);
    // Nothing is written because nothing comes.
    const quiet = withEngine({ transactionsPerSecond: 0 });
    expect(codes({ ...quiet, history: { ...well.history, writtenToMs: 1 } })).toEqual([]);
  });
});

describe('a trend', () => {
  it('is what was added within its window, also over a restart of the role', () => {
    const trend = new Trend(1_000);
    trend.add(100, 0);
    expect(trend.growth()).toBe(0);
    trend.add(103, 500);
    expect(trend.growth()).toBe(3);
    trend.add(103, 1_400);
    expect(trend.growth()).toBe(0);
    trend.add(2, 1_500);
    expect(trend.growth()).toBe(0);
    trend.add(5, 1_600);
    expect(trend.growth()).toBe(3);
  });
});

/** The test server's answers for the system page: a machine at work, alone or in trouble. */
import { ALARMS, type Alarm, type AlarmCode } from '../../../../schemas/alarms.js';
import type { DeadLetterList, DeadLetterView, SystemPage } from '../../../../schemas/protocol.js';
import type {
  DashboardStats,
  EngineStats,
  HistogramCounts,
  RuleStats,
  StorageStats,
} from '../../../../schemas/stats.js';
import type { Answer, Ask } from '../../testing/routes.js';
import type { World } from '../../testing/world.js';

const MIB = 1024 * 1024;
const BOUNDS = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];
const BATCH_BOUNDS = [0.00001, 0.000025, 0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005];
const STARTED_MS = Date.now() - 7_500_000;

/** What nobody may run: it must be seen as it stands here. */
export const HOSTILE = '<img src=x onerror="document.title=1"> =1+1 \u202e';

const histogram = (bounds: number[], counts: number[]): HistogramCounts => ({
  bounds,
  counts,
  sumSeconds: 1,
});

const process = (pid: number, rssBytes: number) => ({
  pid,
  startedMs: STARTED_MS,
  rssBytes,
  cpuRatio: 0.12 + pid / 100_000,
  eventLoopDelayP99Ms: 3.4,
});

function engine(now: number): EngineStats {
  const total = Math.round((now - STARTED_MS) / 5);
  return {
    ...process(4_711, 412 * MIB),
    state: 'running',
    version: '0.2.0',
    eventLoopDelay: histogram(BOUNDS, [900, 40, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
    transactionsTotal: total,
    transactionsPerSecond: 204,
    duplicatesTotal: 12,
    sources: [
      { name: 'demo', total, perSecond: 204, lastMs: now - 300 },
      { name: 'http', total: 41, perSecond: 0, lastMs: now - 840_000 },
    ],
    deadLetters: { malformed: 17, unknown_currency: 3, too_old: 0 },
    pendingBytes: 40_960,
    pendingBytesMax: 64 * MIB,
    journalBytes: 1_210 * MIB,
    journalBytesMax: 4_096 * MIB,
    journalFirst: total - 400_000,
    journalEnd: total,
    journalDurableEnd: total - 3,
    journalAppend: histogram(BOUNDS, [9_000, 61_000, 22_000, 4_100, 300, 40, 7, 1, 0, 0, 0, 0, 0]),
    watermarkMs: now - 2_000,
    lateTotal: { judged: 4, unjudged: 0 },
    threads: [0, 1].map((index) => ({
      index,
      state: 'live',
      heartbeatMs: now - 200 - index * 150,
      ringFillRatio: 0.02 + index * 0.05,
      subjects: 3_401 + index * 77,
      stateBytes: 61 * MIB,
      stateFillRatio: 0.24,
      restarts: 0,
      busyRatio: 0.09 + index * 0.04,
    })),
    routedEnd: total,
    scoredEnd: total - 2,
    scoring: histogram(BATCH_BOUNDS, [0, 120, 9_400, 41_000, 12_000, 2_100, 220, 31, 4, 0]),
    rules: [
      rule('structuring', [31, 410_200, 1_200], { warmingUntilMs: now + 5 * 86_400_000 }),
      rule('several-cross-border', [44, 92_000, 318_000]),
      rule('fan-in', [9_120, 77_000, 0], { floods: 6_412, openShards: 3 }),
      rule('quiet', [5, 2_000, 0], { state: 'shadow' }),
      rule('activity-drop', [12, 51_000, 0]),
    ],
    hitsTotal: 87,
    hitsPerSecond: 0.2,
    hitsQueued: 0,
    hitsEnd: 87 + Math.floor(now / 5_000) * 2,
    hitsBytes: 11 * MIB,
    snapshots: {
      lastMs: now - 41_000,
      written: 118,
      failed: 0,
      roundMs: 840,
      passed: total - 9_000,
      bytes: 66 * MIB,
    },
  };
}

function dashboard(now: number): DashboardStats {
  return {
    ...process(4_733, 188 * MIB),
    alertsPerMinute: 4.2,
    openAlerts: 180,
    latencyP50Ms: 3.1,
    latencyP99Ms: 11.4,
    latency: histogram(BOUNDS, [80, 410, 2_900, 1_300, 420, 90, 21, 4, 1, 0, 0, 0, 0]),
    hitsWaiting: 0,
    workEnd: Math.floor(now / 4_000),
    workBytes: 3 * MIB,
    connections: 3,
  };
}

function storage(world: World, now: number): StorageStats {
  const { state } = world.history.state;
  return {
    ...process(4_790, 96 * MIB),
    history: { ...world.history.state, writtenToMs: state === 'ready' ? now - 1_100 : null },
    kind: state === 'absent' ? 'none' : 'embedded',
    restarts: 1,
    rowsPerSecond: state === 'ready' ? 409 : 0,
    rowsTotal: { transactions: 3_020_114, hits: 87, alerts: 64 },
    errorsTotal: { timeout: 2 },
    lag: { journal: 210, hits: 0, work: 0 },
    databaseBytes: 734 * MIB,
    databaseBytesMax: 6_000 * MIB,
  };
}

function rule(
  id: string,
  [hits, evaluations, notApplicable]: [number, number, number],
  more: Partial<RuleStats> = {},
): RuleStats {
  const whole = { floods: 0, openShards: 0, warmingUntilMs: 0 };
  return { rule: id, state: 'active', hits, evaluations, notApplicable, ...whole, ...more };
}

const alarm = (code: AlarmCode, detail: string): Alarm => ({
  code,
  severity: ALARMS[code],
  detail,
});

function system(world: World): SystemPage {
  const now = Date.now();
  const away = world.engine === 'away';
  const absent = world.history.state.state === 'absent';
  const rules: SystemPage['rules'] = {
    quiet: { names: { zh: '安静的规则', en: 'A quiet rule' }, state: 'shadow' },
    resting: { names: { zh: '暂停的规则', en: 'A paused rule' }, state: 'paused' },
    'fan-in': { names: { zh: '资金集中转入', en: 'Fan-in' }, state: 'active' },
  };
  for (const row of world.rows.values()) {
    rules[row.rule] = { names: row.ruleName, state: 'active' };
  }
  for (let n = 0; n < 80; n += 1) {
    const names = { zh: `安静的规则 ${n}`, en: `A rule that is quiet, number ${n}` };
    rules[`quiet-${n}`] = { names, state: n % 10 === 0 ? 'paused' : 'active' };
  }
  return {
    atMs: now,
    engine: away ? null : { atMs: now - 600, value: engine(now) },
    dashboard: { atMs: now, value: dashboard(now) },
    storage: { atMs: now - 400, value: storage(world, now) },
    disk: {
      atMs: now - 4_000,
      value: {
        parts: [
          { name: 'journal', bytes: 1_210 * MIB },
          { name: 'clickhouse', bytes: 734 * MIB },
          { name: 'snapshots', bytes: 132 * MIB },
          { name: 'hits', bytes: 11 * MIB },
          { name: 'work', bytes: 3 * MIB },
          { name: 'other', bytes: 1 * MIB },
        ],
        totalBytes: 2_091 * MIB,
        freeBytes: 81_000 * MIB,
      },
    },
    demo: world.demo,
    alarms: [
      ...(away ? [alarm('engine-away', 'nothing heard for 12 s')] : []),
      alarm('rule-floods', 'fan-in: 6,412 hits grouped'),
      ...(absent ? [alarm('history-absent', world.history.state.detail)] : []),
    ],
    latencyTargetMs: 50,
    rules,
    operations: [
      { role: 'engine', url: 'http://127.0.0.1:8482' },
      { role: 'dashboard', url: 'http://127.0.0.1:8483' },
      { role: 'storage', url: 'http://127.0.0.1:8484' },
    ],
  };
}

function letters(reason: string): DeadLetterList {
  const rows = Array.from({ length: 17 }, (_, at) => ({
    id: `${reason}-${at}`,
    reason,
    detail: at === 1 ? HOSTILE : `line ${at + 1}: unexpected end`,
    source: 'http',
    atMs: Date.now() - at * 61_000,
    bytes: 310 + at,
  }));
  return { rows, truncated: false };
}

function letter(id: string): DeadLetterView {
  const [reason = ''] = id.split('-');
  const text = `{"id":"T1","debtor":"****1234","note":"${HOSTILE}"`;
  return { id, reason, detail: 'unexpected end', source: 'http', atMs: Date.now(), text };
}

/** Null: not a path of this file. */
export function systemRoute({ world, url, user }: Ask): Answer | null {
  const path = url.pathname;
  const one = /^\/api\/dead-letters\/([^/]+)$/.exec(path)?.[1];
  if (path !== '/api/system' && path !== '/api/dead-letters' && one === undefined) return null;
  if (!user.permissions.includes('system.read')) {
    return { status: 403, value: { error: { code: 'forbidden', message: 'forbidden' } } };
  }
  if (path === '/api/system') return { status: 200, value: system(world) };
  if (one !== undefined) return { status: 200, value: letter(decodeURIComponent(one)) };
  return { status: 200, value: letters(url.searchParams.get('reason') ?? '') };
}

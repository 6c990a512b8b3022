/**
 * Alarms of the system page: a pure function of what the roles say of themselves. A number that a
 * role does not give (an older one, one that starts) raises nothing.
 */
import { ALARMS, type Alarm, type AlarmCode } from '../../schemas/alarms.js';
import type { Configuration } from '../../schemas/configuration.js';
import type { HistoryStatus } from '../../schemas/history.js';
import { SEVERITIES } from '../../schemas/hit.js';
import { LATENCY_TARGET_MS, type SystemPage } from '../../schemas/protocol.js';
import type { DashboardStats, DiskStats, EngineStats, StorageStats } from '../../schemas/stats.js';

const STATE_FILL_MAX = 0.8;
const RING_FILL_MAX = 0.95;
const PENDING_FILL_MAX = 0.95;
const JOURNAL_FILL_MAX = 0.75;
const DATABASE_FILL_MAX = 0.9;
const DISK_FREE_MIN = 0.1;
/** Below it a disk is full within minutes, whoever fills it. */
const DISK_FREE_BYTES_MIN = 1024 ** 3;
/** A thread's heartbeat comes every 20 ms when it has nothing to do. */
const THREAD_SILENT_MS = 2_000;
/** Snapshots older than this many rounds. */
const SNAPSHOT_ROUNDS_MAX = 2;
/** Behind its lateness, which is how far it always is. */
const WATERMARK_BEHIND_MS = 5 * 60_000;
const HITS_WAITING_MAX = 5_000;
const HISTORY_BEHIND_MS = 60_000;

export interface AlarmInputs {
  nowMs: number;
  configuration: Configuration;
  system: Pick<SystemPage, 'engine' | 'dashboard' | 'storage' | 'disk' | 'demo'>;
  history: HistoryStatus;
  /** What came within the last minutes (trend.ts). */
  newDeadLetters: number;
  newSnapshotFailures: number;
}

/** Worst first. */
export function alarmsOf(inputs: AlarmInputs): Alarm[] {
  const alarms: Alarm[] = [];
  const raise = (code: AlarmCode, detail = ''): void => {
    alarms.push({ code, severity: ALARMS[code], detail });
  };
  const { engine, dashboard, storage, disk } = inputs.system;
  if (engine === null) raise('engine-away');
  else engineAlarms(inputs, engine.value, raise);
  if (dashboard !== null) dashboardAlarms(dashboard.value, raise);
  historyAlarms(inputs, storage?.value, raise);
  if (disk !== null) diskAlarms(disk.value, raise);
  const rank = (alarm: Alarm): number => SEVERITIES.indexOf(alarm.severity);
  return alarms.sort((a, b) => rank(b) - rank(a));
}

type Raise = (code: AlarmCode, detail?: string) => void;

function engineAlarms(inputs: AlarmInputs, engine: Partial<EngineStats>, raise: Raise): void {
  const { nowMs, configuration, newDeadLetters } = inputs;
  if (engine.state === 'starting') raise('engine-starting');
  for (const thread of engine.threads ?? []) threadAlarms(nowMs, thread, raise);
  if (over(engine.pendingBytes, engine.pendingBytesMax, PENDING_FILL_MAX)) {
    raise('sources-paused', `${percent(engine.pendingBytes, engine.pendingBytesMax)} wait`);
  }
  const journalMax = engine.journalBytesMax ?? configuration.journalBytesMax;
  if (over(engine.journalBytes, journalMax, JOURNAL_FILL_MAX)) {
    raise('journal-nearly-full', percent(engine.journalBytes, journalMax));
  }
  snapshotAlarms(inputs, engine, raise);
  const loading = inputs.system.demo?.phase === 'history' || engine.state === 'starting';
  const behindMs = nowMs - (engine.watermarkMs ?? nowMs) - configuration.latenessMs;
  // Nothing has come yet: a watermark of 0 is not behind.
  if (!loading && (engine.watermarkMs ?? 0) > 0 && behindMs > WATERMARK_BEHIND_MS) {
    raise('watermark-behind', `${Math.round(behindMs / 60_000)} min`);
  }
  for (const { rule, openShards = 0, floods = 0 } of engine.rules ?? []) {
    if (openShards > 0) raise('rule-floods', `${rule}: ${floods} hits grouped`);
  }
  if (newDeadLetters > 0) raise('dead-letters-rising', `${newDeadLetters} lately`);
}

function threadAlarms(nowMs: number, thread: EngineStats['threads'][number], raise: Raise): void {
  const name = `thread ${thread.index}`;
  if (thread.state === 'dead') raise('thread-dead', name);
  else if (thread.state === 'live' && nowMs - thread.heartbeatMs > THREAD_SILENT_MS) {
    raise('thread-silent', name);
  }
  if (thread.stateFillRatio > STATE_FILL_MAX) {
    raise('state-nearly-full', `${name}: ${percent(thread.stateFillRatio, 1)}`);
  }
  if (thread.ringFillRatio > RING_FILL_MAX) raise('ring-full', name);
}

function snapshotAlarms(inputs: AlarmInputs, engine: Partial<EngineStats>, raise: Raise): void {
  if (inputs.newSnapshotFailures > 0) {
    raise('snapshots-failing', `${inputs.newSnapshotFailures} lately`);
  }
  const { snapshots, startedMs } = engine;
  if (snapshots === undefined) return;
  // Before the first one, counted from the start.
  const sinceMs = inputs.nowMs - Math.max(snapshots.lastMs, startedMs ?? 0);
  const roundMs = snapshots.roundMs || inputs.configuration.snapshotRoundMs;
  if (sinceMs > SNAPSHOT_ROUNDS_MAX * roundMs) {
    raise('snapshots-old', `${Math.round(sinceMs / 60_000)} min`);
  }
}

function dashboardAlarms(dashboard: DashboardStats, raise: Raise): void {
  if (dashboard.hitsWaiting > HITS_WAITING_MAX) {
    raise('dashboard-behind', `${dashboard.hitsWaiting} hits wait`);
  }
  const p99 = dashboard.latencyP99Ms;
  if (p99 !== null && p99 > LATENCY_TARGET_MS) {
    raise('latency-over-target', `p99 ${Math.round(p99)} ms`);
  }
}

function historyAlarms(
  { nowMs, history, system }: AlarmInputs,
  storage: StorageStats | undefined,
  raise: Raise,
): void {
  if (history.state === 'absent') raise('history-absent', history.detail);
  else if (history.state === 'away') raise('history-away', history.detail);
  const behindMs = history.writtenToMs === null ? 0 : nowMs - history.writtenToMs;
  const isQuiet = (system.engine?.value.transactionsPerSecond ?? 0) === 0;
  if (history.state === 'ready' && !isQuiet && behindMs > HISTORY_BEHIND_MS) {
    raise('history-behind', `${Math.round(behindMs / 1_000)} s`);
  }
  if (over(storage?.databaseBytes, storage?.databaseBytesMax, DATABASE_FILL_MAX)) {
    raise('database-nearly-full', percent(storage?.databaseBytes, storage?.databaseBytesMax));
  }
}

/** Of what is free and what we use, the share that is free: of the whole disk nobody tells. */
function diskAlarms(disk: DiskStats, raise: Raise): void {
  const room = disk.freeBytes + disk.totalBytes;
  if (disk.freeBytes < DISK_FREE_BYTES_MIN || disk.freeBytes / room < DISK_FREE_MIN) {
    raise('disk-nearly-full', `${percent(disk.freeBytes, room)} free`);
  }
}

function over(part: number | undefined, whole: number | undefined, share: number): boolean {
  return part !== undefined && whole !== undefined && whole > 0 && part / whole > share;
}

function percent(part = 0, whole = 1): string {
  return `${Math.round((100 * part) / whole)} %`;
}

/**
 * The pipeline as stations, from what the roles publish. One judgement for each: how it fares, and
 * why, as data, so that the page says it in words, shape and colour.
 */
import type { SystemPage } from '../../../../schemas/protocol.js';
import type { EngineStats } from '../../../../schemas/stats.js';

export const STATIONS = [
  'source',
  'admission',
  'journal',
  'shards',
  'hits',
  'dashboard',
  'clickhouse',
] as const;
export type StationName = (typeof STATIONS)[number];
/** `quiet`: nothing to do, by no fault of its own; `off`: not there by choice or by machine. */
export type StationState = 'good' | 'quiet' | 'busy' | 'bad' | 'off';

export interface Station {
  name: StationName;
  state: StationState;
  /** Key of the text that says why. */
  why: string;
  ratePerSecond: number | null;
  /** What waits before or in it: records, or bytes. */
  queue: { amount: number; unit: 'records' | 'bytes'; fillRatio: number | null } | null;
  /** How far behind it is, ms. */
  lagMs: number | null;
  /** When it last did something, epoch ms. */
  lastMs: number | null;
}

/** Published once a second: older than this is out of date. */
export const STALE_MS = 5_000;
const BUSY_RATIO = 0.8;
const THREAD_SILENT_MS = 3_000;
const HISTORY_LAG_MS = 15_000;
const QUEUE_SECONDS = 2;

/** `lastMs` of each station, by the counter that it moves. */
export type Moved = (
  name: StationName,
  counter: number,
  atMs: number,
  ratePerSecond: number,
) => number | null;

/**
 * Notes when each counter was last seen to grow: nobody publishes that time. At the first look a
 * rate above zero says that it grows now.
 */
export function watchMoves(): Moved {
  const seen = new Map<StationName, { counter: number; atMs: number | null }>();
  return (name, counter, atMs, ratePerSecond) => {
    const before = seen.get(name);
    const moved = before === undefined ? ratePerSecond > 0 : counter !== before.counter;
    const at = moved ? atMs : (before?.atMs ?? null);
    seen.set(name, { counter, atMs: at });
    return at;
  };
}

type Judgement = Pick<Station, 'state' | 'why'>;
const judged = (state: StationState, why: string): Judgement => ({ state, why });

/** `lastAlertMs`: when the newest alert opened, as pushed to every page. */
export function stations(
  page: SystemPage,
  moved: Moved,
  lastAlertMs: number | null = null,
): Station[] {
  const engine = fresh(page, 'engine');
  const before =
    engine === null
      ? (['source', 'admission', 'journal', 'shards', 'hits'] as const).map(gone)
      : engineStations(engine, page.engine?.atMs ?? page.atMs, page.atMs, moved);
  return [...before, dashboardStation(page, moved, lastAlertMs), clickhouseStation(page)];
}

/** What a role says, unless it has said nothing for too long. */
export function fresh<K extends 'engine' | 'dashboard' | 'storage'>(
  page: SystemPage,
  role: K,
): NonNullable<SystemPage[K]>['value'] | null {
  const said = page[role];
  return said !== null && page.atMs - said.atMs <= STALE_MS ? said.value : null;
}

function gone(name: StationName): Station {
  return {
    name,
    ...judged('bad', 'away'),
    ratePerSecond: null,
    queue: null,
    lagMs: null,
    lastMs: null,
  };
}

function engineStations(e: EngineStats, atMs: number, nowMs: number, moved: Moved): Station[] {
  const running = e.state === 'running';
  const rate = e.transactionsPerSecond;
  const idle = judged(rate > 0 ? 'good' : 'quiet', rate > 0 ? 'flows' : 'nothingComes');
  const state = (judgement: Judgement): Judgement =>
    running ? judgement : judged(e.state === 'failed' ? 'bad' : 'busy', `engine-${e.state}`);
  const pending = ratio(e.pendingBytes, e.pendingBytesMax);
  const unflushed = Math.max(0, e.journalEnd - e.journalDurableEnd);
  const waiting = Math.max(0, e.routedEnd - e.scoredEnd);
  const newest = e.sources.reduce<number | null>((last, s) => later(last, s.lastMs), null);
  const sum = e.sources.reduce((all, s) => all + s.perSecond, 0);
  return [
    {
      name: 'source',
      ...state(e.sources.length === 0 ? judged('quiet', 'noSource') : idle),
      ratePerSecond: sum,
      queue: null,
      lagMs: null,
      lastMs: newest,
    },
    {
      name: 'admission',
      ...state(pending >= BUSY_RATIO ? judged('busy', 'queueFull') : idle),
      ratePerSecond: rate,
      queue: { amount: e.pendingBytes, unit: 'bytes', fillRatio: pending },
      lagMs: behindMs(pendingRecords(e), rate),
      lastMs: moved('admission', e.transactionsTotal, atMs, rate),
    },
    {
      name: 'journal',
      ...state(
        ratio(e.journalBytes, e.journalBytesMax) >= 1
          ? judged('bad', 'journalFull')
          : isBehind(unflushed, rate)
            ? judged('busy', 'behind')
            : idle,
      ),
      ratePerSecond: rate,
      queue: { amount: unflushed, unit: 'records', fillRatio: null },
      lagMs: behindMs(unflushed, rate),
      lastMs: moved('journal', e.journalDurableEnd, atMs, rate),
    },
    shardStation(e, { idle, state, waiting, atMs, nowMs, moved }),
    {
      name: 'hits',
      ...state(isBehind(e.hitsQueued, e.hitsPerSecond) ? judged('busy', 'behind') : hitsIdle(e)),
      ratePerSecond: e.hitsPerSecond,
      queue: { amount: e.hitsQueued, unit: 'records', fillRatio: null },
      lagMs: behindMs(e.hitsQueued, e.hitsPerSecond),
      lastMs: moved('hits', e.hitsEnd, atMs, e.hitsPerSecond),
    },
  ];
}

const hitsIdle = (e: EngineStats): Judgement =>
  e.hitsPerSecond > 0 ? judged('good', 'flows') : judged('quiet', 'noHit');

interface ShardContext {
  idle: Judgement;
  state: (judgement: Judgement) => Judgement;
  waiting: number;
  atMs: number;
  nowMs: number;
  moved: Moved;
}

function shardStation(e: EngineStats, c: ShardContext): Station {
  const fill = e.threads.reduce((most, thread) => Math.max(most, thread.ringFillRatio), 0);
  const silent = e.threads.some((thread) => c.nowMs - thread.heartbeatMs > THREAD_SILENT_MS);
  const judgement = silent
    ? judged('bad', 'threadSilent')
    : fill >= BUSY_RATIO
      ? judged('busy', 'queueFull')
      : isBehind(c.waiting, e.transactionsPerSecond)
        ? judged('busy', 'behind')
        : c.idle;
  return {
    name: 'shards',
    ...c.state(judgement),
    ratePerSecond: e.transactionsPerSecond,
    queue: { amount: c.waiting, unit: 'records', fillRatio: fill },
    lagMs: behindMs(c.waiting, e.transactionsPerSecond),
    lastMs: c.moved('shards', e.scoredEnd, c.atMs, e.transactionsPerSecond),
  };
}

function dashboardStation(page: SystemPage, moved: Moved, lastAlertMs: number | null): Station {
  const said = fresh(page, 'dashboard');
  if (said === null) return gone('dashboard');
  const perSecond = said.alertsPerMinute / 60;
  const slow = said.latencyP99Ms !== null && said.latencyP99Ms > page.latencyTargetMs;
  const judgement = isBehind(said.hitsWaiting, perSecond)
    ? judged('busy', 'behind')
    : slow
      ? judged('busy', 'overTarget')
      : judged('good', 'serves');
  return {
    name: 'dashboard',
    ...judgement,
    ratePerSecond: perSecond,
    queue: { amount: said.hitsWaiting, unit: 'records', fillRatio: null },
    // Without an alert of late there is no latency, but nothing waits either.
    lagMs: said.latencyP99Ms ?? (said.hitsWaiting === 0 ? 0 : null),
    lastMs: later(
      moved('dashboard', said.workEnd, page.dashboard?.atMs ?? page.atMs, perSecond),
      lastAlertMs,
    ),
  };
}

function clickhouseStation(page: SystemPage): Station {
  const said = fresh(page, 'storage');
  if (said === null) return gone('clickhouse');
  const waiting = said.lag.journal + said.lag.hits + said.lag.work;
  const { state, writtenToMs } = said.history;
  // Without anything to write the newest record grows old by no fault of the store.
  const lagMs = waiting > 0 && writtenToMs !== null ? Math.max(0, page.atMs - writtenToMs) : 0;
  const judgement: Judgement =
    state === 'ready'
      ? lagMs > HISTORY_LAG_MS
        ? judged('busy', 'behind')
        : judged('good', 'flows')
      : judged(state === 'off' || state === 'absent' ? 'off' : 'bad', `history-${state}`);
  return {
    name: 'clickhouse',
    ...judgement,
    ratePerSecond: said.rowsPerSecond,
    queue: { amount: waiting, unit: 'records', fillRatio: null },
    lagMs: state === 'ready' ? lagMs : null,
    lastMs: writtenToMs,
  };
}

const later = (a: number | null, b: number | null): number | null =>
  a === null ? b : b === null ? a : Math.max(a, b);
const ratio = (part: number, whole: number): number => (whole > 0 ? part / whole : 0);
const isBehind = (waiting: number, perSecond: number): boolean =>
  waiting > QUEUE_SECONDS * Math.max(50, perSecond);
/** What waits for admission, by the mean size of a record of the journal. */
function pendingRecords(e: EngineStats): number {
  const mean = ratio(e.journalBytes, e.journalEnd - e.journalFirst);
  return mean > 0 ? e.pendingBytes / mean : e.pendingBytes;
}
/** How long the queue takes at the present rate. */
function behindMs(waiting: number, perSecond: number): number | null {
  if (waiting === 0) return 0;
  return perSecond > 0 ? (waiting / perSecond) * 1_000 : null;
}

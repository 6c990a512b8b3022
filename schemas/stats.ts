/**
 * What each role publishes once a second on the stats board (`stats/<role>.json`), for the system
 * page and readiness. Whatever is missing (an older role, a role that starts) reads as unknown.
 */
import type { HistoryStatus } from './history.js';

/** Counts by upper bound in seconds, each value counted once, under the smallest that holds it. */
export interface HistogramCounts {
  bounds: number[];
  /** One longer than `bounds`: the last counts what is above all. */
  counts: number[];
  sumSeconds: number;
}

interface ProcessStats {
  pid: number;
  startedMs: number;
  rssBytes: number;
  /** Share of one core over the last second. */
  cpuRatio: number;
  eventLoopDelayP99Ms: number;
}

export interface EngineStats extends ProcessStats {
  state: 'starting' | 'running' | 'draining' | 'stopped' | 'failed';
  version: string;
  /** Of the main thread, since the start, each 5 ms of the time counted once. */
  eventLoopDelay: HistogramCounts;
  transactionsTotal: number;
  transactionsPerSecond: number;
  duplicatesTotal: number;
  sources: { name: string; total: number; perSecond: number; lastMs: number | null }[];
  deadLetters: Record<string, number>;
  pendingBytes: number;
  pendingBytesMax: number;
  journalBytes: number;
  journalBytesMax: number;
  journalFirst: number;
  journalEnd: number;
  journalDurableEnd: number;
  /** Append to flushed. */
  journalAppend: HistogramCounts;
  watermarkMs: number;
  lateTotal: Record<string, number>;
  threads: {
    index: number;
    state: string;
    heartbeatMs: number;
    ringFillRatio: number;
    subjects: number;
    stateBytes: number;
    stateFillRatio: number;
    restarts: number;
    /** Share of the last second spent in batches. */
    busyRatio: number;
  }[];
  /** Positions routed to rings and consumed by every thread. */
  routedEnd: number;
  scoredEnd: number;
  /** A batch on a scoring thread. */
  scoring: HistogramCounts;
  /** Rules and typologies that were scored since the start. */
  rules: RuleStats[];
  hitsTotal: number;
  hitsPerSecond: number;
  hitsQueued: number;
  hitsEnd: number;
  hitsBytes: number;
  snapshots: {
    lastMs: number;
    written: number;
    failed: number;
    roundMs: number;
    /** The journal is kept from here on. */
    passed: number;
    bytes: number;
  };
}

export interface RuleStats {
  rule: string;
  /** Under the catalogue in force; `gone`: not scored any more. */
  state: 'active' | 'shadow' | 'gone';
  hits: number;
  evaluations: number;
  notApplicable: number;
  /** Hits behind its open breaker, of `hits`. */
  floods: number;
  /** Shards in which its breaker is open. */
  openShards: number;
  /** Event time until which its windows fill after a change; 0 = they are whole. */
  warmingUntilMs: number;
}

export interface DashboardStats extends ProcessStats {
  alertsPerMinute: number;
  openAlerts: number;
  latencyP50Ms: number | null;
  latencyP99Ms: number | null;
  /** Ingest stamp to socket write, since the start. */
  latency: HistogramCounts;
  hitsWaiting: number;
  workEnd: number;
  workBytes: number;
  connections: number;
}

export interface StorageStats extends ProcessStats {
  history: HistoryStatus;
  /** `embedded` (a child of Weir's), `server` (by URL) or `none`. */
  kind: 'embedded' | 'server' | 'none';
  restarts: number;
  /** Rows a second over the last second, and since the start by table. */
  rowsPerSecond: number;
  rowsTotal: Record<string, number>;
  errorsTotal: Record<string, number>;
  lag: { journal: number; hits: number; work: number };
  databaseBytes: number;
  databaseBytesMax: number;
}

/** Published as `demo` by whoever plays the demonstration bank. */
export interface DemoStats {
  what: 'bank' | 'sample';
  phase: 'history' | 'live' | 'paused' | 'stopped';
  /** 0 .. 1 while `phase` is history. */
  historyRatio: number;
  ratePerSecond: number;
  /** Newest first, at most 20. */
  planted: { kind: string; subject: string; atMs: number }[];
  commandsTaken: number;
}

/** Disk used below the data folder by part; published as `disk` once in 10 s by the supervisor. */
export interface DiskStats {
  parts: {
    name: 'journal' | 'hits' | 'work' | 'snapshots' | 'clickhouse' | 'other';
    bytes: number;
  }[];
  totalBytes: number;
  freeBytes: number;
}

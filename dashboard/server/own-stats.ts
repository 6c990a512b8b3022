/** What the dashboard says of itself on the stats board. */
import { watchProcess } from '../../platform/index.js';
import { LATENCY_TARGET_MS, type Stats } from '../../schemas/protocol.js';
import type { DashboardStats, HistogramCounts } from '../../schemas/stats.js';
import type { AlertBook } from './alert-book.js';
import type { WorkLog } from './work-tables.js';

/** Seconds; the promised target among them, so that it can be marked in the picture. */
export const LATENCY_BUCKETS = [
  ...[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05],
  LATENCY_TARGET_MS / 1_000,
  ...[0.25, 0.5, 1, 5, 30],
];

/** Counts by bucket, beside the metric, whose counts only a scrape can read. */
export class LatencyCounts implements HistogramCounts {
  readonly bounds = LATENCY_BUCKETS;
  readonly counts = Array.from({ length: LATENCY_BUCKETS.length + 1 }, () => 0);
  sumSeconds = 0;

  add(seconds: number): void {
    const found = this.bounds.findIndex((bound) => seconds <= bound);
    const at = found < 0 ? this.bounds.length : found;
    this.counts[at] = (this.counts[at] ?? 0) + 1;
    this.sumSeconds += seconds;
  }
}

export interface OwnStatsOptions {
  book: AlertBook;
  work: WorkLog & { bytesUsed?(): number };
  /** Of the page's foot. */
  foot: () => Stats;
  latency: LatencyCounts;
  connections: () => number;
  startedMs: number;
}

export class OwnStats {
  private readonly look = watchProcess();
  private last: DashboardStats | undefined;

  constructor(private readonly options: OwnStatsOptions) {}

  /** Once a second: shares and quantiles are those since the last time. */
  take(): DashboardStats {
    const { book, work, foot, latency, connections, startedMs } = this.options;
    const { alertsPerMinute, openAlerts, latencyP50Ms, latencyP99Ms } = foot();
    this.last = {
      ...this.look(),
      startedMs,
      ...{ alertsPerMinute, openAlerts, latencyP50Ms, latencyP99Ms },
      latency: {
        bounds: latency.bounds,
        counts: [...latency.counts],
        sumSeconds: latency.sumSeconds,
      },
      hitsWaiting: book.hitsWaiting,
      workEnd: book.workPosition,
      workBytes: work.bytesUsed?.() ?? 0,
      connections: connections(),
    };
    return this.last;
  }

  /** As last taken. */
  newest(): DashboardStats {
    return this.last ?? this.take();
  }
}

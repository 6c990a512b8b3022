/** The few numbers of the page's foot: the engine's, read from the stats board, and our own. */
import type { StatsBoard } from '../../platform/index.js';
import type { HistoryStatus } from '../../schemas/history.js';
import type { Stats } from '../../schemas/protocol.js';
import type { DemoStats, DiskStats } from '../../schemas/stats.js';
import type { AlertBook } from './alert-book.js';
import type { LatencyWindow, MinuteRate } from './latency.js';

/** The engine publishes once a second; silent for longer it is away. */
export const AWAY_MS = 5_000;
const READ_AGAIN_MS = 500;

/** Measured once in 10 s by the supervisor. */
export const DISK_OLD_MS = 60_000;

/** What we use of the engine's record; whatever is missing shows as 0. */
interface EngineRecord {
  state?: string;
  transactionsPerSecond?: number;
  transactionsTotal?: number;
}

export class StatsSource {
  lastAlertMs: number | null = null;
  private readMs = Number.NEGATIVE_INFINITY;
  private engine: { atMs: number; value: EngineRecord } | undefined;
  private demo: { atMs: number; value: DemoStats } | undefined;
  private disk: { atMs: number; value: DiskStats } | undefined;

  constructor(
    private readonly board: StatsBoard,
    private readonly book: AlertBook,
    private readonly latency: LatencyWindow,
    private readonly alertRate: MinuteRate,
    private readonly history: () => HistoryStatus,
    private readonly nowMs: () => number,
  ) {}

  current(): Stats {
    const now = this.nowMs();
    this.readBoard();
    const { p50, p99 } = this.latency.quantiles(now);
    const value = this.engine?.value;
    const engine = this.engineState(now);
    return {
      atMs: now,
      // What it said before it went is no rate of now.
      transactionsPerSecond: engine === 'away' ? 0 : (value?.transactionsPerSecond ?? 0),
      transactionsTotal: value?.transactionsTotal ?? 0,
      alertsPerMinute: this.alertRate.perMinute(now),
      openAlerts: this.book.store.openCount,
      latencyP50Ms: p50,
      latencyP99Ms: p99,
      engine,
      lastAlertMs: this.lastAlertMs,
      demo: fresh(this.demo, now, AWAY_MS),
      history: this.history(),
      diskBytes: fresh(this.disk, now, DISK_OLD_MS)?.totalBytes ?? null,
    };
  }

  private readBoard(): void {
    if (performance.now() - this.readMs < READ_AGAIN_MS) return;
    this.readMs = performance.now();
    this.engine = this.board.read('engine') as typeof this.engine;
    this.demo = this.board.read('demo') as typeof this.demo;
    this.disk = this.board.read('disk') as typeof this.disk;
  }

  private engineState(nowMs: number): Stats['engine'] {
    if (this.engine === undefined || nowMs - this.engine.atMs > AWAY_MS) return 'away';
    return this.engine.value.state === 'starting' ? 'starting' : 'running';
  }
}

function fresh<T>(
  entry: { atMs: number; value: T } | undefined,
  nowMs: number,
  oldMs: number,
): T | null {
  return entry === undefined || nowMs - entry.atMs > oldMs ? null : entry.value;
}

/**
 * The engine's record on the stats board, once a second: what is counted anyway, read at one place.
 * Rates are over the time since the record before.
 */
import type { Admission } from '../../ingest/index.js';
import {
  type Durations,
  eventLoopDelay,
  type Health,
  type LmdbLog,
  openStatsBoard,
  type ProcessFigures,
  type StatsBoard,
  watchProcess,
} from '../../platform/index.js';
import type { Configuration } from '../../schemas/configuration.js';
import type { Clock } from '../../schemas/ports.js';
import type { EngineStats } from '../../schemas/stats.js';
import { packageVersion } from '../package.js';
import type { HitsWriter } from './hits-writer.js';
import type { Pipeline } from './pipeline.js';
import type { PipelineLogger } from './pipeline-options.js';
import { Count, DURATION_BOUNDS } from './shared-words.js';
import type { Snapshotter } from './snapshotter.js';
import type { Totals } from './totals.js';

/** What stands once the engine's state does. */
export interface EngineParts {
  configuration: Configuration;
  admission: Admission;
  pipeline: Pipeline;
  writer: HitsWriter;
  snapshotter: Snapshotter;
  journal: LmdbLog;
  hits: LmdbLog;
  totals: Totals;
  /** Append to flushed. */
  journalAppend: Durations;
  /** Rules that were active since the start. */
  ruleIds: readonly string[];
}

export interface EngineStatisticsOptions {
  dir: string;
  clock: Clock;
  logger: PipelineLogger;
  health: Health;
}

export class EngineStatistics {
  readonly #options: EngineStatisticsOptions;
  readonly #look: () => ProcessFigures = watchProcess();
  readonly #board: StatsBoard;
  #parts: EngineParts | undefined;
  #failed = false;
  /** As in the record before. */
  #atMs = 0;
  #accepted = 0;
  #hits = 0;
  readonly #bySource = new Map<string, number>();
  readonly #busySeconds: number[] = [];

  constructor(options: EngineStatisticsOptions) {
    this.#options = options;
    const { dir, clock } = options;
    this.#board = openStatsBoard(dir, { nowMs: () => clock.nowMs() });
  }

  /** From here on everything is told; before, only that the engine starts. */
  stands(parts: EngineParts): void {
    this.#parts = parts;
    this.#atMs = performance.now();
    this.#accepted = parts.admission.counters.accepted;
    this.#hits = parts.writer.appended;
  }

  /** The last record: the logs are closed. */
  stopped(): Promise<void> {
    this.#parts = undefined;
    return this.publish();
  }

  /** Never rejects. */
  async publish(): Promise<void> {
    const { logger, health } = this.#options;
    const state = { state: health.state, version: packageVersion(), ...this.#look() };
    const parts = this.#parts;
    const value = parts === undefined ? state : { ...state, ...this.#figures(parts) };
    try {
      await this.#board.publish('engine', value);
      this.#failed = false;
    } catch (error) {
      // A full disk must not end scoring for want of statistics; it is said once.
      const fields = { err: error };
      if (!this.#failed) logger.warn(fields, 'statistics cannot be written');
      this.#failed = true;
    }
  }

  #figures(parts: EngineParts): Omit<EngineStats, 'state' | 'version' | keyof ProcessFigures> {
    const { admission, configuration, journal, hits, writer, pipeline } = parts;
    const seconds = Math.max(0.001, (performance.now() - this.#atMs) / 1000);
    this.#atMs = performance.now();
    const perSecond = (now: number, before: number) =>
      Math.max(0, Math.round((now - before) / seconds));
    parts.totals.poll();
    const { accepted, duplicates, rejected } = admission.counters;
    const { appended } = writer;
    const figures = {
      eventLoopDelay: eventLoopDelay(),
      transactionsTotal: accepted,
      transactionsPerSecond: perSecond(accepted, this.#accepted),
      duplicatesTotal: duplicates,
      sources: this.#sources(admission, perSecond),
      deadLetters: { ...rejected },
      pendingBytes: admission.pendingBytes,
      pendingBytesMax: configuration.pendingBytesMax,
      journalBytes: journal.bytesUsed(),
      journalBytesMax: configuration.journalBytesMax,
      journalFirst: journal.first(),
      journalEnd: admission.nextPosition,
      journalDurableEnd: journal.durableEnd,
      journalAppend: parts.journalAppend.read(),
      watermarkMs: finite(admission.watermarkMs),
      lateTotal: lateTotal(pipeline),
      threads: this.#threads(parts, seconds),
      routedEnd: pipeline.routed,
      scoredEnd: pipeline.scored,
      scoring: scoringOf(parts.totals),
      rules: parts.ruleIds.map((rule) => {
        const { hits: found, evaluations, notApplicable, floods } = parts.totals.rule(rule);
        const counted = { rule, hits: found, evaluations, notApplicable, floods };
        return { ...counted, ...parts.totals.state(rule) };
      }),
      hitsTotal: appended,
      hitsPerSecond: perSecond(appended, this.#hits),
      hitsQueued: writer.queuedHits,
      hitsEnd: hits.durableEnd,
      hitsBytes: hits.bytesUsed(),
      snapshots: snapshotsOf(parts),
    };
    this.#accepted = accepted;
    this.#hits = appended;
    return figures;
  }

  #sources(
    admission: Admission,
    perSecond: (now: number, before: number) => number,
  ): EngineStats['sources'] {
    return [...admission.counters.bySource].map(([name, { total, lastMs }]) => {
      const before = this.#bySource.get(name) ?? 0;
      this.#bySource.set(name, total);
      return { name, total, perSecond: perSecond(total, before), lastMs };
    });
  }

  #threads({ pipeline, totals }: EngineParts, seconds: number): EngineStats['threads'] {
    return pipeline.threads.map(({ index, state, words, writer, restarts }) => {
      const { counts } = words;
      const { sumSeconds } = totals.durations[index];
      const busy = (sumSeconds - (this.#busySeconds[index] ?? sumSeconds)) / seconds;
      this.#busySeconds[index] = sumSeconds;
      return {
        index,
        state,
        heartbeatMs: counts[Count.heartbeatMs],
        ringFillRatio: writer.fillRatio,
        subjects: counts[Count.subjects],
        stateBytes: counts[Count.stateBytes],
        stateFillRatio: counts[Count.regionFillMax],
        restarts,
        busyRatio: Math.min(1, Math.max(0, busy)),
      };
    });
  }
}

function lateTotal({ threads }: Pipeline): EngineStats['lateTotal'] {
  const sum = (column: number) => threads.reduce((all, t) => all + t.words.counts[column], 0);
  return { scored: sum(Count.lateScored), too_late: sum(Count.lateDropped) };
}

function scoringOf({ durations }: Totals): EngineStats['scoring'] {
  return {
    bounds: [...DURATION_BOUNDS],
    counts: Array.from({ length: DURATION_BOUNDS.length + 1 }, (_, i) =>
      durations.reduce((sum, { counts }) => sum + counts[i], 0),
    ),
    sumSeconds: durations.reduce((sum, { sumSeconds }) => sum + sumSeconds, 0),
  };
}

function snapshotsOf({ snapshotter, configuration }: EngineParts): EngineStats['snapshots'] {
  const { lastSuccessMs, written, failed, passed, bytes } = snapshotter;
  return {
    lastMs: lastSuccessMs,
    written,
    failed,
    roundMs: configuration.snapshotRoundMs,
    passed,
    bytes,
  };
}

/** JSON knows no infinity; before the first watermark there is none. */
function finite(ms: number): number {
  return Number.isFinite(ms) ? ms : 0;
}

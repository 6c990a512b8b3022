/** The engine's metrics, read from what is counted anyway; names and meaning in docs/metrics.md. */

import type { Metrics } from '../../platform/index.js';
import { FAMILIES, SEVERITIES } from '../../schemas/hit.js';
import { DEAD_LETTER_REASONS } from '../../schemas/reasons.js';
import type { EngineParts } from './engine-stats.js';
import { APPEND_BOUNDS } from './measured-journal.js';
import { Count, DURATION_BOUNDS } from './shared-words.js';
import type { RuleTotal } from './totals.js';

type SetRule = (value: number, labels: { rule: string }) => void;

export interface Measured extends EngineParts {
  metrics: Metrics;
  sourceNames: readonly string[];
}

/** Registers everything; returns the counter of hits, which the engine adds to. */
export function registerEngineMetrics(m: Measured) {
  const { metrics, pipeline } = m;
  const threads = pipeline.threads.map((t) => String(t.index));
  const perThread = (name: string, help: string, column: number) =>
    metrics.gauge({
      name,
      help,
      labels: { thread: threads },
      collect: (set) => {
        for (const t of pipeline.threads) {
          set(t.words.counts[column], { thread: String(t.index) });
        }
      },
    });
  perThread('subjects', 'Subjects in state.', Count.subjects);
  perThread('state_bytes', 'Bytes of state in use.', Count.stateBytes);
  perThread('state_fill_ratio', 'Fullest region of a thread.', Count.regionFillMax);
  metrics.gauge({
    name: 'scoring_heartbeat_timestamp_seconds',
    help: 'When the thread last went round its loop.',
    labels: { thread: threads },
    collect: (set) => {
      for (const t of pipeline.threads) {
        set(t.words.counts[Count.heartbeatMs] / 1000, { thread: String(t.index) });
      }
    },
  });
  metrics.gauge({
    name: 'ring_fill_ratio',
    help: 'Share of the ring to the thread that is filled.',
    labels: { thread: threads },
    collect: (set) => {
      for (const t of pipeline.threads) set(t.writer.fillRatio, { thread: String(t.index) });
    },
  });
  metrics.counter({
    name: 'thread_restarts_total',
    help: 'Scoring threads started anew.',
    collect: (set) => set(pipeline.threads.reduce((sum, t) => sum + t.restarts, 0)),
  });
  metrics.countedHistogram({
    name: 'scoring_duration_seconds',
    help: 'A batch on a scoring thread.',
    buckets: DURATION_BOUNDS,
    labels: { thread: threads },
    read: ({ thread }) => {
      m.totals.poll();
      return m.totals.durationsOf(Number(thread));
    },
  });
  registerScoring(m);
  registerRules(m);
  registerIngest(m);
  registerJournal(m);
  return metrics.counter({
    name: 'hits_total',
    help: 'Hits appended to the hits log.',
    labels: { family: FAMILIES, severity: SEVERITIES },
  });
}

function registerScoring(m: Measured): void {
  const { metrics, pipeline, snapshotter, writer } = m;
  const sum = (column: number): number =>
    pipeline.threads.reduce((total, t) => total + t.words.counts[column], 0);
  metrics.counter({
    name: 'late_events_total',
    help: 'Late legs: scored as of themselves, or too late and only stored.',
    labels: { outcome: ['scored', 'too_late'] },
    collect: (set) => {
      set(sum(Count.lateScored), { outcome: 'scored' });
      set(sum(Count.lateDropped), { outcome: 'too_late' });
    },
  });
  metrics.gauge({
    name: 'hits_queued',
    help: 'Hits found and not yet in the hits log.',
    collect: (set) => set(writer.queuedHits),
  });
  metrics.counter({
    name: 'hits_repeated_total',
    help: 'Hits left out because their id was in the hits log already.',
    collect: (set) => set(writer.repeated),
  });
  metrics.gauge({
    name: 'snapshot_last_success_timestamp_seconds',
    help: 'When a shard was last written.',
    collect: (set) => set(snapshotter.lastSuccessMs / 1000),
  });
  metrics.counter({
    name: 'snapshots_total',
    help: 'Snapshots of shards, by result.',
    labels: { result: ['written', 'failed'] },
    collect: (set) => {
      set(snapshotter.written, { result: 'written' });
      set(snapshotter.failed, { result: 'failed' });
    },
  });
}

function registerRules({ metrics, totals, ruleIds }: Measured): void {
  const labels = { rule: ruleIds };
  const perRule = (column: keyof RuleTotal) => (set: SetRule) => {
    totals.poll();
    for (const rule of ruleIds) set(totals.rule(rule)[column], { rule });
  };
  metrics.counter({
    name: 'rule_hits_total',
    help: 'Hits found by a rule, repeats included.',
    labels,
    collect: perRule('hits'),
  });
  metrics.counter({
    name: 'rule_evaluations_total',
    help: 'Moments at which a rule was evaluated: class, scope and amount were its.',
    labels,
    collect: perRule('evaluations'),
  });
  metrics.counter({
    name: 'rule_not_applicable_total',
    help: 'Evaluations of a rule whose input was not available.',
    labels,
    collect: perRule('notApplicable'),
  });
  metrics.counter({
    name: 'rule_floods_total',
    help: 'Hits of a rule behind its open breaker: they join one alert.',
    labels,
    collect: perRule('floods'),
  });
  metrics.gauge({
    name: 'rule_breaker_open',
    help: 'Shards in which the breaker of a flooding rule is open.',
    labels,
    collect: (set) => {
      for (const rule of ruleIds) set(totals.state(rule).openShards, { rule });
    },
  });
  metrics.counter({
    name: 'rule_errors_total',
    help: 'Evaluations of a rule that failed and ended their thread.',
    labels,
    collect: perRule('errors'),
  });
}

function registerIngest({ metrics, admission, sourceNames }: Measured): void {
  metrics.counter({
    name: 'ingest_transactions_total',
    help: 'Transactions admitted, by source.',
    labels: { source: [...sourceNames, 'other'] },
    collect: (set) => {
      let other = 0;
      for (const [name, { total }] of admission.counters.bySource) {
        if (sourceNames.includes(name)) set(total, { source: name });
        else other += total;
      }
      set(other, { source: 'other' });
    },
  });
  metrics.counter({
    name: 'ingest_duplicates_total',
    help: 'Transactions that were in the journal already.',
    collect: (set) => set(admission.counters.duplicates),
  });
  metrics.counter({
    name: 'dead_letters_total',
    help: 'Messages refused, by reason.',
    labels: { reason: DEAD_LETTER_REASONS },
    collect: (set) => {
      for (const reason of DEAD_LETTER_REASONS) {
        set(admission.counters.rejected[reason], { reason });
      }
    },
  });
  metrics.gauge({
    name: 'ingest_pending_bytes',
    help: 'Admitted and not yet in the rings, or not yet on disk.',
    collect: (set) => set(admission.pendingBytes),
  });
  metrics.gauge({
    name: 'watermark_timestamp_seconds',
    help: 'Event time up to which the stream is complete.',
    collect: (set) => set(admission.watermarkMs / 1000),
  });
}

function registerJournal({ metrics, admission, journal, journalAppend, hits }: Measured): void {
  metrics.gauge({
    name: 'journal_bytes',
    help: 'Bytes of the journal in use.',
    collect: (set) => set(journal.bytesUsed()),
  });
  metrics.countedHistogram({
    name: 'journal_append_duration_seconds',
    help: 'From handing records to the journal until they were flushed.',
    buckets: APPEND_BOUNDS,
    read: () => journalAppend.read(),
  });
  metrics.gauge({
    name: 'hits_log_bytes',
    help: 'Bytes of the hits log in use.',
    collect: (set) => set(hits.bytesUsed()),
  });
  metrics.gauge({
    name: 'dedupe_horizon_seconds',
    help: 'How far back a repeated id is recognised; 0 before the first transaction.',
    collect: (set) => set(admission.dedupeHorizonMs / 1000),
  });
  metrics.gauge({
    name: 'dedupe_ids',
    help: 'Ids that are remembered.',
    collect: (set) => set(admission.dedupeIds),
  });
  metrics.counter({
    name: 'dead_letters_dropped_total',
    help: 'Dead letters dropped because there were too many; the oldest go.',
    collect: (set) => set(admission.counters.deadLettersDropped),
  });
}

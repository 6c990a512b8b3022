/** The engine's metrics, read from what is counted anyway; names and meaning in docs/metrics.md. */

import type { Admission } from '../../ingest/index.js';
import type { Metrics } from '../../platform/index.js';
import { FAMILIES, SEVERITIES } from '../../schemas/hit.js';
import { DEAD_LETTER_REASONS } from '../../schemas/reasons.js';
import type { HitsWriter } from './hits-writer.js';
import type { Pipeline } from './pipeline.js';
import { Count, DURATION_BOUNDS } from './shared-words.js';
import type { Snapshotter } from './snapshotter.js';

export interface Measured {
  metrics: Metrics;
  admission: Admission;
  pipeline: Pipeline;
  writer: HitsWriter;
  snapshotter: Snapshotter;
  sourceNames: readonly string[];
  /** Grows when a catalogue brings another rule. */
  ruleIds: readonly string[];
  /** Rules in the order of a thread's counters, by the catalogue that it counts under. */
  rulesOf(mark: number): readonly string[];
  journalBytes(): number;
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
  registerScoring(m);
  registerIngest(m);
  return metrics.counter({
    name: 'hits_total',
    help: 'Hits appended to the hits log.',
    labels: { family: FAMILIES, severity: SEVERITIES },
  });
}

function registerScoring(m: Measured): void {
  const { metrics, pipeline, ruleIds, snapshotter, writer } = m;
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
  metrics.counter({
    name: 'rule_hits_total',
    help: 'Hits found by a rule, repeats included.',
    labels: { rule: ruleIds },
    collect: (set) => {
      for (const [rule, hits] of hitsByRule(m)) set(hits, { rule });
    },
  });
  metrics.counter({
    name: 'rule_not_applicable_total',
    help: 'Rule evaluations whose input was not available.',
    collect: (set) => set(sum(Count.notApplicable)),
  });
  metrics.counter({
    name: 'scoring_batch_seconds_total',
    help: 'Time that scoring threads spent in batches.',
    collect: (set) => set(sum(Count.batchSeconds)),
  });
  metrics.counter({
    name: 'scoring_batches_total',
    help: 'Batches scored, by their duration (le = upper bound in seconds).',
    labels: { le: [...DURATION_BOUNDS.map(String), '+Inf'] },
    collect: (set) => {
      for (const [i, le] of DURATION_BOUNDS.entries()) {
        set(sum(Count.durations + i), { le: String(le) });
      }
      set(sum(Count.durations + DURATION_BOUNDS.length), { le: '+Inf' });
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

function hitsByRule({ pipeline, ruleIds, rulesOf }: Measured): Map<string, number> {
  const hits = new Map(ruleIds.map((rule) => [rule, 0]));
  for (const { words } of pipeline.threads) {
    for (const [i, rule] of rulesOf(words.counts[Count.catalogue]).entries()) {
      hits.set(rule, (hits.get(rule) ?? 0) + words.counts[Count.ruleHits + i]);
    }
  }
  return hits;
}

function registerIngest({ metrics, admission, sourceNames, journalBytes }: Measured): void {
  metrics.counter({
    name: 'ingest_transactions_total',
    help: 'Transactions admitted, by source.',
    labels: { source: [...sourceNames, 'other'] },
    collect: (set) => {
      let other = 0;
      for (const [name, count] of admission.counters.acceptedBySource) {
        if (sourceNames.includes(name)) set(count, { source: name });
        else other += count;
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
    name: 'journal_bytes',
    help: 'Bytes of the journal in use.',
    collect: (set) => set(journalBytes()),
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

/**
 * What scoring threads have counted since the start, by rule and by thread. A thread counts in
 * memory of its own life and under the catalogue of the moment; here the differences are added up,
 * so that nothing goes back when a thread is replaced or the catalogue changes.
 */
import type { EngineStats, HistogramCounts } from '../../schemas/stats.js';
import { Count, DURATION_BOUNDS, RULES_MAX, type SharedWords } from './shared-words.js';
import type { ThreadHost } from './thread-host.js';

export interface RuleTotal {
  hits: number;
  /** Moments that passed the rule's prefilter. */
  evaluations: number;
  notApplicable: number;
  errors: number;
  /** Hits behind an open breaker. */
  floods: number;
}

/** How a rule stands now, over all threads. */
export interface RuleState {
  /** `gone`: not scored under the catalogue in force. */
  state: EngineStats['rules'][number]['state'];
  /** Shards in which its breaker is open. */
  openShards: number;
  /** Event time until which its windows fill; 0 = they are whole. */
  warmingUntilMs: number;
}

const COLUMNS = {
  hits: Count.ruleHits,
  evaluations: Count.ruleEvaluations,
  notApplicable: Count.ruleNotApplicable,
  errors: Count.ruleErrors,
  floods: Count.ruleFloods,
} as const;

type Counted = Pick<ThreadHost, 'index' | 'words' | 'past'>;

export class Totals {
  readonly rules = new Map<string, RuleTotal>();
  /** Batches of a thread by duration. */
  readonly durations: { counts: Float64Array; sumSeconds: number }[] = [];
  readonly #threads: readonly Counted[];
  readonly #rulesOf: (mark: number) => readonly string[];
  readonly #isShadow: (mark: number, rule: string) => boolean;
  /** What was taken over already, of each life that still counts. */
  readonly #taken = new WeakMap<SharedWords, Float64Array>();

  /** `rulesOf`: rules in the order of a thread's counters, by the catalogue it counts under. */
  constructor(
    threads: readonly Counted[],
    rulesOf: (mark: number) => readonly string[],
    isShadow: (mark: number, rule: string) => boolean = () => false,
  ) {
    this.#threads = threads;
    this.#rulesOf = rulesOf;
    this.#isShadow = isShadow;
    for (const { index } of threads) {
      const counts = new Float64Array(DURATION_BOUNDS.length + 1);
      this.durations[index] = { counts, sumSeconds: 0 };
    }
  }

  /** Takes over what was counted since the last time. */
  poll(): void {
    for (const { index, words, past } of this.#threads) {
      for (const ended of past.splice(0)) this.#take(index, ended);
      this.#take(index, words);
    }
  }

  rule(id: string): RuleTotal {
    let total = this.rules.get(id);
    if (total === undefined) {
      total = { hits: 0, evaluations: 0, notApplicable: 0, errors: 0, floods: 0 };
      this.rules.set(id, total);
    }
    return total;
  }

  state(id: string): RuleState {
    const state: RuleState = { state: 'gone', openShards: 0, warmingUntilMs: 0 };
    for (const { words } of this.#threads) {
      const { counts } = words;
      const mark = counts[Count.catalogue];
      const i = this.#rulesOf(mark).indexOf(id);
      if (i < 0) continue;
      state.state = this.#isShadow(mark, id) ? 'shadow' : 'active';
      state.openShards += counts[Count.ruleOpenShards + i];
      state.warmingUntilMs = Math.max(state.warmingUntilMs, counts[Count.ruleWarmingMs + i]);
    }
    return state;
  }

  durationsOf(thread: number): HistogramCounts {
    const { counts, sumSeconds } = this.durations[thread];
    return { bounds: [...DURATION_BOUNDS], counts: [...counts], sumSeconds };
  }

  #take(thread: number, words: SharedWords): void {
    const now = words.counts.slice();
    const before = this.#taken.get(words) ?? new Float64Array(now.length);
    this.#taken.set(words, now);
    const mark = now[Count.catalogue];
    // Under another catalogue the thread counts its rules from 0.
    if (mark !== before[Count.catalogue]) before.fill(0, Count.ruleHits);
    const since = (at: number): number => Math.max(0, now[at] - before[at]);
    for (const [i, id] of this.#rulesOf(mark).slice(0, RULES_MAX).entries()) {
      const total = this.rule(id);
      for (const column of Object.keys(COLUMNS) as (keyof RuleTotal)[]) {
        total[column] += since(COLUMNS[column] + i);
      }
    }
    const { counts } = this.durations[thread];
    for (let i = 0; i < counts.length; i++) counts[i] += since(Count.durations + i);
    this.durations[thread].sumSeconds += since(Count.batchSeconds);
  }
}

/**
 * What a scoring thread and its host share besides the rings: a few words of control and the
 * thread's counters. The host reads counters when somebody asks; the thread never sends them.
 */

/** Int32 words. */
export const Word = {
  /** Counts up when there is something for the host; the host waits on it. */
  bell: 0,
  /** 1: the host wants the bell after the next batch (a sender waits for a decision). */
  wantBell: 16,
  /** 1: the snapshot buffer is in use. */
  snapshotBusy: 32,
} as const;

/** Rules and typologies that run, at most: each has a word in every row of counters. */
export const RULES_MAX = 512;
const RULES_AT = 64;

/** Float64 words behind the Int32 ones. */
const COUNTERS_OFFSET = 256;
export const Count = {
  heartbeatMs: 0,
  /** Journal position of the record being scored. */
  position: 1,
  legs: 2,
  hits: 3,
  subjects: 4,
  stateBytes: 5,
  /** Fullest region, 0 .. 1. */
  regionFillMax: 6,
  lateScored: 7,
  lateDropped: 8,
  legsKept: 9,
  legsDroppedAtCap: 10,
  postponed: 12,
  reversalsApplied: 13,
  reversalsUnmatched: 14,
  batches: 15,
  batchSeconds: 16,
  repeatedOrigins: 17,
  laterUnjudged: 18,
  /** 1 while a command or a watermark is applied, which may take seconds. */
  inControl: 19,
  /** Which catalogue rules are counted under, see `catalogueMark`. */
  catalogue: 20,
  /** Counts of batches by duration, one a bound and one beyond. */
  durations: 32,
  /** By the rule's place in the catalogue. */
  ruleHits: RULES_AT,
  ruleEvaluations: RULES_AT + RULES_MAX,
  ruleNotApplicable: RULES_AT + 2 * RULES_MAX,
  ruleErrors: RULES_AT + 3 * RULES_MAX,
  /** Hits behind an open breaker. */
  ruleFloods: RULES_AT + 4 * RULES_MAX,
  /** Not counted up, but as it is now: shards whose breaker is open; warming until, epoch ms. */
  ruleOpenShards: RULES_AT + 5 * RULES_MAX,
  ruleWarmingMs: RULES_AT + 6 * RULES_MAX,
} as const;
export const CONTROL_BYTES = COUNTERS_OFFSET + 8 * (RULES_AT + 7 * RULES_MAX);

/** Upper bounds of a batch's duration, seconds. */
export const DURATION_BOUNDS = [
  0.00001, 0.000025, 0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 1,
] as const;

/** A catalogue as a number: the first 8 digits of its SHA-256. */
export function catalogueMark(sha256: string): number {
  return Number.parseInt(sha256.slice(0, 8), 16);
}

export class SharedWords {
  readonly words: Int32Array;
  readonly counts: Float64Array;

  constructor(readonly buffer: SharedArrayBuffer = new SharedArrayBuffer(CONTROL_BYTES)) {
    this.words = new Int32Array(buffer, 0, COUNTERS_OFFSET / 4);
    this.counts = new Float64Array(buffer, COUNTERS_OFFSET);
  }

  /** A row of counters by rule. */
  byRule(column: number): Float64Array {
    return this.counts.subarray(column, column + RULES_MAX);
  }

  ring(): void {
    Atomics.add(this.words, Word.bell, 1);
    Atomics.notify(this.words, Word.bell);
  }
}

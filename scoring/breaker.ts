/**
 * The breaker of a flooding rule: counts the hits of each rule in one shard by ten minutes of event
 * time, so that it opens at the same hit for any number of threads. Open, hits go on, flagged; it
 * closes with its ten minutes.
 */

export const BREAKER_MS = 600_000;

/** Rule, its newest ten minutes, hits in them: as written beside a snapshot. */
export type BreakerCount = [rule: string, bucket: number, hits: number];

export class Breaker {
  readonly #counts = new Map<string, { bucket: number; hits: number }>();

  constructor(counts: readonly BreakerCount[] = []) {
    for (const [rule, bucket, hits] of counts) this.#counts.set(rule, { bucket, hits });
  }

  /**
   * True when this hit is one of a flood: more than `max` in its ten minutes. A late hit belongs to
   * the newest ten minutes of its rule. One that a late leg brings up again is not counted (`isNew`
   * false), for it may be known already.
   */
  takes(rule: string, atMs: number, isNew: boolean, max: number): boolean {
    const bucket = Math.floor(atMs / BREAKER_MS);
    let count = this.#counts.get(rule);
    if (count === undefined) this.#counts.set(rule, (count = { bucket, hits: 0 }));
    if (bucket > count.bucket) {
      count.bucket = bucket;
      count.hits = 0;
    }
    if (isNew) count.hits++;
    return count.hits > max;
  }

  /** Whether the rule's breaker is open and its ten minutes not over at `nowMs` of event time. */
  isOpen(rule: string, nowMs: number, max: number): boolean {
    const count = this.#counts.get(rule);
    return count !== undefined && count.hits > max && nowMs < (count.bucket + 1) * BREAKER_MS;
  }

  counts(): BreakerCount[] {
    return [...this.#counts].map(([rule, { bucket, hits }]) => [rule, bucket, hits]);
  }
}

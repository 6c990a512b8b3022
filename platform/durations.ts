/**
 * Durations counted by upper bound, each once. What scoring threads count in shared memory has the
 * same shape, so that one kind of metric shows both.
 */
import type { HistogramCounts } from '../schemas/stats.js';

export class Durations {
  readonly counts: Float64Array;
  sumSeconds = 0;

  /** `bounds`: upper bounds in seconds, ascending. */
  constructor(readonly bounds: readonly number[]) {
    this.counts = new Float64Array(bounds.length + 1);
  }

  observe(seconds: number): void {
    let i = 0;
    while (i < this.bounds.length && seconds > this.bounds[i]) i++;
    this.counts[i]++;
    this.sumSeconds += seconds;
  }

  read(): HistogramCounts {
    const { bounds, counts, sumSeconds } = this;
    return { bounds: [...bounds], counts: [...counts], sumSeconds };
  }
}

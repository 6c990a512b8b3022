/** The past of the demo: the older part of the sample and of the planted customers, by time. */
import type { TransactionFields } from '../../schemas/transaction-codec.js';
import { seededRandom } from './random.js';
import type { Sample } from './sample.js';
import { plantedPast } from './scenarios.js';

const DAY_MS = 86_400_000;
const PAST_SEED = 7;

export interface Past {
  readonly count: number;
  transaction(i: number): TransactionFields;
  /** First row of the sample that is not past. */
  readonly sampleEnd: number;
}

/** Merges the two once; row `i` is always the same transaction. */
export function buildPast(sample: Sample, endMs: number, liveDays: number): Past {
  const cutMs = endMs - liveDays * DAY_MS;
  let sampleEnd = 0;
  while (sampleEnd < sample.count && sample.eventMs(sampleEnd) < cutMs) sampleEnd++;
  const planted = plantedPast(seededRandom(PAST_SEED)).map((row, i) => {
    const eventTimeMs = Math.floor(endMs - row.daysAgo * DAY_MS);
    return { id: `demo-past-${i}`, eventTimeMs, ...row.fields } satisfies TransactionFields;
  });
  const earlier = planted.filter((t) => t.eventTimeMs < cutMs);
  // Row i of the past: i >= 0 a row of the sample, else planted row -1 - i.
  const order = new Int32Array(sampleEnd + earlier.length);
  let next = 0;
  let p = 0;
  for (let s = 0; s < sampleEnd; s++) {
    while (p < earlier.length && (earlier[p]?.eventTimeMs ?? 0) <= sample.eventMs(s)) {
      order[next++] = -1 - p++;
    }
    order[next++] = s;
  }
  while (p < earlier.length) order[next++] = -1 - p++;
  return {
    count: order.length,
    sampleEnd,
    transaction: (i) => {
      const at = order[i] as number;
      return at >= 0 ? sample.transaction(at) : (earlier[-1 - at] as TransactionFields);
    },
  };
}

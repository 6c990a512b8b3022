/**
 * How fast one thread scores: from ring bytes to the canonical bytes of hits, in this process, with
 * the shipped rules. Legs are written a chunk at a time beside the clock; only scoring is timed.
 */
import { figure, median, whole } from './figures.js';
import type { Bench, BenchAnswer, BenchOptions } from './question.js';
import {
  BATCH,
  CHUNK,
  PLANTED_SUBJECTS,
  type Population,
  type RunFigures,
  SHARDS,
  Stream,
} from './scoring-stream.js';

const populations: readonly (Population & { name: string })[] = [
  { name: '100 k hot subjects', subjects: 100_000, perDay: 4, stateMiB: 1_024 },
  { name: '1 M subjects, uniform', subjects: 1_000_000, perDay: 1, stateMiB: 4_096 },
];

export const scoringBench: Bench = { name: 'scoring', run: runScoring };

async function runScoring({ quick, progress }: BenchOptions): Promise<BenchAnswer> {
  const runs = quick ? 1 : 5;
  const count = quick ? 5_000 : 400_000;
  const rows: string[][] = [];
  for (const full of populations) {
    const population = quick ? { ...full, subjects: 2_000, stateMiB: 128 } : full;
    progress(`${full.name}: filling the state`);
    const stream = new Stream(population);
    // Every subject pays and is paid about twice: rows, pairs and lists stand, code is compiled.
    stream.run(quick ? count : Math.max(count, population.subjects * 2));
    const found = Array.from({ length: runs }, (_, i) => {
      progress(`${full.name}: run ${i + 1} of ${runs}`);
      return stream.run(count);
    });
    rows.push(rowOf(full.name, found, stream));
  }
  return {
    question: 'How many transactions a second does one thread score, from ring bytes to hits?',
    load:
      'payments between two customers, so two legs each: 80 % cards at one of 2 % of them, the ' +
      'rest transfers to a usual payee, so that hits are the planted; ' +
      `withdrawals just under the line planted for ${PLANTED_SUBJECTS} subjects; seeded; the ` +
      `shipped rules; a watermark every ${whole(CHUNK)} transactions, so that days close too`,
    n: `${runs} run(s) a row of ${whole(count)} transactions each, after filling the state`,
    method:
      `one ScoringOperator, ${SHARDS} shards, batches of ${BATCH} legs, touched ahead; hits ` +
      'written as canonical JSON bytes. Writing the legs is not timed. Median; the slowest and ' +
      'fastest run beside it.',
    columns: [
      'what',
      'transactions/s',
      'slowest',
      'fastest',
      'ns a leg',
      'legs a hit',
      'B a subject',
    ],
    rows,
  };
}

function rowOf(name: string, found: readonly RunFigures[], stream: Stream): string[] {
  const rates = found.map((f) => f.perSecond);
  const rate = median(rates);
  const legs = found.reduce((sum, f) => sum + f.legs, 0);
  const hits = found.reduce((sum, f) => sum + f.hits, 0);
  return [
    name,
    figure(rate),
    figure(Math.min(...rates)),
    figure(Math.max(...rates)),
    figure(1e9 / rate / 2),
    whole(legs / hits),
    whole(stream.bytesPerSubject()),
  ];
}

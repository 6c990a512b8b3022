/**
 * What bounds a scoring thread: how it slows down with more subjects, what one very busy subject
 * costs, what the rules cost, and how long it is ever away. Ratios within one run.
 */
import { totalmem } from 'node:os';
import type { Catalogue } from '../schemas/catalogue.js';
import { figure, median, ms, whole } from './figures.js';
import type { Bench, BenchAnswer, BenchOptions } from './question.js';
import { type Population, type RunFigures, Stream, shippedCatalogue } from './scoring-stream.js';

const GIB = 2 ** 30;
const HOT_SHARE = 0.3;
/** Memory that a subject of the curve may need at most. */
const SUBJECT_BYTES_MAX = 4_096;
const CURVE = [10_000, 100_000, 1_000_000, 10_000_000] as const;

export const scoringLimitsBench: Bench = { name: 'scoring-limits', run };

interface Found {
  nsPerLeg: number;
  worstMs: number;
  bytesPerSubject: number;
  legsShare: number;
}

async function run(options: BenchOptions): Promise<BenchAnswer> {
  const { quick, progress } = options;
  const shipped = shippedCatalogue();
  const measure = (population: Population, catalogue: Catalogue): Found => {
    progress(`${whole(population.subjects)} subjects, ${catalogue.rules.length} rules`);
    return measured(population, catalogue, quick);
  };
  const sizes = CURVE.filter((n) => (quick ? n <= 10_000 : n * SUBJECT_BYTES_MAX < totalmem()));
  const curve = sizes.map((subjects) => measure(populationOf(subjects), shipped));
  const base = quick ? 2_000 : 100_000;
  const even = measure(populationOf(base), shipped);
  const hot = measure({ ...populationOf(base), hotShare: HOT_SHARE }, shipped);
  const one = { ...shipped, rules: shipped.rules.slice(0, 1), typologies: [] };
  const bare = measure(populationOf(base), one);
  // Of the time of all payments, the others take what they take without the busy one.
  const busy = (hot.nsPerLeg - (1 - HOT_SHARE) * even.nsPerLeg) / HOT_SHARE;
  const active = shipped.rules.filter((r) => r.state === 'active' || r.state === 'shadow').length;
  const perRule = (even.nsPerLeg - bare.nsPerLeg) / Math.max(1, active - 1);
  const left = CURVE.filter((n) => !sizes.includes(n)).map(whole);
  return {
    question: 'What bounds a scoring thread: subjects, one busy subject, rules, pauses, bytes?',
    load: 'as of the bench `scoring`; one subject makes 30 % of the payments where it says so',
    n: quick
      ? '1 run a row of 4,000 transactions'
      : 'median of 3 runs a row of 200,000 transactions',
    method:
      'as of the bench `scoring`. Worst pause: the longest batch of 64 legs or watermark of a ' +
      'run, writing beside it left out; a day that closes for every subject within one watermark ' +
      'is among them. Bytes a subject: all state by subjects, lists and tables included.',
    columns: ['what', 'ns a leg', 'against 100 k', 'worst ms', 'B a subject', 'legs, % of it'],
    rows: [
      ...curve.map((f, i) => rowOf(`${whole(sizes[i])} subjects`, f, even)),
      rowOf(`one subject with 30 % of ${whole(base)}`, hot, even),
      rowOf(`one rule only, ${whole(base)}`, bare, even),
    ],
    notes: [
      `The busy subject costs ${figure(busy / even.nsPerLeg)} times the median a leg (aim: 2).`,
      `A rule more costs ${figure(perRule)} ns a leg (${active} rules against one).`,
      'Budgets: 768 B an active subject, 40 B a leg in a list; a leg takes a line of 64 B.',
      ...(left.length > 0 ? [`Left out for want of memory or time: ${left.join(', ')}.`] : []),
    ],
  };
}

function populationOf(subjects: number): Population {
  const stateMiB = Math.max(256, Math.ceil((subjects * SUBJECT_BYTES_MAX * 2) / 2 ** 20 / 64) * 64);
  return { subjects, perDay: 2, stateMiB: Math.min(stateMiB, (16 * GIB) / 2 ** 20) };
}

function measured(population: Population, catalogue: Catalogue, quick: boolean): Found {
  const stream = new Stream(population, catalogue);
  const count = quick ? 4_000 : 200_000;
  stream.run(quick ? count : Math.max(count, population.subjects * 2));
  const runs: RunFigures[] = Array.from({ length: quick ? 1 : 3 }, () => stream.run(count));
  const bytesPerSubject = stream.bytesPerSubject();
  return {
    nsPerLeg: median(runs.map((r) => 5e8 / r.perSecond)),
    worstMs: Math.max(...runs.map((r) => r.worstMs)),
    bytesPerSubject,
    legsShare: (stream.legsMiB() * 2 ** 20 * 100) / (bytesPerSubject * population.subjects),
  };
}

function rowOf(name: string, f: Found, even: Found): string[] {
  return [
    name,
    figure(f.nsPerLeg),
    figure(f.nsPerLeg / even.nsPerLeg),
    ms(f.worstMs),
    whole(f.bytesPerSubject),
    figure(f.legsShare),
  ];
}

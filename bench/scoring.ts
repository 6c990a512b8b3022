/**
 * How fast one thread scores: from ring bytes to the canonical bytes of hits, in this process, with
 * the shipped rules. Legs are written a chunk at a time beside the clock; only scoring is timed.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { ClassBit as B } from '../schemas/classes.js';
import * as L from '../schemas/generated/records.js';
import { loadCatalogue, RegionHeader, ScoringOperator } from '../scoring/index.js';
import { figure, median, whole } from './figures.js';
import { LEG_BYTES_MAX, type Payment, Subjects, writeLeg } from './legs.js';
import type { Bench, BenchAnswer, BenchOptions } from './question.js';
import { seeded } from './random.js';

const SHARDS = 64;
const BATCH = 64;
const CHUNK = 4_096;
const START_MS = Date.UTC(2026, 0, 5);
const DAY_MS = 86_400_000;
/** Makes about one hit in 1,000 legs: two rules tell each of these withdrawals. */
const PLANTED_SHARE = 0.001;
const PLANTED_SUBJECTS = 100;
const MIB = 1024 * 1024;

interface Population {
  name: string;
  subjects: number;
  /** Payments made by a subject a day; sets how fast event time passes. */
  perDay: number;
  /** State of all shards; pages that are not used are not committed. */
  stateMiB: number;
}
const populations: readonly Population[] = [
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
      'transfers between two customers, so two legs each; 90 % to one of five usual payees; ' +
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

interface RunFigures {
  perSecond: number;
  legs: number;
  hits: number;
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

/** One operator and the endless stream of payments that it is fed with. */
class Stream {
  readonly #operator: ScoringOperator;
  readonly #subjects: Subjects;
  readonly #population: Population;
  readonly #random = seeded(11);
  readonly #bytes = new Uint8Array(CHUNK * 2 * LEG_BYTES_MAX);
  readonly #view = new DataView(this.#bytes.buffer);
  readonly #starts = new Int32Array(CHUNK * 2 + BATCH);
  readonly #batch = new Int32Array(BATCH * 2);
  #position = 0;
  #eventMs = START_MS;
  #hits = 0;
  #hitBytes = 0;

  constructor(population: Population) {
    this.#population = population;
    this.#subjects = new Subjects(population.subjects);
    const regionBytes = (population.stateMiB / SHARDS) * MIB;
    this.#operator = new ScoringOperator({
      buffer: new SharedArrayBuffer(regionBytes * SHARDS),
      regionBytes,
      shards: Array.from({ length: SHARDS }, (_, i) => i),
      catalogue: shippedCatalogue(),
      zoneTable: [{ fromMs: 0, offsetMs: 8 * 3_600_000 }],
      latenessMs: 600_000,
      evidenceMax: 100,
      emit: (hit) => {
        this.#hits++;
        this.#hitBytes += Buffer.from(JSON.stringify(hit)).byteLength;
      },
    });
  }

  run(count: number): RunFigures {
    const hitsBefore = this.#hits;
    let seconds = 0;
    for (let done = 0; done < count; done += CHUNK) {
      const legs = this.#write(Math.min(CHUNK, count - done));
      const start = performance.now();
      this.#score(legs);
      seconds += (performance.now() - start) / 1000;
    }
    return { perSecond: count / seconds, legs: count * 2, hits: this.#hits - hitsBefore };
  }

  bytesPerSubject(): number {
    const { shards } = this.#operator;
    const used = shards.reduce((sum, s) => sum + s.region.usedBytes, 0);
    const subjects = shards.reduce((sum, s) => sum + s.region.f64[RegionHeader.subjects], 0);
    return used / subjects;
  }

  #write(count: number): number {
    let at = 0;
    let legs = 0;
    for (let i = 0; i < count; i++) {
      const payment = this.#payment();
      for (const credit of [false, true]) {
        this.#starts[legs++] = at;
        at = writeLeg(this.#bytes, this.#view, at, this.#subjects, payment, credit, SHARDS);
      }
    }
    return legs;
  }

  #payment(): Payment {
    const { subjects, perDay } = this.#population;
    const random = this.#random;
    const cash = random() < PLANTED_SHARE;
    const kind = cash ? B.cash : B.transfer;
    const debtor = Math.floor(random() * (cash ? PLANTED_SUBJECTS : subjects));
    const usual = (debtor + 7_919 * (1 + Math.floor(random() * 5))) % subjects;
    const creditor = random() < 0.9 ? usual : Math.floor(random() * subjects);
    this.#eventMs += DAY_MS / (subjects * perDay);
    return {
      position: this.#position++,
      eventMs: Math.floor(this.#eventMs),
      amountMinor: cash ? 4_200_000 : 100 + Math.floor(random() * 1_000_000),
      debtor,
      creditor: creditor === debtor ? (debtor + 1) % subjects : creditor,
      debitBits: B.debit | kind | B.customerMade,
      creditBits: B.credit | kind,
    };
  }

  #score(legs: number): void {
    const operator = this.#operator;
    for (let from = 0; from < legs; from += BATCH) {
      const count = Math.min(BATCH, legs - from);
      for (let i = 0; i < count; i++) this.#batch[i] = this.#starts[from + i];
      operator.touchAhead(this.#bytes, this.#view, this.#batch, count);
      for (let i = 0; i < count; i++) operator.apply(this.#bytes, this.#view, this.#batch[i]);
    }
    this.#bytes[L.LEG_KIND] = 3;
    this.#view.setFloat64(L.LEG_POSITION, this.#position++, true);
    this.#view.setFloat64(L.LEG_EVENT_MS, Math.floor(this.#eventMs) - 600_000, true);
    this.#view.setFloat64(L.LEG_INGEST_MS, Math.floor(this.#eventMs), true);
    operator.apply(this.#bytes, this.#view, 0);
  }
}

function shippedCatalogue() {
  // From dist/bench, where this runs.
  const folder = new URL('../../scoring/catalogue/rules/', import.meta.url);
  const names = readdirSync(folder).sort();
  return loadCatalogue(
    names.map((path) => ({ path, text: readFileSync(new URL(path, folder), 'utf8') })),
  );
}

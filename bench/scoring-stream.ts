/**
 * One ScoringOperator and the endless stream of payments that the scoring benches feed it with:
 * mostly card payments at a few merchants, transfers to a usual payee, seeded. Legs are written a
 * chunk at a time beside the clock; only scoring is timed.
 */
import { readdirSync, readFileSync } from 'node:fs';
import type { Catalogue } from '../schemas/catalogue.js';
import { ClassBit as B } from '../schemas/classes.js';
import * as L from '../schemas/generated/records.js';
import { loadCatalogue, RegionHeader, ScoringOperator } from '../scoring/index.js';
import { LEG_BYTES_MAX, type Payment, Subjects, writeLeg } from './legs.js';
import { seeded } from './random.js';

export const SHARDS = 64;
export const BATCH = 64;
export const CHUNK = 4_096;
const START_MS = Date.UTC(2026, 0, 5);
const DAY_MS = 86_400_000;
/** Withdrawals just under the line, of a few subjects, so that something hits. */
const PLANTED_SHARE = 0.0005;
export const PLANTED_SUBJECTS = 50;
const CARD_SHARE = 0.8;
const MERCHANT_SHARE = 0.02;
const MIB = 1024 * 1024;
const LEG_LINE_BYTES = 64;

export interface Population {
  subjects: number;
  /** Payments made by a subject a day; sets how fast event time passes. */
  perDay: number;
  /** State of all shards; pages that are not used are not committed. */
  stateMiB: number;
  /** Part of all payments that one subject makes. */
  hotShare?: number;
}

export interface RunFigures {
  perSecond: number;
  legs: number;
  hits: number;
  /** Longest that a batch or a watermark kept the thread. */
  worstMs: number;
}

export class Stream {
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
  #worstMs = 0;

  constructor(population: Population, catalogue = shippedCatalogue()) {
    this.#population = population;
    this.#subjects = new Subjects(population.subjects);
    const regionBytes = (population.stateMiB / SHARDS) * MIB;
    this.#operator = new ScoringOperator({
      buffer: new SharedArrayBuffer(regionBytes * SHARDS),
      regionBytes,
      shards: Array.from({ length: SHARDS }, (_, i) => i),
      catalogue,
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
    this.#worstMs = 0;
    for (let done = 0; done < count; done += CHUNK) {
      const legs = this.#write(Math.min(CHUNK, count - done));
      const start = performance.now();
      this.#score(legs);
      seconds += (performance.now() - start) / 1000;
    }
    const hits = this.#hits - hitsBefore;
    return { perSecond: count / seconds, legs: count * 2, hits, worstMs: this.#worstMs };
  }

  bytesPerSubject(): number {
    const used = this.#operator.shards.reduce((sum, s) => sum + s.region.usedBytes, 0);
    return used / this.#sum(RegionHeader.subjects);
  }

  /** Legs in the lists, their ids left out, in MiB of all the state. */
  legsMiB(): number {
    const legs = this.#sum(RegionHeader.legsRecent) + this.#sum(RegionHeader.legsNotable);
    return (legs * LEG_LINE_BYTES) / MIB;
  }

  #sum(word: number): number {
    return this.#operator.shards.reduce((sum, s) => sum + s.region.f64[word], 0);
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
    const { subjects, perDay, hotShare = 0 } = this.#population;
    const random = this.#random;
    const cash = random() < PLANTED_SHARE;
    const isHot = random() < hotShare;
    const card = !cash && random() < CARD_SHARE;
    const chosen = Math.floor(random() * (cash ? PLANTED_SUBJECTS : subjects));
    const debtor = isHot ? 0 : chosen;
    const merchants = Math.max(1, Math.floor(subjects * MERCHANT_SHARE));
    const usual = (debtor + 7_919) % subjects;
    const creditor = card ? subjects - 1 - Math.floor(random() * merchants) : usual;
    this.#eventMs += DAY_MS / (subjects * perDay);
    const kind = cash ? B.cash : card ? B.card : B.transfer;
    return {
      position: this.#position++,
      eventMs: Math.floor(this.#eventMs),
      amountMinor: cash ? 4_200_000 : 100 + Math.floor(random() * 100_000),
      debtor,
      creditor: creditor === debtor ? (debtor + 1) % subjects : creditor,
      debitBits: B.debit | kind | B.customerMade,
      creditBits: B.credit | kind | (card ? B.merchantReceipt : 0),
    };
  }

  #score(legs: number): void {
    const operator = this.#operator;
    let from = performance.now();
    const note = (): void => {
      const now = performance.now();
      this.#worstMs = Math.max(this.#worstMs, now - from);
      from = now;
    };
    for (let first = 0; first < legs; first += BATCH) {
      const count = Math.min(BATCH, legs - first);
      for (let i = 0; i < count; i++) this.#batch[i] = this.#starts[first + i];
      operator.touchAhead(this.#bytes, this.#view, this.#batch, count);
      for (let i = 0; i < count; i++) operator.apply(this.#bytes, this.#view, this.#batch[i]);
      note();
    }
    this.#bytes[L.LEG_KIND] = 3;
    this.#view.setFloat64(L.LEG_POSITION, this.#position++, true);
    this.#view.setFloat64(L.LEG_EVENT_MS, Math.floor(this.#eventMs) - 600_000, true);
    this.#view.setFloat64(L.LEG_INGEST_MS, Math.floor(this.#eventMs), true);
    operator.apply(this.#bytes, this.#view, 0);
    note();
  }
}

export function shippedCatalogue(): Catalogue {
  // From dist/bench, where this runs.
  const folder = new URL('../../scoring/catalogue/rules/', import.meta.url);
  const names = readdirSync(folder).sort();
  return loadCatalogue(
    names.map((path) => ({ path, text: readFileSync(new URL(path, folder), 'utf8') })),
  );
}

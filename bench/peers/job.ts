/**
 * The peers' job on Weir's scoring: the stream as ring bytes, the rules as catalogue entries, hits
 * reduced to the five numbers that are compared (rule, account, transaction, event time, value),
 * because two of the rules fire on most transactions. One thread; only scoring is timed.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { ClassBit as B, packProfile } from '../../schemas/classes.js';
import * as L from '../../schemas/generated/records.js';
import { loadCatalogue, RegionHeader, ScoringOperator } from '../../scoring/index.js';
import { LEG_BYTES_MAX, Subjects, writeLeg } from '../legs.js';
import {
  newStreamPayment,
  PeerStream,
  STREAM_START_MS,
  STREAM_STEP_MS,
  type StreamPayment,
  TYPE,
  type Variant,
  writeInt64,
} from './stream.js';

const SHARDS = 64;
const BATCH = 64;
const CHUNK = 4_096;
const MIB = 1024 * 1024;
/** The busiest account of the uneven variant has a tenth of the traffic, all within 24 h. */
const REGION_BYTES = 120 * MIB;
const LEGS_PER_SUBJECT_MAX = [1 << 24, 1 << 24] as const;
const WATCHED_EVERY = 1_000;
const RULES = 5;
const ALERT_WORDS = 5;
const ALERT_BYTES = ALERT_WORDS * 8;
/** In the stream all are persons; the rule on watched accounts is for every thousandth. */
const WATCHED = packProfile({
  kind: 'person',
  tier: 'base',
  riskClass: 2,
  watch: ['key-corporate'],
  lists: [],
});
const TYPE_BITS: Record<number, number> = {
  [TYPE.transfer]: B.transfer,
  [TYPE.cashIn]: B.cash,
  [TYPE.card]: B.card,
};

/** Alerts in the order found, five numbers each. */
class Alerts {
  readonly counts = new Array<number>(RULES + 1).fill(0);
  #rows = new Float64Array(1 << 16);
  #used = 0;

  add(rule: number, account: number, transaction: number, eventMs: number, value: number): void {
    this.counts[rule]++;
    if (this.#used + ALERT_WORDS > this.#rows.length) {
      const more = new Float64Array(this.#rows.length * 2);
      more.set(this.#rows);
      this.#rows = more;
    }
    const rows = this.#rows;
    rows[this.#used++] = rule;
    rows[this.#used++] = account;
    rows[this.#used++] = transaction;
    rows[this.#used++] = eventMs;
    rows[this.#used++] = value;
  }

  /** SHA-256 over all, by transaction, rule and account, five little-endian int64 each. */
  sha256(): string {
    const rows = this.#rows;
    const order = new Uint32Array(this.#used / ALERT_WORDS).map((_, i) => i * ALERT_WORDS);
    order.sort(
      (a, b) => rows[a + 2] - rows[b + 2] || rows[a] - rows[b] || rows[a + 1] - rows[b + 1],
    );
    const hash = createHash('sha256');
    const bytes = new Uint8Array(ALERT_BYTES);
    const view = new DataView(bytes.buffer);
    for (const at of order) {
      for (let word = 0; word < ALERT_WORDS; word++) writeInt64(view, word * 8, rows[at + word]);
      hash.update(bytes);
    }
    return hash.digest('hex');
  }
}

export interface JobResult {
  /** Alerts of rules 1 to 5. */
  counts: number[];
  sha256: string;
  /** Transactions a second while the window fills, and from the half on. */
  fillingPerSecond: number;
  steadyPerSecond: number;
  accounts: number;
  bytesPerAccount: number;
}

/** `rulesPath`: bench/peers/rules.yaml, wherever the caller has it. */
export function runJob(variant: Variant, transactions: number, rulesPath: string): JobResult {
  const job = new Job(variant, rulesPath);
  const half = Math.floor(transactions / 2);
  const fillingSeconds = job.run(half);
  const steadySeconds = job.run(transactions - half);
  return {
    counts: job.alerts.counts.slice(1),
    sha256: job.alerts.sha256(),
    fillingPerSecond: half / fillingSeconds,
    steadyPerSecond: (transactions - half) / steadySeconds,
    ...job.memory(),
  };
}

class Job {
  readonly alerts = new Alerts();
  readonly #operator: ScoringOperator;
  readonly #stream: PeerStream;
  readonly #subjects: Subjects;
  readonly #payment: StreamPayment = newStreamPayment();
  readonly #bytes = new Uint8Array(CHUNK * 2 * LEG_BYTES_MAX);
  readonly #view = new DataView(this.#bytes.buffer);
  readonly #starts = new Int32Array(CHUNK * 2 + BATCH);
  readonly #batch = new Int32Array(BATCH * 2);
  /** Both accounts of each payment of the chunk. */
  readonly #parties = new Int32Array(CHUNK * 2);
  #done = 0;
  #chunkStart = 0;

  constructor(variant: Variant, rulesPath: string) {
    this.#stream = new PeerStream(variant);
    this.#subjects = new Subjects(variant.accounts);
    this.#operator = new ScoringOperator({
      buffer: new SharedArrayBuffer(REGION_BYTES * SHARDS),
      regionBytes: REGION_BYTES,
      shards: Array.from({ length: SHARDS }, (_, i) => i),
      catalogue: loadCatalogue([{ path: 'rules.yaml', text: readFileSync(rulesPath, 'utf8') }]),
      zoneTable: [{ fromMs: 0, offsetMs: 8 * 3_600_000 }],
      latenessMs: 600_000,
      evidenceMax: 0,
      legsPerSubjectMax: LEGS_PER_SUBJECT_MAX,
      onOutcome: (rule, _band, observed, m) => {
        const account = this.#parties[(m.position - this.#chunkStart) * 2 + m.side];
        // Theirs are numbered from 1; ours stand in the order of their ids.
        this.alerts.add(rule.index + 1, account, m.position, m.atMs, observed);
      },
      emit: () => {
        throw new Error('outcomes are asked for, not hits');
      },
    });
  }

  /** Scores the next `count` payments; seconds of scoring alone. */
  run(count: number): number {
    let seconds = 0;
    const end = this.#done + count;
    while (this.#done < end) {
      const legs = this.#write(Math.min(CHUNK, end - this.#done));
      const start = performance.now();
      this.#score(legs);
      seconds += (performance.now() - start) / 1000;
    }
    return seconds;
  }

  memory(): { accounts: number; bytesPerAccount: number } {
    const regions = this.#operator.shards.map((shard) => shard.region);
    const accounts = regions.reduce((sum, r) => sum + r.f64[RegionHeader.subjects], 0);
    const bytes = regions.reduce((sum, r) => sum + r.usedBytes, 0);
    return { accounts, bytesPerAccount: bytes / accounts };
  }

  #write(count: number): number {
    const p = this.#payment;
    this.#chunkStart = this.#done;
    let at = 0;
    let legs = 0;
    for (let i = 0; i < count; i++) {
      this.#stream.read(this.#done, p);
      this.#parties[i * 2] = p.debtor;
      this.#parties[i * 2 + 1] = p.creditor;
      const bits = (TYPE_BITS[p.type] ?? 0) | (p.crossBorder ? B.crossBorder : 0);
      const leg = {
        position: this.#done++,
        eventMs: p.eventMs,
        amountMinor: p.amount,
        debtor: p.debtor,
        creditor: p.creditor,
        debitBits: bits | B.debit,
        creditBits: bits | B.credit,
        balanceAfter: p.balanceAfter,
        ...(p.debtor % WATCHED_EVERY === 0 && { debtorProfile: WATCHED }),
      };
      for (const credit of [false, true]) {
        this.#starts[legs++] = at;
        at = writeLeg(this.#bytes, this.#view, at, this.#subjects, leg, credit, SHARDS);
      }
    }
    return legs;
  }

  #score(legs: number): void {
    const operator = this.#operator;
    for (let from = 0; from < legs; from += BATCH) {
      const count = Math.min(BATCH, legs - from);
      for (let i = 0; i < count; i++) this.#batch[i] = this.#starts[from + i];
      operator.touchAhead(this.#bytes, this.#view, this.#batch, count);
      for (let i = 0; i < count; i++) operator.apply(this.#bytes, this.#view, this.#batch[i]);
    }
    this.#watermark();
  }

  /** Time moves on as it does live: half the lateness behind. */
  #watermark(): void {
    const nowMs = STREAM_START_MS + STREAM_STEP_MS * this.#done;
    this.#bytes[L.LEG_KIND] = 3;
    this.#view.setFloat64(L.LEG_POSITION, this.#done - 1, true);
    this.#view.setFloat64(L.LEG_EVENT_MS, nowMs - 600_000, true);
    this.#view.setFloat64(L.LEG_INGEST_MS, nowMs, true);
    this.#operator.apply(this.#bytes, this.#view, 0);
  }
}

/** Counts who and what was looked at: what alerts are set against. Reads admitted records. */
import { RecordFlag } from '../../schemas/classes.js';
import * as R from '../../schemas/generated/records.js';
import type { Population } from './types.js';

/** Of a journal record; the other kind is control. */
const KIND_TRANSACTION = 1;

export class Census {
  readonly #subjects = new Set<number>();
  #legs = 0;
  #firstMs = Number.POSITIVE_INFINITY;
  #lastMs = Number.NEGATIVE_INFINITY;

  /** Counts event times in [fromMs, toMs). */
  constructor(
    readonly fromMs = Number.NEGATIVE_INFINITY,
    readonly toMs = Number.POSITIVE_INFINITY,
  ) {}

  take(record: Uint8Array): void {
    const head = new DataView(record.buffer, record.byteOffset, record.byteLength);
    if (head.getUint8(R.RECORD_HEADER_KIND) !== KIND_TRANSACTION) return;
    const eventMs = head.getFloat64(R.RECORD_HEADER_EVENT_MS, true);
    if (eventMs < this.fromMs || eventMs >= this.toMs) return;
    this.#firstMs = Math.min(this.#firstMs, eventMs);
    this.#lastMs = Math.max(this.#lastMs, eventMs);
    const flags = head.getUint32(R.RECORD_HEADER_FLAGS, true);
    if ((flags & RecordFlag.debtorExternal) === 0) {
      this.#leg(head, R.RECORD_HEADER_DEBTOR_HASH_LOW, R.RECORD_HEADER_DEBTOR_HASH_HIGH);
    }
    if ((flags & RecordFlag.creditorExternal) === 0) {
      this.#leg(head, R.RECORD_HEADER_CREDITOR_HASH_LOW, R.RECORD_HEADER_CREDITOR_HASH_HIGH);
    }
  }

  #leg(head: DataView, low: number, high: number): void {
    this.#legs++;
    // 53 bits of the hash: what a number holds exactly, and no string a leg.
    const top = head.getUint32(high, true) & 0x1fffff;
    this.#subjects.add(top * 2 ** 32 + head.getUint32(low, true));
  }

  /** Without limits of its own it spans what it saw. */
  get population(): Population {
    const seen = this.#legs > 0;
    const within = (limit: number, found: number): number =>
      Number.isFinite(limit) ? limit : seen ? found : 0;
    return {
      customers: this.#subjects.size,
      legs: this.#legs,
      fromMs: within(this.fromMs, this.#firstMs),
      // Behind the day that closes last.
      toMs: within(this.toMs, this.#lastMs + 86_400_000),
    };
  }
}

/**
 * Of a stream of journal records those that can matter to one subject: its transactions, and what
 * controls say to everybody. Its trick: of the watermarks, which are nearly all controls, it keeps
 * the one before each of the subject's records (it decides what is late) and one an hour besides
 * (days close on them).
 */
import { RecordFlag } from '../../schemas/classes.js';
import * as R from '../../schemas/generated/records.js';
import { hashText, hashWords } from '../../schemas/identity.js';

export interface KeptRecord {
  position: number;
  bytes: Uint8Array;
  isControl: boolean;
}

/** Of a journal record; the other kind is transaction. */
const KIND_CONTROL = 2;
const WATERMARK_EVERY_MS = 3_600_000;
/** Of the subject's own records at least the newest so many are kept. */
const RECORDS_MAX = 200_000;
const WATERMARK = Buffer.from('"type":"watermark"');

export class SubjectRecords {
  readonly #low: number;
  readonly #high: number;
  #records: KeptRecord[] = [];
  #own = 0;
  /** The newest watermark, not kept yet. */
  #pending: KeptRecord | undefined;
  #keptWatermarkMs = Number.NEGATIVE_INFINITY;
  /** Older records of the subject were dropped. */
  isCut = false;

  /** Keeps between `recordsMax` and twice as many of the subject's own records. */
  constructor(
    readonly subject: string,
    readonly recordsMax = RECORDS_MAX,
  ) {
    hashText(subject);
    this.#low = hashWords[0];
    this.#high = hashWords[1];
  }

  /** Records in log order; the bytes are copied where they are kept. */
  take(position: number, bytes: Uint8Array): void {
    const head = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (head.getUint8(R.RECORD_HEADER_KIND) === KIND_CONTROL) {
      this.#control({ position, bytes, isControl: true }, head);
      return;
    }
    if (!this.concerns(head)) return;
    this.#keepPending();
    this.#records.push({ position, bytes: bytes.slice(), isControl: false });
    this.#own++;
    if (this.#own > 2 * this.recordsMax) this.#cut();
  }

  /** Whether a leg of the record is the subject's. */
  concerns(head: DataView): boolean {
    const is = (low: number, high: number): boolean =>
      head.getUint32(low, true) === this.#low && head.getUint32(high, true) === this.#high;
    const flags = head.getUint32(R.RECORD_HEADER_FLAGS, true);
    return (
      ((flags & RecordFlag.debtorExternal) === 0 &&
        is(R.RECORD_HEADER_DEBTOR_HASH_LOW, R.RECORD_HEADER_DEBTOR_HASH_HIGH)) ||
      ((flags & RecordFlag.creditorExternal) === 0 &&
        is(R.RECORD_HEADER_CREDITOR_HASH_LOW, R.RECORD_HEADER_CREDITOR_HASH_HIGH))
    );
  }

  /** Whether a routed leg is the subject's. */
  isOwn(leg: DataView): boolean {
    return (
      leg.getUint32(R.LEG_SUBJECT_HASH_LOW, true) === this.#low &&
      leg.getUint32(R.LEG_SUBJECT_HASH_HIGH, true) === this.#high
    );
  }

  get own(): number {
    return this.#own;
  }

  get records(): readonly KeptRecord[] {
    this.#keepPending();
    return this.#records;
  }

  #control(record: KeptRecord, head: DataView): void {
    const from = head.getUint32(R.RECORD_HEADER_PAYLOAD_OFFSET, true);
    const payload = Buffer.from(record.bytes.buffer, record.bytes.byteOffset + from, 40);
    if (!payload.includes(WATERMARK)) {
      this.#keepPending();
      this.#records.push({ ...record, bytes: record.bytes.slice() });
      return;
    }
    this.#pending = { ...record, bytes: record.bytes.slice() };
    const ingestMs = head.getFloat64(R.RECORD_HEADER_INGEST_MS, true);
    if (ingestMs < this.#keptWatermarkMs + WATERMARK_EVERY_MS) return;
    this.#keptWatermarkMs = ingestMs;
    this.#keepPending();
  }

  #keepPending(): void {
    if (this.#pending === undefined) return;
    this.#records.push(this.#pending);
    this.#pending = undefined;
  }

  /** Drops the older half of the subject's own records; controls stay. */
  #cut(): void {
    let drop = this.#own - this.recordsMax;
    this.#own = this.recordsMax;
    this.isCut = true;
    this.#records = this.#records.filter((r) => r.isControl || drop-- <= 0);
  }
}

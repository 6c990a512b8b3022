/**
 * What admission refuses goes to the dead letters in the commit of its turn: messages that were
 * refused when they came, and records that turned out to kill their scoring thread.
 */
import {
  RECORD_HEADER_INGEST_MS,
  RECORD_HEADER_ORIGIN_INDEX,
  RECORD_HEADER_ORIGIN_OFFSET,
  RECORD_HEADER_ORIGIN_PARTITION,
  RECORD_HEADER_ORIGIN_SOURCE,
  RECORD_HEADER_PAYLOAD_LENGTH,
  RECORD_HEADER_PAYLOAD_OFFSET,
} from '../../schemas/generated/records.js';
import type { AlsoCommit, SideTable } from '../../schemas/ports.js';
import { DEAD_LETTER_REASONS, type DeadLetterReason } from '../../schemas/reasons.js';
import { type DeadLetterHead, type DeadLetterLimits, DeadLetterWriter } from './dead-letters.js';

type Put = NonNullable<AlsoCommit['put']>[number];

export class Refusals {
  readonly counts = Object.fromEntries(DEAD_LETTER_REASONS.map((reason) => [reason, 0])) as Record<
    DeadLetterReason,
    number
  >;
  readonly #letters: DeadLetterWriter;
  readonly #put: (puts: readonly Put[]) => void;

  constructor(table: SideTable, limits: DeadLetterLimits, put: (puts: readonly Put[]) => void) {
    this.#letters = new DeadLetterWriter(table, limits);
    this.#put = put;
  }

  get dropped(): number {
    return this.#letters.dropped;
  }

  bury(head: Omit<DeadLetterHead, 'rawBytes'>, raw: Uint8Array): void {
    this.counts[head.reason]++;
    const puts: Put[] = [];
    this.#letters.write(head, raw, puts);
    this.#put(puts);
  }

  /** A record of the journal; `sources` tells the source of its origin. */
  buryRecord(
    position: number,
    record: Uint8Array,
    reason: DeadLetterReason,
    detail: string,
    sources: { name(source: number): string },
  ): void {
    const view = new DataView(record.buffer, record.byteOffset, record.byteLength);
    const source = view.getUint16(RECORD_HEADER_ORIGIN_SOURCE, true);
    const from = view.getUint32(RECORD_HEADER_PAYLOAD_OFFSET, true);
    const to = from + view.getUint32(RECORD_HEADER_PAYLOAD_LENGTH, true);
    const origin = {
      source,
      partition: view.getUint16(RECORD_HEADER_ORIGIN_PARTITION, true),
      offset: view.getFloat64(RECORD_HEADER_ORIGIN_OFFSET, true),
      index: view.getUint32(RECORD_HEADER_ORIGIN_INDEX, true),
    };
    const ingestMs = view.getFloat64(RECORD_HEADER_INGEST_MS, true);
    const told = `record ${position}: ${detail}`;
    const head = { reason, detail: told, source: sources.name(source), origin, ingestMs };
    this.bury(head, record.subarray(from, to));
  }
}

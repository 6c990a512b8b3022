/**
 * What admission knows after a restart, read back from the journal: numbers of the sources, ids for
 * dedupe, the stream's time. Only the tail that dedupe remembers is read.
 */

import { RecordFlag } from '../../schemas/classes.js';
import { slots } from '../../schemas/codegen/runtime.js';
import { type ControlRecord, controlSchema } from '../../schemas/control.js';
import {
  RECORD_HEADER_EVENT_MS,
  RECORD_HEADER_FLAGS,
  RECORD_HEADER_INGEST_MS,
  RECORD_HEADER_KIND,
  RECORD_HEADER_ORIGIN_INDEX,
  RECORD_HEADER_ORIGIN_OFFSET,
  RECORD_HEADER_ORIGIN_PARTITION,
  RECORD_HEADER_ORIGIN_SOURCE,
  RECORD_HEADER_PAYLOAD_LENGTH,
  RECORD_HEADER_PAYLOAD_OFFSET,
} from '../../schemas/generated/records.js';
import { TRANSACTION_ID, verifyTransaction } from '../../schemas/generated/transaction.js';
import { hashWords, murmur3x64 } from '../../schemas/identity.js';
import type { Checkpoint, Remembered } from './checkpoint.js';
import { contentWords, hashContent } from './content.js';
import type { Journal } from './journal.js';
import type { OriginMarks } from './origin-marks.js';
import { KIND_CONTROL, KIND_TRANSACTION } from './record-writer.js';

/** Volumes per source and bank day, with the position up to which they count. */
export const VOLUMES_META = 'volumes';
const READ_RECORDS = 4096;
const CONTROL_PAGE = 1024;
const decoder = new TextDecoder();

/** Names and numbers of the sources, and the next offset of each of their partitions. */
export class SourceNumbers {
  readonly #numbers = new Map<string, number>();
  readonly #offsets = new Map<string, number>();
  readonly #marks: OriginMarks;
  readonly #journal: Journal;
  #next = 1;

  constructor(journal: Journal, marks: OriginMarks) {
    this.#journal = journal;
    this.#marks = marks;
  }

  number(name: string): number | undefined {
    return this.#numbers.get(name);
  }

  name(number: number): string {
    for (const [name, known] of this.#numbers) if (known === number) return name;
    return `source ${number}`;
  }

  names(): ReadonlyMap<string, number> {
    return this.#numbers;
  }

  add(name: string, number = this.#next): number {
    this.#numbers.set(name, number);
    this.#next = Math.max(this.#next, number + 1);
    return number;
  }

  /** Of what the journal's tail held, and of everything since. */
  get marks(): OriginMarks {
    return this.#marks;
  }

  offset(name: string, partition: number): number {
    const number = this.#numbers.get(name);
    const key = offsetKey(number, partition);
    if (number === undefined || key === undefined) return 0;
    let offset = this.#offsets.get(key);
    if (offset === undefined) {
      offset = Number(this.#journal.getMeta(key) ?? 0);
      this.#offsets.set(key, offset);
    }
    return Math.max(offset, this.#marks.nextOffset(number, partition));
  }

  /** Returns the key that the offset is committed under. */
  setOffset(name: string, partition: number, offset: number): string {
    const key = offsetKey(this.#numbers.get(name), partition);
    if (key === undefined) throw new Error(`source ${name} has no number yet`);
    this.#offsets.set(key, offset);
    return key;
  }
}

function offsetKey(number: number | undefined, partition: number): string | undefined {
  return number === undefined ? undefined : `offset:${number}:${partition}`;
}

export interface Restored {
  sources: SourceNumbers;
  anyTransaction: boolean;
}

/** Control records of the index (all but watermarks), oldest first. */
export function* readControls(
  journal: Pick<Journal, 'table'>,
): Generator<{ position: number; record: ControlRecord }> {
  const table = journal.table('control');
  let from = 0;
  for (;;) {
    const page = table.range({ from, limit: CONTROL_PAGE });
    for (const { key, value } of page) {
      const position = Number(key);
      from = position + 1;
      yield { position, record: controlSchema.parse(JSON.parse(decoder.decode(value))) };
    }
    if (page.length < CONTROL_PAGE) return;
  }
}

/** Fills what is remembered, from its checkpoint if there is one, and from the journal. */
export async function restoreJournal(
  journal: Journal,
  known: Remembered,
  checkpoint?: Checkpoint,
  onProgress?: (done: number, total: number) => void,
): Promise<Restored> {
  const { dedupe, keeper, marks } = known;
  const sources = new SourceNumbers(journal, marks);
  for (const { record } of readControls(journal)) {
    if (record.type === 'source') sources.add(record.name, record.number);
  }
  const end = journal.end();
  const taken = await checkpoint?.load(journal);
  const start = taken ?? Math.max(journal.first(), end - dedupe.idsMax);
  const volumes = parseVolumes(journal.getMeta(VOLUMES_META));
  const countFrom = Math.max(volumes?.position ?? 0, taken ?? 0);
  if (volumes?.position === countFrom) keeper.restoreVolumes(volumes.counts);
  const tail = new TailReader(known, countFrom, checkpoint);
  tail.anyTransaction = taken !== undefined;
  for (let from = start; from < end; ) {
    const records = journal.read(from, READ_RECORDS);
    if (records.length === 0) break;
    for (const { position, bytes } of records) tail.take(position, bytes);
    from = records[records.length - 1].position + 1;
    onProgress?.(from - start, end - start);
    await checkpoint?.durable(end);
    // A long journal must not starve the process's heartbeat.
    await new Promise((resolve) => setImmediate(resolve));
  }
  return { sources, anyTransaction: tail.anyTransaction };
}

export function volumesMeta(position: number, counts: string): string {
  return JSON.stringify({ position, counts });
}

function parseVolumes(
  meta: string | number | Uint8Array | undefined,
): { position: number; counts: string } | undefined {
  return typeof meta === 'string' ? JSON.parse(meta) : undefined;
}

class TailReader {
  anyTransaction = false;
  readonly #known: Remembered;
  readonly #countFrom: number;
  readonly #checkpoint: Checkpoint | undefined;

  constructor(known: Remembered, countFrom: number, checkpoint: Checkpoint | undefined) {
    this.#known = known;
    this.#countFrom = countFrom;
    this.#checkpoint = checkpoint;
  }

  take(position: number, record: Uint8Array): void {
    const view = new DataView(record.buffer, record.byteOffset, record.byteLength);
    const kind = view.getUint8(RECORD_HEADER_KIND);
    const payloadOffset = view.getUint32(RECORD_HEADER_PAYLOAD_OFFSET, true);
    const payloadEnd = payloadOffset + view.getUint32(RECORD_HEADER_PAYLOAD_LENGTH, true);
    const ingestMs = view.getFloat64(RECORD_HEADER_INGEST_MS, true);
    if (kind === KIND_TRANSACTION) {
      this.anyTransaction = true;
      this.#transaction(position, record.subarray(payloadOffset, payloadEnd), view, ingestMs);
    } else if (kind === KIND_CONTROL) {
      this.#control(record.subarray(payloadOffset, payloadEnd), ingestMs);
    }
  }

  #transaction(position: number, payload: Uint8Array, view: DataView, ingestMs: number): void {
    const what = verifyTransaction(payload);
    if (what !== null) {
      throw new Error(`journal: record ${position} is damaged (${what}); restore it from a backup`);
    }
    murmur3x64(payload, slots[TRANSACTION_ID], slots[TRANSACTION_ID + 1]);
    hashContent(payload);
    const { dedupe, marks, keeper } = this.#known;
    dedupe.add(hashWords, contentWords[0], contentWords[1], ingestMs);
    const history = (view.getUint32(RECORD_HEADER_FLAGS, true) & RecordFlag.history) !== 0;
    const source = view.getUint16(RECORD_HEADER_ORIGIN_SOURCE, true);
    const partition = view.getUint16(RECORD_HEADER_ORIGIN_PARTITION, true);
    const offset = view.getFloat64(RECORD_HEADER_ORIGIN_OFFSET, true);
    marks.note(source, partition, offset, view.getUint32(RECORD_HEADER_ORIGIN_INDEX, true));
    keeper.observe(
      source,
      partition,
      view.getFloat64(RECORD_HEADER_EVENT_MS, true),
      ingestMs,
      history,
      position >= this.#countFrom,
    );
    this.#checkpoint?.note(position + 1);
  }

  #control(payload: Uint8Array, ingestMs: number): void {
    const json = JSON.parse(decoder.decode(payload)) as { type?: string };
    if (json.type !== 'watermark') return;
    const record = controlSchema.parse(json);
    if (record.type === 'watermark') this.#known.keeper.restore(record, ingestMs);
  }
}

/**
 * Admission: from the bytes of a source to a record of the journal, or to a dead letter with its
 * reason. Its one trick: outcomes are values and all working state is reused, so the way of a good
 * transaction makes one object, the view of its record. What was admitted is handed to scoring at
 * once, in position order; only the acknowledgement waits for the disk.
 */
import type { ControlRecord } from '../../schemas/control.js';
import type {
  AdmissionOutcome,
  OfferResult,
  SourceBatch,
  SourceHost,
  SourceItem,
} from '../../schemas/ports.js';
import type { DeadLetterReason } from '../../schemas/reasons.js';
import { changedProfiles, type ReferenceTables } from '../reference/tables.js';
import { WatermarkKeeper } from '../watermark.js';
import type { AdmissionCounters, AdmissionOptions } from './admission-options.js';
import { Checkpoint, type Remembered } from './checkpoint.js';
import { contentWords } from './content.js';
import { DEAD_LETTERS_TABLE } from './dead-letters.js';
import { Dedupe } from './dedupe.js';
import { Feed } from './feed.js';
import { Judge } from './judge.js';
import { OriginMarks } from './origin-marks.js';
import { writeControl, writeTransaction } from './record-writer.js';
import { Refusals } from './refusals.js';
import {
  type Restored,
  restoreJournal,
  type SourceNumbers,
  VOLUMES_META,
  volumesMeta,
} from './restore.js';
import { rememberVerified } from './verified.js';

const DEAD_LETTERS_MAX = 100_000;
/** They stand in the journal's file, of which they may take an eighth. */
const DEAD_LETTERS_BYTES_MAX = 256 * 1024 * 1024;
/** Profiles that change with reference data, for each commit. */
const PROFILES_AT_ONCE = 100_000;
/** Ever: a shard remembers what it has seen of 128 of them, for all time. */
const SOURCES_MAX = 120;
const RETRY_AFTER_MS = 1_000;

/** Reads the journal's tail, then takes transactions. */
export async function createAdmission(options: AdmissionOptions): Promise<Admission> {
  const { configuration, reference, clock } = options;
  const keeper = new WatermarkKeeper({
    latenessMs: configuration.latenessMs,
    idleAfterMs: configuration.idleAfterMs,
    intervalMs: configuration.watermarkIntervalMs,
    zoneTable: reference.data.zoneTable,
  });
  const dedupe = new Dedupe(configuration.dedupeIdsMax);
  const known = { dedupe, keeper, marks: new OriginMarks() };
  const checkpoint = options.checkpoint && new Checkpoint(options.checkpoint, known);
  const { journal, onRestoring } = options;
  const restored = await restoreJournal(journal, known, checkpoint, onRestoring);
  keeper.restored(clock.nowMs());
  return new Admission(options, known, restored, checkpoint);
}

export class Admission implements SourceHost {
  readonly counters: AdmissionCounters;
  readonly #options: AdmissionOptions;
  readonly #feed: Feed;
  readonly #dedupe: Dedupe;
  readonly #keeper: WatermarkKeeper;
  readonly #checkpoint: Checkpoint | undefined;
  readonly #sources: SourceNumbers;
  readonly #refusals: Refusals;
  readonly #judge: Judge;
  readonly #timer: NodeJS.Timeout;
  /** Any transaction in the journal: then changed profiles must be told to the shards. */
  #anyTransaction: boolean;

  constructor(
    options: AdmissionOptions,
    { dedupe, keeper }: Remembered,
    restored: Restored,
    checkpoint: Checkpoint | undefined,
  ) {
    this.#options = options;
    this.#dedupe = dedupe;
    this.#keeper = keeper;
    this.#checkpoint = checkpoint;
    this.#sources = restored.sources;
    this.#judge = new Judge(options.configuration, dedupe, options.reference);
    this.#anyTransaction = restored.anyTransaction;
    const { configuration, journal } = options;
    this.#feed = new Feed({
      journal,
      pendingBytesMax: configuration.pendingBytesMax,
      journalBytesMax: configuration.journalBytesMax,
      onFailed: options.onFailed,
      ...(options.diskHasRoom && { diskHasRoom: options.diskHasRoom }),
    });
    const limits = {
      lettersMax: options.deadLettersMax ?? DEAD_LETTERS_MAX,
      bytesMax: Math.min(DEAD_LETTERS_BYTES_MAX, configuration.journalBytesMax / 8),
      rawBytesMax: configuration.messageBytesMax,
    };
    const letters = journal.table(DEAD_LETTERS_TABLE);
    this.#refusals = new Refusals(letters, limits, (puts) => this.#feed.put(puts));
    this.counters = {
      accepted: 0,
      duplicates: 0,
      rejected: this.#refusals.counts,
      bySource: new Map(),
      deadLettersDropped: 0,
    };
    this.#timer = setInterval(() => this.tick(), configuration.watermarkIntervalMs);
    this.#timer.unref();
  }

  get nextPosition(): number {
    return this.#feed.nextPosition;
  }
  /** Every record below is on the disk. */
  get durableEnd(): number {
    return this.#feed.durableEnd;
  }
  get pendingBytes(): number {
    return this.#feed.pendingBytes;
  }
  get reference(): ReferenceTables {
    return this.#judge.reference;
  }
  get watermarkMs(): number {
    return this.#keeper.watermarkMs;
  }
  /** Age of the oldest id that is still known, ms: a repeat of an older one is taken again. */
  get dedupeHorizonMs(): number {
    const oldestMs = this.#dedupe.oldestIngestMs();
    return oldestMs === undefined ? 0 : this.#options.clock.nowMs() - oldestMs;
  }
  get dedupeIds(): number {
    return this.#dedupe.count;
  }

  /** Next offset for a partition of a source: where it goes on, also after a restart. */
  sourceOffset(name: string, partition: number): number {
    return this.#sources.offset(name, partition);
  }

  /** False for a name that would be one too many; names are never forgotten. */
  canTake(name: string): boolean {
    return this.#sources.number(name) !== undefined || this.#sources.names().size < SOURCES_MAX;
  }

  onRoom(listener: () => void): void {
    this.#feed.onRoom(listener);
  }

  /** The engine has taken every record below `position`. */
  consumed(position: number): void {
    this.#feed.consumed(position);
  }

  offer(batch: SourceBatch): OfferResult {
    if (this.#feed.full()) return { full: true, retryAfterMs: RETRY_AFTER_MS };
    const ingestMs = this.#options.clock.nowMs();
    const source = this.#sourceNumber(batch.source);
    const outcomes: AdmissionOutcome[] = [];
    try {
      this.#admitAll(batch, source, ingestMs, outcomes);
    } finally {
      // Whatever happened: an offset that stands in a record is never given out again.
      if (batch.nextOffset !== undefined) {
        const key = this.#sources.setOffset(batch.source, batch.partition, batch.nextOffset);
        this.#feed.setMeta(key, batch.nextOffset);
      }
    }
    const flushed = this.#feed.flushed();
    this.#feed.cut();
    return { full: false, outcomes, flushed };
  }

  #admitAll(
    batch: SourceBatch,
    source: number,
    ingestMs: number,
    outcomes: AdmissionOutcome[],
  ): void {
    let accepted = 0;
    for (const item of batch.items) {
      const outcome = this.#admit(item, batch, source, ingestMs);
      if (outcome === 'accepted') {
        accepted++;
        if (batch.quiet !== true) outcomes.push(this.#accepted(item.bytes, batch.history));
        if (this.#keeper.due(ingestMs)) this.#writeWatermark(ingestMs);
      } else if (batch.quiet !== true) {
        outcomes.push(this.#notAccepted(outcome, item.bytes));
      }
    }
    this.counters.accepted += accepted;
    if (accepted === 0) return;
    const { bySource } = this.counters;
    const total = (bySource.get(batch.source)?.total ?? 0) + accepted;
    bySource.set(batch.source, { total, lastMs: ingestMs });
  }

  idle(sourceName: string): void {
    const source = this.#sources.number(sourceName);
    if (source === undefined) return;
    this.#keeper.idle(source);
    this.tick();
  }

  /** Told again, nothing happens: a sender who got no answer repeats himself. */
  ended(sourceName: string): void {
    const source = this.#sources.number(sourceName);
    if (source === undefined || this.#keeper.hasEnded(source)) return;
    this.#keeper.ended(source);
    this.tick();
    const asOfMs = this.#options.clock.nowMs();
    this.appendControl({ type: 'history-end', source, asOfMs });
  }

  /** The record at a position is scored no more, and is found among the dead letters. */
  quarantine(position: number): void {
    const [found] = this.#options.journal.read(position, 1);
    this.appendControl({ type: 'quarantine', position });
    if (found === undefined) return;
    const detail = 'killed its scoring thread three times';
    const sources = this.#sources;
    this.#refusals.buryRecord(position, found.bytes, 'quarantined', detail, sources);
  }

  /** Puts a control record in order with the transactions; returns its position. */
  appendControl(record: ControlRecord): number {
    const position = this.#feed.nextPosition;
    const ingestMs = this.#options.clock.nowMs();
    const { bytes, json } = writeControl(this.#feed.slabs, position, record, ingestMs);
    this.#feed.push(bytes);
    // The index is read whole now and then: only what somebody looks up stands in it.
    if (record.type !== 'watermark' && record.type !== 'profile') {
      this.#feed.put([{ table: 'control', key: position, value: json }]);
    }
    this.#options.onAdmitted(position, bytes);
    return position;
  }

  /**
   * Takes new reference data into use: the control record first (its blob must be stored already),
   * then one `profile` record for each subject whose profile changed. `reference` is the new one
   * when `onAdmitted` sees the record. Returns the position of the record.
   */
  switchReference(tables: ReferenceTables, sha256: string): number {
    const before = this.#judge.reference;
    this.#judge.reference = tables;
    this.#keeper.setZoneTable(tables.data.zoneTable);
    const position = this.appendControl({ type: 'reference', version: tables.version, sha256 });
    if (this.#anyTransaction) {
      changedProfiles(before, tables).forEach(({ subject, profile }, i) => {
        this.appendControl({ type: 'profile', subject, profile });
        if (i % PROFILES_AT_ONCE === PROFILES_AT_ONCE - 1) this.#feed.cut();
      });
    }
    this.#feed.cut();
    return position;
  }

  /** About once a second (its own timer calls it): watermark, and room in the journal. */
  tick(): void {
    if (this.#feed.failed) return;
    const nowMs = this.#options.clock.nowMs();
    if (this.#keeper.due(nowMs)) this.#writeWatermark(nowMs);
    this.#feed.poll();
    void this.#checkpoint?.durable(this.#feed.durableEnd);
  }

  /** Appends what is waiting; resolves when all of it is durable. */
  flush(): Promise<void> {
    return this.#feed.drain();
  }

  /** Takes nothing more; resolves when everything admitted is durable. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#feed.drain();
    await this.#checkpoint?.durable(this.#feed.durableEnd);
  }

  #writeWatermark(nowMs: number): void {
    const record = this.#keeper.take(nowMs);
    if (record === undefined) return;
    const position = this.appendControl(record);
    this.#feed.setMeta(VOLUMES_META, volumesMeta(position, this.#keeper.volumes()));
  }

  #sourceNumber(name: string): number {
    const known = this.#sources.number(name);
    if (known !== undefined) return known;
    if (!this.canTake(name)) throw new RangeError(`more than ${SOURCES_MAX} sources`);
    const number = this.#sources.add(name);
    this.appendControl({ type: 'source', name, number });
    return number;
  }

  #admit(
    item: SourceItem,
    batch: SourceBatch,
    source: number,
    ingestMs: number,
  ): DeadLetterReason | 'accepted' | 'duplicate' {
    const { annex, id } = this.#judge;
    annex.source = source;
    annex.partition = batch.partition;
    annex.offset = item.offset;
    annex.index = item.index;
    annex.ingestMs = ingestMs;
    const reason = this.#judge.judge(item, batch.history);
    if (reason === 'duplicate') {
      this.counters.duplicates++;
      return reason;
    }
    if (reason !== null) return this.#bury(reason, item.bytes, batch.source);
    const { marks } = this.#sources;
    if (marks.passed(source, batch.partition, item.offset, item.index)) {
      this.#judge.detail = 'origin: at or below what this source has brought before';
      return this.#bury('conflicting_duplicate', item.bytes, batch.source);
    }
    marks.note(source, batch.partition, item.offset, item.index);
    const position = this.#feed.nextPosition;
    const { bytes } = item;
    const record = writeTransaction(
      this.#feed.slabs,
      position,
      annex,
      this.#judge.debtor,
      this.#judge.creditor,
      bytes,
    );
    this.#dedupe.add(id, contentWords[0], contentWords[1], ingestMs);
    this.#keeper.observe(source, batch.partition, annex.eventMs, ingestMs, batch.history);
    this.#anyTransaction = true;
    this.#checkpoint?.note(position + 1);
    this.#feed.push(record);
    rememberVerified(record);
    this.#options.onAdmitted(position, record);
    return 'accepted';
  }

  #bury(reason: DeadLetterReason, raw: Uint8Array, source: string): DeadLetterReason {
    const { source: number, partition, offset, index, ingestMs } = this.#judge.annex;
    const origin = { source: number, partition, offset, index };
    this.#refusals.bury({ reason, detail: this.#judge.detail, source, origin, ingestMs }, raw);
    this.counters.deadLettersDropped = this.#refusals.dropped;
    return reason;
  }

  #idText(bytes: Uint8Array): string {
    const { idStart, idEnd } = this.#judge;
    return Buffer.from(bytes.buffer, bytes.byteOffset).toString('utf8', idStart, idEnd);
  }

  /** For the record pushed last. */
  #accepted(bytes: Uint8Array, history: boolean): AdmissionOutcome {
    const position = this.#feed.nextPosition - 1;
    const transactionId = this.#idText(bytes);
    const tooLate = !history && this.#judge.annex.eventMs < this.#keeper.watermarkMs;
    return { ack: 'accepted', position, transactionId, ...(tooLate && { tooLate }) };
  }

  #notAccepted(reason: DeadLetterReason | 'duplicate', bytes: Uint8Array): AdmissionOutcome {
    if (reason === 'duplicate') return { ack: 'duplicate', transactionId: this.#idText(bytes) };
    return { ack: 'rejected', reason, detail: this.#judge.detail };
  }
}

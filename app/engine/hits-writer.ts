/**
 * Hits on their way to the hits log: held until the journal record that they rest on is on disk,
 * then appended once by id, many at a time, one flush in flight. Scoring the journal's tail again
 * after a crash repeats ids; that is how nothing is lost and nothing doubled.
 */
import * as R from '../../schemas/generated/records.js';
import type { OrderedLog, SideTable } from '../../schemas/ports.js';

/** Bytes queued above which the threads must wait with their hits. */
const QUEUE_BYTES_MAX = 32 * 1024 * 1024;
const BATCH_MAX = 2_000;
/** What the log's file may hold above `hitsBytesMax`: a batch that was begun below it. */
export const HITS_RESERVE_BYTES = 64 * 1024 * 1024;
/** Side table: id of a hit -> its position in the hits log. */
export const HIT_IDS_TABLE = 'ids';

/** Id of a hit record: 32 hexadecimal digits. */
export function hitId(record: Uint8Array): string {
  const view = new DataView(record.buffer, record.byteOffset, record.byteLength);
  let id = '';
  for (let w = 0; w < 4; w++) {
    const word = view.getUint32(R.HIT_HEADER_ID_0 + w * 4, true);
    id += word.toString(16).padStart(8, '0');
  }
  return id;
}

interface QueuedHit {
  position: number;
  id: string;
  record: Uint8Array;
}

export interface HitsWriterOptions {
  log: OrderedLog & { table(name: string): SideTable; bytesUsed(): number };
  /** Above it nothing is appended: hits wait, then the threads, then the sources. */
  hitsBytesMax: number;
  /** Journal records below are on disk. */
  durablePosition(): number;
  /** After a flush: there may be room again, snapshots may be published. */
  onFlushed(): void;
  onFailed(error: unknown): void;
}

export class HitsWriter {
  /** Hits appended, and repeats that were left out. */
  appended = 0;
  repeated = 0;
  readonly #options: HitsWriterOptions;
  readonly #ids: SideTable;
  readonly #inFlight = new Set<string>();
  #queue: QueuedHit[] = [];
  #queueBytes = 0;
  #flushing = false;
  /** Counts queued and finished hits, so that a caller can wait for "all until now". */
  #queued = 0;
  #done = 0;

  constructor(options: HitsWriterOptions) {
    this.#options = options;
    this.#ids = options.log.table(HIT_IDS_TABLE);
  }

  get queuedHits(): number {
    return this.#queued - this.#done;
  }

  /** Number to hand to `isDone` later: everything taken until now. */
  get mark(): number {
    return this.#queued;
  }

  isDone(mark: number): boolean {
    return this.#done >= mark;
  }

  /** The log is full: its readers lag, or more is found than they can take. */
  get isFull(): boolean {
    return this.#options.log.bytesUsed() > this.#options.hitsBytesMax;
  }

  /** Takes a copy of the hit; false when too much is waiting. */
  offer(record: Uint8Array): boolean {
    if (this.#queueBytes > QUEUE_BYTES_MAX) return false;
    const copy = record.slice();
    const view = new DataView(copy.buffer);
    const position = view.getFloat64(R.HIT_HEADER_POSITION, true);
    this.#queue.push({ position, id: hitId(copy), record: copy });
    this.#queueBytes += copy.byteLength;
    this.#queued++;
    return true;
  }

  /** Appends what may leave; calls itself again until nothing may. */
  flush(): void {
    if (this.#flushing || this.#queue.length === 0 || this.isFull) return;
    const durable = this.#options.durablePosition();
    const batch: QueuedHit[] = [];
    let taken = 0;
    // In order of arrival: a hit that must wait lets those behind it wait too.
    while (taken < this.#queue.length && taken < BATCH_MAX) {
      const hit = this.#queue[taken];
      if (hit.position >= durable) break;
      taken++;
      this.#queueBytes -= hit.record.byteLength;
      if (this.#inFlight.has(hit.id) || this.#ids.has(hit.id)) this.repeated++;
      else {
        this.#inFlight.add(hit.id);
        batch.push(hit);
      }
    }
    if (taken === 0) return;
    this.#queue.splice(0, taken);
    if (batch.length === 0) {
      this.#finish(taken);
      return;
    }
    this.#flushing = true;
    this.#append(batch).then(
      () => {
        this.#flushing = false;
        this.appended += batch.length;
        for (const { id } of batch) this.#inFlight.delete(id);
        this.#finish(taken);
      },
      (error: unknown) => this.#options.onFailed(error),
    );
  }

  #finish(taken: number): void {
    this.#done += taken;
    this.#options.onFlushed();
    this.flush();
  }

  async #append(batch: QueuedHit[]): Promise<void> {
    const { log } = this.#options;
    const first = log.nextPosition;
    await log.append(
      batch.map((h) => h.record),
      {
        put: batch.map((h, i) => {
          const at = new Uint8Array(8);
          new DataView(at.buffer).setFloat64(0, first + i, true);
          return { table: HIT_IDS_TABLE, key: h.id, value: at };
        }),
      },
    );
  }
}

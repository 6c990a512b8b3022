/**
 * Feeds the journal: one append per event-loop turn, with everything that was admitted in it. Its
 * one trick: positions are given out at once and the disk follows, so scoring need not wait; what
 * waits is the acknowledgement. Counts the bytes that the disk or the rings have not taken yet.
 */
import type { AlsoCommit } from '../../schemas/ports.js';
import type { Journal } from './journal.js';
import { Slabs } from './slabs.js';

type Put = NonNullable<AlsoCommit['put']>[number];

export interface FeedOptions {
  journal: Journal;
  /** Admitted but not consumed, and likewise admitted but not flushed. */
  pendingBytesMax: number;
  journalBytesMax: number;
  /** Absent: always. */
  diskHasRoom?(): boolean;
  /** The journal failed: nothing more can be admitted, the process must start again. */
  onFailed(error: unknown): void;
}

/** A turn's worth of records on its way to the disk. */
interface Turn {
  records: Uint8Array[];
  puts: Put[];
  meta: Record<string, string | number>;
  /** Of the records, and of what is put beside them. */
  bytes: number;
  putBytes: number;
  promise: Promise<void>;
  resolve(): void;
  reject(error: unknown): void;
}

/** Free space left in the journal's file below which sources pause. */
const JOURNAL_RESERVE_BYTES = 64 * 1024 * 1024;
/** Room is looked at again after this much; a small commit costs some pages besides. */
const CHECK_EVERY_BYTES = 1024 * 1024;
const COMMIT_BYTES = 16 * 1024;
/** Above this many bytes a turn is appended at once: the log's chunks stay small. */
const TURN_BYTES_MAX = 4 * 1024 * 1024;

export class Feed {
  readonly slabs = new Slabs();
  readonly #options: FeedOptions;
  readonly #roomListeners: (() => void)[] = [];
  /** [end position, bytes] of turns not yet consumed, oldest first. */
  readonly #unconsumed: { end: number; bytes: number }[] = [];
  #turn: Turn | undefined;
  #scheduled = false;
  /** Resolves when everything admitted so far is durable. */
  #durable: Promise<void> = Promise.resolve();
  #unconsumedBytes = 0;
  #unflushedBytes = 0;
  #consumedTo = 0;
  #flushedTo = 0;
  #wasFull = false;
  #failed = false;
  #journalFull = false;
  #sinceCheckBytes = 0;
  #next: number;

  constructor(options: FeedOptions) {
    this.#options = options;
    this.#next = options.journal.nextPosition;
    this.#flushedTo = this.#next;
    this.#consumedTo = this.#next;
    this.#checkRoom();
  }

  get nextPosition(): number {
    return this.#next;
  }

  get durableEnd(): number {
    return this.#flushedTo;
  }

  get pendingBytes(): number {
    return Math.max(this.#unconsumedBytes, this.#unflushedBytes);
  }

  get failed(): boolean {
    return this.#failed;
  }

  /** True when sources must wait; `onRoom` tells them when not. */
  full(): boolean {
    const full =
      this.#failed || this.#journalFull || this.pendingBytes >= this.#options.pendingBytesMax;
    if (full) this.#wasFull = true;
    return full;
  }

  onRoom(listener: () => void): void {
    this.#roomListeners.push(listener);
  }

  /** The next record; returns nothing, its position was `nextPosition`. */
  push(record: Uint8Array): void {
    const turn = this.#open();
    turn.records.push(record);
    turn.bytes += record.length;
    this.#unconsumedBytes += record.length;
    this.#unflushedBytes += record.length;
    this.#next++;
  }

  /** Changes of side tables in this turn's commit; they wait for the disk like records. */
  put(puts: readonly Put[]): void {
    const turn = this.#open();
    for (const each of puts) {
      turn.puts.push(each);
      const bytes = each.value?.byteLength ?? 0;
      turn.putBytes += bytes;
      this.#unflushedBytes += bytes;
    }
  }

  /**
   * What belongs together has been handed over: a large turn is appended at once. Never in between,
   * or a crash could keep a batch's records without its offset.
   */
  cut(): void {
    const turn = this.#turn;
    if (turn !== undefined && turn.bytes + turn.putBytes >= TURN_BYTES_MAX) this.#commit();
  }

  setMeta(key: string, value: string | number): void {
    this.#open().meta[key] = value;
  }

  /** Durable once this resolves: everything pushed, put and set until now. */
  flushed(): Promise<void> {
    return this.#turn?.promise ?? this.#durable;
  }

  /** Records below `position` are in the rings (or were not needed there). */
  consumed(position: number): void {
    if (position <= this.#consumedTo) return;
    this.#consumedTo = position;
    this.#dropConsumed();
    this.#release();
  }

  /** Now and then: a full journal may have been truncated meanwhile, or others fill the disk. */
  poll(): void {
    this.#checkRoom();
    this.#release();
  }

  /** Appends what is waiting, without waiting for the turn's end. */
  async drain(): Promise<void> {
    this.#commit();
    await this.#durable;
  }

  #open(): Turn {
    if (this.#turn !== undefined) return this.#turn;
    let resolve: () => void = () => undefined;
    let reject: (error: unknown) => void = () => undefined;
    const promise = new Promise<void>((onResolve, onReject) => {
      resolve = onResolve;
      reject = onReject;
    });
    // Whoever waits gets the error; that nobody waits must not end the process.
    promise.catch(() => undefined);
    const empty = { records: [], puts: [], meta: {}, bytes: 0, putBytes: 0 };
    this.#turn = { ...empty, promise, resolve, reject };
    this.#durable = promise;
    if (!this.#scheduled) {
      this.#scheduled = true;
      setImmediate(() => {
        this.#scheduled = false;
        this.#commit();
      });
    }
    return this.#turn;
  }

  #commit(): void {
    const turn = this.#turn;
    if (turn === undefined) return;
    this.#turn = undefined;
    const end = this.#next;
    if (turn.records.length > 0) {
      this.#unconsumed.push({ end, bytes: turn.bytes });
      this.#dropConsumed();
    }
    if (this.#failed) {
      turn.reject(new Error('the journal failed before'));
      return;
    }
    const { journal } = this.#options;
    journal.append(turn.records, { meta: turn.meta, put: turn.puts }).then(
      (result) => {
        if (result.end !== end) this.#fail(turn, positionError(end, result.end));
        else this.#flushed(turn, end);
      },
      (error) => this.#fail(turn, error),
    );
  }

  #flushed(turn: Turn, end: number): void {
    this.#flushedTo = end;
    this.#unflushedBytes -= turn.bytes + turn.putBytes;
    // Asking LMDB for its size costs as much as a small commit: not after every one.
    this.#sinceCheckBytes += COMMIT_BYTES + turn.bytes + turn.putBytes;
    if (this.#sinceCheckBytes > CHECK_EVERY_BYTES) this.#checkRoom();
    this.#release();
    turn.resolve();
  }

  #fail(turn: Turn, error: unknown): void {
    turn.reject(error);
    if (this.#failed) return;
    this.#failed = true;
    this.#options.onFailed(error);
  }

  #checkRoom(): void {
    const { journal, journalBytesMax, diskHasRoom } = this.#options;
    const reserve = Math.min(JOURNAL_RESERVE_BYTES, journalBytesMax / 8);
    this.#sinceCheckBytes = 0;
    this.#journalFull =
      journal.bytesUsed() + this.#unflushedBytes > journalBytesMax - reserve ||
      diskHasRoom?.() === false;
  }

  #dropConsumed(): void {
    while (this.#unconsumed.length > 0 && this.#unconsumed[0].end <= this.#consumedTo) {
      this.#unconsumedBytes -= (this.#unconsumed.shift() as { bytes: number }).bytes;
    }
  }

  /** Slabs go back, and sources go on once half of the room is free again. */
  #release(): void {
    this.slabs.release(Math.min(this.#flushedTo, this.#consumedTo));
    if (!this.#wasFull || this.#failed || this.#journalFull) return;
    if (this.pendingBytes > this.#options.pendingBytesMax / 2) return;
    this.#wasFull = false;
    for (const listener of this.#roomListeners) listener();
  }
}

function positionError(expected: number, actual: number): Error {
  return new Error(
    `journal: a record was to end at position ${expected} but the log ends at ${actual}; ` +
      'another writer holds the data folder: stop it and start Weir again',
  );
}

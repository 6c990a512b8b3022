/**
 * A ring of length-prefixed records in shared memory, one writer and one reader. The trick: the
 * tail is published once a batch and the reader is woken only when it sleeps, so that a busy ring
 * costs no system call. Records are multiples of 8 bytes and never wrap: a short end is skipped.
 */

const TAIL = 0;
const HEAD = 16; // a cache line of its own each
const SLEEPING = 32;
const CONTROL_WORDS = 64;
const CONTROL_BYTES = CONTROL_WORDS * 4;

/** Shared memory of a ring; `bytes` is a power of two. Handed to the other thread as it is. */
export function createRing(bytes: number): SharedArrayBuffer {
  if (bytes < 4096 || (bytes & (bytes - 1)) !== 0) throw new Error(`ring of ${bytes} bytes`);
  return new SharedArrayBuffer(CONTROL_BYTES + bytes);
}

class RingEnd {
  protected readonly control: Int32Array;
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly capacity: number;

  constructor(shared: SharedArrayBuffer) {
    this.control = new Int32Array(shared, 0, CONTROL_WORDS);
    this.bytes = new Uint8Array(shared, CONTROL_BYTES);
    this.view = new DataView(shared, CONTROL_BYTES);
    this.capacity = shared.byteLength - CONTROL_BYTES;
  }

  /** Share of the ring that is filled, 0 .. 1. */
  get fillRatio(): number {
    const used = (Atomics.load(this.control, TAIL) - Atomics.load(this.control, HEAD)) >>> 0;
    return used / this.capacity;
  }

  get isEmpty(): boolean {
    return Atomics.load(this.control, TAIL) === Atomics.load(this.control, HEAD);
  }
}

export class RingWriter extends RingEnd {
  #tail: number;
  #head: number;
  #published: number;

  constructor(shared: SharedArrayBuffer) {
    super(shared);
    this.#tail = Atomics.load(this.control, TAIL) >>> 0;
    this.#published = this.#tail;
    this.#head = Atomics.load(this.control, HEAD) >>> 0;
  }

  /** Where the next record goes, counted since the ring was made (wraps at 2^32). */
  get mark(): number {
    return this.#tail;
  }

  /** Whether the reader has consumed everything before `mark`. */
  passed(mark: number): boolean {
    return ((Atomics.load(this.control, HEAD) - mark) | 0) >= 0;
  }

  /** Largest record that always fits an empty ring. */
  get recordBytesMax(): number {
    return this.capacity / 2;
  }

  /**
   * Copies a record in (its first u32 must be `length`, a multiple of 8); false when full. Not
   * seen by the reader before `publish`.
   */
  tryWrite(record: Uint8Array, length: number): boolean {
    const at = this.reserve(length);
    if (at < 0) return false;
    this.bytes.set(length === record.byteLength ? record : record.subarray(0, length), at);
    this.commit(length);
    return true;
  }

  /** Byte offset to write `length` bytes to, or -1 when full. `commit` follows. */
  reserve(length: number): number {
    if (length > this.recordBytesMax) {
      throw new Error(`record of ${length} bytes in a ring of ${this.capacity}`);
    }
    const mask = this.capacity - 1;
    let at = this.#tail & mask;
    const toEnd = this.capacity - at;
    const skip = toEnd < length ? toEnd : 0;
    if (!this.#room(length + skip)) return -1;
    if (skip > 0) {
      this.view.setUint32(at, 0, true); // length 0: the rest is skipped
      this.#tail = (this.#tail + skip) >>> 0;
      at = 0;
    }
    return at;
  }

  commit(length: number): void {
    this.#tail = (this.#tail + length) >>> 0;
  }

  #room(needed: number): boolean {
    if (this.capacity - ((this.#tail - this.#head) >>> 0) >= needed) return true;
    this.#head = Atomics.load(this.control, HEAD) >>> 0;
    return this.capacity - ((this.#tail - this.#head) >>> 0) >= needed;
  }

  /** Lets the reader see everything written, and wakes it if it sleeps. */
  publish(): void {
    if (this.#tail === this.#published) return;
    this.#published = this.#tail;
    Atomics.store(this.control, TAIL, this.#tail | 0);
    if (Atomics.load(this.control, SLEEPING) !== 0) Atomics.notify(this.control, TAIL);
  }

  /** Blocks (never on the main thread) until the reader has moved on, or the time is over. */
  waitForRoom(timeoutMs: number): void {
    Atomics.wait(this.control, HEAD, this.#head | 0, timeoutMs);
  }
}

export class RingReader extends RingEnd {
  #next: number;

  constructor(shared: SharedArrayBuffer) {
    super(shared);
    this.#next = Atomics.load(this.control, HEAD) >>> 0;
  }

  /**
   * Byte offsets of up to `max` records into `starts`; returns how many. They stay valid until
   * `consume`, which must follow before the next poll.
   */
  poll(starts: Int32Array, max: number): number {
    const tail = Atomics.load(this.control, TAIL) >>> 0;
    const mask = this.capacity - 1;
    let count = 0;
    while (count < max && this.#next !== tail) {
      const at = this.#next & mask;
      const length = this.view.getUint32(at, true);
      if (length === 0) {
        this.#next = (this.#next + this.capacity - at) >>> 0;
        continue;
      }
      starts[count++] = at;
      this.#next = (this.#next + length) >>> 0;
    }
    return count;
  }

  /** Takes the last poll back: the same records come again. */
  unpoll(): void {
    this.#next = Atomics.load(this.control, HEAD) >>> 0;
  }

  /** Gives the polled records' room back; a writer that waits for room is woken. */
  consume(): void {
    Atomics.store(this.control, HEAD, this.#next | 0);
    Atomics.notify(this.control, HEAD);
  }

  /** Sleeps (never on the main thread) until something is published or the time is over. */
  wait(timeoutMs: number): void {
    const tail = this.#next | 0;
    Atomics.store(this.control, SLEEPING, 1);
    if (Atomics.load(this.control, TAIL) === tail) {
      Atomics.wait(this.control, TAIL, tail, timeoutMs);
    }
    Atomics.store(this.control, SLEEPING, 0);
  }

  /** For the main thread: resolves when something is published. Needs a ref'd handle elsewhere. */
  waitAsync(): Promise<unknown> {
    const tail = this.#next | 0;
    Atomics.store(this.control, SLEEPING, 1);
    const waiting = Atomics.waitAsync(this.control, TAIL, tail);
    return waiting.async ? waiting.value : Promise.resolve(waiting.value);
  }
}

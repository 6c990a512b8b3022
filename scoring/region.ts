/**
 * The memory of one shard: a region of the thread's shared buffer, addressed in 8-byte words
 * relative to its start, so that a copy of its used bytes is a snapshot. Freed blocks go to lists
 * by size class (powers of two and the halves between), never back to the engine's heap.
 */

/** Words of the header; what a column means stands once, here. */
export const H = {
  magic: 0,
  position: 1,
  watermarkMs: 2,
  bump: 3,
  subjects: 4,
  tableAddress: 5,
  tableCapacity: 6,
  pairAddress: 7,
  pairCapacity: 8,
  pairs: 9,
  internAddress: 10,
  internCapacity: 11,
  interned: 12,
  legsRecent: 13,
  legsNotable: 14,
  lateScored: 15,
  lateDropped: 16,
  wheelAddress: 17,
  wheelTick: 18,
  timers: 19,
  reversalsApplied: 20,
  reversalsUnmatched: 21,
  origins: 22,
  legsDroppedAtCap: 23,
  notApplicable: 24,
  repeatedOrigins: 25,
  postponed: 26,
  laterUnjudged: 27,
  /** Timers in each of the wheel's four levels. */
  wheelCounts: 28,
  freeHeads: 32,
  /** Table of counterparties by subject and group (distinct.ts); capacity 0 before the first. */
  distinctAddress: 92,
  distinctCapacity: 93,
  distincts: 94,
  /** Log position of the last catalogue that the shard has taken, + 1. */
  catalogueSeen: 95,
  originTable: 96,
} as const;
const ORIGINS_MAX = 128;
const HEADER_WORDS = 512;
const MAGIC = 0x57454952;
const CLASSES = 48;

/** Words of a block of class c: 2, 3, 4, 6, 8, 12, 16 ... */
export const CLASS_WORDS = Array.from({ length: CLASSES }, (_, c) =>
  c % 2 === 0 ? 2 * 2 ** (c / 2) : 3 * 2 ** ((c - 1) / 2),
);

/** Smallest class whose block holds `words`. */
export function classOfWords(words: number): number {
  for (let c = 0; c < CLASSES; c++) if (CLASS_WORDS[c] >= words) return c;
  throw new Error(`no block of ${words} words`);
}

/** Thrown when a shard's region is full: its thread stops and says so; nothing is lost. */
export class StateFullError extends Error {
  constructor(shard: number, bytes: number) {
    super(
      `state_full: shard ${shard} has used its ${bytes} bytes; raise stateBytesMax and restart`,
    );
  }
}

export class Region {
  readonly f64: Float64Array;
  readonly u32: Uint32Array;
  readonly u16: Uint16Array;
  readonly u8: Uint8Array;

  constructor(
    buffer: ArrayBufferLike,
    byteOffset: number,
    readonly bytes: number,
    readonly shard: number,
  ) {
    this.f64 = new Float64Array(buffer, byteOffset, bytes / 8);
    this.u32 = new Uint32Array(buffer, byteOffset, bytes / 4);
    this.u16 = new Uint16Array(buffer, byteOffset, bytes / 2);
    this.u8 = new Uint8Array(buffer, byteOffset, bytes);
  }

  /** Makes an empty shard of it. */
  format(): void {
    this.f64.fill(0, 0, HEADER_WORDS);
    this.f64[H.magic] = MAGIC;
    this.f64[H.bump] = HEADER_WORDS;
    this.f64[H.watermarkMs] = Number.NEGATIVE_INFINITY;
  }

  get formatted(): boolean {
    return this.f64[H.magic] === MAGIC;
  }

  get usedBytes(): number {
    return this.f64[H.bump] * 8;
  }

  /** Address of `words` words from the end of what is used; zeroed; never freed. */
  allocateForever(words: number, align = 1): number {
    const at = Math.ceil(this.f64[H.bump] / align) * align;
    if ((at + words) * 8 > this.bytes) throw new StateFullError(this.shard, this.bytes);
    this.f64[H.bump] = at + words;
    // A loop: for a few words the built-in costs more than it does.
    for (let i = at; i < at + words; i++) this.f64[i] = 0;
    return at;
  }

  /** Address of a block of a size class; its content is undefined. */
  allocate(sizeClass: number): number {
    const head = this.f64[H.freeHeads + sizeClass];
    if (head !== 0) {
      this.f64[H.freeHeads + sizeClass] = this.u32[head * 2];
      return head;
    }
    const words = CLASS_WORDS[sizeClass];
    const at = this.f64[H.bump];
    if ((at + words) * 8 > this.bytes) throw new StateFullError(this.shard, this.bytes);
    this.f64[H.bump] = at + words;
    return at;
  }

  free(address: number, sizeClass: number): void {
    this.u32[address * 2] = this.f64[H.freeHeads + sizeClass];
    this.f64[H.freeHeads + sizeClass] = address;
  }

  /** Takes bytes into a block of their own; returns its address (0 for none). */
  putBytes(from: Uint8Array, start: number, length: number): number {
    if (length === 0) return 0;
    const at = this.allocate(classOfBytes(length));
    const to = at * 8;
    for (let i = 0; i < length; i++) this.u8[to + i] = from[start + i];
    return at;
  }

  freeBytes(address: number, length: number): void {
    if (length > 0) this.free(address, classOfBytes(length));
  }

  bytesEqual(address: number, from: Uint8Array, start: number, length: number): boolean {
    const at = address * 8;
    for (let i = 0; i < length; i++) if (this.u8[at + i] !== from[start + i]) return false;
    return true;
  }

  text(address: number, length: number): string {
    return Buffer.from(this.u8.subarray(address * 8, address * 8 + length)).toString('utf8');
  }

  /**
   * True when this origin is new for its source partition (and notes it). Debit and credit of one
   * transaction may meet in one shard: the side is the last digit.
   */
  admitOrigin(source: number, partition: number, offset: number, indexAndSide: number): boolean {
    const key = source * 65536 + partition + 1;
    const f64 = this.f64;
    const count = f64[H.origins];
    let at: number = H.originTable;
    for (let i = 0; i < count; i++, at += 3) {
      if (f64[at] !== key) continue;
      if (offset < f64[at + 1] || (offset === f64[at + 1] && indexAndSide <= f64[at + 2])) {
        f64[H.repeatedOrigins]++;
        return false;
      }
      f64[at + 1] = offset;
      f64[at + 2] = indexAndSide;
      return true;
    }
    if (count === ORIGINS_MAX) throw new Error('more than 128 source partitions in one shard');
    f64[H.origins] = count + 1;
    f64[at] = key;
    f64[at + 1] = offset;
    f64[at + 2] = indexAndSide;
    return true;
  }
}

const BYTE_CLASS = Uint8Array.from({ length: 257 }, (_, n) => classOfWords(Math.ceil(n / 8)));
function classOfBytes(length: number): number {
  return length <= 256 ? BYTE_CLASS[length] : classOfWords(Math.ceil(length / 8));
}

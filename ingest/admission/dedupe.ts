/**
 * Remembers the ids of the last admitted transactions, to tell a repeated one from a conflicting
 * one. Its one trick: entries lie in a ring in the order of admission (the oldest is overwritten),
 * and the index over them is 256 small open-addressing tables that grow each for itself, so that
 * no growth stops the loop (20 M ids: the largest rehash is 80 k entries).
 */

const WORDS = 6; // id: 4, content: 2
export const DEDUPE_ENTRY_BYTES = WORDS * 4;
const TABLES = 256;
const FIRST_SLOTS = 16;
/** Every this many entries, one ingest time is kept for the horizon. */
const SAMPLE_EVERY = 1024;

export type DedupeVerdict = 'new' | 'duplicate' | 'conflict';

export class Dedupe {
  readonly idsMax: number;
  /** Ring of entries; lazily committed by the system, so the maximum costs nothing at first. */
  readonly #ring: Uint32Array;
  /** Slots hold ring place + 1; 0 is empty. */
  #tables: Uint32Array[];
  readonly #used: Uint32Array;
  readonly #ingestMs: Float64Array;
  /** Entries ever added; place of entry n is n modulo idsMax. */
  #added = 0;

  constructor(idsMax: number) {
    if (!Number.isInteger(idsMax) || idsMax < 1) {
      throw new RangeError(`dedupeIdsMax is ${idsMax}; give a whole number of at least 1`);
    }
    this.idsMax = idsMax;
    this.#ring = new Uint32Array(idsMax * WORDS);
    this.#tables = Array.from({ length: TABLES }, () => new Uint32Array(FIRST_SLOTS));
    this.#used = new Uint32Array(TABLES);
    this.#ingestMs = new Float64Array(Math.ceil(idsMax / SAMPLE_EVERY) + 1);
  }

  get count(): number {
    return Math.min(this.#added, this.idsMax);
  }

  /** Ever, since this memory began. */
  get added(): number {
    return this.#added;
  }

  /** Ingest time of about the oldest id that is still remembered; undefined when there is none. */
  oldestIngestMs(): number | undefined {
    if (this.#added === 0) return undefined;
    if (this.#added <= this.idsMax) return this.#ingestMs[0];
    // The sample of the oldest one's own stretch is overwritten already: the next one is kept.
    const next = Math.floor((this.#added % this.idsMax) / SAMPLE_EVERY) + 1;
    return this.#ingestMs[next < Math.ceil(this.idsMax / SAMPLE_EVERY) ? next : 0];
  }

  /** Looks an id up without adding it. `id`: four words of a 128-bit hash. */
  check(id: Uint32Array, contentLow: number, contentHigh: number): DedupeVerdict {
    const place = this.#find(id[0], id[1], id[2], id[3]);
    if (place < 0) return 'new';
    const at = place * WORDS;
    const same =
      this.#ring[at + 4] === contentLow >>> 0 && this.#ring[at + 5] === contentHigh >>> 0;
    return same ? 'duplicate' : 'conflict';
  }

  /** Adds an id that `check` called new; the oldest is forgotten when the ring is full. */
  add(id: Uint32Array, contentLow: number, contentHigh: number, ingestMs: number): void {
    const place = this.#claim(ingestMs);
    const at = place * WORDS;
    this.#ring[at] = id[0];
    this.#ring[at + 1] = id[1];
    this.#ring[at + 2] = id[2];
    this.#ring[at + 3] = id[3];
    this.#ring[at + 4] = contentLow;
    this.#ring[at + 5] = contentHigh;
    this.#insert(place);
  }

  /** Place of the next entry, taken from the oldest when the ring is full. */
  #claim(ingestMs: number): number {
    const place = this.#added % this.idsMax;
    if (this.#added >= this.idsMax) this.#remove(place);
    if (place % SAMPLE_EVERY === 0) this.#ingestMs[place / SAMPLE_EVERY] = ingestMs;
    this.#added++;
    return place;
  }

  /** Forgets everything. */
  clear(): void {
    this.#added = 0;
    this.#used.fill(0);
    for (const table of this.#tables) table.fill(0);
  }

  /** Room in the index for so many ids at once; before the first is added. */
  reserve(ids: number): void {
    const each = (Math.min(ids, this.idsMax) / TABLES) * 1.5;
    const slots = Math.max(FIRST_SLOTS, 2 ** Math.ceil(Math.log2(each)));
    this.#tables = Array.from({ length: TABLES }, () => new Uint32Array(slots));
  }

  /** The last `count` entries (at most `idsMax`) as bytes, and every 1,024th's ingest time. */
  newest(count: number): { entries: Uint8Array; samplesMs: number[] } {
    const entries = new Uint32Array(count * WORDS);
    const first = this.#added - count;
    const place = first % this.idsMax;
    const head = this.#ring.subarray(place * WORDS, (place + count) * WORDS);
    entries.set(head);
    entries.set(this.#ring.subarray(0, entries.length - head.length), head.length);
    const samplesMs: number[] = [];
    for (let n = first; n < this.#added; n += SAMPLE_EVERY) {
      samplesMs.push(this.#ingestMs[Math.floor((n % this.idsMax) / SAMPLE_EVERY)]);
    }
    return { entries: new Uint8Array(entries.buffer), samplesMs };
  }

  /** Adds what `newest` gave. */
  addEntries(bytes: Uint8Array, samplesMs: readonly number[]): void {
    const entries = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
    for (let i = 0; i * WORDS < entries.length; i++) {
      const place = this.#claim(samplesMs[Math.floor(i / SAMPLE_EVERY)]);
      for (let w = 0; w < WORDS; w++) this.#ring[place * WORDS + w] = entries[i * WORDS + w];
      this.#insert(place);
    }
  }

  #find(a: number, b: number, c: number, d: number): number {
    const table = this.#tables[b & (TABLES - 1)];
    const mask = table.length - 1;
    const ring = this.#ring;
    for (let slot = a & mask; ; slot = (slot + 1) & mask) {
      const entry = table[slot];
      if (entry === 0) return -1;
      const at = (entry - 1) * WORDS;
      if (ring[at] === a && ring[at + 1] === b && ring[at + 2] === c && ring[at + 3] === d) {
        return entry - 1;
      }
    }
  }

  #insert(place: number): void {
    const which = this.#ring[place * WORDS + 1] & (TABLES - 1);
    let table = this.#tables[which];
    if ((this.#used[which] + 1) * 4 > table.length * 3) table = this.#grow(which);
    this.#put(table, place);
    this.#used[which]++;
  }

  #put(table: Uint32Array, place: number): void {
    const mask = table.length - 1;
    let slot = this.#ring[place * WORDS] & mask;
    while (table[slot] !== 0) slot = (slot + 1) & mask;
    table[slot] = place + 1;
  }

  #grow(which: number): Uint32Array {
    const old = this.#tables[which];
    const table = new Uint32Array(old.length * 2);
    this.#tables[which] = table;
    for (const entry of old) if (entry !== 0) this.#put(table, entry - 1);
    return table;
  }

  /** Takes a place out of its table and closes the gap (no tombstones). */
  #remove(place: number): void {
    const which = this.#ring[place * WORDS + 1] & (TABLES - 1);
    const table = this.#tables[which];
    const mask = table.length - 1;
    let slot = this.#ring[place * WORDS] & mask;
    while (table[slot] !== place + 1) slot = (slot + 1) & mask;
    let gap = slot;
    for (let next = (gap + 1) & mask; table[next] !== 0; next = (next + 1) & mask) {
      const home = this.#ring[(table[next] - 1) * WORDS] & mask;
      // An entry may move into the gap when its home does not lie behind the gap.
      if (((next - home) & mask) >= ((next - gap) & mask)) {
        table[gap] = table[next];
        gap = next;
      }
    }
    table[gap] = 0;
    this.#used[which]--;
  }
}

/**
 * Dead letters: what was refused, with its reason and the raw bytes, beside the journal in the same
 * commit. Keys count up from 1; above the limit the oldest is dropped, and counted.
 */
import type { AlsoCommit, SideTable } from '../../schemas/ports.js';
import type { DeadLetterReason } from '../../schemas/reasons.js';

export const DEAD_LETTERS_TABLE = 'dead-letters';
const SCAN_PAGE = 256;

export interface DeadLetterHead {
  reason: DeadLetterReason;
  /** Field and what is wrong with it; never its content. */
  detail: string;
  /** Name of the source. */
  source: string;
  origin: { source: number; partition: number; offset: number; index: number };
  ingestMs: number;
  /** Length of the message; `raw` may hold only its beginning. */
  rawBytes: number;
}
export interface DeadLetter extends DeadLetterHead {
  key: number;
  raw: Uint8Array;
}

/** u32 length of the JSON head, the head, the raw bytes. */
export function encodeDeadLetter(head: DeadLetterHead, raw: Uint8Array): Uint8Array {
  const json = Buffer.from(JSON.stringify(head), 'utf8');
  const value = new Uint8Array(4 + json.length + raw.length);
  new DataView(value.buffer).setUint32(0, json.length, true);
  value.set(json, 4);
  value.set(raw, 4 + json.length);
  return value;
}

export function decodeDeadLetter(key: number, value: Uint8Array): DeadLetter {
  const view = new DataView(value.buffer, value.byteOffset, value.byteLength);
  const end = 4 + view.getUint32(0, true);
  const head = JSON.parse(Buffer.from(value.subarray(4, end)).toString('utf8')) as DeadLetterHead;
  return { ...head, key, raw: value.slice(end) };
}

/** Oldest first from `from`, without the raw bytes' interpretation; at most `limit`. */
export function listDeadLetters(
  table: SideTable,
  options: { reason?: string; from?: number; limit?: number } = {},
): DeadLetter[] {
  const limit = options.limit ?? 100;
  const found: DeadLetter[] = [];
  let from = options.from ?? 0;
  for (;;) {
    const page = table.range({ from, limit: SCAN_PAGE });
    for (const { key, value } of page) {
      const letter = decodeDeadLetter(Number(key), value);
      from = letter.key + 1;
      if (options.reason !== undefined && letter.reason !== options.reason) continue;
      found.push(letter);
      if (found.length >= limit) return found;
    }
    if (page.length < SCAN_PAGE) return found;
  }
}

export function showDeadLetter(table: SideTable, key: number): DeadLetter | undefined {
  const value = table.get(key);
  return value === undefined ? undefined : decodeDeadLetter(key, value);
}

type Put = NonNullable<AlsoCommit['put']>[number];

export interface DeadLetterLimits {
  lettersMax: number;
  /** Of all that are kept. */
  bytesMax: number;
  /** Of one message; the rest of it is cut off. */
  rawBytesMax: number;
}

/** Gives out keys and drops the oldest beyond the limits. */
export class DeadLetterWriter {
  readonly #limits: DeadLetterLimits;
  /** Bytes by key, from the oldest. */
  readonly #sizes: number[] = [];
  #bytes = 0;
  #oldest = 1;
  #next = 1;
  dropped = 0;

  constructor(table: SideTable, limits: DeadLetterLimits) {
    this.#limits = limits;
    const oldest = table.range({ limit: 1 })[0];
    if (oldest === undefined) return;
    this.#oldest = Number(oldest.key);
    this.#next = this.#oldest;
    for (;;) {
      const page = table.range({ from: this.#next, limit: SCAN_PAGE });
      for (const { key, value } of page) {
        this.#next = Number(key) + 1;
        this.#count(value.length);
      }
      if (page.length < SCAN_PAGE) return;
    }
  }

  #count(bytes: number): void {
    this.#sizes.push(bytes);
    this.#bytes += bytes;
  }

  get count(): number {
    return this.#next - this.#oldest;
  }

  /** Adds the changes of one dead letter to a commit; returns its key. */
  write(head: Omit<DeadLetterHead, 'rawBytes'>, raw: Uint8Array, puts: Put[]): number {
    const { lettersMax, bytesMax, rawBytesMax } = this.#limits;
    const kept = raw.length > rawBytesMax ? raw.subarray(0, rawBytesMax) : raw;
    const value = encodeDeadLetter({ ...head, rawBytes: raw.length }, kept);
    const key = this.#next++;
    puts.push({ table: DEAD_LETTERS_TABLE, key, value });
    this.#count(value.length);
    while (this.count > lettersMax || (this.count > 1 && this.#bytes > bytesMax)) {
      this.#bytes -= this.#sizes.shift() ?? 0;
      puts.push({ table: DEAD_LETTERS_TABLE, key: this.#oldest++, value: null });
      this.dropped++;
    }
    return key;
  }
}

/**
 * Offsets of the bank's sources are made from event times, so that the offset in the journal says
 * from when on to go on, without a file beside it. Many transactions may share a millisecond:
 * they count up behind it, in the order of the bank, which is always the same.
 */
const PER_MS = 1_024;

export class TimeOffsets {
  #last: number;

  /** `next`: the first offset that is free, as the journal says. */
  constructor(next: number) {
    this.#last = next - 1;
  }

  /** The offset of the next transaction in order of time. */
  of(eventMs: number): number {
    this.#last = Math.max(this.#last + 1, eventMs * PER_MS);
    return this.#last;
  }

  /** First offset after the last given. */
  get next(): number {
    return this.#last + 1;
  }
}

/** The millisecond that an offset belongs to: transactions of it may be missing from there on. */
export function msOfOffset(offset: number): number {
  return Math.floor(offset / PER_MS);
}

export function firstOffsetOf(eventMs: number): number {
  return eventMs * PER_MS;
}

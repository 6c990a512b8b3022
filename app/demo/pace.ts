/** How many are due: evenly in time, whatever the length of a tick. */
export class Pace {
  #credit = 0;
  #atMs: number;

  constructor(
    public perSecond: number,
    nowMs: number,
  ) {
    this.#atMs = nowMs;
  }

  /** Due since the last call; a machine that slept owes no burst: at most one second's worth. */
  due(nowMs: number): number {
    const sinceMs = Math.min(1_000, Math.max(0, nowMs - this.#atMs));
    this.#credit += (this.perSecond * sinceMs) / 1_000;
    this.#atMs = nowMs;
    const due = Math.floor(this.#credit);
    this.#credit -= due;
    return due;
  }

  /** Starts anew from here: nothing is owed for the time before. */
  restart(nowMs: number): void {
    this.#credit = 0;
    this.#atMs = nowMs;
  }
}

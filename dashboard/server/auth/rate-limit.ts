/** Attempts a window for each key (an address, a user). The map is bounded: the oldest goes. */
const KEYS_MAX = 10_000;

export class RateLimit {
  private readonly starts = new Map<string, { fromMs: number; count: number }>();

  constructor(
    private readonly attemptsMax: number,
    private readonly windowMs: number,
    private readonly nowMs: () => number,
  ) {}

  /** Counts an attempt; milliseconds to wait when it is one too many, else 0. */
  attempt(key: string): number {
    const nowMs = this.nowMs();
    let window = this.starts.get(key);
    if (window === undefined || nowMs - window.fromMs >= this.windowMs) {
      window = { fromMs: nowMs, count: 0 };
      this.starts.delete(key);
      this.starts.set(key, window);
      if (this.starts.size > KEYS_MAX) this.starts.delete(this.starts.keys().next().value!);
    }
    window.count++;
    return window.count > this.attemptsMax ? window.fromMs + this.windowMs - nowMs : 0;
  }

  /** A success: earlier slips are forgiven. */
  forgive(key: string): void {
    this.starts.delete(key);
  }
}

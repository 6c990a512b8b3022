/** Latency of alerts from the ingest stamp to the socket, and alerts a minute: the last minute. */
const WINDOW_MS = 60_000;
const SAMPLES_MAX = 4_096;

export class LatencyWindow {
  private samples: { atMs: number; latencyMs: number }[] = [];

  add(latencyMs: number, atMs: number): void {
    this.samples.push({ atMs, latencyMs: Math.max(0, latencyMs) });
    if (this.samples.length > 2 * SAMPLES_MAX) this.samples = this.samples.slice(-SAMPLES_MAX);
  }

  /** null when nothing was measured lately. */
  quantiles(nowMs: number): { p50: number | null; p99: number | null } {
    const recent = this.samples.filter((sample) => nowMs - sample.atMs <= WINDOW_MS);
    this.samples = recent;
    if (recent.length === 0) return { p50: null, p99: null };
    const sorted = recent.map((sample) => sample.latencyMs).sort((a, b) => a - b);
    const at = (q: number): number => sorted[Math.ceil(q * sorted.length) - 1] ?? sorted[0]!;
    return { p50: at(0.5), p99: at(0.99) };
  }
}

/** Counts by second, so that a minute is sixty numbers. */
export class MinuteRate {
  private readonly seconds = new Map<number, number>();

  add(atMs: number, count: number): void {
    const second = Math.floor(atMs / 1_000);
    this.seconds.set(second, (this.seconds.get(second) ?? 0) + count);
  }

  perMinute(nowMs: number): number {
    const now = Math.floor(nowMs / 1_000);
    let sum = 0;
    for (const [second, count] of this.seconds) {
      if (now - second >= 60) this.seconds.delete(second);
      else sum += count;
    }
    return sum;
  }
}

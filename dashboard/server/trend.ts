/** How much a counter grew within the last minutes; a role that restarts counts from 0 again. */
export class Trend {
  private samples: { atMs: number; total: number }[] = [];

  constructor(private readonly windowMs: number) {}

  add(total: number, atMs: number): void {
    const last = this.samples.at(-1);
    if (last !== undefined && total < last.total) this.samples = [];
    this.samples = this.samples.filter((sample) => atMs - sample.atMs <= this.windowMs);
    this.samples.push({ atMs, total });
  }

  growth(): number {
    return (this.samples.at(-1)?.total ?? 0) - (this.samples[0]?.total ?? 0);
  }
}

/**
 * A few questions at a time: a page that asks for everything, or many pages at once, may not take
 * the database from the writer. The oldest waits first; a full queue refuses.
 */

/** Below the server's threads and far below its limit of queries. */
export const QUESTIONS_RUNNING_MAX = 4;
export const QUESTIONS_WAITING_MAX = 64;

export type GateOutcome<T> = { done: true; value: T } | { done: false; why: 'full' | 'late' };

export class Gate {
  private running = 0;
  /** Oldest first. */
  private readonly waiting = new Set<() => void>();

  constructor(
    private readonly runningMax = QUESTIONS_RUNNING_MAX,
    private readonly waitingMax = QUESTIONS_WAITING_MAX,
  ) {}

  /** Runs `work` when it is its turn, unless that takes longer than `waitMs`. */
  async run<T>(waitMs: number, work: () => Promise<T>): Promise<GateOutcome<T>> {
    if (this.running >= this.runningMax) {
      if (this.waiting.size >= this.waitingMax) return { done: false, why: 'full' };
      if (!(await this.turn(waitMs))) return { done: false, why: 'late' };
    } else {
      this.running++;
    }
    try {
      return { done: true, value: await work() };
    } finally {
      this.leave();
    }
  }

  private turn(waitMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.waiting.delete(enter);
        resolve(false);
      }, waitMs);
      const enter = () => {
        clearTimeout(timer);
        resolve(true);
      };
      this.waiting.add(enter);
    });
  }

  /** Hands the place on, so that nobody who comes just now overtakes the oldest. */
  private leave(): void {
    const [next] = this.waiting;
    if (next === undefined) {
      this.running--;
      return;
    }
    this.waiting.delete(next);
    next();
  }
}

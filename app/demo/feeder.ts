/**
 * Hands batches to the host and waits when it is full: the demo is a source like any other and
 * drops nothing. Its one trick: offsets never go back, not even over restarts, because a shard
 * ignores what lies at or below the highest offset that it has seen of a source.
 */
import type { SourceBatch, SourceHost } from '../../schemas/ports.js';

/** Batches accepted but not yet flushed. */
const IN_FLIGHT_MAX = 64;
const RETRY_MS_MAX = 1_000;

export type Offer = Omit<SourceBatch, 'partition'>;

export class Feeder {
  rejected = 0;
  /** Resolves when it is stopped. */
  readonly ended: Promise<void>;
  #tellEnded: () => void = () => undefined;
  #stopped = false;
  readonly #sleepers = new Set<() => void>();
  readonly #waitForRoom = new Set<() => void>();
  /** By source: its last offer, so that offsets are handed over in order. */
  readonly #tails = new Map<string, Promise<unknown>>();
  #inFlight: Promise<void>[] = [];

  constructor(private readonly host: SourceHost) {
    this.ended = new Promise((resolve) => {
      this.#tellEnded = resolve;
    });
    host.onRoom(() => {
      for (const wake of this.#waitForRoom) wake();
    });
  }

  get stopped(): boolean {
    return this.#stopped;
  }

  stop(): void {
    this.#stopped = true;
    this.#tellEnded();
    for (const wake of [...this.#sleepers, ...this.#waitForRoom]) wake();
  }

  /** Resolves when the host has taken the batch; false when stopped before. */
  offer(batch: Offer): Promise<boolean> {
    const before = this.#tails.get(batch.source) ?? Promise.resolve();
    const offered = before.then(() => this.#offer({ ...batch, partition: 0 }));
    this.#tails.set(batch.source, offered);
    return offered;
  }

  async #offer(batch: SourceBatch): Promise<boolean> {
    while (!this.#stopped) {
      const result = this.host.offer(batch);
      if (result.full) {
        await sleepIn(this.#waitForRoom, Math.min(result.retryAfterMs, RETRY_MS_MAX));
        continue;
      }
      this.rejected += result.outcomes.filter((o) => o.ack === 'rejected').length;
      this.#inFlight.push(result.flushed);
      if (this.#inFlight.length >= IN_FLIGHT_MAX) await this.#inFlight.shift();
      return true;
    }
    return false;
  }

  /** Everything taken so far is durable. */
  async flushed(): Promise<void> {
    await Promise.all(this.#inFlight);
  }

  /** Only a stop ends it early. */
  async sleep(ms: number): Promise<void> {
    if (!this.#stopped) await sleepIn(this.#sleepers, ms);
  }
}

/** Sleeps until the time is over or somebody wakes the set. */
function sleepIn(wakers: Set<() => void>, ms: number): Promise<void> {
  return new Promise((resolve) => {
    const wake = (): void => {
      clearTimeout(timer);
      wakers.delete(wake);
      resolve();
    };
    const timer = setTimeout(wake, ms);
    wakers.add(wake);
  });
}

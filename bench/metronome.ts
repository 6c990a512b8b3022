/**
 * Beats at the intended times, whatever else goes on. Its one trick: a thread of its own sleeps on
 * a word of shared memory until the very moment, because timers of the event loop come up to a
 * millisecond late, which is as long as what is measured.
 */
import { Worker } from 'node:worker_threads';

/** Of the machine's steady clock: the same in every process, ms. */
export function nowMs(): number {
  return Number(process.hrtime.bigint()) / 1_000_000;
}

/** The intended times of a load: `count` beats from `startMs`, one each `intervalMs`. */
export interface Beats {
  startMs: number;
  intervalMs: number;
  count: number;
}

export function beatMs(beats: Beats, index: number): number {
  return beats.startMs + index * beats.intervalMs;
}

const SLEEPER = `
const { workerData } = require('node:worker_threads');
const { words, startMs, intervalMs, count } = workerData;
const now = () => Number(process.hrtime.bigint()) / 1e6;
const never = new Int32Array(new SharedArrayBuffer(4));
for (let k = 0; k < count; k++) {
  for (;;) {
    const waitMs = startMs + k * intervalMs - now();
    if (waitMs <= 0) break;
    Atomics.wait(never, 0, 0, waitMs);
  }
  Atomics.store(words, 0, k + 1);
  Atomics.notify(words, 0);
}`;

/** Calls `onBeat` for every beat in order; several at once when this thread was busy. */
export async function beat(beats: Beats, onBeat: (index: number) => void): Promise<void> {
  const words = new Int32Array(new SharedArrayBuffer(4));
  // The worker also keeps this process alive, which a waiting word does not.
  const worker = new Worker(SLEEPER, { eval: true, workerData: { words, ...beats } });
  let failure: unknown;
  worker.on('error', (error) => {
    failure = error;
    Atomics.notify(words, 0);
  });
  for (let done = 0; ; ) {
    const due = Atomics.load(words, 0);
    while (done < due) onBeat(done++);
    if (done === beats.count) break;
    const waiting = Atomics.waitAsync(words, 0, due);
    if (waiting.async) await waiting.value;
    if (failure !== undefined) throw failure;
  }
  await worker.terminate();
}

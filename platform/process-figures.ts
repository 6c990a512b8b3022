/**
 * What a role says of its own process: memory, processor, and how late its event loop is. The last
 * is asked by a timer that is due every 5 ms. Its one trick: a wait of 50 ms is counted ten times,
 * as what was due at each of its moments waited, so that a share of counts is a share of time.
 */
import type { HistogramCounts } from '../schemas/stats.js';
import { Durations } from './durations.js';

export interface ProcessFigures {
  pid: number;
  startedMs: number;
  rssBytes: number;
  /** Share of one core since the last look, all threads together. */
  cpuRatio: number;
  /** Since the last look. */
  eventLoopDelayP99Ms: number;
}

const RESOLUTION_MS = 5;
/** A process that was stopped for an hour: more would say no more. */
const WAIT_MS_MAX = 10_000;
export const DELAY_BOUNDS = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1];

class EventLoopWatch {
  readonly durations = new Durations(DELAY_BOUNDS);
  readonly listeners: ((delayMs: number) => void)[] = [];
  #at = performance.now();

  constructor() {
    setInterval(() => this.#look(), RESOLUTION_MS).unref();
  }

  #look(): void {
    const now = performance.now();
    const lateMs = Math.max(0, now - this.#at - RESOLUTION_MS);
    this.#at = now;
    for (let ms = Math.min(lateMs, WAIT_MS_MAX); ; ms -= RESOLUTION_MS) {
      this.durations.observe(Math.max(0, ms) / 1000);
      for (const listener of this.listeners) listener(Math.max(0, ms));
      if (ms <= RESOLUTION_MS) return;
    }
  }
}

let watch: EventLoopWatch | undefined;
function theWatch(): EventLoopWatch {
  watch ??= new EventLoopWatch();
  return watch;
}

/** How late the event loop of this process was, since somebody asked first. */
export function eventLoopDelay(): HistogramCounts {
  return theWatch().durations.read();
}

/** Returns the way to look; each look is of the time since the one before. */
export function watchProcess(): () => ProcessFigures {
  const startedMs = Math.round(Date.now() - process.uptime() * 1000);
  let delays: number[] = [];
  theWatch().listeners.push((delayMs) => delays.push(delayMs));
  let cpu = process.cpuUsage();
  let at = performance.now();
  return () => {
    const used = process.cpuUsage(cpu);
    const now = performance.now();
    const elapsedMs = Math.max(1, now - at);
    const sorted = delays.sort((a, b) => a - b);
    delays = [];
    cpu = process.cpuUsage();
    at = now;
    return {
      pid: process.pid,
      startedMs,
      rssBytes: process.memoryUsage.rss(),
      cpuRatio: (used.user + used.system) / 1000 / elapsedMs,
      eventLoopDelayP99Ms: sorted[Math.floor(sorted.length * 0.99)] ?? 0,
    };
  };
}

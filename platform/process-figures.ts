/** What a role says of its own process on the stats board: memory, processor, event loop. */
import { monitorEventLoopDelay } from 'node:perf_hooks';

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

/** Returns the way to look; each look is of the time since the one before. */
export function watchProcess(): () => ProcessFigures {
  const startedMs = Math.round(Date.now() - process.uptime() * 1000);
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delay.enable();
  let cpu = process.cpuUsage();
  let at = performance.now();
  return () => {
    const used = process.cpuUsage(cpu);
    const now = performance.now();
    const elapsedMs = Math.max(1, now - at);
    // Every sample holds the wait between two of them.
    const p99Ms = delay.count === 0 ? 0 : delay.percentile(99) / 1e6 - RESOLUTION_MS;
    delay.reset();
    cpu = process.cpuUsage();
    at = now;
    return {
      pid: process.pid,
      startedMs,
      rssBytes: process.memoryUsage.rss(),
      cpuRatio: (used.user + used.system) / 1000 / elapsedMs,
      eventLoopDelayP99Ms: Math.max(0, p99Ms),
    };
  };
}

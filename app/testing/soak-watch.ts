/**
 * A running Weir and its page, watched from outside over minutes: memory of each process, how late
 * the engine's event loop was, long tasks of the page, disk by part, cases planted.
 */
import { readFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { openStatsBoard } from '../../platform/index.js';
import type { DemoStats, DiskStats, EngineStats, HistogramCounts } from '../../schemas/stats.js';
import { childPid, childPids, type Program } from './program.js';

const KIB = 1024;

interface Memory {
  residentBytes: number;
  /** Without pages of files, which the system keeps as long as nobody else wants the memory. */
  anonymousBytes: number;
}

export interface Sample {
  /** By process; the page is its JavaScript heap. */
  memory: Record<string, Memory>;
  pids: Record<string, number>;
  engine: EngineStats;
  disk: DiskStats;
  /** Of the page, since it was opened, ms each. */
  longTasksMs: number[];
}

/** Before the page is opened. */
export async function noteLongTasks(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const noted: number[] = [];
    Object.assign(window, { longTasksMs: noted });
    const observer = new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) noted.push(duration);
    });
    observer.observe({ type: 'longtask', buffered: true });
  });
}

export class SoakWatch {
  readonly samples: Sample[] = [];
  /** Customers of every case that was planted. */
  readonly planted = new Set<string>();
  readonly #board;

  constructor(
    dir: string,
    private readonly weir: Program,
    private readonly page: Page,
  ) {
    this.#board = openStatsBoard(dir, { readOnly: true });
  }

  get phase(): DemoStats['phase'] | undefined {
    return this.#read<DemoStats>('demo')?.phase;
  }

  notePlanted(): void {
    for (const { subject } of this.#read<DemoStats>('demo')?.planted ?? []) {
      this.planted.add(subject);
    }
  }

  async take(): Promise<void> {
    this.notePlanted();
    const pids = this.#pids();
    const memory = Object.fromEntries(
      Object.entries(pids).map(([name, pid]) => [name, memoryOf(pid)]),
    );
    const { longTasksMs, heapBytes } = await this.page.evaluate(() => {
      const { longTasksMs: noted } = window as unknown as { longTasksMs: number[] };
      const { memory: heap } = performance as unknown as { memory: { usedJSHeapSize: number } };
      return { longTasksMs: [...noted], heapBytes: heap.usedJSHeapSize };
    });
    memory['page'] = { residentBytes: heapBytes, anonymousBytes: heapBytes };
    const engine = this.#read<EngineStats>('engine') as EngineStats;
    const disk = this.#read<DiskStats>('disk') as DiskStats;
    this.samples.push({ memory, pids, engine, disk, longTasksMs });
  }

  #pids(): Record<string, number> {
    const supervisor = this.weir.pid;
    const pids: Record<string, number> = { supervisor };
    for (const role of ['engine', 'dashboard', 'storage']) {
      const pid = childPid(supervisor, role);
      if (pid !== undefined) pids[role] = pid;
    }
    const [clickhouse] = childPids(pids['storage'] ?? 0);
    if (clickhouse !== undefined) pids['clickhouse'] = clickhouse;
    return pids;
  }

  #read<T>(role: string): T | undefined {
    return this.#board.read(role)?.value as T | undefined;
  }
}

function memoryOf(pid: number): Memory {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const bytes = (name: string) =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0) * KIB;
  return { residentBytes: bytes('VmRSS'), anonymousBytes: bytes('RssAnon') };
}

/** Median of a part of the samples, from and to as shares of them. */
export function medianOf(
  samples: readonly Sample[],
  [from, to]: readonly [number, number],
  value: (sample: Sample) => number,
): number {
  const part = samples.slice(Math.floor(samples.length * from), Math.ceil(samples.length * to));
  const sorted = part.map(value).sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** What was counted between two looks. */
export function countedBetween(before: HistogramCounts, after: HistogramCounts): HistogramCounts {
  return {
    bounds: after.bounds,
    counts: after.counts.map((count, i) => count - (before.counts[i] ?? 0)),
    sumSeconds: after.sumSeconds - before.sumSeconds,
  };
}

/** Share of counts above a bound, which must be one of the histogram's. */
export function shareAbove({ bounds, counts }: HistogramCounts, bound: number): number {
  const at = bounds.indexOf(bound);
  if (at < 0) throw new Error(`${bound} is none of the bounds ${bounds}`);
  const sum = (all: readonly number[]) => all.reduce((total, count) => total + count, 0);
  return sum(counts.slice(at + 1)) / Math.max(1, sum(counts));
}

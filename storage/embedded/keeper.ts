/**
 * Keeps the embedded ClickHouse running: starts it, pings it, kills it when it hangs, starts it
 * again with a back-off. Nothing here waits for it, and nothing else is restarted with it.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../../platform/index.js';
import { clickhouseFolder, type Endpoint, forgetEndpoint, writeEndpoint } from '../endpoint.js';
import type { Pace } from '../pace.js';
import { type EmbeddedChild, PING_MS_MAX, startChild } from './child.js';
import { type EmbeddedFiles, writeEmbeddedFiles } from './files.js';
import { type Launch, prepareLaunch } from './launcher.js';

const PING_EVERY_MS = 1_000;
const BACK_OFF_FIRST_MS = 200;
/** To end by itself, when it is asked to start again. */
const RESTART_MS_MAX = 10_000;
/** Alive this long counts as healthy. */
const HEALTHY_AFTER_MS = 30_000;

export interface KeeperOptions {
  dir: string;
  database: string;
  memoryBytesMax: number;
  logger: Logger;
  /** Once, when this machine cannot run it: why, with the mend. */
  onAbsent(detail: string): void;
  pace: Pick<Pace, 'hungAfterMs' | 'backOffMsMax'>;
}

export interface Keeper {
  /** Undefined while it does not listen. */
  readonly endpoint: Endpoint | undefined;
  readonly pid: number | undefined;
  readonly restarts: number;
  /** Why this machine cannot run it, with the mend; '' when it can, or that is not known yet. */
  readonly absent: string;
  /** Ends it; it is started again at once. */
  restart(): void;
  stop(deadlineMs: number): Promise<void>;
}

export function startKeeper(options: KeeperOptions): Keeper {
  forgetEndpoint(options.dir);
  return new RunningKeeper(options, writeEmbeddedFiles(clickhouseFolder(options.dir), options));
}

class RunningKeeper implements Keeper {
  restarts = 0;
  absent = '';
  private child: EmbeddedChild | undefined;
  private readonly stopping = new AbortController();
  private readonly over: Promise<void>;

  constructor(
    private readonly options: KeeperOptions,
    private readonly files: EmbeddedFiles,
  ) {
    this.over = this.keep();
  }

  get endpoint(): Endpoint | undefined {
    return this.child?.endpoint;
  }

  get pid(): number | undefined {
    return this.child?.pid;
  }

  restart(): void {
    const { child } = this;
    // Nobody shall ask the one that is on its way out.
    this.child = undefined;
    void child?.stop(RESTART_MS_MAX);
  }

  async stop(deadlineMs: number): Promise<void> {
    this.stopping.abort();
    await this.child?.stop(deadlineMs);
    await this.over;
    forgetEndpoint(this.options.dir);
  }

  private async keep(): Promise<void> {
    const launch = await prepareLaunch(clickhouseFolder(this.options.dir));
    if ('absent' in launch) {
      this.absent = launch.absent;
      this.options.onAbsent(launch.absent);
      return;
    }
    let failures = 0;
    while (!this.stopping.signal.aborted) {
      const startedMs = performance.now();
      const how = await this.runOnce(launch);
      if (this.stopping.signal.aborted) return;
      this.restarts++;
      failures = performance.now() - startedMs >= HEALTHY_AFTER_MS ? 1 : failures + 1;
      const { backOffMsMax } = this.options.pace;
      const waitMs = Math.min(backOffMsMax, BACK_OFF_FIRST_MS * 2 ** Math.min(failures - 1, 10));
      this.options.logger.warn({ how, waitMs }, 'the embedded ClickHouse ended, starting it again');
      await this.sleep(waitMs);
    }
  }

  /** How it ended. */
  private async runOnce(launch: Extract<Launch, { command: string }>): Promise<string> {
    const { dir, database, logger } = this.options;
    let child: EmbeddedChild;
    try {
      child = await startChild(launch, this.files, database);
    } catch (error) {
      return (error as Error).message;
    }
    // Asked to stop while it started.
    if (this.stopping.signal.aborted) child.kill();
    try {
      writeEndpoint(dir, child.endpoint);
    } catch (error) {
      // On a full disk nobody could find it: started again later, as after any other end.
      child.kill();
      await child.ended;
      return `its address cannot be written (${(error as NodeJS.ErrnoException).code})`;
    }
    this.child = child;
    logger.info({ pid: child.pid, url: child.endpoint.url }, 'the embedded ClickHouse listens');
    const watch = new AbortController();
    void this.watch(child, watch.signal);
    const how = await child.ended;
    watch.abort();
    this.child = undefined;
    return how;
  }

  private async watch(child: EmbeddedChild, ended: AbortSignal): Promise<void> {
    const { hungAfterMs } = this.options.pace;
    let answeredMs = performance.now();
    while (!ended.aborted && !this.stopping.signal.aborted) {
      if (await child.ping(Math.min(PING_MS_MAX, hungAfterMs))) answeredMs = performance.now();
      const silentMs = performance.now() - answeredMs;
      if (silentMs > hungAfterMs && !ended.aborted) {
        this.options.logger.error({ silentMs }, 'the embedded ClickHouse hangs, killing it');
        child.kill();
        return;
      }
      await this.sleep(Math.min(PING_EVERY_MS, hungAfterMs));
    }
  }

  private async sleep(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.stopping.signal }).catch(() => undefined);
  }
}

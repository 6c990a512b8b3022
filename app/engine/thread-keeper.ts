/**
 * Keeps the scoring threads alive: ends one that fell silent, has one that died started anew, and
 * finds what kills again and again. Its one rule: only a transaction that was being scored can be
 * quarantined; every other cause of death is said loudly and loses nothing.
 */
import type { PipelineLogger } from './pipeline-options.js';
import { Count } from './shared-words.js';
import type { ThreadHost } from './thread-host.js';

export interface ThreadKeeperOptions {
  threads: readonly ThreadHost[];
  threadSilentMs: number;
  logger: PipelineLogger;
  /**
   * From its snapshots to where the others are; rejects when it died before it scored. Absent:
   * there is no journal to take it through.
   */
  revive?(thread: ThreadHost): Promise<void>;
  /** False for control records, and where the journal cannot be asked. */
  isTransaction(position: number): boolean;
  /** The record killed its thread three times: it is scored no more. */
  onQuarantine(position: number): void;
  /** A shard has no memory left: nothing more may be scored. */
  onStateFull(): void;
  /** Starting anew does not help; the process must end and be seen. */
  onHopeless(error: Error): void;
}

const DEATHS_MAX = 3;
const STARTS_MAX = 3;
const START_AGAIN_MS = 100;
const SILENT_CHECKS = 4;
/**
 * A catalogue that changes moves every subject (4 us each with one leg, 200,000 measured), the end
 * of a history judges them all: no heartbeat comes meanwhile.
 */
const CONTROL_PATIENCE = 30;

export class ThreadKeeper {
  readonly #options: ThreadKeeperOptions;
  readonly #deaths = new Map<number, number>();
  #watch: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(options: ThreadKeeperOptions) {
    this.#options = options;
  }

  start(): void {
    this.#watch = setInterval(() => this.#check(), this.#options.threadSilentMs / SILENT_CHECKS);
    this.#watch.unref();
  }

  stop(): void {
    this.#stopped = true;
    clearInterval(this.#watch);
  }

  /**
   * Silent means: no heartbeat between this many checks in a row. On a starved machine the checks
   * come late themselves, so a thread is not replaced for what the machine did to both.
   */
  #check(): void {
    for (const t of this.#options.threads) {
      const { counts } = t.words;
      const beat = counts[Count.heartbeatMs];
      const watched = t.state === 'live' || t.state === 'catching-up';
      const silent = watched && beat > 0 && beat === t.lastBeatMs;
      t.silentChecks = silent ? t.silentChecks + 1 : 0;
      t.lastBeatMs = beat;
      const patience = counts[Count.inControl] === 1 ? CONTROL_PATIENCE : 1;
      if (t.silentChecks < SILENT_CHECKS * patience) continue;
      t.kill(`no heartbeat for ${Date.now() - beat} ms`);
    }
  }

  died(thread: ThreadHost, why: string, position: number): void {
    if (this.#stopped) return;
    const { logger } = this.#options;
    if (this.#options.revive === undefined) {
      const what = `scoring thread ${thread.index} died at record ${position}`;
      this.#options.onHopeless(new Error(`${what}: ${why}`));
      return;
    }
    if (why.includes('state_full')) {
      const message = 'state is full, scoring stands still: raise stateBytesMax and restart';
      logger.error({ thread: thread.index, why, position }, message);
      this.#options.onStateFull();
      return;
    }
    const deaths = (this.#deaths.get(position) ?? 0) + 1;
    this.#deaths.set(position, deaths);
    logger.error({ thread: thread.index, why, position, deaths }, 'scoring thread died');
    if (deaths > DEATHS_MAX || (deaths === DEATHS_MAX && !this.#options.isTransaction(position))) {
      const what = `scoring thread ${thread.index} dies again and again at position ${position}`;
      this.#options.onHopeless(new Error(`${what}: ${why}`));
      return;
    }
    if (deaths === DEATHS_MAX) {
      logger.error({ position }, 'record quarantined: it killed its thread three times');
      this.#options.onQuarantine(position);
    }
    void this.#revive(thread);
  }

  async #revive(thread: ThreadHost): Promise<void> {
    for (let start = 1; !this.#stopped; start++) {
      try {
        await this.#options.revive?.(thread);
        return;
      } catch (error) {
        if (this.#stopped) return;
        const fields = { thread: thread.index, err: error, start };
        this.#options.logger.error(fields, 'scoring thread did not come back');
        if (start === STARTS_MAX) {
          this.#options.onHopeless(error as Error);
          return;
        }
        await new Promise((resolve) => setTimeout(resolve, START_AGAIN_MS));
      }
    }
  }
}

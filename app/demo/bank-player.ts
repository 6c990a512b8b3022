/**
 * Plays the demonstration bank into the engine: what has passed as history at full speed, then the
 * customers' lives as they happen and the merchants' receipts at a rate. The bank lives in a thread
 * of its own; here its batches are handed on in slices, so that whoever asks the engine meanwhile
 * is answered.
 */
import { Worker } from 'node:worker_threads';
import { openStatsBoard } from '../../platform/index.js';
import type { DemoRecord } from '../../schemas/demo.js';
import type { Clock, SourceHost, SourceItem } from '../../schemas/ports.js';
import type { DemoStats } from '../../schemas/stats.js';
import { Cases } from './bank-cases.js';
import { CommandFollower } from './bank-commands.js';
import type { BankWorkerData, EncodedCase, FromBank, ToBank } from './bank-messages.js';
import { type BankState, type BegunCase, writeBankState } from './bank-state.js';
import { Feeder } from './feeder.js';
import { BANK_SOURCES } from './sources.js';

/** Rows that are handed on in one turn of the engine's loop: about a millisecond. */
const SLICE_ROWS = 128;
const SECOND_MS = 1_000;
const PROGRESS_MS = 5_000;
const RATE_DEFAULT = 200;

export interface BankHost extends SourceHost {
  /** First offset of a source's partition that the journal has not. */
  sourceOffset(name: string, partition: number): number;
}

export interface BankPlayerOptions {
  dir: string;
  state: BankState;
  clock: Clock;
  logger: {
    info(fields: object, message: string): void;
    error(fields: object, message: string): void;
  };
  /** Undefined: as last commanded, else the default. */
  ratePerSecond: number | undefined;
}

type Batch = Extract<FromBank, { type: 'batch' }>;

export class BankPlayer {
  readonly #host: BankHost;
  readonly #options: BankPlayerOptions;
  readonly #state: BankState;
  readonly #feeder: Feeder;
  readonly #worker: Worker;
  readonly #cases: Cases;
  readonly #commands: CommandFollower;
  readonly #stats;
  readonly #timer: NodeJS.Timeout;
  readonly #asked = new Map<string, (planned: { subject: string; encoded: EncodedCase }) => void>();
  /** Batches come one after another; what the thread says is done in its order. */
  #handling: Promise<void> = Promise.resolve();
  #phase: DemoStats['phase'] = 'history';
  #historyRatio = 0;
  #historyRows = 0;
  #playingSinceMs = performance.now();
  #saidAtMs = performance.now();
  #ratePerSecond: number;
  #wanted: 'play' | 'pause' = 'play';
  #tellCaughtUp: () => void = () => undefined;

  constructor(host: BankHost, options: BankPlayerOptions) {
    this.#host = host;
    this.#options = options;
    const { state, clock, dir } = options;
    this.#state = state;
    this.#ratePerSecond = options.ratePerSecond ?? state.ratePerSecond ?? RATE_DEFAULT;
    this.#feeder = new Feeder(host);
    this.#stats = openStatsBoard(dir, { nowMs: () => clock.nowMs() });
    this.#worker = this.#startThread();
    const caughtUp = new Promise<void>((resolve) => {
      this.#tellCaughtUp = resolve;
    });
    this.#cases = new Cases({
      host,
      feeder: this.#feeder,
      state,
      nowMs: () => clock.nowMs(),
      plan: (begun) => this.#plan(begun),
      save: () => this.#save(),
      caughtUp,
      nextOffset: (source) => host.sourceOffset(source, 0),
    });
    this.#commands = new CommandFollower(
      dir,
      state,
      (record) => this.#command(record),
      (error) => this.#fail(error),
    );
    this.#timer = setInterval(() => this.#everySecond(), SECOND_MS);
    this.#play();
    this.#cases.run().catch((error: unknown) => this.#fail(error));
  }

  /** What was begun and is not on disk is told to its end by the next start. */
  async stop(): Promise<void> {
    this.#end();
    await this.#worker.terminate();
    await this.#handling;
    await this.#feeder.flushed();
    await this.#commands.close();
    this.#save();
    await this.#publish();
  }

  #end(): void {
    clearInterval(this.#timer);
    this.#phase = 'stopped';
    this.#feeder.stop();
  }

  #startThread(): Worker {
    const { seed, customers, merchants, anchorMs, historyDays } = this.#state;
    const workerData: BankWorkerData = {
      bank: { seed, customers, merchants, anchorMs, historyDays },
      clockOffsetMs: this.#options.clock.nowMs() - Date.now(),
    };
    const worker = new Worker(new URL('./bank-worker.js', import.meta.url), { workerData });
    worker.on('message', (message: FromBank) => {
      this.#handling = this.#handling
        .then(() => this.#take(message))
        .catch((error: unknown) => this.#fail(error));
    });
    worker.on('error', (error) => this.#fail(error));
    return worker;
  }

  /** The demonstration is a guest in the engine: when it fails, transactions of others come in. */
  #fail(error: unknown): void {
    if (this.#phase === 'stopped') return;
    this.#end();
    void this.#worker.terminate();
    this.#options.logger.error({ err: error }, 'the demonstration bank stopped');
    void this.#publish();
  }

  #tell(message: ToBank): void {
    this.#worker.postMessage(message);
  }

  /** From where the journal ends: nothing twice, nothing left out. */
  #play(): void {
    const offset = (source: string): number => this.#host.sourceOffset(source, 0);
    this.#phase = 'history';
    this.#historyRatio = 0;
    this.#historyRows = 0;
    this.#playingSinceMs = performance.now();
    this.#tell({
      type: 'play',
      nextOffset: Math.max(offset(BANK_SOURCES.history), offset(BANK_SOURCES.live)),
      nextReceiptOffset: offset(BANK_SOURCES.receipts),
      ratePerSecond: this.#ratePerSecond,
    });
  }

  async #take(message: FromBank): Promise<void> {
    if (this.#feeder.stopped) return;
    switch (message.type) {
      case 'batch':
        await this.#takeBatch(message);
        this.#tell({ type: 'taken' });
        return;
      case 'caught-up':
        this.#caughtUp();
        return;
      case 'paused':
        if (this.#wanted === 'pause') this.#phase = 'paused';
        else this.#play();
        return;
      case 'case': {
        const key = keyOf(message);
        this.#asked.get(key)?.(message);
        this.#asked.delete(key);
      }
    }
  }

  async #takeBatch({ what, batch, ratio }: Batch): Promise<void> {
    const source = BANK_SOURCES[what];
    const { bytes, ends, offsets } = batch;
    for (let from = 0; from < ends.length; from += SLICE_ROWS) {
      const to = Math.min(ends.length, from + SLICE_ROWS);
      const items: SourceItem[] = [];
      for (let i = from; i < to; i++) {
        const start = i === 0 ? 0 : (ends[i - 1] as number);
        const item = bytes.subarray(start, ends[i]);
        items.push({ offset: offsets[i] as number, index: 0, bytes: item });
      }
      const nextOffset = (offsets[to - 1] as number) + 1;
      const offer = { source, history: what === 'history', items, nextOffset, quiet: true };
      if (!(await this.#feeder.offer(offer))) return;
      // Also live: after a stall much is due at once.
      if (what === 'history' || to < ends.length) await new Promise(setImmediate);
    }
    if (what !== 'history') return;
    this.#historyRatio = ratio;
    this.#historyRows += ends.length;
    if (performance.now() - this.#saidAtMs < PROGRESS_MS) return;
    this.#saidAtMs = performance.now();
    const percent = Math.floor(ratio * 100);
    this.#options.logger.info({ percent }, 'demonstration bank: history is being played');
  }

  #caughtUp(): void {
    this.#host.ended(BANK_SOURCES.history);
    this.#phase = this.#wanted === 'pause' ? this.#phase : 'live';
    this.#historyRatio = 1;
    const seconds = Math.round(performance.now() - this.#playingSinceMs) / 1000;
    const rows = this.#historyRows;
    this.#options.logger.info({ rows, seconds }, 'demonstration bank: live');
    this.#tellCaughtUp();
  }

  #plan(begun: BegunCase): Promise<{ subject: string; encoded: EncodedCase }> {
    return new Promise((resolve) => {
      this.#asked.set(keyOf(begun), resolve);
      this.#tell({ type: 'plan', ...begun });
    });
  }

  /** The cursor and what the command changes are written before anything is done. */
  #command({ command }: DemoRecord): void {
    switch (command.type) {
      case 'plant': {
        const begun = this.#cases.note(command.kind);
        this.#save();
        this.#cases.begin(begun).catch((error: unknown) => this.#fail(error));
        return;
      }
      case 'rate':
        this.#ratePerSecond = command.ratePerSecond;
        this.#state.ratePerSecond = command.ratePerSecond;
        this.#save();
        this.#tell(command);
        return;
      case 'pause':
        this.#save();
        if (this.#wanted === 'pause') return;
        this.#wanted = 'pause';
        this.#tell({ type: 'pause' });
        return;
      case 'resume':
        this.#save();
        if (this.#wanted === 'play') return;
        this.#wanted = 'play';
        // Still pausing: it goes on when the thread has said that it has.
        if (this.#phase === 'paused') this.#play();
    }
  }

  #everySecond(): void {
    this.#commands.look();
    void this.#publish();
  }

  /** Never rejects. */
  async #publish(): Promise<void> {
    const stats: DemoStats = {
      what: 'bank',
      phase: this.#phase,
      historyRatio: this.#historyRatio,
      ratePerSecond: this.#ratePerSecond,
      planted: this.#cases.planted,
      commandsTaken: this.#state.commands.taken,
    };
    try {
      await this.#stats.publish('demo', stats);
    } catch {
      // A full disk: the engine says so, and statistics are not worth an end.
    }
  }

  #save(): void {
    writeBankState(this.#options.dir, this.#state);
  }
}

function keyOf({ kind, n }: { kind: string; n: number }): string {
  return `${kind} ${n}`;
}

/**
 * From journal records to scored shards: routes every record, in log order, into the rings of the
 * scoring threads, and keeps them alive. Full rings stop the cursor, never the main thread: what
 * cannot be routed now waits (its bytes are the admission's, which pauses the sources).
 */

import { createRouter, type Router } from '../../ingest/index.js';
import * as R from '../../schemas/generated/records.js';
import type { RingCommand } from '../../scoring/index.js';
import type { PipelineOptions } from './pipeline-options.js';
import {
  encodeCatalogue,
  encodeCommand,
  encodeProfile,
  encodeReference,
  encodeWatermark,
  readControl,
  referenceFacts,
} from './ring-records.js';
import type { RestoredReport } from './scoring-thread.js';
import { Count } from './shared-words.js';
import { snapshotPosition } from './snapshotter.js';
import { ThreadHost } from './thread-host.js';
import { ThreadKeeper } from './thread-keeper.js';

interface Waiting {
  position: number;
  record: Uint8Array;
}

/** A way through the log: the live one, or that of a thread that catches up. */
interface Pass {
  router: Router;
  /** Threads that it feeds. */
  feeds(thread: ThreadHost): boolean;
  /** False when nobody needs the rest of it. */
  goesOn(): boolean;
}

const KIND_TRANSACTION = 1;
const KIND_CONTROL = 2;
const EMPTY_READS_MAX = 1_000;

export class Pipeline {
  readonly threads: ThreadHost[];
  readonly quarantined = new Set<number>();
  /** Everything below has been routed to the live threads. */
  routed = 0;
  readonly #options: PipelineOptions;
  readonly #live: Pass;
  readonly #threadOfShard: ThreadHost[];
  readonly #waiting: Waiting[] = [];
  /** Ring records that found their ring full: they come first. */
  #stuck: { thread: ThreadHost; record: Uint8Array }[] = [];
  readonly #keeper: ThreadKeeper;
  /** The pass whose record is being routed. */
  #pass: Pass;
  /** Set by the host when nothing more may come in: what is accepted waits. */
  held = false;
  /** Threads at the last stretch of catching up. */
  #catchingUp = 0;
  /** A shard ran out of memory: nothing goes on before a restart. */
  stateFull = false;
  #publishing = false;
  #stopped = false;

  constructor(options: PipelineOptions) {
    this.#options = options;
    this.#live = this.#newPass((t) => t.state === 'live');
    this.#pass = this.#live;
    this.threads = Array.from({ length: options.threads }, (_, index) => {
      const shards: number[] = [];
      for (let s = index; s < options.thread.shardsTotal; s += options.threads) shards.push(s);
      return new ThreadHost(index, shards, options.thread, {
        onHit: options.onHit,
        onSnapshot: options.onSnapshot,
        onDeath: (thread, why, position) => this.#onDeath(thread, why, position),
        onBell: () => {
          this.pump();
          options.onBell();
        },
      });
    });
    this.#threadOfShard = Array.from(
      { length: options.thread.shardsTotal },
      (_, s) => this.threads[s % options.threads],
    );
    this.#keeper = new ThreadKeeper({
      threads: this.threads,
      threadSilentMs: options.threadSilentMs,
      logger: options.logger,
      ...(options.readJournal && { revive: (thread: ThreadHost) => this.#revive(thread) }),
      isTransaction: (position) => this.#isTransaction(position),
      onQuarantine: (position) => {
        this.quarantined.add(position);
        options.onQuarantine(position);
      },
      onStateFull: () => {
        this.stateFull = true;
      },
      onHopeless: options.onHopeless,
    });
  }

  #newPass(feeds: (thread: ThreadHost) => boolean, goesOn = () => true): Pass {
    const router = createRouter({ shards: this.#options.thread.shardsTotal });
    return { router, feeds, goesOn: () => goesOn() && !this.#stopped };
  }

  /**
   * Starts the threads from their snapshots and takes them through the journal to its `end`, where
   * the live pass goes on. Resolves with what each restored.
   */
  async start(end: () => number): Promise<RestoredReport[]> {
    const reports = await Promise.all(this.threads.map((t) => this.#startThread(t, end())));
    const from = firstOf(end(), reports);
    this.routed = from;
    for (const t of this.threads) if (t.restarts === 0) t.state = 'live';
    this.#enter(this.#live, from);
    this.#keeper.start();
    await this.#replay(this.#live, from, end);
    return reports;
  }

  /**
   * Under the versions that its snapshots were taken under: what changed behind them comes when
   * the thread is taken through the journal, not before.
   */
  #startThread(thread: ThreadHost, end: number): Promise<RestoredReport> {
    const from = snapshotPosition(this.#options.thread.snapshotDir, thread.shards, end);
    const { catalogue, reference } = this.#options.versions.at(from);
    return thread.start(catalogue, referenceFacts(reference.data), end);
  }

  /** Puts a pass and its threads under the versions in force at a position. */
  #enter(pass: Pass, position: number): void {
    const { catalogue, breakerHits, reference } = this.#options.versions.at(position);
    pass.router.setReference(reference);
    const { version } = reference;
    this.#pass = pass;
    // It took effect before this position: what happens at it comes with the records.
    this.#broadcast(encodeCatalogue(catalogue, position - 1, breakerHits));
    this.#broadcast(encodeReference(reference.data, position, version));
    this.#pass = this.#live;
  }

  /** A record just admitted, or read again at start. Positions ascend. */
  accept(position: number, record: Uint8Array): void {
    if (this.#isHeld || this.#waiting.length > 0 || this.#stuck.length > 0) {
      this.#waiting.push({ position, record });
    } else {
      this.#route(position, record);
    }
    this.#publishSoon();
  }

  get #isHeld(): boolean {
    return this.held || this.#catchingUp > 0 || this.stateFull;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** Everything below has been scored; a thread with an empty ring holds nothing back. */
  get scored(): number {
    const positions = this.threads.map(({ state, writer, words }) =>
      state === 'live' && writer.isEmpty ? this.routed : words.counts[Count.position],
    );
    return Math.min(...positions);
  }

  /** Everything up to this position stands in the rings of the threads. */
  isWritten(position: number): boolean {
    return position < this.routed && this.#stuck.length === 0;
  }

  /** Goes on where full rings stopped it. */
  pump(): void {
    if (this.#isHeld) return;
    this.#unstick();
    let i = 0;
    while (i < this.#waiting.length && this.#stuck.length === 0) {
      const { position, record } = this.#waiting[i++];
      this.#route(position, record);
    }
    if (i > 0) this.#waiting.splice(0, i);
    this.#publish();
  }

  #unstick(): void {
    let i = 0;
    while (i < this.#stuck.length) {
      const { thread, record } = this.#stuck[i];
      if (thread.state !== 'dead' && !thread.writer.tryWrite(record, record.byteLength)) break;
      i++;
    }
    if (i > 0) this.#stuck = this.#stuck.slice(i);
  }

  /**
   * Once a turn of the loop: everything that came in one turn wakes a sleeping thread once. A
   * wake-up is a system call, and where cores are short it costs the main thread its own.
   */
  #publishSoon(): void {
    if (this.#publishing) return;
    this.#publishing = true;
    setImmediate(() => {
      this.#publishing = false;
      this.#publish();
    });
  }

  #publish(): void {
    for (const t of this.threads) if (t.state !== 'dead') t.writer.publish();
    const first = this.#waiting[0];
    this.#options.onConsumed(first === undefined ? this.routed : first.position);
  }

  #route(position: number, record: Uint8Array): void {
    this.routed = position + 1;
    if (record[R.RECORD_HEADER_KIND] === KIND_CONTROL) {
      this.#control(position, record);
      return;
    }
    if (this.quarantined.has(position)) return;
    this.#pass.router.route(position, record, this.#emit);
  }

  readonly #emit = (shard: number, leg: Uint8Array, length: number): void => {
    const thread = this.#threadOfShard[shard];
    if (!this.#pass.feeds(thread)) return;
    if (this.#stuck.length === 0 && thread.writer.tryWrite(leg, length)) return;
    this.#stuck.push({ thread, record: leg.slice(0, length) });
  };

  #control(position: number, record: Uint8Array): void {
    const { control, ingestMs } = readControl(record);
    const { versions } = this.#options;
    switch (control.type) {
      case 'watermark':
        this.#broadcast(encodeWatermark(control, ingestMs, position));
        return;
      case 'history-end': {
        const { type, asOfMs } = control;
        this.#broadcast(encodeCommand({ type, position, asOfMs, ingestMs }));
        return;
      }
      case 'catalogue': {
        const catalogue = versions.catalogue(control.sha256);
        this.#broadcast(encodeCatalogue(catalogue, position, control.breakerHits));
        return;
      }
      case 'reference': {
        const tables = versions.reference(control.sha256);
        this.#pass.router.setReference(tables);
        const { version } = control;
        this.#broadcast(encodeReference(tables.data, position, version));
        return;
      }
      case 'profile': {
        const profile = encodeProfile(control, position, this.#threadOfShard.length);
        this.#emit(profile.shard, profile.record, profile.record.byteLength);
        return;
      }
      default:
        return;
    }
  }

  #broadcast(record: Uint8Array): void {
    for (const thread of this.threads) {
      if (!this.#pass.feeds(thread)) continue;
      if (this.#stuck.length === 0 && thread.writer.tryWrite(record, record.byteLength)) continue;
      this.#stuck.push({ thread, record });
    }
  }

  /** A command for one thread at the present position. */
  #send(thread: ThreadHost, command: RingCommand): void {
    const record = encodeCommand(command);
    if (this.#stuck.length === 0 && thread.writer.tryWrite(record, record.byteLength)) return;
    this.#stuck.push({ thread, record });
  }

  /** Asks for a copy of a shard; the report comes back when the thread has come to it. */
  requestSnapshot(shard: number, generation: number): void {
    const thread = this.#threadOfShard[shard];
    if (thread.state !== 'live' || this.#stuck.length > 0) return;
    this.#send(thread, { type: 'snapshot', shard, generation });
    this.#publishSoon();
  }

  /** Takes a pass through the journal from `from` to `end`; returns where it got to. */
  async #replay(pass: Pass, from: number, end: () => number): Promise<number> {
    let next = from;
    let idle = 0;
    while (next < end() && pass.goesOn()) {
      const records = this.#options.readJournal?.(next) ?? [];
      // Admitted but not flushed yet: comes within a flush.
      if (records.length === 0) {
        if (++idle > EMPTY_READS_MAX) throw new Error(`journal ends at ${next}, not at ${end()}`);
        await pause(5);
        continue;
      }
      idle = 0;
      for (const { position, bytes } of records) {
        if (position >= end()) break;
        while (this.#stuck.length > 0 && pass.goesOn()) {
          this.#publish();
          await pause(1);
          this.#unstick();
        }
        if (!pass.goesOn()) break;
        const { routed } = this;
        this.#pass = pass;
        this.#route(position, bytes);
        this.#pass = this.#live;
        this.routed = Math.max(routed, this.routed);
        next = position + 1;
      }
      this.#publish();
      await new Promise((resolve) => setImmediate(resolve));
    }
    return next;
  }

  #isTransaction(position: number): boolean {
    const found = this.#options.readJournal?.(position)[0];
    return found?.position === position && found.bytes[R.RECORD_HEADER_KIND] === KIND_TRANSACTION;
  }

  #onDeath(thread: ThreadHost, why: string, position: number): void {
    if (this.#stopped) return;
    // It gets them again from the journal.
    this.#stuck = this.#stuck.filter((s) => s.thread !== thread);
    this.#keeper.died(thread, why, position);
  }

  /** New thread from the snapshots; then the journal up to now; then live again. */
  async #revive(thread: ThreadHost): Promise<void> {
    const starting = this.#startThread(thread, this.routed);
    // It may die again at any time and be started anew: then another call does all of this.
    const life = thread.restarts;
    const isThisLife = (): boolean => thread.restarts === life && thread.state !== 'dead';
    const report = await starting;
    if (this.#stopped || !isThisLife()) return;
    thread.state = 'catching-up';
    const pass = this.#newPass((t) => t === thread && isThisLife(), isThisLife);
    const from = firstOf(this.routed, [report]);
    this.#enter(pass, from);
    const reached = await this.#replay(pass, from, () => this.routed);
    // What comes in meanwhile is held, so that the end stands still.
    this.#catchingUp++;
    try {
      await this.#replay(pass, reached, () => this.routed);
      if (!pass.goesOn()) return;
      thread.state = 'live';
    } finally {
      this.#catchingUp--;
      this.pump();
    }
    this.#options.logger.warn({ thread: thread.index, from }, 'scoring thread is back');
  }

  /** Everything routed is scored and handed back; then the threads end. */
  async stop(deadlineMs: number): Promise<void> {
    this.#keeper.stop();
    for (const t of this.threads) {
      if (t.state !== 'live') continue;
      t.state = 'stopping';
      this.#send(t, { type: 'stop' });
    }
    const until = Date.now() + deadlineMs;
    while (this.threads.some((t) => t.state === 'stopping') && Date.now() < until) {
      this.#unstick();
      this.#publish();
      for (const t of this.threads) t.drain();
      await pause(2);
    }
    this.#stopped = true;
    await Promise.all(this.threads.map((t) => t.close()));
  }
}

/** First position that somebody still needs. */
function firstOf(end: number, reports: readonly RestoredReport[]): number {
  return Math.min(end, ...reports.flatMap((r) => r.positions.map(([, position]) => position)));
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

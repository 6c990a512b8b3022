/**
 * From journal records to scored shards: routes every record, in log order, into the rings of the
 * scoring threads, and keeps them alive. Full rings stop the cursor, never the main thread: what
 * cannot be routed now waits (its bytes are the admission's, which pauses the sources).
 */

import { createRouter, type ReferenceTables, type Router } from '../../ingest/index.js';
import type { Catalogue } from '../../schemas/catalogue.js';
import * as R from '../../schemas/generated/records.js';
import type { RingCommand } from '../../scoring/index.js';
import { encodeCommand, encodeProfile, encodeWatermark, readControl } from './ring-records.js';
import type { RestoredReport, SnapshotReport } from './scoring-thread.js';
import { Count } from './shared-words.js';
import { ThreadHost, type ThreadSettings } from './thread-host.js';

export interface PipelineLogger {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** Where versions named by control records come from. */
export interface Versions {
  catalogue(sha256: string): Catalogue;
  reference(sha256: string): ReferenceTables;
  /** What was in force just before a position of the log. */
  at(position: number): { catalogue: Catalogue; reference: ReferenceTables };
}

/** Journal records again, for threads that catch up. */
export type ReadJournal = (from: number) => { position: number; bytes: Uint8Array }[];

export interface PipelineOptions {
  threads: number;
  thread: ThreadSettings;
  versions: Versions;
  logger: PipelineLogger;
  threadSilentMs: number;
  /** Everything below is in the rings: its bytes are no longer needed. */
  onConsumed(position: number): void;
  /** A hit with its header; false when there is no room. */
  onHit(record: Uint8Array): boolean;
  onSnapshot(report: SnapshotReport, thread: ThreadHost): void;
  onBell(): void;
  readJournal: ReadJournal;
  /** The record killed its thread three times. */
  onQuarantine(position: number): void;
}

interface Waiting {
  position: number;
  record: Uint8Array;
}

/** A way through the log: the live one, or that of a thread that catches up. */
interface Pass {
  router: Router;
  /** Threads that it feeds. */
  feeds(thread: ThreadHost): boolean;
}

const KIND_CONTROL = 2;
const DEATHS_MAX = 3;
const SILENT_CHECKS = 4;
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
  readonly #deaths = new Map<number, number>();
  /** The pass whose record is being routed. */
  #pass: Pass;
  /** Set by the host when nothing more may come in: what is accepted waits. */
  held = false;
  #catchingUp = false;
  #publishing = false;
  #watch: NodeJS.Timeout | undefined;
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
  }

  #newPass(feeds: (thread: ThreadHost) => boolean): Pass {
    return { router: createRouter({ shards: this.#options.thread.shardsTotal }), feeds };
  }

  /**
   * Starts the threads from their snapshots and takes them through the journal to its `end`, where
   * the live pass goes on. Resolves with what each restored.
   */
  async start(end: () => number): Promise<RestoredReport[]> {
    const { catalogue, reference } = this.#options.versions.at(end());
    const reports = await Promise.all(
      this.threads.map((t) => t.start(catalogue, reference.data.zoneTable)),
    );
    const from = Math.min(end(), ...reports.flatMap((r) => r.positions.map(([, p]) => p)));
    this.routed = from;
    for (const t of this.threads) t.state = 'live';
    this.#enter(this.#live, from);
    await this.#replay(this.#live, from, end);
    const { threadSilentMs } = this.#options;
    this.#watch = setInterval(() => this.#checkThreads(), threadSilentMs / SILENT_CHECKS);
    this.#watch.unref();
    return reports;
  }

  /** Puts a pass and its threads under the versions in force at a position. */
  #enter(pass: Pass, position: number): void {
    const { catalogue, reference } = this.#options.versions.at(position);
    pass.router.setReference(reference);
    const { version } = reference;
    const { zoneTable } = reference.data;
    this.#pass = pass;
    this.#broadcast(encodeCommand({ type: 'catalogue', position, catalogue }));
    this.#broadcast(encodeCommand({ type: 'reference', position, version, zoneTable }));
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
    return this.held || this.#catchingUp;
  }

  get waiting(): number {
    return this.#waiting.length;
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
        this.#broadcast(encodeCommand({ type: 'catalogue', position, catalogue }));
        return;
      }
      case 'reference': {
        const tables = versions.reference(control.sha256);
        this.#pass.router.setReference(tables);
        const { zoneTable } = tables.data;
        const { version } = control;
        this.#broadcast(encodeCommand({ type: 'reference', position, version, zoneTable }));
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
    while (next < end() && !this.#stopped) {
      const records = this.#options.readJournal(next);
      // Admitted but not flushed yet: comes within a flush.
      if (records.length === 0) {
        if (++idle > EMPTY_READS_MAX) throw new Error(`journal ends at ${next}, not at ${end()}`);
        await pause(5);
        continue;
      }
      idle = 0;
      for (const { position, bytes } of records) {
        if (position >= end()) break;
        while (this.#stuck.length > 0) {
          this.#publish();
          await pause(1);
          this.#unstick();
        }
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

  /**
   * Silent means: no heartbeat between this many checks in a row. On a starved machine the checks
   * come late themselves, so a thread is not replaced for what the machine did to both.
   */
  #checkThreads(): void {
    for (const t of this.threads) {
      const beat = t.words.counts[Count.heartbeatMs];
      const silent = t.state === 'live' && beat > 0 && beat === t.lastBeatMs;
      t.silentChecks = silent ? t.silentChecks + 1 : 0;
      t.lastBeatMs = beat;
      if (t.silentChecks >= SILENT_CHECKS) t.kill(`no heartbeat for ${Date.now() - beat} ms`);
    }
  }

  #onDeath(thread: ThreadHost, why: string, position: number): void {
    if (this.#stopped) return;
    // It gets them again from the journal.
    this.#stuck = this.#stuck.filter((s) => s.thread !== thread);
    const deaths = (this.#deaths.get(position) ?? 0) + 1;
    this.#deaths.set(position, deaths);
    const { logger } = this.#options;
    logger.error({ thread: thread.index, why, position, deaths }, 'scoring thread died');
    if (deaths >= DEATHS_MAX) {
      logger.error({ position }, 'record quarantined: it killed its thread three times');
      this.quarantined.add(position);
      this.#options.onQuarantine(position);
    }
    void this.#revive(thread);
  }

  /** New thread from the snapshots; then the journal up to now; then live again. */
  async #revive(thread: ThreadHost): Promise<void> {
    const { catalogue, reference } = this.#options.versions.at(this.routed);
    const report = await thread.start(catalogue, reference.data.zoneTable);
    if (this.#stopped) return;
    thread.state = 'catching-up';
    const pass = this.#newPass((t) => t === thread);
    const from = Math.min(this.routed, ...report.positions.map(([, position]) => position));
    this.#enter(pass, from);
    const reached = await this.#replay(pass, from, () => this.routed);
    // What comes in meanwhile is held, so that the end stands still.
    this.#catchingUp = true;
    try {
      await this.#replay(pass, reached, () => this.routed);
      if (thread.state === 'catching-up') thread.state = 'live';
    } finally {
      this.#catchingUp = false;
      this.pump();
    }
    this.#options.logger.warn({ thread: thread.index, from }, 'scoring thread is back');
  }

  /** Everything routed is scored and handed back; then the threads end. */
  async stop(deadlineMs: number): Promise<void> {
    clearInterval(this.#watch);
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

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

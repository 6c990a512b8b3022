/**
 * The host's side of one scoring thread: its piscina task, rings and shared words. Notices when
 * the thread dies or falls silent, and starts it anew from its snapshots; what it had handed back
 * by then is kept.
 */
import { Piscina } from 'piscina';
import { createRing, RingReader, RingWriter } from '../../platform/index.js';
import type { Catalogue } from '../../schemas/catalogue.js';
import * as R from '../../schemas/generated/records.js';
import type { ReferenceFacts } from '../../scoring/index.js';
import {
  OutKind,
  type RestoredReport,
  type SnapshotReport,
  type ThreadReport,
  type ThreadTask,
} from './scoring-thread.js';
import { Count, SharedWords, Word } from './shared-words.js';

export interface ThreadSettings {
  ringBytes: number;
  regionBytes: number;
  shardsTotal: number;
  latenessMs: number;
  evidenceMax: number;
  clockOffsetMs: number;
  snapshotDir?: string;
}

/** The bytes of a copied shard: those of the life that copied them, whatever became of it. */
export interface SnapshotCopy {
  readonly body: Uint8Array;
  /** Gives the bytes back: the thread may copy the next shard. */
  done(): void;
}

export interface ThreadEvents {
  /** A hit: header and canonical bytes; valid during the call. False = no room, ask again later. */
  onHit(record: Uint8Array): boolean;
  onSnapshot(report: SnapshotReport, copy: SnapshotCopy): void;
  /** The thread died after it had started; `position` is what it was scoring. */
  onDeath(thread: ThreadHost, why: string, position: number): void;
  /** Something was consumed or handed back. */
  onBell(): void;
}

type State = 'starting' | 'catching-up' | 'live' | 'stopping' | 'dead';

export class ThreadHost {
  state: State = 'dead';
  writer!: RingWriter;
  words = new SharedWords();
  /** Counters of earlier lives, until somebody has taken them over. */
  readonly past: SharedWords[] = [];
  restarts = -1;
  /** For who watches the heartbeat. */
  lastBeatMs = 0;
  silentChecks = 0;
  #reader!: RingReader;
  #snapshot!: SharedArrayBuffer;
  #pool: Piscina | undefined;
  #life = 0;
  #restored: (report: RestoredReport) => void = () => undefined;
  /** Its shards stand: from here on its death is somebody's fault. */
  #stands = false;
  #notRestored: (error: Error) => void = () => undefined;
  readonly #starts = new Int32Array(64);

  constructor(
    readonly index: number,
    readonly shards: number[],
    private readonly settings: ThreadSettings,
    private readonly events: ThreadEvents,
  ) {}

  /**
   * Starts the thread on empty memory; resolves when its shards stand, rejects when it dies before.
   * Snapshots beyond `journalEnd` know records that the journal has lost: they are not taken.
   */
  start(
    catalogue: Catalogue,
    reference: ReferenceFacts,
    journalEnd: number,
  ): Promise<RestoredReport> {
    const { settings } = this;
    if (this.restarts >= 0) this.past.push(this.words);
    this.restarts++;
    this.state = 'starting';
    this.#stands = false;
    const ringIn = createRing(settings.ringBytes);
    const ringOut = createRing(settings.ringBytes);
    this.words = new SharedWords();
    this.writer = new RingWriter(ringIn);
    this.#reader = new RingReader(ringOut);
    this.#snapshot = new SharedArrayBuffer(settings.regionBytes);
    const task: ThreadTask = {
      ringIn,
      ringOut,
      words: this.words.buffer,
      snapshot: this.#snapshot,
      // Untouched pages cost nothing: a region's size is a limit, not a use.
      state: new SharedArrayBuffer(settings.regionBytes * this.shards.length),
      regionBytes: settings.regionBytes,
      shards: this.shards,
      shardsTotal: settings.shardsTotal,
      catalogue,
      reference,
      latenessMs: settings.latenessMs,
      evidenceMax: settings.evidenceMax,
      clockOffsetMs: settings.clockOffsetMs,
      journalEnd,
      ...(settings.snapshotDir !== undefined && { snapshotDir: settings.snapshotDir }),
    };
    const restored = new Promise<RestoredReport>((resolve, reject) => {
      this.#restored = resolve;
      this.#notRestored = reject;
    });
    this.#run(task);
    return restored;
  }

  #run(task: ThreadTask): void {
    const life = ++this.#life;
    const pool = new Piscina({
      filename: new URL('./scoring-thread.js', import.meta.url).href,
      minThreads: 1,
      maxThreads: 1,
      atomics: 'sync',
      idleTimeout: 0,
    });
    this.#pool = pool;
    const over = (why: string): void => {
      if (life !== this.#life || this.state === 'dead') return;
      const stopped = this.state === 'stopping';
      this.drain();
      if (stopped) {
        this.state = 'dead';
        return;
      }
      this.#life++;
      // A task that threw leaves its worker behind, which would wait for another one for ever.
      void pool.destroy();
      this.#died(why);
    };
    pool.run(task).then(
      () => over('ended'),
      (e: unknown) => over(String(e)),
    );
    void this.#listen(life);
  }

  /** Waits for the bell; a waiting bell does not keep the process alive, the pool does. */
  async #listen(life: number): Promise<void> {
    const { words } = this.words;
    while (life === this.#life && this.state !== 'dead') {
      const seen = Atomics.load(words, Word.bell);
      this.drain();
      this.events.onBell();
      const waiting = Atomics.waitAsync(words, Word.bell, seen, 250);
      if (waiting.async) await waiting.value;
      else await Promise.resolve();
    }
  }

  /** Takes everything handed back, as far as there is room for it; false when some is left. */
  drain(): boolean {
    const { bytes, view } = this.#reader;
    for (;;) {
      const count = this.#reader.poll(this.#starts, 1);
      if (count === 0) return true;
      const at = this.#starts[0];
      if (bytes[at + R.HIT_HEADER_KIND] === OutKind.hit) {
        const length = view.getUint32(at, true);
        if (!this.events.onHit(bytes.subarray(at, at + length))) {
          this.#reader.unpoll();
          return false;
        }
      } else {
        const length = view.getUint32(at + R.HIT_HEADER_BODY_LENGTH, true);
        const from = at + R.HIT_HEADER_BYTES;
        const json = Buffer.from(bytes.subarray(from, from + length)).toString('utf8');
        this.#onReport(JSON.parse(json) as ThreadReport);
      }
      this.#reader.consume();
    }
  }

  #onReport(report: ThreadReport): void {
    if (report.type === 'restored') {
      this.#stands = true;
      this.#restored(report);
      return;
    }
    // Of this life: a thread that is started anew gets another buffer and other words.
    const { words } = this.words;
    this.events.onSnapshot(report, {
      body: new Uint8Array(this.#snapshot, 0, report.bytes),
      done: () => Atomics.store(words, Word.snapshotBusy, 0),
    });
  }

  /** Ends a thread that has fallen silent; `onDeath` follows. */
  kill(why: string): void {
    const pool = this.#pool;
    if (pool === undefined || this.state === 'dead') return;
    this.drain();
    this.#life++;
    void pool.destroy();
    this.#died(why);
  }

  /** Before its shards stood nothing was scored: that is told to who started it. */
  #died(why: string): void {
    this.state = 'dead';
    if (this.#stands) this.events.onDeath(this, why, this.words.counts[Count.position]);
    else this.#notRestored(new Error(why));
  }

  async close(): Promise<void> {
    this.#life++;
    this.state = 'dead';
    await this.#pool?.destroy();
  }
}

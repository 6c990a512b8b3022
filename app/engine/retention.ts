/**
 * What of the logs may go, so that Weir can be left on: above half of its limit a log loses its
 * oldest records, as far as nobody needs them. An id of the hits log's index goes with its hit.
 * That doubles no hit, for an id can be found again only in two ways: by scoring the journal once
 * more behind the snapshots, or by judging anew what a late transaction came before, and that is
 * never behind the watermark.
 */
import type { LmdbLog } from '../../platform/index.js';
import { neededFrom } from '../../platform/index.js';
import * as R from '../../schemas/generated/records.js';
import { HIT_IDS_TABLE, hitId } from './hits-writer.js';

export interface RetentionOptions {
  /** Data folder, where readers say what they need. */
  dir: string;
  journal: LmdbLog;
  hits: LmdbLog;
  journalBytesMax: number;
  hitsBytesMax: number;
  /** A transaction's event time may be ahead of its ingest time by so much. */
  inTheFutureMs: number;
  /** Journal position that every snapshot kept has passed. */
  passed(): number;
  watermarkMs(): number;
  onFailed(error: unknown): void;
}

/** Of hits, at once: a fraction of a millisecond of the event loop. */
const SLICE_RECORDS = 200;

export class Retention {
  readonly #options: RetentionOptions;
  #running: Promise<void> | undefined;

  constructor(options: RetentionOptions) {
    this.#options = options;
  }

  /** Now and then; one at a time. */
  tick(): void {
    const { onFailed } = this.#options;
    this.#running ??= this.#run()
      .catch(onFailed)
      .finally(() => {
        this.#running = undefined;
      });
  }

  /** Before the logs are closed. */
  settled(): Promise<void> {
    return this.#running ?? Promise.resolve();
  }

  async #run(): Promise<void> {
    const { dir, journal, hits, journalBytesMax, hitsBytesMax, passed } = this.#options;
    if (journal.bytesUsed() > journalBytesMax / 2) {
      const to = Math.min(passed(), neededFrom(dir, 'journal', journal.identity));
      if (to > journal.first()) await journal.truncate(to);
    }
    if (hits.bytesUsed() <= hitsBytesMax / 2) return;
    const needed = Math.min(hits.durableEnd, neededFrom(dir, 'hits', hits.identity));
    while (hits.bytesUsed() > hitsBytesMax / 2) {
      if (!(await this.#dropHits(needed))) return;
    }
  }

  /** A slice of the oldest hits below `needed`; false when nothing may go. */
  async #dropHits(needed: number): Promise<boolean> {
    const { hits } = this.#options;
    const first = hits.first();
    const ids: string[] = [];
    for (const { position, bytes } of hits.read(first, SLICE_RECORDS)) {
      if (position >= needed || !this.#isOver(bytes)) break;
      ids.push(hitId(bytes));
    }
    if (ids.length === 0) return false;
    // Ids first: a crash in between leaves hits whose ids cannot come again anyway.
    await hits.append([], {
      put: ids.map((key) => ({ table: HIT_IDS_TABLE, key, value: null })),
    });
    await hits.truncate(first + ids.length);
    return true;
  }

  /** It cannot be found again. */
  #isOver(hit: Uint8Array): boolean {
    const { passed, watermarkMs, inTheFutureMs } = this.#options;
    const view = new DataView(hit.buffer, hit.byteOffset, hit.byteLength);
    if (view.getFloat64(R.HIT_HEADER_POSITION, true) >= passed()) return false;
    const eventMsMax = view.getFloat64(R.HIT_HEADER_INGEST_MS, true) + inTheFutureMs;
    return eventMsMax < watermarkMs();
  }
}

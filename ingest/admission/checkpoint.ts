/**
 * What admission remembers, beside the journal, so that a start need not read the journal from its
 * beginning. Its one trick: ids are only ever added, so they are written as segments that never
 * change; each tells in its head what else admission knew behind its last id (origins, the stream's
 * time). A start takes the newest run of segments if it holds all that must be remembered, and
 * reads the journal behind it; else it reads the journal as if there were none.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { writeWholeFile } from '../../platform/index.js';
import type { KeeperState, WatermarkKeeper } from '../watermark.js';
import { DEDUPE_ENTRY_BYTES, type Dedupe } from './dedupe.js';
import type { OriginMark, OriginMarks } from './origin-marks.js';

/** Ids of a segment: 1.5 MiB; the journal behind the last one is read in a fraction of a second. */
const SEGMENT_IDS = 65_536;
const FORMAT = 1;
/** Length of the head and CRC-32 of all behind these two words. */
const PREFIX_BYTES = 8;
const NAME = /^(\d+)\.ids$/;

interface SegmentHead {
  format: number;
  /** Of the journal. */
  identity: string;
  /** Counts up from 0, where the memory began. */
  number: number;
  /** First journal position that the segment knows nothing of. */
  position: number;
  /** Ingest time of every 1,024th id. */
  samplesMs: number[];
  marks: OriginMark[];
  keeper: KeeperState;
}

export interface CheckpointOptions {
  /** Folder of its own. */
  dir: string;
  /** Of the journal. */
  identity: string;
  segmentIds?: number;
}

/** What it is of. */
export interface Remembered {
  dedupe: Dedupe;
  marks: OriginMarks;
  keeper: WatermarkKeeper;
}

export class Checkpoint {
  readonly #options: Required<CheckpointOptions>;
  readonly #of: Remembered;
  readonly #waiting: { head: SegmentHead; body: Uint8Array }[] = [];
  /** Number of the next segment, and the ids that will fill it. */
  #number = 0;
  #fillsAt: number;
  #writing: Promise<void> = Promise.resolve();
  #failed = false;

  constructor(options: CheckpointOptions, of: Remembered) {
    // A segment is cut from what is remembered: it cannot be larger.
    const segmentIds = Math.min(options.segmentIds ?? SEGMENT_IDS, of.dedupe.idsMax);
    this.#options = { ...options, segmentIds };
    this.#of = of;
    this.#fillsAt = segmentIds;
    mkdirSync(options.dir, { recursive: true });
  }

  /**
   * Takes over what the segments hold; returns the position to read the journal from. Undefined:
   * they are missing, damaged, of another journal or too few, and are gone now.
   */
  async load(journal: { first(): number; end(): number }): Promise<number | undefined> {
    const numbers = this.#run();
    const newest = numbers[0] === undefined ? undefined : this.#read(numbers[0]);
    const { dedupe, marks, keeper } = this.#of;
    const { segmentIds } = this.#options;
    const held = numbers.length * segmentIds;
    const whole = numbers.at(-1) === 0 || held >= dedupe.idsMax;
    if (newest === undefined || !whole || !reaches(journal, newest.head.position)) {
      return this.#forget();
    }
    dedupe.reserve(held);
    for (const number of numbers.reverse()) {
      const segment = this.#read(number);
      if (segment === undefined) return this.#forget();
      dedupe.addEntries(segment.body, segment.head.samplesMs);
      // A start must not starve the heartbeat.
      await new Promise((resolve) => setImmediate(resolve));
    }
    marks.restore(newest.head.marks);
    keeper.restoreState(newest.head.keeper);
    this.#number = newest.head.number + 1;
    this.#fillsAt = dedupe.added + segmentIds;
    return newest.head.position;
  }

  /** An id was added; `position` is the one behind its record. */
  note(position: number): void {
    const { dedupe, marks, keeper } = this.#of;
    if (dedupe.added < this.#fillsAt || this.#failed) return;
    const { segmentIds, identity } = this.#options;
    this.#fillsAt = dedupe.added + segmentIds;
    const { entries, samplesMs } = dedupe.newest(segmentIds);
    const head: SegmentHead = {
      format: FORMAT,
      identity,
      number: this.#number++,
      position,
      samplesMs,
      marks: marks.all(),
      keeper: keeper.state(),
    };
    this.#waiting.push({ head, body: entries });
  }

  /** The journal is on disk up to `end`: segments below it may be written. Never rejects. */
  durable(end: number): Promise<void> {
    for (;;) {
      const next = this.#waiting[0];
      if (next === undefined || next.head.position > end) return this.#writing;
      this.#waiting.shift();
      this.#writing = this.#writing.then(() => this.#write(next.head, next.body));
    }
  }

  /** A segment that is missing makes those before it useless: the next start reads the journal. */
  async #write(head: SegmentHead, body: Uint8Array): Promise<void> {
    if (this.#failed) return;
    const json = Buffer.from(JSON.stringify(head));
    const prefix = Buffer.alloc(PREFIX_BYTES);
    prefix.writeUInt32LE(json.byteLength, 0);
    prefix.writeUInt32LE(crc32(body, crc32(json)), 4);
    try {
      await writeWholeFile(this.#path(head.number), [prefix, json, body]);
      const kept = Math.ceil(this.#of.dedupe.idsMax / this.#options.segmentIds) + 1;
      rmSync(this.#path(head.number - kept), { force: true });
    } catch {
      this.#failed = true;
    }
  }

  /** Numbers of the newest unbroken run, newest first. */
  #run(): number[] {
    const numbers = readdirSync(this.#options.dir)
      .flatMap((name) => NAME.exec(name)?.[1] ?? [])
      .map(Number)
      .sort((a, b) => b - a);
    const broken = numbers.findIndex((n, i) => i > 0 && n !== (numbers[i - 1] as number) - 1);
    return broken < 0 ? numbers : numbers.slice(0, broken);
  }

  #read(number: number): { head: SegmentHead; body: Uint8Array } | undefined {
    try {
      const bytes = readFileSync(this.#path(number));
      const bodyAt = PREFIX_BYTES + bytes.readUInt32LE(0);
      if (crc32(bytes.subarray(PREFIX_BYTES)) !== bytes.readUInt32LE(4)) return undefined;
      const head = JSON.parse(bytes.toString('utf8', PREFIX_BYTES, bodyAt)) as SegmentHead;
      const body = new Uint8Array(bytes.subarray(bodyAt));
      const { identity, segmentIds } = this.#options;
      const ours = head.format === FORMAT && head.identity === identity && head.number === number;
      return ours && body.length === segmentIds * DEDUPE_ENTRY_BYTES ? { head, body } : undefined;
    } catch {
      return undefined;
    }
  }

  #path(number: number): string {
    return join(this.#options.dir, `${number}.ids`);
  }

  #forget(): undefined {
    const { dir } = this.#options;
    for (const name of readdirSync(dir)) rmSync(join(dir, name), { force: true, recursive: true });
    this.#of.dedupe.clear();
    return undefined;
  }
}

/** Behind a lost journal's end, or before what is kept, nothing joins. */
function reaches(journal: { first(): number; end(): number }, position: number): boolean {
  return position >= journal.first() && position <= journal.end();
}

/**
 * A scoring thread: one endless piscina task. Drains its ring in batches, scores, hands hits back
 * through the other ring, copies a shard when asked. It never awaits and never does I/O, except to
 * read its snapshots at the start.
 */

import { openSnapshotStore, RingReader, RingWriter } from '../../platform/threads.js';
import type { Catalogue } from '../../schemas/catalogue.js';
import * as R from '../../schemas/generated/records.js';
import { ACTIONS, DECISIONS, FAMILIES, type Hit, hitFlags, SEVERITIES } from '../../schemas/hit.js';
import type { ReferenceFacts, RegionDescription, RingCommand } from '../../scoring/index.js';
import { RegionHeader, ScoringOperator } from '../../scoring/threads.js';
import {
  Count,
  catalogueMark,
  DURATION_BOUNDS,
  RULES_MAX,
  SharedWords,
  Word,
} from './shared-words.js';
import { decodeSnapshot, type SnapshotContent } from './snapshot-file.js';

export interface ThreadTask {
  ringIn: SharedArrayBuffer;
  ringOut: SharedArrayBuffer;
  words: SharedArrayBuffer;
  state: SharedArrayBuffer;
  snapshot: SharedArrayBuffer;
  regionBytes: number;
  shards: number[];
  shardsTotal: number;
  catalogue: Catalogue;
  reference: ReferenceFacts;
  latenessMs: number;
  evidenceMax: number;
  /** Platform clock minus Date.now(), ms. */
  clockOffsetMs: number;
  /** Folder of snapshots to start from; absent = start empty. */
  snapshotDir?: string;
  /** Where the journal ends: a snapshot beyond it is of records that are no more. */
  journalEnd: number;
}

/** Sent once, when the shards stand: where each continues. */
export interface RestoredReport {
  type: 'restored';
  positions: [shard: number, position: number][];
  /** Snapshots that did not verify, with the reason. */
  refused: string[];
}
export interface SnapshotReport {
  type: 'snapshot';
  shard: number;
  generation: number;
  position: number;
  watermarkMs: number;
  bytes: number;
  described: RegionDescription;
}
export type ThreadReport = RestoredReport | SnapshotReport;

/** Kinds of the records in the ring back to the host (HitHeader.kind). */
export const OutKind = { hit: 1, report: 2 } as const;

const KIND_LEG = 1;
const KIND_COMMAND = 2;
const BATCH = 64;
const SLEEP_MS = 20;
const REFRESH_MS = 250;

export default function scoringThread(task: ThreadTask): { legs: number } {
  return new ThreadLoop(task).run();
}

class ThreadLoop {
  readonly #task: ThreadTask;
  readonly #in: RingReader;
  readonly #out: RingWriter;
  readonly #words: SharedWords;
  readonly #operator: ScoringOperator;
  #anythingOut = false;
  #refreshedAt = 0;

  constructor(task: ThreadTask) {
    this.#task = task;
    this.#in = new RingReader(task.ringIn);
    this.#out = new RingWriter(task.ringOut);
    this.#words = new SharedWords(task.words);
    this.#operator = new ScoringOperator({
      buffer: task.state,
      regionBytes: task.regionBytes,
      shards: task.shards,
      catalogue: task.catalogue,
      ...task.reference,
      latenessMs: task.latenessMs,
      evidenceMax: task.evidenceMax,
      counters: {
        evaluations: this.#words.byRule(Count.ruleEvaluations),
        notApplicable: this.#words.byRule(Count.ruleNotApplicable),
      },
      emit: (hit, rule, band, position, ingestMs, shard) => {
        const { counts } = this.#words;
        counts[Count.hits]++;
        counts[Count.ruleHits + rule.index]++;
        if (hit.flood === true) counts[Count.ruleFloods + rule.index]++;
        // What is in shadow recommends nothing to anybody.
        const { decision: said } = rule.bands[band].band;
        const decision = rule.shadow ? 0 : DECISIONS.indexOf(said);
        this.#writeHit(hit, decision, position, ingestMs, shard);
      },
    });
  }

  run(): { legs: number } {
    if (this.#operator.judged.length > RULES_MAX) {
      throw new Error(`more than ${RULES_MAX} rules and typologies: pause some`);
    }
    this.#report(this.#restore());
    this.#flushOut();
    this.#noteCatalogue();
    const { counts } = this.#words;
    const starts = new Int32Array(BATCH * 2);
    for (;;) {
      const count = this.#in.poll(starts, BATCH);
      const now = performance.now();
      counts[Count.heartbeatMs] = Date.now();
      if (now - this.#refreshedAt > REFRESH_MS) this.#refresh(now);
      if (count === 0) {
        this.#flushOut();
        this.#in.wait(SLEEP_MS);
        continue;
      }
      const stop = this.#batch(starts, count);
      this.#note((performance.now() - now) / 1000);
      this.#out.publish();
      this.#in.consume();
      this.#flushOut();
      if (stop) {
        this.#refresh(now);
        return { legs: counts[Count.legs] };
      }
    }
  }

  /** A rule that throws ends its thread, and is named by its counter. */
  #batch(starts: Int32Array, count: number): boolean {
    try {
      return this.#applyAll(starts, count);
    } catch (error) {
      const rule = this.#operator.ruleInHand;
      if (rule >= 0) this.#words.counts[Count.ruleErrors + rule]++;
      throw error;
    }
  }

  #applyAll(starts: Int32Array, count: number): boolean {
    const { bytes, view } = this.#in;
    const { counts } = this.#words;
    this.#operator.touchAhead(bytes, view, starts, count);
    let stop = false;
    for (let i = 0; i < count; i++) {
      const at = starts[i];
      counts[Count.position] = view.getFloat64(at + R.LEG_POSITION, true);
      if (bytes[at + R.LEG_KIND] === KIND_LEG) {
        counts[Count.legs]++;
        this.#operator.apply(bytes, view, at);
      } else stop = this.#control(at) || stop;
    }
    return stop;
  }

  /** A command or a watermark: it may concern every subject, and nobody beats meanwhile. */
  #control(at: number): boolean {
    const { counts } = this.#words;
    counts[Count.inControl] = 1;
    const command = this.#operator.apply(this.#in.bytes, this.#in.view, at);
    const stop = command !== undefined && this.#obey(command);
    if (this.#in.bytes[at + R.LEG_KIND] === KIND_COMMAND) this.#noteCatalogue();
    counts[Count.heartbeatMs] = Date.now();
    counts[Count.inControl] = 0;
    return stop;
  }

  /** Rules are counted by their place in the catalogue: another one counts from 0. */
  #noteCatalogue(): void {
    const { counts } = this.#words;
    const mark = catalogueMark(this.#operator.catalogueSha256);
    if (counts[Count.catalogue] === mark) return;
    counts.fill(0, Count.ruleHits);
    counts[Count.catalogue] = mark;
  }

  #note(seconds: number): void {
    const { counts } = this.#words;
    counts[Count.batches]++;
    counts[Count.batchSeconds] += seconds;
    let i = 0;
    while (i < DURATION_BOUNDS.length && seconds > DURATION_BOUNDS[i]) i++;
    counts[Count.durations + i]++;
  }

  /** What was written is visible and the host knows, if there is something for it. */
  #flushOut(): void {
    this.#out.publish();
    if (!this.#anythingOut && Atomics.load(this.#words.words, Word.wantBell) === 0) return;
    this.#anythingOut = false;
    this.#words.ring();
  }

  #obey(command: RingCommand): boolean {
    if (command.type === 'stop') return true;
    if (command.type === 'snapshot') this.#copyShard(command.shard, command.generation);
    return false;
  }

  #copyShard(number: number, generation: number): void {
    const busy = Atomics.compareExchange(this.#words.words, Word.snapshotBusy, 0, 1);
    if (busy !== 0) return; // the host asks again in its next round
    const { region, description } = this.#operator.shard(number);
    const bytes = region.usedBytes;
    new Uint8Array(this.#task.snapshot, 0, bytes).set(region.u8.subarray(0, bytes));
    this.#report({
      type: 'snapshot',
      shard: number,
      generation,
      position: region.f64[RegionHeader.position],
      watermarkMs: region.f64[RegionHeader.watermarkMs],
      bytes,
      described: description,
    });
  }

  /** Newest snapshot of each shard that verifies. */
  #restore(): RestoredReport {
    const { snapshotDir, journalEnd } = this.#task;
    const refused: string[] = [];
    if (snapshotDir !== undefined) {
      const store = openSnapshotStore(snapshotDir);
      for (const shard of this.#operator.shards) {
        const number = shard.region.shard;
        for (const { generation } of store.list(number)) {
          const read = decodeSnapshot(store.read(number, generation));
          const why = read.ok ? this.#notOurs(read.content, number) : read.reason;
          // Once the journal has grown past it, it would look right and be wrong.
          if (read.ok && isBeyond(read.content, journalEnd)) store.drop(number, generation);
          if (read.ok && why === undefined) {
            this.#operator.restore(number, read.content.body, read.content.described);
            break;
          }
          refused.push(`shard ${number} generation ${generation}: ${why}`);
        }
      }
    }
    const positions = this.#operator.shards.map((s): [number, number] => [
      s.region.shard,
      s.position,
    ]);
    return { type: 'restored', positions, refused };
  }

  /** Why a good snapshot is not to be taken here. */
  #notOurs(content: SnapshotContent, shard: number): string | undefined {
    const { shardsTotal, journalEnd } = this.#task;
    if (content.shard !== shard || content.shards !== shardsTotal) {
      return 'of another shard or number of shards';
    }
    if (!isBeyond(content, journalEnd)) return undefined;
    return `at position ${content.position}, but the journal ends at ${journalEnd}`;
  }

  #writeHit(hit: Hit, decision: number, position: number, ingestMs: number, shard: number): void {
    const body = Buffer.from(JSON.stringify(hit));
    const length = R.HIT_HEADER_BYTES + Math.ceil(body.byteLength / 8) * 8;
    const at = this.#reserve(length);
    const { view, bytes } = this.#out;
    this.#header(at, length, OutKind.hit, body.byteLength);
    view.setUint16(at + R.HIT_HEADER_FLAGS, hitFlags(hit), true);
    view.setFloat64(at + R.HIT_HEADER_POSITION, position, true);
    view.setFloat64(at + R.HIT_HEADER_DETECTED_MS, Date.now() + this.#task.clockOffsetMs, true);
    view.setFloat64(at + R.HIT_HEADER_INGEST_MS, ingestMs, true);
    view.setUint16(at + R.HIT_HEADER_SHARD, shard, true);
    view.setUint8(at + R.HIT_HEADER_SEVERITY, SEVERITIES.indexOf(hit.severity));
    view.setUint8(at + R.HIT_HEADER_ACTION, ACTIONS.indexOf(hit.action));
    view.setUint8(at + R.HIT_HEADER_FAMILY, FAMILIES.indexOf(hit.family));
    view.setUint8(at + R.HIT_HEADER_SIDE, ['debit', 'credit', 'timer'].indexOf(hit.side));
    view.setUint16(at + R.HIT_HEADER_DECISION, decision, true);
    // Words of the id in the order of their digits.
    for (let w = 0; w < 4; w++) {
      const word = Number.parseInt(hit.id.slice(w * 8, w * 8 + 8), 16);
      view.setUint32(at + R.HIT_HEADER_ID_0 + w * 4, word, true);
    }
    bytes.set(body, at + R.HIT_HEADER_BYTES);
    this.#out.commit(length);
    this.#anythingOut = true;
  }

  #report(report: ThreadReport): void {
    const body = Buffer.from(JSON.stringify(report));
    const length = R.HIT_HEADER_BYTES + Math.ceil(body.byteLength / 8) * 8;
    const at = this.#reserve(length);
    this.#header(at, length, OutKind.report, body.byteLength);
    this.#out.bytes.set(body, at + R.HIT_HEADER_BYTES);
    this.#out.commit(length);
    this.#anythingOut = true;
  }

  #header(at: number, length: number, kind: number, bodyLength: number): void {
    const { view, bytes } = this.#out;
    bytes.fill(0, at, at + length);
    view.setUint32(at + R.HIT_HEADER_LENGTH, length, true);
    view.setUint8(at + R.HIT_HEADER_KIND, kind);
    view.setUint8(at + R.HIT_HEADER_VERSION, 1);
    view.setUint32(at + R.HIT_HEADER_BODY_LENGTH, bodyLength, true);
  }

  /** Room in the ring back; a host that does not take hits stops the thread here, by design. */
  #reserve(length: number): number {
    for (;;) {
      const at = this.#out.reserve(length);
      if (at >= 0) return at;
      this.#anythingOut = true;
      this.#flushOut();
      this.#words.counts[Count.heartbeatMs] = Date.now();
      this.#out.waitForRoom(SLEEP_MS);
    }
  }

  #refresh(now: number): void {
    this.#refreshedAt = now;
    const { counts } = this.#words;
    const sum = (column: number): number =>
      this.#operator.shards.reduce((total, s) => total + s.region.f64[column], 0);
    counts[Count.subjects] = sum(RegionHeader.subjects);
    counts[Count.lateScored] = sum(RegionHeader.lateScored);
    counts[Count.lateDropped] = sum(RegionHeader.lateDropped);
    counts[Count.legsKept] = sum(RegionHeader.legsRecent) + sum(RegionHeader.legsNotable);
    counts[Count.legsDroppedAtCap] = sum(RegionHeader.legsDroppedAtCap);
    counts[Count.postponed] = sum(RegionHeader.postponed);
    counts[Count.reversalsApplied] = sum(RegionHeader.reversalsApplied);
    counts[Count.reversalsUnmatched] = sum(RegionHeader.reversalsUnmatched);
    counts[Count.repeatedOrigins] = sum(RegionHeader.repeatedOrigins);
    counts[Count.laterUnjudged] = sum(RegionHeader.laterUnjudged);
    this.#operator.judged.forEach((rule, i) => {
      const { openShards, warmingUntilMs } = this.#operator.stateOf(rule);
      counts[Count.ruleOpenShards + i] = openShards;
      counts[Count.ruleWarmingMs + i] = warmingUntilMs;
    });
    const used = this.#operator.shards.map((s) => s.region.usedBytes);
    counts[Count.stateBytes] = used.reduce((a, b) => a + b, 0);
    counts[Count.regionFillMax] = Math.max(0, ...used) / this.#task.regionBytes;
  }
}

function isBeyond(content: SnapshotContent, journalEnd: number): boolean {
  return content.position > journalEnd;
}

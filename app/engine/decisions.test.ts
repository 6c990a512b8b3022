/** Decisions are never a silent pass: whatever is missing, the answer waits or says hold. */
import { describe, expect, it } from 'vitest';
import { createRing, RingReader, RingWriter } from '../../platform/index.js';
import * as R from '../../schemas/generated/records.js';
import { DECISIONS } from '../../schemas/hit.js';
import { Decisions } from './decisions.js';
import { SharedWords } from './shared-words.js';
import type { ThreadHost } from './thread-host.js';

const RECORD_BYTES = 64;

function hitRecord(position: number, rule: string, decision: 'none' | 'review' | 'hold') {
  const body = Buffer.from(JSON.stringify({ rule }));
  const record = Buffer.alloc(R.HIT_HEADER_BYTES + body.length);
  record.writeDoubleLE(position, R.HIT_HEADER_POSITION);
  record.writeUInt16LE(DECISIONS.indexOf(decision), R.HIT_HEADER_DECISION);
  record.writeUInt32LE(body.length, R.HIT_HEADER_BODY_LENGTH);
  record.set(body, R.HIT_HEADER_BYTES);
  return record;
}

/** A thread whose scoring the test does by hand. */
class FakeThread {
  state: ThreadHost['state'] = 'live';
  words = new SharedWords();
  writer!: RingWriter;
  handedBack: Buffer[] = [];
  room = Number.POSITIVE_INFINITY;
  #reader!: RingReader;
  decisions!: Decisions;

  constructor() {
    this.newRing();
  }

  newRing(): void {
    const shared = createRing(4096);
    this.writer = new RingWriter(shared);
    this.#reader = new RingReader(shared);
  }

  route(): void {
    const record = new Uint8Array(RECORD_BYTES);
    new DataView(record.buffer).setUint32(0, RECORD_BYTES, true);
    this.writer.tryWrite(record, RECORD_BYTES);
    this.writer.publish();
  }

  /** As the thread does it: hits first, then the room in the ring. */
  score(...hits: Buffer[]): void {
    this.#reader.poll(new Int32Array(8), 8);
    this.handedBack.push(...hits);
    this.#reader.consume();
  }

  drain(): boolean {
    while (this.handedBack.length > 0) {
      if (this.room-- <= 0) return false;
      this.decisions.note(this.handedBack.shift() as Buffer);
    }
    return true;
  }
}

function rig(isWritten: (position: number) => boolean = () => true) {
  const thread = new FakeThread();
  const decisions = new Decisions([thread], isWritten);
  thread.decisions = decisions;
  return { thread, decisions };
}

const LONG_MS = 60_000;

describe('decisions', () => {
  it('take along the hits that came in after the bell', async () => {
    const { thread, decisions } = rig();
    thread.route();
    const answer = decisions.decide(7, LONG_MS);
    thread.score(hitRecord(7, 'a', 'review'), hitRecord(7, 'b', 'hold'), hitRecord(6, 'c', 'hold'));
    decisions.settle();
    expect(await answer).toEqual({ state: 'scored', recommendation: 'hold', rules: ['a', 'b'] });
  });

  it('say none only for what was scored without a hit', async () => {
    const { thread, decisions } = rig();
    thread.route();
    const answer = decisions.decide(7, LONG_MS);
    thread.score();
    decisions.settle();
    expect(await answer).toEqual({ state: 'scored', recommendation: 'none', rules: [] });
  });

  it('wait for a record that found its ring full', async () => {
    let written = false;
    const { thread, decisions } = rig(() => written);
    const answer = decisions.decide(7, LONG_MS);
    decisions.settle();
    thread.route();
    written = true;
    decisions.settle();
    thread.score(hitRecord(7, 'a', 'hold'));
    decisions.settle();
    expect((await answer).recommendation).toBe('hold');
  });

  it('wait while there is no room for hits', async () => {
    const { thread, decisions } = rig();
    thread.route();
    const answer = decisions.decide(7, LONG_MS);
    thread.room = 0;
    thread.score(hitRecord(7, 'a', 'hold'));
    decisions.settle();
    thread.room = 1;
    decisions.settle();
    expect((await answer).rules).toEqual(['a']);
  });

  it('wait for a thread that died to come past the record again', async () => {
    const { thread, decisions } = rig();
    thread.route();
    const answer = decisions.decide(7, LONG_MS);
    thread.state = 'dead';
    decisions.settle();
    thread.newRing();
    thread.route();
    thread.state = 'live';
    decisions.settle();
    thread.score(hitRecord(7, 'a', 'hold'));
    decisions.settle();
    expect((await answer).rules).toEqual(['a']);
  });

  it('recommend to hold when no answer comes in time', async () => {
    const { thread, decisions } = rig();
    thread.route();
    expect(await decisions.decide(7, 1)).toEqual({
      state: 'timeout',
      recommendation: 'hold',
      rules: [],
    });
  });
});

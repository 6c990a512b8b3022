/**
 * The thread of the demonstration bank: makes transactions and encodes them, so that the engine's
 * main thread only hands bytes on. Bounded: at most a few batches are on their way at any time;
 * beyond that it waits, and what is due meanwhile comes in the next batch.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { type Bank, type BankTransaction, createBank } from '../../ingest/index.js';
import { encodeTransaction, encodeTransactionInto } from '../../schemas/transaction-codec.js';
import type { BankWorkerData, FromBank, PackedBatch, ToBank } from './bank-messages.js';
import { Pace } from './pace.js';
import { firstOffsetOf, msOfOffset, TimeOffsets } from './time-offsets.js';

const BATCH_ROWS = 2_048;
/** Room for that many, widened where it is short. */
const BATCH_BYTES = BATCH_ROWS * 256;
const ON_THEIR_WAY_MAX = 4;
const TICK_MS = 50;
/** Live customers are made ahead of their time in spans: making a span costs more than waiting. */
const AHEAD_MS = 10 * 60_000;
const DAY_MS = 86_400_000;

/** Encoded transactions of one source, until they make a batch. */
class Packer {
  #bytes = new Uint8Array(BATCH_BYTES);
  readonly #ends: number[] = [];
  readonly #origins: number[] = [];
  readonly offsets: TimeOffsets;

  constructor(private readonly nextOffset: number) {
    this.offsets = new TimeOffsets(firstOffsetOf(msOfOffset(nextOffset)));
  }

  get count(): number {
    return this.#ends.length;
  }

  /** Leaves out what the journal has: the first millisecond is made again. */
  add({ fields }: BankTransaction): void {
    const offset = this.offsets.of(fields.eventTimeMs as number);
    if (offset < this.nextOffset) return;
    const at = this.#ends.at(-1) ?? 0;
    let end = encodeTransactionInto(fields, this.#bytes, at);
    while (end < 0) {
      const wider = new Uint8Array(this.#bytes.length * 2);
      wider.set(this.#bytes);
      this.#bytes = wider;
      end = encodeTransactionInto(fields, this.#bytes, at);
    }
    this.#ends.push(end);
    this.#origins.push(offset);
  }

  take(): PackedBatch {
    const bytes = this.#bytes.slice(0, this.#ends.at(-1) ?? 0);
    const ends = Uint32Array.from(this.#ends);
    const offsets = Float64Array.from(this.#origins);
    this.#ends.length = 0;
    this.#origins.length = 0;
    return { bytes, ends, offsets };
  }
}

class BankThread {
  readonly #bank: Bank;
  readonly #clockOffsetMs: number;
  readonly #pace: Pace;
  #onTheirWay = 0;
  readonly #waiting = new Set<() => void>();
  /** Counts plays and pauses: an older loop sees that it is no longer meant. */
  #turn = 0;

  constructor({ bank, clockOffsetMs }: BankWorkerData) {
    this.#bank = createBank(bank);
    this.#clockOffsetMs = clockOffsetMs;
    this.#pace = new Pace(1, this.#nowMs());
  }

  take(message: ToBank): void {
    switch (message.type) {
      case 'play':
        this.#pace.perSecond = message.ratePerSecond;
        void this.#play(++this.#turn, message.nextOffset, message.nextReceiptOffset);
        return;
      case 'rate':
        this.#pace.perSecond = message.ratePerSecond;
        return;
      case 'pause':
        this.#turn++;
        tell({ type: 'paused' });
        return;
      case 'taken':
        this.#onTheirWay--;
        for (const wake of this.#waiting) wake();
        this.#waiting.clear();
        return;
      case 'plan':
        this.#plan(message);
    }
  }

  #nowMs(): number {
    return Date.now() + this.#clockOffsetMs;
  }

  async #play(turn: number, nextOffset: number, nextReceiptOffset: number): Promise<void> {
    const { anchorMs, historyDays } = this.#bank.options;
    const nowMs = this.#nowMs();
    const fromMs = Math.max(
      anchorMs - historyDays * DAY_MS,
      // A long stop is made up for by no more than that; a day more keeps the first start whole.
      nowMs - (historyDays + 1) * DAY_MS,
      msOfOffset(nextOffset),
    );
    const packer = new Packer(nextOffset);
    if (!(await this.#history(turn, packer, fromMs, nowMs))) return;
    tell({ type: 'caught-up' });
    const liveOffset = Math.max(nextOffset, packer.offsets.next);
    await this.#live(turn, new Packer(liveOffset), nowMs, nextReceiptOffset);
  }

  /** What has passed, at full speed; false when told otherwise before its end. */
  async #history(turn: number, packer: Packer, fromMs: number, toMs: number): Promise<boolean> {
    for (const made of this.#bank.customerTransactions(fromMs, toMs)) {
      packer.add(made);
      if (packer.count < BATCH_ROWS) continue;
      const ratio = ((made.fields.eventTimeMs as number) - fromMs) / (toMs - fromMs);
      await this.#room();
      if (this.#turn !== turn) return false;
      this.#send('history', packer, ratio);
    }
    await this.#room();
    if (this.#turn !== turn) return false;
    if (packer.count > 0) this.#send('history', packer, 1);
    return true;
  }

  async #live(turn: number, packer: Packer, fromMs: number, nextReceipt: number): Promise<void> {
    const ahead = this.#lives(fromMs);
    const receipts = new Packer(Math.max(nextReceipt, firstOffsetOf(this.#nowMs())));
    let next = ahead.next().value;
    let before = this.#nowMs();
    this.#pace.restart(before);
    for (;;) {
      await new Promise((resolve) => setTimeout(resolve, TICK_MS));
      await this.#room();
      if (this.#turn !== turn) return;
      const nowMs = this.#nowMs();
      if (nowMs <= before) continue;
      while (packer.count < BATCH_ROWS && (next.fields.eventTimeMs as number) <= nowMs) {
        packer.add(next);
        next = ahead.next().value;
      }
      if (packer.count > 0) this.#send('live', packer, 1);
      const due = this.#pace.due(nowMs);
      for (const made of this.#bank.receipts(before, nowMs, due)) receipts.add(made);
      if (receipts.count > 0) this.#send('receipts', receipts, 1);
      before = nowMs;
    }
  }

  /** The customers' lives from a moment on, without end. */
  *#lives(fromMs: number): Generator<BankTransaction, never> {
    for (let at = fromMs; ; at += AHEAD_MS) {
      yield* this.#bank.customerTransactions(at, at + AHEAD_MS);
    }
  }

  #plan({ kind, n, startMs }: Extract<ToBank, { type: 'plan' }>): void {
    const planned = this.#bank.plan(kind, n, startMs);
    const id = `case-${kind}-${n}-${startMs.toString(36)}`;
    const past = planned.past.map(encodeTransaction);
    const live = planned.live.map(({ afterMs, fields }, i) => ({
      afterMs,
      bytes: encodeTransaction({ ...fields, id: `${id}-${i}`, eventTimeMs: startMs + afterMs }),
    }));
    tell({ type: 'case', kind, n, subject: planned.subject, encoded: { past, live } });
  }

  #send(what: 'history' | 'live' | 'receipts', packer: Packer, ratio: number): void {
    this.#onTheirWay++;
    const batch = packer.take();
    const message: FromBank = { type: 'batch', what, batch, ratio };
    const buffers = [batch.bytes.buffer, batch.ends.buffer, batch.offsets.buffer];
    parentPort?.postMessage(message, buffers as ArrayBuffer[]);
  }

  /** Resolves when another batch may go. */
  async #room(): Promise<void> {
    while (this.#onTheirWay >= ON_THEIR_WAY_MAX) {
      await new Promise<void>((resolve) => void this.#waiting.add(resolve));
    }
  }
}

function tell(message: FromBank): void {
  parentPort?.postMessage(message);
}

const thread = new BankThread(workerData as BankWorkerData);
parentPort?.on('message', (message: ToBank) => thread.take(message));

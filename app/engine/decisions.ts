/**
 * Decisions for senders who wait: what the rules recommend for a transaction, once every thread has
 * come past it. No answer in time is a recommendation to hold, never a silent pass.
 */
import * as R from '../../schemas/generated/records.js';
import { DECISIONS, type Decision } from '../../schemas/hit.js';
import type { ThreadHost } from './thread-host.js';
import { Word } from './shared-words.js';

export interface DecisionReply {
  state: 'scored' | 'timeout';
  recommendation: Decision;
  rules: string[];
}

interface Pending {
  marks: number[];
  recommendation: number;
  rules: string[];
  resolve(reply: DecisionReply): void;
  timer: NodeJS.Timeout;
}

export class Decisions {
  readonly #pending = new Map<number, Pending>();

  constructor(private readonly threads: readonly ThreadHost[]) {}

  /** Call after the record was routed. */
  decide(position: number, timeoutMs: number): Promise<DecisionReply> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.#pending.delete(position);
        this.#wantBells();
        resolve({ state: 'timeout', recommendation: 'hold', rules: [] });
      }, timeoutMs);
      this.#pending.set(position, {
        marks: this.threads.map((t) => t.writer.mark),
        recommendation: 0,
        rules: [],
        resolve,
        timer,
      });
      this.#wantBells();
      this.settle();
    });
  }

  /** Sees every hit before the bell that settles its transaction. */
  note(record: Uint8Array): void {
    if (this.#pending.size === 0) return;
    const view = new DataView(record.buffer, record.byteOffset, record.byteLength);
    const pending = this.#pending.get(view.getFloat64(R.HIT_HEADER_POSITION, true));
    if (pending === undefined) return;
    const decision = view.getUint16(R.HIT_HEADER_DECISION, true);
    pending.recommendation = Math.max(pending.recommendation, decision);
    const from = R.HIT_HEADER_BYTES;
    const to = from + view.getUint32(R.HIT_HEADER_BODY_LENGTH, true);
    const hit = JSON.parse(Buffer.from(record.subarray(from, to)).toString('utf8')) as {
      rule: string;
    };
    if (!pending.rules.includes(hit.rule)) pending.rules.push(hit.rule);
  }

  /** Answers everything that all threads have come past. */
  settle(): void {
    if (this.#pending.size === 0) return;
    for (const [position, p] of this.#pending) {
      const scored = this.threads.every(
        (t, i) => t.state === 'live' && t.writer.passed(p.marks[i]),
      );
      if (!scored) continue;
      clearTimeout(p.timer);
      this.#pending.delete(position);
      p.resolve({
        state: 'scored', recommendation: DECISIONS[p.recommendation], rules: p.rules,
      });
    }
    this.#wantBells();
  }

  #wantBells(): void {
    const want = this.#pending.size > 0 ? 1 : 0;
    for (const t of this.threads) Atomics.store(t.words.words, Word.wantBell, want);
  }
}

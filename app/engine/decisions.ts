/**
 * Decisions for senders who wait: what the rules recommend for a transaction, once every thread has
 * come past it. No answer in time is a recommendation to hold, never a silent pass.
 */
import * as R from '../../schemas/generated/records.js';
import { DECISIONS, type Decision, HitFlag } from '../../schemas/hit.js';
import { Word } from './shared-words.js';
import type { ThreadHost } from './thread-host.js';

export interface DecisionReply {
  state: 'scored' | 'timeout';
  recommendation: Decision;
  rules: string[];
}

interface Pending {
  /** How far each thread must come; undefined until the record stands in the rings. */
  marks: Mark[] | undefined;
  recommendation: number;
  rules: string[];
  resolve(reply: DecisionReply): void;
  timer: NodeJS.Timeout;
}

/** A place in a ring. A thread that was replaced has another ring: then it is taken anew. */
interface Mark {
  writer: ThreadHost['writer'];
  at: number;
}

type Thread = Pick<ThreadHost, 'state' | 'writer' | 'words' | 'drain'>;

export class Decisions {
  readonly #pending = new Map<number, Pending>();

  /** `isWritten`: everything up to this position stands in the rings. */
  constructor(
    private readonly threads: readonly Thread[],
    private readonly isWritten: (position: number) => boolean,
  ) {}

  /** Call after the record was routed. */
  decide(position: number, timeoutMs: number): Promise<DecisionReply> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.#pending.delete(position);
        this.#wantBells();
        resolve({ state: 'timeout', recommendation: 'hold', rules: [] });
      }, timeoutMs);
      this.#pending.set(position, {
        marks: undefined,
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
    if ((view.getUint16(R.HIT_HEADER_FLAGS, true) & HitFlag.shadow) !== 0) return;
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
    const scored = [...this.#pending].filter(([position, p]) => this.#isScored(position, p));
    if (scored.length === 0) return;
    // A thread hands its hits back before it gives up their room in the ring: so those of what it
    // has come past lie here by now, but perhaps came in after the bell that we answer to.
    if (!this.threads.map((t) => t.drain()).every(Boolean)) return;
    for (const [position, p] of scored) {
      clearTimeout(p.timer);
      this.#pending.delete(position);
      p.resolve({
        state: 'scored',
        recommendation: DECISIONS[p.recommendation],
        rules: p.rules,
      });
    }
    this.#wantBells();
  }

  #isScored(position: number, p: Pending): boolean {
    if (this.threads.some((t) => t.state !== 'live') || !this.isWritten(position)) return false;
    const isSame = (mark: Mark, i: number): boolean => mark.writer === this.threads[i]?.writer;
    if (p.marks === undefined || !p.marks.every(isSame)) {
      p.marks = this.threads.map(({ writer }) => ({ writer, at: writer.mark }));
    }
    return p.marks.every(({ writer, at }) => writer.passed(at));
  }

  #wantBells(): void {
    const want = this.#pending.size > 0 ? 1 : 0;
    for (const t of this.threads) Atomics.store(t.words.words, Word.wantBell, want);
  }
}

/**
 * Load for the kill test: an open-loop sender that behaves as a bank's system should. Each batch is
 * posted again, with the same ids, until every transaction in it is answered `accepted` or
 * `duplicate`; only then is it noted as acknowledged.
 */
import type { TransactionJson } from '../../schemas/json-transaction.js';
import type { Random } from '../demo/random.js';
import type { SentTransaction } from './verify.js';

export interface LoadOptions {
  url: string;
  key: () => string;
  random: Random;
  batchesPerSecond: number;
  transactionsPerBatch: number;
  accounts: number;
}

export interface AckedBatch {
  /** performance.now() of the intended post, and how long until all was acknowledged. */
  atMs: number;
  latencyMs: number;
  /** Posted once only. */
  atOnce: boolean;
}

const OUTSTANDING_MAX = 500;
/** Doubles with each post of a batch: a crowd of senders must not hinder the start. */
const RETRY_FIRST_MS = 50;
const RETRY_MS_MAX = 800;
const TIMEOUT_MS = 3_000;
/** Of batches whose post failed: senders die too. */
const ABANDONED_SHARE = 0.02;
/** Event times are spread, so that late ones are among them. */
const SPREAD_MS = 20_000;

export class Load {
  readonly sent = new Map<string, SentTransaction>();
  readonly acknowledged = new Set<string>();
  readonly acks: AckedBatch[] = [];
  /** Answers that no transaction of ours may get. */
  readonly refused: string[] = [];
  retries = 0;
  /** Transactions that were posted, not answered and never posted again: at most one hit each. */
  abandoned = 0;
  duplicates = 0;
  outstanding = 0;
  readonly #options: LoadOptions;
  #number = 0;
  #running = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: LoadOptions) {
    this.#options = options;
  }

  start(): void {
    this.#running = true;
    const gapMs = 1_000 / this.#options.batchesPerSecond;
    let due = performance.now();
    const tick = (): void => {
      if (!this.#running) return;
      for (; due <= performance.now(); due += gapMs) {
        // A sender with limits: what does not fit is not sent now.
        if (this.outstanding < OUTSTANDING_MAX) void this.#send(due);
      }
      this.#timer = setTimeout(tick, Math.max(1, due - performance.now()));
    };
    tick();
  }

  /** Sends nothing new; what is outstanding is still posted until it is acknowledged. */
  stop(): void {
    this.#running = false;
    clearTimeout(this.#timer);
  }

  async #send(atMs: number): Promise<void> {
    this.outstanding++;
    let rest = Array.from({ length: this.#options.transactionsPerBatch }, () => this.#next());
    let posts = 0;
    try {
      while (rest.length > 0 && this.refused.length === 0) {
        if (posts++ > 0) {
          this.retries++;
          if (this.#options.random.next() < ABANDONED_SHARE) {
            this.abandoned += rest.length;
            return;
          }
          const waitMs = Math.min(RETRY_MS_MAX, RETRY_FIRST_MS * 2 ** Math.min(posts - 2, 10));
          await new Promise((resolve) => setTimeout(resolve, waitMs));
        }
        rest = await this.#post(rest);
      }
      this.acks.push({ atMs, latencyMs: performance.now() - atMs, atOnce: posts === 1 });
    } finally {
      this.outstanding--;
    }
  }

  /** Returns what has to be posted again. */
  async #post(batch: readonly TransactionJson[]): Promise<TransactionJson[]> {
    let replies: { id: string | null; ack: string; reason?: string }[];
    try {
      const response = await fetch(this.#options.url, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${this.#options.key()}`,
          'content-type': 'application/x-ndjson',
        },
        body: batch.map((t) => JSON.stringify(t)).join('\n'),
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      const text = await response.text();
      if (response.status !== 207 && response.status !== 429) {
        if (response.status < 500) this.refused.push(`${response.status}: ${text}`);
        return [...batch];
      }
      replies = JSON.parse(text) as typeof replies;
    } catch {
      return [...batch]; // the engine is away, or went away with our answer
    }
    return batch.filter((transaction, i) => !this.#settled(transaction.id, replies[i]));
  }

  #settled(id: string, reply: { id: string | null; ack: string } | undefined): boolean {
    if (reply?.ack === 'accepted' || reply?.ack === 'duplicate') {
      if (reply.id !== id) this.refused.push(`${id} was answered as ${reply.id}`);
      if (reply.ack === 'duplicate') this.duplicates++;
      this.acknowledged.add(id);
      return true;
    }
    if (reply?.ack === 'rejected') this.refused.push(JSON.stringify(reply));
    return false;
  }

  #next(): TransactionJson {
    const { random, accounts } = this.#options;
    const id = `kill-${this.#number++}`;
    const debtor = random.between(0, accounts - 1);
    const creditor = (debtor + random.between(1, accounts - 1)) % accounts;
    const account = `6222${String(debtor).padStart(12, '0')}`;
    const amountMinor = random.between(1, 5_000_000);
    this.sent.set(id, { account, amountMinor });
    const external = random.next() < 0.5;
    return {
      id,
      eventTime: Date.now() - random.between(0, SPREAD_MS),
      debtor: { account, kind: 'person' },
      creditor: external
        ? { account: `X-${creditor}`, kind: 'external' }
        : { account: `6222${String(creditor).padStart(12, '0')}`, kind: 'person' },
      amount: (amountMinor / 100).toFixed(2),
      currency: 'CNY',
      type: 'transfer',
    };
  }
}

/** The value below which `share` of the values lie; NaN of none. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

/**
 * Answers of the history store as blocks of a page. Whatever the store does, the page gets its
 * answer within a limit: a question that takes longer is given up, and so is one too many.
 */
import {
  HISTORY_TIMEOUT_MS,
  type History,
  type HistoryAnswer,
  type HistoryStatus,
} from '../../schemas/history.js';
import type { Block } from '../../schemas/protocol.js';

/** The store keeps its own limit; this is for a store that does not even say so. */
const GIVE_UP_MS = HISTORY_TIMEOUT_MS + 1_000;
/** Questions under way; above it the answer is `unavailable` at once. */
const QUESTIONS_MAX = 64;

const OFF: HistoryStatus = {
  state: 'off',
  detail: 'no history store; set clickhouse in weir.yaml to embedded or to a server',
  writtenToMs: null,
};

type Question<T> = (history: History) => Promise<HistoryAnswer<T>>;

export class HistoryBlocks {
  private underWay = 0;

  constructor(
    private readonly history: History | undefined,
    private readonly warn: (fields: object, message: string) => void,
    private readonly giveUpMs = GIVE_UP_MS,
  ) {}

  status(): HistoryStatus {
    return this.history?.status() ?? OFF;
  }

  /** Never rejects. */
  async ask<T>(question: Question<T>): Promise<Block<T>> {
    const { state, detail } = this.status();
    if (this.history === undefined || state === 'off' || state === 'absent') {
      return missing('unavailable', detail);
    }
    if (this.underWay >= QUESTIONS_MAX) return missing('unavailable', 'too many questions wait');
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<HistoryAnswer<T>>((resolve) => {
      const detail = `no answer within ${this.giveUpMs} ms`;
      timer = setTimeout(() => resolve({ ok: false, failure: 'timeout', detail }), this.giveUpMs);
    });
    try {
      const asked = this.put(question, this.history);
      // Given up, it may still fail later.
      asked.catch(() => undefined);
      const answer = await Promise.race([asked, late]);
      if (!answer.ok) return missing(answer.failure, answer.detail);
      const { value, writtenToMs, truncated } = answer;
      return { state: 'ok', source: 'history', asOfMs: writtenToMs, truncated, value };
    } catch (err) {
      this.warn({ err }, 'history: a question failed');
      return missing('failed', 'the history store answered what was not expected');
    } finally {
      clearTimeout(timer);
    }
  }

  /** Under way until the store is done with it, also when it has been given up. */
  private async put<T>(question: Question<T>, history: History): Promise<HistoryAnswer<T>> {
    this.underWay++;
    try {
      return await question(history);
    } finally {
      this.underWay--;
    }
  }
}

function missing<T>(why: Extract<Block<T>, { state: 'missing' }>['why'], detail: string): Block<T> {
  return { state: 'missing', source: 'history', why, detail };
}

/** The same block with other contents. */
export function mapBlock<T, U>(block: Block<T>, change: (value: T) => U): Block<U> {
  return block.state === 'ok' ? { ...block, value: change(block.value) } : block;
}

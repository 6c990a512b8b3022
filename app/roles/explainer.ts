/**
 * Explanations for the page: one at a time, each by a child process that is killed when its time is
 * up, so that neither a long journal nor a failure in it touches who serves the queue.
 */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { TransportLogger } from '../../platform/index.js';
import type { Explainer, ExplainRequest, ExplainResult } from '../../schemas/explanation.js';
import type { ExplainQuestion } from '../explain/child.js';

const BUDGET_MS = 8_000;
/** Of it for reading: what was read is then scored twice. */
const READING_RATIO = 0.75;
/** Questions that wait; one more is told to come back. */
const WAITING_MAX = 4;
const MODULE = fileURLToPath(new URL('../explain/child.js', import.meta.url));

type Answer = Awaited<ReturnType<Explainer['explain']>>;
const FAILED: Answer = { ok: false, reason: 'failed' };
const OUT_OF_TIME: Answer = { ok: false, reason: 'out-of-time' };

export interface ExplainerOptions {
  journalPath: string;
  logger: TransportLogger;
  /** Tests ask other processes, and are less patient. */
  module?: string;
  budgetMs?: number;
}

export function createExplainer(options: ExplainerOptions): Explainer {
  const stop = new AbortController();
  let waiting = 0;
  let last: Promise<unknown> = Promise.resolve();
  return {
    explain(request) {
      if (waiting > WAITING_MAX) return Promise.resolve({ ok: false, reason: 'busy' });
      waiting++;
      const answer = last
        .then(() => (stop.signal.aborted ? FAILED : ask(options, request, stop.signal)))
        .finally(() => waiting--);
      last = answer;
      return answer;
    },
    async close() {
      stop.abort();
      await last;
    },
  };
}

function ask(
  { journalPath, logger, module = MODULE, budgetMs = BUDGET_MS }: ExplainerOptions,
  request: ExplainRequest,
  stop: AbortSignal,
): Promise<Answer> {
  return new Promise((resolve) => {
    let answer: Answer | undefined;
    // What a failure would print may name a customer.
    const child = fork(module, { execArgv: [], stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
    const kill = (): void => void child.kill('SIGKILL');
    const timer = setTimeout(() => {
      answer ??= OUT_OF_TIME;
      kill();
    }, budgetMs);
    const end = (): void => {
      clearTimeout(timer);
      stop.removeEventListener('abort', kill);
      resolve(answer ?? FAILED);
    };
    stop.addEventListener('abort', kill);
    child.once('message', (result: ExplainResult) => {
      answer ??= result.ok ? result : { ok: false, reason: result.reason };
      kill();
    });
    child.once('error', (err) => {
      logger.warn({ err }, 'explanation: the process cannot be started');
      if (child.pid === undefined) end();
    });
    child.once('exit', (code, signal) => {
      if (answer === undefined && !stop.aborted) {
        logger.warn({ code, signal }, 'explanation: the process ended without an answer');
      }
      end();
    });
    const question: ExplainQuestion = {
      ...request,
      journalPath,
      budgetMs: budgetMs * READING_RATIO,
    };
    child.send(question, () => undefined);
  });
}

/**
 * HTTP as a source, on a port of its own and with a key: JSON, NDJSON or FlatBuffers content types
 * only, so that no web page can post to it. A transaction is acknowledged once the journal is
 * flushed; the decision on it is a field of its own, and never a silent pass.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { Exchange, Transport } from '../../platform/index.js';
import type { Configuration } from '../../schemas/configuration.js';
import type { AdmissionOutcome, OfferResult, Source, SourceHost } from '../../schemas/ports.js';
import { type Body, CONTENT_TYPES_TEXT, contentTypeOf, type Item, readBody } from './http-items.js';

export interface Decision {
  state: 'scored' | 'timeout';
  recommendation: 'none' | 'review' | 'hold' | 'reject';
  rules: string[];
}
/** The engine's side: resolves when the record has been scored, at the latest after `timeoutMs`. */
export interface DecisionPort {
  decide(position: number, timeoutMs: number): Promise<Decision>;
}

/** As answered. `not-scored`: refused or a duplicate, so nothing was decided on it now. */
export interface DecisionReply {
  state: Decision['state'] | 'not-awaited' | 'not-scored';
  recommendation: Decision['recommendation'];
  rules: string[];
}
export interface TransactionReply {
  id: string | null;
  ack: AdmissionOutcome['ack'] | 'not-taken';
  position?: number;
  reason?: string;
  detail?: string;
  decision: DecisionReply;
}

export interface HttpSourceOptions {
  /** Made by the caller, so that it chooses which web server stands behind it. */
  transport: Transport;
  /** What senders must show. */
  key: string;
  configuration: Pick<
    Configuration,
    'ingestHost' | 'ingestPort' | 'messageBytesMax' | 'requestBytesMax' | 'decisionTimeoutMs'
  >;
  decisions: DecisionPort;
}

/** Admission, seen from here. */
export type HttpHost = SourceHost & {
  sourceOffset(name: string, partition: number): number;
  /** False for the name of a source too many. */
  canTake(name: string): boolean;
  /** Resolves when everything handed over until now is durable. */
  flush(): Promise<void>;
};

export const HTTP_SOURCE = 'http';
const TRANSACTIONS_MAX = 20_000;
/** Offered in one go: some 0.5 ms of the loop. */
const SLICE = 50;
/** How long a request that was taken in part waits for room. */
const ROOM_WAIT_MS = 2_000;
const STOP_DEADLINE_MS = 2_000;
const SOURCE_NAME = /^[a-z0-9][a-z0-9._-]{0,63}$/;
const JSON_HEADERS = { 'content-type': 'application/json', 'cache-control': 'no-store' };
const NOT_AWAITED: DecisionReply = { state: 'not-awaited', recommendation: 'none', rules: [] };
const NOT_SCORED: DecisionReply = { state: 'not-scored', recommendation: 'hold', rules: [] };

export function createHttpSource(options: HttpSourceOptions): HttpSource {
  return new HttpSource(options);
}

export class HttpSource implements Source {
  readonly name = HTTP_SOURCE;
  readonly #options: HttpSourceOptions;
  readonly #keyHash: Buffer;
  #host: HttpHost | undefined;
  #stopped: () => void = () => undefined;
  #roomWaiters: (() => void)[] = [];

  constructor(options: HttpSourceOptions) {
    if (options.key.length < 16) throw new RangeError('the ingest key is shorter than 16 letters');
    this.#options = options;
    this.#keyHash = sha256(options.key);
  }

  /** Opens the port; throws ListenError. */
  async listen(host: HttpHost): Promise<{ port: number }> {
    this.#host = host;
    host.onRoom(() => {
      const waiters = this.#roomWaiters;
      this.#roomWaiters = [];
      for (const wake of waiters) wake();
    });
    const { transport, configuration } = this.#options;
    transport.route('POST', '/v1/transactions', (exchange) => this.#transactions(exchange));
    transport.route('POST', '/v1/sources/:name/end', (exchange) => this.#end(exchange));
    transport.route('*', '/*', (exchange) => {
      fail(exchange, 404, 'not_found', 'POST /v1/transactions, or /v1/sources/NAME/end');
    });
    return transport.listen({
      host: configuration.ingestHost,
      port: configuration.ingestPort,
      setting: 'ingestPort',
    });
  }

  /** `listen`, then delivers until `stop`. */
  async run(host: HttpHost): Promise<void> {
    const stopped = new Promise<void>((resolve) => {
      this.#stopped = resolve;
    });
    await this.listen(host);
    await stopped;
  }

  async stop(): Promise<void> {
    await this.#options.transport.close(STOP_DEADLINE_MS);
    this.#stopped();
  }

  /** Answered once it is in the journal: like a transaction, it is told once. */
  async #end(exchange: Exchange): Promise<void> {
    if (!this.#authorised(exchange)) return;
    const name = exchange.params['name'];
    if (!isHistoryName(name)) {
      fail(exchange, 400, 'bad_source', SOURCE_NAME_HELP);
      return;
    }
    try {
      this.#host?.ended(name);
      await this.#host?.flush();
    } catch {
      fail(exchange, 503, 'journal_failed', 'the journal could not be written; send it again');
      return;
    }
    exchange.reply(200, JSON_HEADERS, JSON.stringify({ source: name, ended: true }));
  }

  async #transactions(exchange: Exchange): Promise<void> {
    const { requestBytesMax, messageBytesMax } = this.#options.configuration;
    if (!this.#authorised(exchange)) return;
    const type = contentTypeOf(exchange.header('content-type'));
    if (type === undefined) {
      fail(exchange, 415, 'unsupported_content_type', `send one of ${CONTENT_TYPES_TEXT}`);
      return;
    }
    const history = exchange.query.get('history') ?? exchange.header('x-weir-history');
    if (history !== null && history !== undefined && !isHistoryName(history)) {
      fail(exchange, 400, 'bad_source', SOURCE_NAME_HELP);
      return;
    }
    if (history && this.#host?.canTake(history) === false) {
      const help = 'too many names of sources; go on under a name that was used before';
      fail(exchange, 400, 'too_many_sources', help);
      return;
    }
    const wait = exchange.query.get('decision') === 'wait';
    const bytes = await exchange.body(requestBytesMax);
    if (bytes === 'aborted') return;
    if (bytes === 'timeout') {
      fail(exchange, 408, 'request_timeout', 'the body did not come in time');
      return;
    }
    const request = new Request(this, history ?? undefined, wait);
    if (bytes === 'too-large') {
      await request.tooLarge(exchange, requestBytesMax);
      return;
    }
    const body = readBody(type, bytes, messageBytesMax);
    if (body.items.length > TRANSACTIONS_MAX) {
      fail(exchange, 413, 'too_many', `at most ${TRANSACTIONS_MAX} transactions a request`);
      return;
    }
    await request.answer(exchange, body);
  }

  /** Compares hashes, so that neither content nor length of the key shows in the time it takes. */
  #authorised(exchange: Exchange): boolean {
    const bearer = /^Bearer +(.+)$/i.exec(exchange.header('authorization') ?? '')?.[1];
    const shown = bearer ?? exchange.header('x-weir-key') ?? '';
    if (timingSafeEqual(sha256(shown), this.#keyHash)) return true;
    exchange.reply(
      401,
      { ...JSON_HEADERS, 'www-authenticate': 'Bearer realm="weir"' },
      errorBody('unauthorised', 'show the ingest key: Authorization: Bearer KEY'),
    );
    return false;
  }

  /** Offers items as one origin offset; the offset is used up only when they are taken. */
  offer(items: readonly Item[], history: string | undefined, firstIndex: number): OfferResult {
    const host = this.#host as HttpHost;
    const source = history ?? HTTP_SOURCE;
    const offset = host.sourceOffset(source, 0);
    return host.offer({
      source,
      partition: 0,
      history: history !== undefined,
      items: items.map(({ bytes, reject }, i) => ({
        offset,
        index: firstIndex + i,
        bytes,
        ...(reject !== undefined && { reject }),
      })),
      nextOffset: offset + 1,
    });
  }

  /** Resolves with true when there is room. */
  room(waitMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), waitMs);
      this.#roomWaiters.push(() => {
        clearTimeout(timer);
        resolve(true);
      });
    });
  }

  decide(position: number): Promise<Decision> {
    const { decisions, configuration } = this.#options;
    return decisions.decide(position, configuration.decisionTimeoutMs);
  }
}

/** One request on its way through admission. */
class Request {
  readonly #source: HttpSource;
  readonly #history: string | undefined;
  readonly #wait: boolean;
  #flushed: Promise<void> = Promise.resolve();
  #retryAfterMs = 0;

  constructor(source: HttpSource, history: string | undefined, wait: boolean) {
    this.#source = source;
    this.#history = history;
    this.#wait = wait;
  }

  async answer(exchange: Exchange, body: Body): Promise<void> {
    const replies: Promise<TransactionReply>[] = [];
    for (let at = 0; at < body.items.length; at += SLICE) {
      if (at > 0) await new Promise((resolve) => setImmediate(resolve));
      const items = body.items.slice(at, at + SLICE).map((read) => read());
      const result = await this.#offer(items, at);
      if (result.full) break;
      result.outcomes.forEach((outcome, i) => {
        replies.push(this.#reply(outcome, items[i]));
      });
    }
    const all = await Promise.all(replies);
    try {
      await this.#flushed;
    } catch {
      fail(exchange, 503, 'journal_failed', 'the journal could not be written; send it again');
      return;
    }
    const missing = body.items.length - all.length;
    if (missing > 0) {
      const seconds = String(Math.max(1, Math.ceil(this.#retryAfterMs / 1000)));
      const headers = { ...JSON_HEADERS, 'retry-after': seconds };
      const rest = Array.from({ length: missing }, () => NOT_TAKEN);
      exchange.reply(429, headers, JSON.stringify(body.batch ? [...all, ...rest] : NOT_TAKEN));
    } else if (body.batch) {
      exchange.reply(207, JSON_HEADERS, JSON.stringify(all));
    } else {
      exchange.reply(statusOf(all[0]), JSON_HEADERS, JSON.stringify(all[0]));
    }
  }

  /** Its bytes were not read: what is left of it is the fact. */
  async tooLarge(exchange: Exchange, bytesMax: number): Promise<void> {
    const reject = { reason: 'oversized', detail: `request: more than ${bytesMax} bytes` };
    const result = await this.#offer([{ bytes: new Uint8Array(0), reject }], 0);
    if (!result.full) await result.flushed;
    fail(
      exchange,
      413,
      'oversized',
      `the body is larger than ${bytesMax} bytes; send less at once`,
    );
  }

  /** The first slice is refused at once when full; later ones wait, for part was taken already. */
  async #offer(items: readonly Item[], firstIndex: number): Promise<OfferResult> {
    let result = this.#source.offer(items, this.#history, firstIndex);
    if (result.full && firstIndex > 0 && (await this.#source.room(ROOM_WAIT_MS))) {
      result = this.#source.offer(items, this.#history, firstIndex);
    }
    if (result.full) this.#retryAfterMs = result.retryAfterMs;
    else this.#flushed = result.flushed;
    return result;
  }

  async #reply(outcome: AdmissionOutcome, item: Item): Promise<TransactionReply> {
    const id = item.id ?? outcome.transactionId ?? null;
    if (outcome.ack === 'accepted') {
      const { position } = outcome;
      if (outcome.tooLate === true) {
        const decision = this.#wait ? NOT_SCORED : NOT_AWAITED;
        return { id, ack: 'accepted', position, detail: TOO_LATE, decision };
      }
      const decision = this.#wait ? await this.#source.decide(position) : NOT_AWAITED;
      return { id, ack: 'accepted', position, decision };
    }
    const decision = this.#wait ? NOT_SCORED : NOT_AWAITED;
    if (outcome.ack === 'duplicate') return { id, ack: 'duplicate', decision };
    return { id, ack: 'rejected', reason: outcome.reason, detail: outcome.detail, decision };
  }
}

const TOO_LATE =
  'eventTime is behind what the stream has reached: stored, not scored; send sooner, or as history';
const NOT_TAKEN: TransactionReply = { id: null, ack: 'not-taken', decision: NOT_SCORED };
const SOURCE_NAME_HELP =
  'name of a history source: 1 to 64 of a-z 0-9 . _ -, first a letter or digit, not "http"';

function isHistoryName(name: string | undefined): boolean {
  return name !== undefined && SOURCE_NAME.test(name) && name !== HTTP_SOURCE;
}

function statusOf(reply: TransactionReply): number {
  if (reply.ack !== 'rejected') return 200;
  return reply.reason === 'oversized' ? 413 : 422;
}

function errorBody(code: string, message: string): string {
  return JSON.stringify({ error: { code, message } });
}

function fail(exchange: Exchange, status: number, code: string, message: string): void {
  exchange.reply(status, JSON_HEADERS, errorBody(code, message));
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

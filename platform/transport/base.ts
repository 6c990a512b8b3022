/**
 * What both transports do alike: tables of routes, the life of an exchange (one reply, errors
 * become 500, limits become 503), waiting for everything to end.
 */
import { checkHeaders, missReply, Router } from './router.js';
import type {
  BodyOutcome,
  Exchange,
  Handler,
  ListenOptions,
  ReplyHeaders,
  RequestHead,
  TransportLimits,
  TransportLogger,
  UpgradeHandler,
} from './types.js';

const JSON_HEADERS: ReplyHeaders = { 'content-type': 'application/json' };

function errorBody(code: string, message: string): string {
  return JSON.stringify({ error: { code, message } });
}

export abstract class TransportBase {
  abstract readonly kind: 'uws' | 'ws';
  protected readonly routes = new Router<Handler>();
  protected readonly sockets = new Router<UpgradeHandler>();
  protected readonly logger: TransportLogger;
  protected readonly limits: TransportLimits;
  protected draining = false;
  private underWay = 0;
  protected socketCount = 0;

  constructor(logger: TransportLogger, limits: TransportLimits) {
    this.logger = logger;
    this.limits = limits;
  }

  route(method: string, pattern: string, handler: Handler): void {
    this.routes.add(method, pattern, handler);
  }

  socket(pattern: string, handler: UpgradeHandler): void {
    this.sockets.add('GET', pattern, handler);
  }

  counts(): { exchanges: number; sockets: number } {
    return { exchanges: this.underWay, sockets: this.socketCount };
  }

  /** One line a door: which, where, and which web server stands behind it. */
  protected listens({ host, setting }: ListenOptions, port: number): void {
    const door = setting.replace(/Port$/, '');
    this.logger.info({ door, host, port, transport: this.kind }, 'listening');
  }

  /** Finds the handler and runs it; the exchange always ends in exactly one reply. */
  protected serve(exchange: ExchangeBase): void {
    this.underWay++;
    exchange.onEnd = () => {
      this.underWay--;
    };
    const refused = this.draining || this.underWay > this.limits.exchangesMax;
    if (refused) {
      const headers = { ...JSON_HEADERS, 'retry-after': '1' };
      exchange.reply(503, headers, errorBody('busy', 'too many requests at once, or stopping'));
      return;
    }
    const match = this.routes.match(exchange.method, exchange.path);
    if (!match.found) {
      const miss = missReply(match);
      exchange.reply(miss.status, miss.headers, miss.body);
      return;
    }
    exchange.params = match.params;
    try {
      const running = match.target(exchange);
      exchange.bodyMayBeAsked = false;
      if (running instanceof Promise) {
        running.then(
          () => this.ensureReplied(exchange),
          (error) => this.fail(exchange, error),
        );
      }
    } catch (error) {
      this.fail(exchange, error);
    }
  }

  private ensureReplied(exchange: ExchangeBase): void {
    if (exchange.replied || exchange.aborted) return;
    this.fail(exchange, new Error('the handler ended without a reply'));
  }

  private fail(exchange: ExchangeBase, error: unknown): void {
    this.logger.error({ err: error, method: exchange.method }, 'a request handler failed');
    if (exchange.replied) return;
    exchange.reply(500, JSON_HEADERS, errorBody('internal', 'something failed here; see the log'));
  }

  /** Resolves when nothing is under way, or at the deadline. */
  protected async idle(deadlineMs: number): Promise<void> {
    const end = performance.now() + deadlineMs;
    while ((this.underWay > 0 || this.socketCount > 0) && performance.now() < end) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  protected get isDraining(): boolean {
    return this.draining;
  }
}

/** The state of one exchange; the transports add how bytes are read and written. */
export abstract class ExchangeBase implements Exchange {
  abstract readonly method: string;
  abstract readonly path: string;
  abstract readonly query: URLSearchParams;
  abstract readonly remoteAddress: string;
  params: Readonly<Record<string, string>> = {};
  aborted = false;
  replied = false;
  bodyMayBeAsked = true;
  onEnd: () => void = () => undefined;
  private ended = false;
  private settleBody: ((outcome: BodyOutcome) => void) | undefined;
  private bodyTimer: NodeJS.Timeout | undefined;
  private chunks: Uint8Array[] = [];
  private received = 0;
  private bodyLimit = 0;
  private readonly bodyTimeoutMs: number;

  constructor(bodyTimeoutMs: number) {
    this.bodyTimeoutMs = bodyTimeoutMs;
  }

  abstract header(name: string): string | undefined;
  protected abstract startReading(): void;
  protected abstract write(
    status: number,
    headers: ReplyHeaders,
    body: string | Uint8Array | undefined,
    close: boolean,
  ): void;

  body(limitBytes: number): Promise<BodyOutcome> {
    if (!this.bodyMayBeAsked) {
      throw new Error('body() must be called once, before the first await of the handler');
    }
    this.bodyMayBeAsked = false;
    this.bodyLimit = limitBytes;
    return new Promise((resolve) => {
      this.settleBody = resolve;
      const announced = Number(this.header('content-length') ?? 0);
      if (announced > limitBytes) this.settle('too-large');
      else this.bodyTimer = setTimeout(() => this.settle('timeout'), this.bodyTimeoutMs);
      this.startReading();
    });
  }

  /** A piece of the body; `chunk` is copied, for uWebSockets.js takes its memory back. */
  protected receive(chunk: Uint8Array, last: boolean): void {
    if (this.settleBody === undefined) return; // settled: what still comes is thrown away
    this.received += chunk.byteLength;
    if (this.received > this.bodyLimit) {
      this.settle('too-large');
      return;
    }
    if (chunk.byteLength > 0) this.chunks.push(Uint8Array.from(chunk));
    if (!last) return;
    this.settle(this.chunks.length === 1 ? this.chunks[0]! : Buffer.concat(this.chunks));
  }

  private settle(outcome: BodyOutcome): void {
    const resolve = this.settleBody;
    if (resolve === undefined) return;
    this.settleBody = undefined;
    this.chunks = [];
    clearTimeout(this.bodyTimer);
    resolve(outcome);
  }

  protected abort(): void {
    this.aborted = true;
    this.settle('aborted');
    this.end();
  }

  reply(status: number, headers: ReplyHeaders, body?: string | Uint8Array): void {
    if (this.replied) throw new Error('a request can be replied to only once');
    checkHeaders(headers);
    this.replied = true;
    this.bodyMayBeAsked = false;
    const bodyUnread = this.settleBody !== undefined || status === 408;
    this.settle('aborted');
    if (!this.aborted) this.write(status, headers, body, bodyUnread);
    this.end();
  }

  private end(): void {
    if (this.ended) return;
    this.ended = true;
    this.onEnd();
  }
}

/** Copies the parts of a head that must outlive the callback. */
export function queryOf(text: string | undefined): URLSearchParams {
  return new URLSearchParams(text ?? '');
}

export type { RequestHead };

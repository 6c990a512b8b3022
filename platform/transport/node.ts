/**
 * The transport on node:http and ws: used where the binary of uWebSockets.js does not load, and
 * as the second opinion of the conformance suite.
 */
import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
  STATUS_CODES,
} from 'node:http';
import type { Socket } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import { ExchangeBase, queryOf, TransportBase } from './base.js';
import { checkHeaders, missReply, offeredProtocols } from './router.js';
import {
  CLOSE_GRACE_MS,
  type ListenOptions,
  listenError,
  type ReplyHeaders,
  type RequestHead,
  type SocketListener,
  type Transport,
  type TransportLimits,
  type TransportLogger,
  type TransportSocket,
} from './types.js';

const HEADERS_TIMEOUT_MS = 10_000;
const KEEP_ALIVE_MS = 10_000;

function headOf(request: IncomingMessage): RequestHead {
  const url = request.url ?? '/';
  const mark = url.indexOf('?');
  return {
    method: (request.method ?? 'GET').toUpperCase(),
    path: mark < 0 ? url : url.slice(0, mark),
    params: {},
    query: queryOf(mark < 0 ? '' : url.slice(mark + 1)),
    remoteAddress: (request.socket.remoteAddress ?? '').replace(/^::ffff:/, ''),
    header: (name) => {
      const value = request.headers[name];
      return Array.isArray(value) ? value.join(', ') : value;
    },
  };
}

class NodeExchange extends ExchangeBase {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly remoteAddress: string;
  private readonly head: RequestHead;
  private readonly request: IncomingMessage;
  private readonly response: ServerResponse;
  private readonly closing: () => boolean;

  constructor(
    request: IncomingMessage,
    response: ServerResponse,
    bodyTimeoutMs: number,
    closing: () => boolean,
  ) {
    super(bodyTimeoutMs);
    this.head = headOf(request);
    this.request = request;
    this.response = response;
    this.closing = closing;
    this.method = this.head.method;
    this.path = this.head.path;
    this.query = this.head.query;
    this.remoteAddress = this.head.remoteAddress;
    response.on('close', () => {
      if (!response.writableFinished) this.abort();
    });
    // A client that goes away mid-body is told by 'close' above.
    request.on('error', () => undefined);
  }

  header(name: string): string | undefined {
    return this.head.header(name);
  }

  protected startReading(): void {
    this.request.on('data', (chunk: Uint8Array) => this.receive(chunk, false));
    this.request.on('end', () => this.receive(new Uint8Array(0), true));
  }

  protected write(
    status: number,
    headers: ReplyHeaders,
    body: string | Uint8Array | undefined,
    close: boolean,
  ): void {
    for (const [name, value] of Object.entries(headers)) {
      this.response.setHeader(name, value as string | string[]);
    }
    if (close || this.closing()) this.response.setHeader('connection', 'close');
    this.response.statusCode = status;
    if (status !== 204 && status !== 304) {
      this.response.setHeader('content-length', body === undefined ? 0 : Buffer.byteLength(body));
    }
    this.response.end(body);
  }
}

class NodeSocket implements TransportSocket {
  readonly remoteAddress: string;
  open = true;
  private readonly raw: WebSocket;
  private readonly listener: SocketListener;
  private told = false;

  constructor(raw: WebSocket, remoteAddress: string, listener: SocketListener) {
    this.raw = raw;
    this.remoteAddress = remoteAddress;
    this.listener = listener;
  }

  get bufferedBytes(): number {
    return this.open ? this.raw.bufferedAmount : 0;
  }

  send(text: string): boolean {
    if (!this.open) return false;
    this.raw.send(text, () => {
      if (this.open && this.raw.bufferedAmount === 0) this.listener.drained?.();
    });
    return true;
  }

  close(code: number, reason: string): void {
    if (!this.open) return;
    this.tell(code);
    this.raw.close(code, reason);
    // A client that reads nothing would never answer the close frame.
    const cut = setTimeout(() => this.raw.terminate(), CLOSE_GRACE_MS);
    this.raw.once('close', () => clearTimeout(cut));
  }

  cut(): void {
    this.tell(1006);
    this.raw.terminate();
  }

  tell(code: number): void {
    this.open = false;
    if (this.told) return;
    this.told = true;
    queueMicrotask(() => this.listener.closed(code));
  }
}

export class NodeTransport extends TransportBase implements Transport {
  readonly kind = 'ws';
  private readonly server: Server;
  private readonly upgrades: WebSocketServer;
  private readonly live = new Set<NodeSocket>();
  /** The subprotocol decided for a request that is being upgraded. */
  private readonly chosen = new WeakMap<IncomingMessage, string>();

  constructor(logger: TransportLogger, limits: TransportLimits) {
    super(logger, limits);
    this.server = createServer({
      headersTimeout: HEADERS_TIMEOUT_MS,
      // Only a backstop: the exchange has the real limit, and answers it.
      requestTimeout: HEADERS_TIMEOUT_MS + 2 * limits.bodyTimeoutMs,
      keepAliveTimeout: KEEP_ALIVE_MS,
      noDelay: true,
    });
    this.upgrades = new WebSocketServer({
      noServer: true,
      maxPayload: limits.messageBytesMax,
      perMessageDeflate: false,
      handleProtocols: (_offered, request) => this.chosen.get(request) ?? false,
    });
    const closing = (): boolean => this.isDraining;
    this.server.on('request', (request, response) => {
      this.serve(new NodeExchange(request, response, limits.bodyTimeoutMs, closing));
    });
    this.server.on('upgrade', (request, socket, rest) => {
      this.upgrade(request, socket as Socket, rest);
    });
  }

  listen(options: ListenOptions): Promise<{ port: number }> {
    return new Promise((resolve, reject) => {
      const failed = (error: NodeJS.ErrnoException): void => {
        reject(listenError(error.code ?? 'unknown', options));
      };
      this.server.once('error', failed);
      this.server.listen({ host: options.host, port: options.port, exclusive: true }, () => {
        this.server.off('error', failed);
        this.server.on('error', (err) => this.logger.error({ err }, 'the web server failed'));
        const address = this.server.address();
        const port = typeof address === 'object' && address ? address.port : options.port;
        this.listens(options, port);
        resolve({ port });
      });
    });
  }

  private upgrade(request: IncomingMessage, socket: Socket, rest: Buffer): void {
    // Until ws takes it over nobody else listens for its errors.
    const ignore = (): void => undefined;
    socket.on('error', ignore);
    const head = headOf(request);
    const match = this.sockets.match('GET', head.path);
    if (!match.found) {
      const miss = missReply(match);
      refuse(socket, miss.status, miss.headers, miss.body);
      return;
    }
    if (this.draining) {
      refuse(socket, 503, { 'retry-after': '1' }, 'stopping');
      return;
    }
    const protocols = offeredProtocols(head.header('sec-websocket-protocol'));
    const decision = match.target({ ...head, params: match.params, protocols });
    if (!decision.accept) {
      refuse(socket, decision.status, decision.headers ?? {}, decision.body);
      return;
    }
    this.chosen.set(request, decision.protocol);
    this.upgrades.handleUpgrade(request, socket, rest, (raw) => {
      socket.off('error', ignore);
      this.opened(raw, head.remoteAddress, decision.listener);
    });
  }

  private opened(raw: WebSocket, remoteAddress: string, listener: SocketListener): void {
    const socket = new NodeSocket(raw, remoteAddress, listener);
    this.live.add(socket);
    this.socketCount++;
    raw.on('message', (data: Buffer, binary: boolean) => {
      if (!socket.open) return;
      if (binary) socket.close(1003, 'text only');
      else listener.message(data.toString('utf8'));
    });
    // What went wrong is in the close code that follows.
    raw.on('error', () => undefined);
    raw.on('close', (code) => {
      this.live.delete(socket);
      this.socketCount--;
      socket.tell(code);
    });
    listener.opened(socket);
  }

  async close(deadlineMs: number): Promise<void> {
    this.draining = true;
    this.server.close();
    for (const socket of this.live) socket.close(1001, 'stopping');
    this.server.closeIdleConnections();
    await this.idle(Math.min(deadlineMs, CLOSE_GRACE_MS));
    for (const socket of this.live) socket.cut();
    this.server.closeAllConnections();
  }
}

function refuse(socket: Socket, status: number, headers: ReplyHeaders, body: string): void {
  checkHeaders(headers);
  const lines = [`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`, 'connection: close'];
  for (const [name, value] of Object.entries(headers)) {
    for (const v of typeof value === 'string' ? [value] : value) lines.push(`${name}: ${v}`);
  }
  lines.push(`content-length: ${Buffer.byteLength(body)}`, '', body);
  socket.end(lines.join('\r\n'));
}

/**
 * The transport on uWebSockets.js. The one file that loads it, and it loads the binary itself:
 * the package would silently fall back to a JavaScript copy where the binary does not fit.
 *
 * Rules of that library kept here: request and response live only inside the callback, so heads
 * are copied; replies are corked; memory of bodies and messages is copied before anything waits;
 * an aborted response is never touched again; every request goes through one catch-all route, so
 * that both transports match routes with the same code.
 */

import type {
  HttpRequest,
  HttpResponse,
  TemplatedApp,
  us_listen_socket,
  us_socket_context_t,
  WebSocket,
} from 'uWebSockets.js';
import { existsSync } from 'node:fs';
import { STATUS_CODES } from 'node:http';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
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

type Uws = typeof import('uWebSockets.js');
/** LIBUS_LISTEN_EXCLUSIVE_PORT: without it two programs share a port and nobody is told. */
const EXCLUSIVE_PORT = 1;
/** Seconds without a byte either way; the hub's heartbeat comes every two. */
const IDLE_TIMEOUT_S = 120;
const MIB = 1024 * 1024;

/** The library, or why it cannot be used here. */
export function loadUws(): { ok: true; uws: Uws } | { ok: false; why: string } {
  const require = createRequire(import.meta.url);
  const abi = process.versions.modules;
  const name = `uws_${process.platform}_${process.arch}_${abi}.node`;
  try {
    const folder = dirname(require.resolve('uWebSockets.js'));
    // The alias keeps binaries in a folder of their own, the official package beside its entry.
    const places = [join(folder, '..', 'binaries', name), join(folder, name)];
    const file = places.find((place) => existsSync(place));
    if (file === undefined) {
      return { ok: false, why: `no binary ${name} for Node ${process.versions.node}` };
    }
    return { ok: true, uws: require(file) as Uws };
  } catch (error) {
    return { ok: false, why: (error as Error).message.split('\n')[0]! };
  }
}

type Head = RequestHead & { headers: Map<string, string> };

function copyHead(response: HttpResponse, request: HttpRequest): Head {
  const headers = new Map<string, string>();
  request.forEach((name, value) => {
    const known = headers.get(name);
    headers.set(name, known === undefined ? value : `${known}, ${value}`);
  });
  return {
    headers,
    method: request.getCaseSensitiveMethod().toUpperCase(),
    path: request.getUrl(),
    params: {},
    query: queryOf(request.getQuery()),
    remoteAddress: addressText(response.getRemoteAddressAsText()),
    header: (name) => headers.get(name),
  };
}

/** `::ffff:1.2.3.4`, in whatever spelling, as `1.2.3.4`. */
function addressText(bytes: ArrayBuffer): string {
  return Buffer.from(bytes)
    .toString('latin1')
    .replace(/^(::ffff:|(0000:){5}ffff:)(?=\d+\.)/, '');
}

function writeHead(response: HttpResponse, status: number, headers: ReplyHeaders): void {
  response.writeStatus(`${status} ${STATUS_CODES[status] ?? ''}`);
  for (const [name, value] of Object.entries(headers)) {
    if (typeof value === 'string') response.writeHeader(name, value);
    else for (const v of value) response.writeHeader(name, v);
  }
}

class UwsExchange extends ExchangeBase {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly remoteAddress: string;
  private readonly headers: Map<string, string>;
  private readonly response: HttpResponse;
  private readonly closing: () => boolean;

  constructor(response: HttpResponse, head: Head, bodyTimeoutMs: number, closing: () => boolean) {
    super(bodyTimeoutMs);
    this.response = response;
    this.closing = closing;
    this.method = head.method;
    this.path = head.path;
    this.query = head.query;
    this.remoteAddress = head.remoteAddress;
    this.headers = head.headers;
    response.onAborted(() => this.abort());
  }

  header(name: string): string | undefined {
    return this.headers.get(name);
  }

  protected startReading(): void {
    this.response.onData((chunk, last) => this.receive(new Uint8Array(chunk), last));
  }

  protected write(
    status: number,
    headers: ReplyHeaders,
    body: string | Uint8Array | undefined,
    close: boolean,
  ): void {
    const last = close || this.closing();
    this.response.cork(() => {
      writeHead(this.response, status, headers);
      if (this.method === 'HEAD') {
        this.response.endWithoutBody(body === undefined ? 0 : Buffer.byteLength(body), last);
      } else if (status === 204 || status === 304) {
        this.response.endWithoutBody(undefined, last);
      } else {
        this.response.end(body ?? '', last);
      }
    });
  }
}

interface SocketData {
  head: Head;
  listener: SocketListener;
  socket: UwsSocket | undefined;
}

class UwsSocket implements TransportSocket {
  readonly remoteAddress: string;
  open = true;
  private readonly raw: WebSocket<SocketData>;
  private readonly listener: SocketListener;
  private told = false;

  constructor(raw: WebSocket<SocketData>, data: SocketData) {
    this.raw = raw;
    this.listener = data.listener;
    this.remoteAddress = data.head.remoteAddress;
  }

  get bufferedBytes(): number {
    return this.open ? this.raw.getBufferedAmount() : 0;
  }

  send(text: string): boolean {
    if (!this.open) return false;
    this.raw.send(text, false, false);
    return true;
  }

  close(code: number, reason: string): void {
    if (!this.open) return;
    this.open = false;
    this.tell(code);
    this.raw.end(code, reason);
  }

  /** Cuts the connection. */
  cut(): void {
    if (!this.open) return;
    this.open = false;
    this.tell(1006);
    this.raw.close();
  }

  /** Later, as ws does it: a listener is never called inside `send` or `close`. */
  tell(code: number): void {
    this.open = false;
    if (this.told) return;
    this.told = true;
    queueMicrotask(() => this.listener.closed(code));
  }
}

export class UwsTransport extends TransportBase implements Transport {
  readonly kind = 'uws';
  private readonly uws: Uws;
  private readonly app: TemplatedApp;
  private readonly live = new Set<UwsSocket>();
  private listening: us_listen_socket | undefined;

  constructor(uws: Uws, logger: TransportLogger, limits: TransportLimits) {
    super(logger, limits);
    this.uws = uws;
    this.app = uws.App();
    this.app.ws<SocketData>('/*', {
      maxPayloadLength: limits.messageBytesMax,
      // Nothing is dropped here: whoever sends watches bufferedBytes and closes slow clients.
      maxBackpressure: 512 * MIB,
      compression: uws.DISABLED,
      idleTimeout: IDLE_TIMEOUT_S,
      sendPingsAutomatically: true,
      upgrade: (response, request, context) => this.upgrade(response, request, context),
      open: (raw) => this.opened(raw),
      message: (raw, message, binary) => this.message(raw, message, binary),
      drain: (raw) => raw.getUserData().listener.drained?.(),
      close: (raw, code) => this.closed(raw, code),
    });
    this.app.any('/*', (response, request) => {
      const head = copyHead(response, request);
      const closing = (): boolean => this.isDraining;
      this.serve(new UwsExchange(response, head, limits.bodyTimeoutMs, closing));
    });
  }

  listen(options: ListenOptions): Promise<{ port: number }> {
    return new Promise((resolve, reject) => {
      const listened = (token: us_listen_socket | false): void => {
        if (token) {
          this.listening = token;
          const port = this.uws.us_socket_local_port(token as never);
          this.listens(options, port);
          resolve({ port });
          return;
        }
        probe(options, (code) => reject(listenError(code, options)));
      };
      // The binary takes (host, port, options, callback); its declarations lack that form.
      const listen = this.app.listen as unknown as (...args: unknown[]) => void;
      listen.call(this.app, options.host, options.port, EXCLUSIVE_PORT, listened);
    });
  }

  private upgrade(
    response: HttpResponse,
    request: HttpRequest,
    context: us_socket_context_t,
  ): void {
    const head = copyHead(response, request);
    const key = request.getHeader('sec-websocket-key');
    const extensions = request.getHeader('sec-websocket-extensions');
    const protocols = offeredProtocols(head.header('sec-websocket-protocol'));
    const match = this.sockets.match('GET', head.path);
    if (!match.found) {
      const miss = missReply(match);
      this.refuse(response, miss.status, miss.headers, miss.body);
      return;
    }
    if (this.draining) {
      this.refuse(response, 503, { 'retry-after': '1' }, 'stopping');
      return;
    }
    const decision = match.target({ ...head, params: match.params, protocols });
    if (!decision.accept) {
      this.refuse(response, decision.status, decision.headers ?? {}, decision.body);
      return;
    }
    const data: SocketData = { head, listener: decision.listener, socket: undefined };
    response.cork(() => {
      response.upgrade(data, key, decision.protocol, extensions, context);
    });
  }

  private refuse(
    response: HttpResponse,
    status: number,
    headers: ReplyHeaders,
    body: string,
  ): void {
    checkHeaders(headers);
    response.cork(() => {
      writeHead(response, status, headers);
      response.end(body, true);
    });
  }

  private opened(raw: WebSocket<SocketData>): void {
    const data = raw.getUserData();
    const socket = new UwsSocket(raw, data);
    data.socket = socket;
    this.live.add(socket);
    this.socketCount++;
    data.listener.opened(socket);
  }

  private message(raw: WebSocket<SocketData>, message: ArrayBuffer, binary: boolean): void {
    const data = raw.getUserData();
    if (data.socket?.open !== true) return;
    if (binary) {
      data.socket.close(1003, 'text only');
      return;
    }
    data.listener.message(Buffer.from(message).toString('utf8'));
  }

  private closed(raw: WebSocket<SocketData>, code: number): void {
    const { socket } = raw.getUserData();
    if (socket === undefined) return;
    this.live.delete(socket);
    this.socketCount--;
    socket.tell(code);
  }

  async close(deadlineMs: number): Promise<void> {
    this.draining = true;
    if (this.listening !== undefined) this.uws.us_listen_socket_close(this.listening);
    this.listening = undefined;
    for (const socket of this.live) socket.close(1001, 'stopping');
    await this.idle(Math.min(deadlineMs, CLOSE_GRACE_MS));
    for (const socket of this.live) socket.cut();
  }
}

/** uWebSockets.js says only "no"; asking Node the same question gives the reason. */
function probe(options: ListenOptions, done: (code: string) => void): void {
  const server = createServer();
  server.once('error', (error: NodeJS.ErrnoException) => done(error.code ?? 'unknown'));
  server.listen({ host: options.host, port: options.port, exclusive: true }, () => {
    server.close(() => done('unknown'));
  });
}

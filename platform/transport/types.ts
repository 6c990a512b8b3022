/**
 * What a web server of Weir must do, whatever stands behind it: routes with parameters, bounded
 * bodies, WebSockets whose buffered bytes can be seen. Two implementations (uWebSockets.js, and
 * node:http with ws) pass one conformance suite, so the rest of the program knows only this file.
 */

/** What the transport needs of a logger; pino fits. */
export interface TransportLogger {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** `too-large`: more than the limit was announced or sent. `aborted`: the client went away. */
export type BodyOutcome = Uint8Array | 'too-large' | 'aborted' | 'timeout';

/** The readable half that requests and socket upgrades share. Header names are lower case. */
export interface RequestHead {
  /** Upper case. */
  readonly method: string;
  /** Without the query, still percent-encoded. */
  readonly path: string;
  /** Decoded `:name` segments; `*` holds what a trailing wildcard matched, still encoded. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly remoteAddress: string;
  header(name: string): string | undefined;
}

export type ReplyHeaders = Readonly<Record<string, string | readonly string[]>>;

/** One request and its reply. */
export interface Exchange extends RequestHead {
  /** The client has gone; a reply would go nowhere (and is ignored). */
  readonly aborted: boolean;
  /**
   * Collects the body, a copy of its own. Must be called before the handler's first `await`:
   * uWebSockets.js drops what nobody asked for, so both implementations throw when it is late.
   */
  body(limitBytes: number): Promise<BodyOutcome>;
  /** Once; a second reply throws. Content-Length is set here, so leave it out of `headers`. */
  reply(status: number, headers: ReplyHeaders, body?: string | Uint8Array): void;
}

export type Handler = (exchange: Exchange) => void | Promise<void>;

/** An open WebSocket. Text only. */
export interface TransportSocket {
  readonly remoteAddress: string;
  readonly open: boolean;
  /** Accepted by us, not yet taken by the kernel. */
  readonly bufferedBytes: number;
  /** False when it is closed already. Never drops: the caller watches `bufferedBytes`. */
  send(text: string): boolean;
  /** The listener's `closed` follows soon, once, with this code. */
  close(code: number, reason: string): void;
}

/** One connection's ears. All are called in order, never inside `send` or `close`. */
export interface SocketListener {
  opened(socket: TransportSocket): void;
  message(text: string): void;
  /** Buffered bytes have gone down. */
  drained?(): void;
  closed(code: number): void;
}

export type UpgradeDecision =
  | { accept: true; protocol: string; listener: SocketListener }
  | { accept: false; status: number; body: string; headers?: ReplyHeaders };

/** Decides at once: sees Origin, cookies, and the subprotocols that the client offers. */
export type UpgradeHandler = (
  head: RequestHead & { readonly protocols: readonly string[] },
) => UpgradeDecision;

export interface ListenOptions {
  host: string;
  /** 0 = any free one. */
  port: number;
  /** Name of the setting that changes the port, for the error when it is busy. */
  setting: string;
}

export interface Transport {
  readonly kind: 'uws' | 'ws';
  /** `method` upper case or `*`; a pattern is `/a/:name/b` or ends in `/*`. First match wins. */
  route(method: string, pattern: string, handler: Handler): void;
  socket(pattern: string, handler: UpgradeHandler): void;
  /** Throws ListenError. */
  listen(options: ListenOptions): Promise<{ port: number }>;
  /** Requests under way and sockets open now. */
  counts(): { exchanges: number; sockets: number };
  /** Accepts nothing new, lets replies under way finish, closes sockets; at the deadline cuts. */
  close(deadlineMs: number): Promise<void>;
}

export interface TransportLimits {
  /** Requests under way; above it 503 with Retry-After. */
  exchangesMax: number;
  /** A body must be complete within this. */
  bodyTimeoutMs: number;
  /** One message from a client. */
  messageBytesMax: number;
}

export const DEFAULT_LIMITS: TransportLimits = {
  exchangesMax: 4_096,
  bodyTimeoutMs: 30_000,
  messageBytesMax: 64 * 1024,
};

/** How long a client may take to answer our close frame. */
export const CLOSE_GRACE_MS = 5_000;

export class ListenError extends Error {
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.name = 'ListenError';
    this.code = code;
  }
}

/** One line: what, where, how to mend. */
export function listenError(code: string, options: ListenOptions): ListenError {
  const where = `port ${options.port} on ${options.host}`;
  const flag = options.setting.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  const mend = `set ${options.setting} in weir.yaml, or --${flag},`;
  if (code === 'EADDRINUSE') {
    return new ListenError(
      'port_busy',
      `${where} is busy: another program listens there; stop it, or ${mend} to a free port`,
    );
  }
  if (code === 'EACCES') {
    return new ListenError('port_forbidden', `${where} needs more rights; ${mend} above 1023`);
  }
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') {
    const host = options.setting.replace(/^.*OperationsPort$/, 'operationsPort');
    return new ListenError(
      'host_unknown',
      `${where} cannot be opened: ${options.host} is no address of this machine; ` +
        `set ${host.replace(/Port$/, 'Host')} in weir.yaml to one of its own, or to 127.0.0.1`,
    );
  }
  return new ListenError(
    'listen_failed',
    `${where} cannot be opened (${code}); ${mend} to another`,
  );
}

/**
 * The page's end of `weir.v1`. Keeps one socket, resumes from the last cursor of each channel,
 * watches sequence numbers and heartbeats. Its one trick: a cursor moves only after its rows were
 * handed over, so closing at any moment and resuming can repeat rows but never miss one.
 */
import type {
  AlertRow,
  Channel,
  ClientMessage,
  ServerMessage,
  SessionUser,
  Stats,
} from '../../../schemas/protocol.js';
import { backoffMs } from './backoff.js';
import { CLOSE_BY_PAGE, CLOSE_FINAL_FROM, CloseCode, SUBPROTOCOL } from './constants.js';
import { withoutTurning } from './turning.js';

export type Connection =
  | { state: 'connecting' }
  | { state: 'live' }
  | { state: 'reconnecting'; retryAtMs: number }
  | { state: 'stale'; sinceMs: number }
  | { state: 'stopped'; code: number };

/** The part of WebSocket that is used; tests hand in their own. */
export interface Socket {
  readyState: number;
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: ((event: { code: number }) => void) | null;
  send(data: string): void;
  close(code?: number): void;
}

export interface LiveEnvironment {
  open(subprotocol: string): Socket;
  nowMs(): number;
  random(): number;
  setTimer(run: () => void, ms: number): unknown;
  clearTimer(timer: unknown): void;
}

export interface LiveHandlers {
  rows(rows: AlertRow[], channel: 'alerts' | 'alert-updates'): void;
  stats(stats: Stats): void;
  connection(connection: Connection): void;
  welcome(user: SessionUser): void;
  /** The server no longer has what was missed: read the first screen again. */
  reload(): void;
  /** The socket was refused or the session ended: is anybody still signed in? */
  checkSession(): void;
}

const CHANNELS: readonly Channel[] = ['alerts', 'alert-updates', 'stats'];
const HEARTBEAT_MS_DEFAULT = 2_000;
/** Stale after two missed heartbeats, given up after six. */
const MISSED_STALE = 2;
const MISSED_DEAD = 6;
/** A connection that held this long starts the back-off anew. */
const SETTLED_MS = 5_000;
/** A socket that says nothing at all after this long is not coming up. */
const WELCOME_MS_MAX = 10_000;

export class LiveClient {
  private socket: Socket | null = null;
  private attempt = 0;
  private retryTimer: unknown = null;
  private watchTimer: unknown = null;
  private heartbeatMs = HEARTBEAT_MS_DEFAULT;
  private lastMessageMs = 0;
  private welcomedMs = 0;
  private stopped = true;
  private connection: Connection = { state: 'connecting' };
  private readonly cursors = new Map<Channel, string>();
  private readonly nextSequence = new Map<Channel, number>();

  constructor(
    private readonly environment: LiveEnvironment,
    private readonly handlers: LiveHandlers,
  ) {}

  /** Starts after the first screen was read; `cursor` is the one that came with it. */
  start(cursor: string): void {
    this.cursors.set('alerts', cursor);
    this.cursors.set('alert-updates', cursor);
    this.stopped = false;
    this.attempt = 0;
    this.connect();
  }

  /** Ends for good: sign-out, or the page goes away. */
  stop(): void {
    this.stopped = true;
    this.clearTimers();
    const socket = this.socket;
    this.socket = null;
    socket?.close(1000);
  }

  /** At once instead of after the back-off: somebody pressed the button, or the network is back. */
  reconnectNow(): void {
    if (this.socket !== null) return;
    this.stopped = false;
    this.attempt = 0;
    this.clearTimers();
    this.connect();
  }

  private connect(): void {
    this.clearTimers();
    if (this.connection.state !== 'reconnecting') this.say({ state: 'connecting' });
    this.welcomedMs = 0;
    this.lastMessageMs = this.environment.nowMs();
    const socket = this.environment.open(SUBPROTOCOL);
    this.socket = socket;
    socket.onmessage = (event) => {
      if (this.socket === socket) this.receive(String(event.data));
    };
    socket.onclose = (event) => {
      if (this.socket === socket) this.closed(event.code);
    };
    this.watch();
  }

  private receive(data: string): void {
    this.lastMessageMs = this.environment.nowMs();
    let message: ServerMessage;
    try {
      message = JSON.parse(withoutTurning(data)) as ServerMessage;
    } catch {
      this.drop(); // cut off on the way: the resume brings it whole
      return;
    }
    switch (message.type) {
      case 'welcome':
        this.welcome(message);
        return;
      case 'subscribed':
        this.subscribed(message);
        return;
      case 'push':
        this.push(message);
        return;
      case 'heartbeat':
        this.heartbeat(message);
        return;
      case 'error':
        return;
    }
  }

  private welcome(message: Extract<ServerMessage, { type: 'welcome' }>): void {
    this.heartbeatMs = message.heartbeatMs > 0 ? message.heartbeatMs : HEARTBEAT_MS_DEFAULT;
    this.welcomedMs = this.lastMessageMs;
    this.nextSequence.clear();
    this.handlers.welcome(message.user);
    for (const channel of CHANNELS) {
      const since = this.cursors.get(channel);
      this.send(
        since === undefined
          ? { type: 'subscribe', channel }
          : { type: 'subscribe', channel, since },
      );
    }
    this.say({ state: 'live' });
  }

  private subscribed(message: Extract<ServerMessage, { type: 'subscribed' }>): void {
    if (message.channel === 'stats' || message.recovered) return;
    this.cursors.set(message.channel, message.cursor);
    this.handlers.reload();
  }

  private push(message: Extract<ServerMessage, { type: 'push' }>): void {
    if (this.connection.state === 'stale') this.say({ state: 'live' });
    if (message.channel === 'stats') {
      this.handlers.stats(message.items[0]);
      return;
    }
    const expected = this.nextSequence.get(message.channel);
    if (expected !== undefined && message.seqFrom > expected) {
      this.drop(); // a gap: nothing of this push is taken, the resume brings it again
      return;
    }
    this.nextSequence.set(message.channel, message.seqTo + 1);
    this.handlers.rows(message.items, message.channel);
    this.cursors.set(message.channel, message.cursor);
  }

  private heartbeat(message: Extract<ServerMessage, { type: 'heartbeat' }>): void {
    this.send({ type: 'pong', t: message.t });
    // Everything up to it was pushed on every channel: a quiet channel's cursor must not grow old.
    for (const channel of this.cursors.keys()) this.cursors.set(channel, message.cursor);
    if (this.connection.state !== 'live') this.say({ state: 'live' });
  }

  private closed(code: number): void {
    const wasWelcomed = this.welcomedMs > 0;
    this.socket = null;
    this.clearTimers();
    if (this.stopped) return;
    if (code >= CLOSE_FINAL_FROM && code !== CLOSE_BY_PAGE) {
      this.stopped = true;
      this.say({ state: 'stopped', code });
      if (code === CloseCode.unauthorised) this.handlers.checkSession();
      return;
    }
    const now = this.environment.nowMs();
    if (wasWelcomed && now - this.welcomedMs >= SETTLED_MS) this.attempt = 0;
    // A refused upgrade shows only as 1006: ask over HTTP whether the session still stands.
    if (!wasWelcomed || code === CloseCode.sessionExpired) this.handlers.checkSession();
    const waitMs = backoffMs(this.attempt, this.environment.random);
    this.attempt += 1;
    this.say({ state: 'reconnecting', retryAtMs: now + waitMs });
    this.retryTimer = this.environment.setTimer(() => {
      if (!this.stopped) this.connect();
    }, waitMs);
  }

  /** Looks twice a heartbeat whether the server still speaks. */
  private watch(): void {
    this.watchTimer = this.environment.setTimer(() => {
      const silentMs = this.environment.nowMs() - this.lastMessageMs;
      const welcomed = this.welcomedMs > 0;
      if (silentMs > (welcomed ? this.heartbeatMs * MISSED_DEAD : WELCOME_MS_MAX)) {
        this.drop();
        return;
      }
      const stale = welcomed && silentMs > this.heartbeatMs * MISSED_STALE;
      if (stale && this.connection.state === 'live') {
        this.say({ state: 'stale', sinceMs: this.lastMessageMs });
      }
      this.watch();
    }, this.heartbeatMs / 2);
  }

  /** Lets go of the socket without waiting for the other side, which may be gone. */
  private drop(): void {
    const socket = this.socket;
    if (socket === null) return;
    socket.onmessage = null;
    socket.onclose = null;
    socket.close(CLOSE_BY_PAGE);
    this.closed(CLOSE_BY_PAGE);
  }

  private send(message: ClientMessage): void {
    if (this.socket !== null && this.socket.readyState === 1) {
      this.socket.send(JSON.stringify(message));
    }
  }

  private say(connection: Connection): void {
    this.connection = connection;
    this.handlers.connection(connection);
  }

  private clearTimers(): void {
    if (this.retryTimer !== null) this.environment.clearTimer(this.retryTimer);
    if (this.watchTimer !== null) this.environment.clearTimer(this.watchTimer);
    this.retryTimer = null;
    this.watchTimer = null;
  }
}

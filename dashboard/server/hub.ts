/**
 * The live hub: `weir.v1`. Its one trick: a client is only a position in the work log. Pushing,
 * catching up and resuming after any restart are the same act, "send what lies between your
 * position and the published end", so there is no queue a client that could overflow or be lost.
 */
import { randomBytes } from 'node:crypto';
import type { SocketListener, TransportSocket } from '../../platform/index.js';
import type { SessionUser } from '../../schemas/protocol.js';
import { CloseCode, type Stats } from '../../schemas/protocol.js';
import type { AlertBook } from './alert-book.js';
import type { Session } from './auth/sessions.js';
import { decodeCursor, encodeCursor } from './cursor.js';
import { HubClient } from './hub-client.js';
import type { LatencyWindow, MinuteRate } from './latency.js';
import { HEARTBEAT_MS } from './pace.js';
import { alertRowView } from './views.js';

const STATS_MS = 1_000;
/** All users together; above it upgrades are refused with 503. */
const CLIENTS_MAX = 5_000;
/** Texts of rows kept within one published state, for many clients. */
const TEXTS_MAX = 20_000;

export interface HubEvents {
  /** Seconds from the ingest stamp to the socket. */
  latency(seconds: number): void;
  slowDisconnect(): void;
  resumed(recovered: boolean): void;
}

export interface HubOptions {
  book: AlertBook;
  /** The platform clock: what hits are stamped with. */
  nowMs: () => number;
  hitsIdentity: () => string;
  workIdentity: () => string;
  workFirst: () => number;
  isLive: (session: Session) => boolean;
  stats: () => Stats;
  latency: LatencyWindow;
  alertRate: MinuteRate;
  events: HubEvents;
  transportKind: string;
  bufferBytesMax: number;
  connectionsPerUserMax: number;
  /** Further back than this a page reloads instead. */
  resumeRecordsMax: number;
}

export class LiveHub {
  readonly options: HubOptions;
  /** Of this process: a client sees that the dashboard restarted. */
  readonly epoch = randomBytes(8).toString('hex');
  private readonly clients = new Set<HubClient>();
  private readonly texts = new Map<string, string>();
  private textsOf = -1;
  private readonly timers: NodeJS.Timeout[];
  private readonly stopListening: () => void;
  private published: number;
  private closing = false;
  slowDisconnects = 0;

  constructor(options: HubOptions) {
    this.options = options;
    this.published = options.book.workPosition;
    this.stopListening = options.book.onPublished(() => this.onPublished());
    this.timers = [
      setInterval(() => this.beat(), HEARTBEAT_MS),
      setInterval(() => this.pushStats(), STATS_MS),
    ];
  }

  get connections(): number {
    return this.clients.size;
  }

  get full(): boolean {
    return this.clients.size >= CLIENTS_MAX;
  }

  /** Ears for a socket whose user is known. */
  accept(user: SessionUser, session: Session): SocketListener {
    let client: HubClient | undefined;
    return {
      opened: (socket) => {
        const refusal = this.refusal(user);
        if (refusal !== undefined) {
          socket.close(refusal.code, refusal.reason);
          return;
        }
        client = new HubClient(this, socket, user, session);
        this.clients.add(client);
        client.welcome();
      },
      message: (text) => client?.message(text),
      drained: () => client?.drained(),
      closed: () => {
        if (client === undefined) return;
        client.stop();
        this.clients.delete(client);
      },
    };
  }

  /** Ears for a socket that is only told why it may not stay. */
  static refuse(code: number, reason: string): SocketListener {
    return {
      opened: (socket: TransportSocket) => socket.close(code, reason),
      message: () => undefined,
      closed: () => undefined,
    };
  }

  private refusal(user: SessionUser): { code: number; reason: string } | undefined {
    if (this.closing) return { code: CloseCode.shutdown, reason: 'stopping' };
    if (!user.permissions.includes('alerts.read')) {
      return { code: CloseCode.forbidden, reason: 'not for this role' };
    }
    let open = 0;
    for (const client of this.clients) if (client.user.name === user.name) open++;
    if (open < this.options.connectionsPerUserMax) return undefined;
    return { code: CloseCode.tooManyConnections, reason: 'too many windows of this user' };
  }

  /** Of the HTTP list and of everything sent up to `workPosition`. */
  cursor(workPosition = this.options.book.workPosition): string {
    const { book, hitsIdentity, workIdentity } = this.options;
    return encodeCursor({
      hitsIdentity: hitsIdentity(),
      hitsPosition: book.hitsPosition,
      workIdentity: workIdentity(),
      workPosition,
    });
  }

  /** Where a cursor stands in the work log; null when what was missed is not to be had. */
  resume(text: string): number | null {
    const cursor = decodeCursor(text);
    const { book, hitsIdentity, workIdentity, workFirst, resumeRecordsMax } = this.options;
    if (cursor === null) return null;
    if (cursor.hitsIdentity !== hitsIdentity()) return null;
    if (cursor.workIdentity !== workIdentity()) return null;
    const end = book.workPosition;
    const { workPosition } = cursor;
    if (workPosition > end || workPosition < workFirst()) return null;
    return end - workPosition > resumeRecordsMax ? null : workPosition;
  }

  /** JSON of a row as a role may see it; made once for all clients. */
  rowText(alertId: string): string | undefined {
    const { book } = this.options;
    if (this.textsOf !== book.workPosition || this.texts.size > TEXTS_MAX) {
      this.textsOf = book.workPosition;
      this.texts.clear();
    }
    let text = this.texts.get(alertId);
    if (text === undefined) {
      const row = book.row(alertId);
      if (row === undefined) return undefined;
      text = JSON.stringify(alertRowView(row));
      this.texts.set(alertId, text);
    }
    return text;
  }

  private onPublished(): void {
    const { book, alertRate, nowMs } = this.options;
    const from = this.published;
    this.published = book.workPosition;
    const changes = book.changesFrom(from, this.published - from);
    const now = nowMs();
    const opened = changes.reduce((n, change) => n + (change.opened ? 1 : 0), 0);
    if (opened > 0) alertRate.add(now, opened);
    for (const client of this.clients) client.wake();
    // Nobody was there: a later client must not count the wait for itself as our latency.
    if (this.clients.size === 0) for (const change of changes) change.ingestMs = null;
  }

  slow(): void {
    this.slowDisconnects++;
    this.options.events.slowDisconnect();
  }

  private pushStats(): void {
    if (this.clients.size === 0) return;
    const stats = this.options.stats();
    for (const client of this.clients) client.pushStats(stats);
  }

  private beat(): void {
    for (const client of this.clients) client.beat();
  }

  /** Everybody is sent away with a code that says: come back. */
  close(): void {
    this.closing = true;
    this.stopListening();
    for (const timer of this.timers) clearInterval(timer);
    for (const client of [...this.clients]) client.close(CloseCode.shutdown, 'restarting');
  }
}

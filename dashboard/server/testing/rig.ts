/** A dashboard server on real logs in a folder of its own, and clients that behave like a page. */
import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import WebSocket from 'ws';
import {
  createMetrics,
  type LmdbLog,
  type Metrics,
  openLmdbLog,
  openStatsBoard,
  type TransportLogger,
} from '../../../platform/index.js';
import { type Configuration, configurationSchema } from '../../../schemas/configuration.js';
import type { Hit } from '../../../schemas/hit.js';
import {
  type AlertRow,
  type Channel,
  type ServerMessage,
  SUBPROTOCOL,
} from '../../../schemas/protocol.js';
import { encodeHit } from '../hits.js';
import {
  type DashboardServer,
  type DashboardServerOptions,
  startDashboardServer,
} from '../server.js';
import { WORK_TABLES } from '../work-tables.js';
import { sampleDirectory } from './sample.js';

export class Rig {
  readonly dir = mkdtempSync(join(tmpdir(), 'weir-dashboard-'));
  readonly hits: LmdbLog;
  /** As other roles write it. */
  readonly board = openStatsBoard(this.dir);
  server!: DashboardServer;
  /** What the server logged. */
  readonly lines: { level: string; fields: object; message: string }[] = [];
  metrics!: Metrics;
  work!: LmdbLog;
  /** Handed in at the next start. */
  ports: Pick<DashboardServerOptions, 'history' | 'deadLetters' | 'demo' | 'explainer'> = {};
  private port = 0;
  private readonly kind: 'uws' | 'ws';
  private readonly change: Partial<Configuration>;

  constructor(kind: 'uws' | 'ws', change: Partial<Configuration> = {}) {
    this.kind = kind;
    this.change = change;
    this.hits = openLmdbLog(join(this.dir, 'hits.mdb'), { name: 'hits', tables: ['ids'] });
  }

  async start(): Promise<void> {
    // Not 0: a restart must find its port again, with connections of the last run still closing.
    if (this.port === 0) this.port = await freePort();
    this.work = openLmdbLog(join(this.dir, 'work.mdb'), { name: 'work', tables: WORK_TABLES });
    this.metrics = createMetrics('dashboard', { processMetrics: false });
    const configuration = configurationSchema.parse({ dashboardPort: this.port, ...this.change });
    this.server = await startDashboardServer({
      dir: this.dir,
      configuration,
      nowMs: Date.now,
      logger: this.logger(),
      metrics: this.metrics,
      hits: this.hits,
      work: this.work,
      directory: sampleDirectory(),
      ...this.ports,
      stats: this.board,
      webDir: join(this.dir, 'web'),
      transport: this.kind,
      onFatal: (error) => {
        throw error;
      },
    });
  }

  private logger(): TransportLogger {
    const take = (level: string) => (fields: object, message: string) => {
      this.lines.push({ level, fields, message });
    };
    return { info: take('info'), warn: take('warn'), error: take('error') };
  }

  async stop(): Promise<void> {
    await this.server.stop(1_000);
    await this.work.close();
  }

  async end(): Promise<void> {
    await this.stop();
    await this.hits.close();
    rmSync(this.dir, { recursive: true, force: true });
  }

  get origin(): string {
    return this.server.url;
  }

  async put(...hits: Hit[]): Promise<void> {
    const ingestMs = Date.now();
    await this.hits.append(hits.map((hit) => encodeHit(hit, { position: 0, ingestMs })));
  }

  /** POST or DELETE like the page; `headers` overrides. */
  send(
    method: string,
    path: string,
    body: unknown,
    headers: Record<string, string> = {},
  ): Promise<Response> {
    return fetch(`${this.origin}${path}`, {
      method,
      headers: { origin: this.origin, 'content-type': 'application/json', ...headers },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
  }

  /** GET with a cookie; the parsed body. */
  async json<T>(path: string, cookie: string, status = 200): Promise<T> {
    const reply = await fetch(`${this.origin}${path}`, { headers: { cookie } });
    if (reply.status !== status) throw new Error(`${path} answered ${reply.status}`);
    return (await reply.json()) as T;
  }

  /** Signs in by a new link; the cookie to send. */
  async signIn(): Promise<string> {
    const token = new URL(this.server.signInLink()).hash.replace('#token=', '');
    const reply = await this.send('POST', '/api/session', { token });
    if (reply.status !== 200) throw new Error(`sign-in answered ${reply.status}`);
    return cookieOf(reply);
  }
}

export function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => resolve(port));
    });
  });
}

export function cookieOf(reply: Response): string {
  return (reply.headers.getSetCookie()[0] ?? '').split(';')[0]!;
}

export async function until(what: () => boolean, message: string): Promise<void> {
  for (let i = 0; i < 4_000; i++) {
    if (what()) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  throw new Error(`waited in vain: ${message}`);
}

/** Keeps rows and cursors like the page does, over any number of connections. */
export class TestClient {
  readonly rows = new Map<string, AlertRow>();
  /** How often each alert came on the channel of new alerts. */
  readonly opened = new Map<string, number>();
  readonly cursors = new Map<Channel, string>();
  readonly messages: ServerMessage[] = [];
  readonly pushTimes: number[] = [];
  code = 0;
  gaps = 0;
  answersHeartbeats = true;
  socket!: WebSocket;
  private readonly next = new Map<Channel, number>();

  connect(rig: { readonly origin: string }, cookie: string, options: ConnectOptions = {}): this {
    this.code = 0;
    this.next.clear();
    const url = `${rig.origin.replace('http', 'ws')}/ws`;
    const headers: Record<string, string> = { origin: options.origin ?? rig.origin };
    if (cookie !== '') headers['cookie'] = cookie;
    this.socket = new WebSocket(url, options.protocols ?? [SUBPROTOCOL], { headers });
    this.socket.on('error', () => undefined);
    this.socket.on('unexpected-response', (_request, response) => {
      this.code = response.statusCode ?? -1;
    });
    this.socket.on('close', (code) => {
      this.code = code;
    });
    this.socket.on('message', (data) => this.receive(JSON.parse(data.toString()), options));
    return this;
  }

  private receive(message: ServerMessage, options: ConnectOptions): void {
    this.messages.push(message);
    if (message.type === 'welcome') {
      for (const channel of options.channels ?? ['alerts', 'alert-updates']) {
        const since = this.cursors.get(channel);
        const subscribe = { type: 'subscribe', channel, ...(since !== undefined && { since }) };
        this.socket.send(JSON.stringify(subscribe));
      }
    } else if (message.type === 'subscribed') {
      this.cursors.set(message.channel, message.cursor);
    } else if (message.type === 'heartbeat') {
      for (const channel of this.cursors.keys()) this.cursors.set(channel, message.cursor);
      if (this.answersHeartbeats) {
        this.socket.send(JSON.stringify({ type: 'pong', t: message.t }));
      }
    } else if (message.type === 'push' && message.channel !== 'stats') {
      const expected = this.next.get(message.channel) ?? 1;
      if (message.seqFrom !== expected) this.gaps++;
      this.next.set(message.channel, message.seqTo + 1);
      if (message.seqTo - message.seqFrom + 1 !== message.items.length) this.gaps++;
      this.cursors.set(message.channel, message.cursor);
      this.pushTimes.push(performance.now());
      for (const row of message.items) {
        this.rows.set(row.id, row);
        if (message.channel !== 'alerts') continue;
        this.opened.set(row.id, (this.opened.get(row.id) ?? 0) + 1);
      }
    }
  }

  of<T extends ServerMessage['type']>(type: T): Extract<ServerMessage, { type: T }>[] {
    return this.messages.filter((m): m is Extract<ServerMessage, { type: T }> => m.type === type);
  }

  /** The stream below, to stop reading. */
  get stream(): Socket {
    return (this.socket as unknown as { _socket: Socket })._socket;
  }

  async ready(): Promise<this> {
    await until(() => this.of('subscribed').length > 0 || this.code !== 0, 'subscribed');
    return this;
  }
}

export interface ConnectOptions {
  origin?: string;
  protocols?: string[];
  channels?: Channel[];
}

/**
 * A stand-in for the dashboard server, for tests of the page alone: same HTTP paths, same socket
 * protocol, the same strict Content-Security-Policy. Not part of the product.
 */
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';
import { type WebSocket, WebSocketServer } from 'ws';
import type {
  AlertCommand,
  AlertList,
  AlertRow,
  ClientMessage,
  ServerMessage,
  SessionReply,
  SessionRequest,
  SessionUser,
} from '../../../schemas/protocol.js';
import { makeDetail } from './alerts.js';
import { extraRoute } from './routes.js';
import type { World } from './world.js';

export const CSP = [
  "default-src 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "form-action 'none'",
  "object-src 'none'",
].join('; ');
const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

export interface Options {
  world: World;
  webFolder: string;
  port?: number;
  heartbeatMs?: number;
  /** Stop speaking without closing: for the stale state. */
  silent?: () => boolean;
  /** Close code for the next sockets instead of a welcome. */
  refuseWith?: () => number;
  role?: SessionUser['role'];
  permissions?: SessionUser['permissions'];
}

export interface TestServer {
  url: string;
  port: number;
  sockets: Set<WebSocket>;
  stop(): Promise<void>;
}

export async function startTestServer(options: Options): Promise<TestServer> {
  const http = createServer((request, response) => {
    handle(options, request, response).catch(() => {
      if (!response.headersSent) response.writeHead(500);
      response.end();
    });
  });
  const sockets = new Set<WebSocket>();
  attachSockets(options, http, sockets);
  await new Promise<void>((ready) => http.listen(options.port ?? 0, '127.0.0.1', ready));
  const port = (http.address() as AddressInfo).port;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    sockets,
    stop: async () => {
      for (const socket of sockets) socket.close(4001);
      http.closeAllConnections();
      await new Promise((done) => http.close(done));
    },
  };
}

function sessionOf(options: Options, request: IncomingMessage): string | undefined {
  const cookie = /weir=([0-9a-f]+)/.exec(request.headers.cookie ?? '')?.[1];
  return cookie === undefined ? undefined : options.world.sessions.get(cookie);
}

function userOf(options: Options, name: string): SessionUser {
  return {
    name,
    role: options.role ?? 'officer',
    permissions: options.permissions ?? ['alerts.read', 'alerts.work'],
  };
}

function sessionReply(options: Options, name: string): SessionReply {
  return {
    user: userOf(options, name),
    passwordSet: options.world.passwords.has(name),
    bank: { zone: 'Asia/Shanghai', baseCurrency: 'CNY' },
  };
}

async function body<T>(request: IncomingMessage): Promise<T> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return JSON.parse(Buffer.concat(chunks).toString('utf8')) as T;
}

function json(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  response.end(value === null ? '' : JSON.stringify(value));
}

function error(response: ServerResponse, status: number, code: string): void {
  json(response, status, { error: { code, message: code } });
}

async function handle(
  options: Options,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://test');
  const path = url.pathname;
  if (!path.startsWith('/api/')) return file(options, path, response);
  if (path === '/api/session' && request.method === 'POST') {
    return signIn(options, await body<SessionRequest>(request), response);
  }
  const user = sessionOf(options, request);
  if (user === undefined) {
    error(response, 401, 'unauthorised');
    return;
  }
  if (path === '/api/session') return session(options, request, response, user);
  if (path === '/api/session/password') {
    options.world.passwords.set(user, (await body<{ password: string }>(request)).password);
    response.writeHead(204);
    response.end();
    return;
  }
  if (path === '/api/alerts') {
    json(response, 200, list(options.world, url, user));
    return;
  }
  const extra = await extraRoute({
    world: options.world,
    method: request.method ?? 'GET',
    url,
    user: userOf(options, user),
    body: () => body<unknown>(request),
  });
  if (extra !== null) {
    if ('csv' in extra) {
      response.writeHead(extra.status, {
        'content-type': 'text/csv; charset=utf-8',
        'content-disposition': 'attachment; filename="alerts.csv"',
      });
      response.end(extra.csv);
    } else json(response, extra.status, extra.value);
    return;
  }
  const found = /^\/api\/alerts\/([^/]+)(\/commands)?$/.exec(path);
  if (found === null) {
    error(response, 404, 'not-found');
    return;
  }
  const id = found[1] as string;
  if (found[2] === undefined) return detail(options.world, id, response);
  const result = options.world.command(id, user, await body<AlertCommand>(request));
  if (typeof result === 'number') error(response, result, `http-${result}`);
  else json(response, 200, { row: result });
}

async function file(options: Options, path: string, response: ServerResponse): Promise<void> {
  // Every page of ours is the one document; the page's router reads the path.
  const ours = extname(path) === '' || path.startsWith('/customers/');
  const name = ours ? 'index.html' : normalize(path).replace(/^\/+/, '');
  try {
    const bytes = await readFile(join(options.webFolder, name));
    response.writeHead(200, {
      'content-type': TYPES[extname(name)] ?? 'application/octet-stream',
      'content-security-policy': CSP,
      'x-content-type-options': 'nosniff',
    });
    response.end(bytes);
  } catch {
    error(response, 404, 'not-found');
  }
}

function signIn(options: Options, request: SessionRequest, response: ServerResponse): void {
  const { world } = options;
  let name = 'li';
  if ('token' in request) {
    const link = world.links.get(request.token);
    if (link === 'used') {
      error(response, 401, 'link-used');
      return;
    }
    if (link !== 'fresh') {
      error(response, 401, link ? 'link-expired' : 'link-unknown');
      return;
    }
    world.links.set(request.token, 'used');
  } else {
    name = request.user;
    if (world.passwords.get(name) !== request.password) {
      error(response, 401, 'bad-credentials');
      return;
    }
  }
  const cookie = randomBytes(16).toString('hex');
  world.sessions.set(cookie, name);
  response.setHeader('set-cookie', `weir=${cookie}; HttpOnly; SameSite=Strict; Path=/`);
  json(response, 200, sessionReply(options, name));
}

function session(
  options: Options,
  request: IncomingMessage,
  response: ServerResponse,
  user: string,
): void {
  if (request.method !== 'DELETE') {
    json(response, 200, sessionReply(options, user));
    return;
  }
  for (const [key, name] of options.world.sessions) {
    if (name === user) options.world.sessions.delete(key);
  }
  response.writeHead(204);
  response.end();
}

function list(world: World, url: URL, user: string): AlertList {
  const closed = url.searchParams.get('state') === 'closed';
  const rows = [...world.rows.values()].filter((row) => (row.state === 'closed') === closed);
  const open = [...world.rows.values()].filter((row) => row.state !== 'closed');
  const byFamily = {} as AlertList['counts']['byFamily'];
  for (const row of open) byFamily[row.family] = (byFamily[row.family] ?? 0) + 1;
  return {
    rows: rows.slice(0, Number(url.searchParams.get('limit') ?? 100)),
    total: rows.length,
    counts: {
      all: open.length,
      mine: open.filter((row) => row.owner === user).length,
      unassigned: open.filter((row) => row.owner === null).length,
      byFamily,
    },
    cursor: `${world.identity}.${world.log.length}`,
  };
}

function detail(world: World, id: string, response: ServerResponse): void {
  const row = world.rows.get(id);
  if (row === undefined) {
    error(response, 404, 'not-found');
    return;
  }
  const opened = { atMs: row.openedMs, what: 'open', user: null, detail: '' };
  const others = [...world.rows.values()].filter((each) => each.id !== id).slice(0, 2);
  json(response, 200, makeDetail(row, [opened, ...(world.trails.get(id) ?? [])], others));
}

function attachSockets(options: Options, http: Server, sockets: Set<WebSocket>): void {
  const socketServer = new WebSocketServer({
    server: http,
    path: '/ws',
    handleProtocols: (offered) => (offered.has('weir.v1') ? 'weir.v1' : false),
    verifyClient: (info: { req: IncomingMessage }) => sessionOf(options, info.req) !== undefined,
  });
  socketServer.on('connection', (socket, request) => {
    const refusal = options.refuseWith?.() ?? 0;
    if (refusal !== 0) return socket.close(refusal);
    sockets.add(socket);
    serve(options, socket, sessionOf(options, request) as string);
    socket.on('close', () => sockets.delete(socket));
  });
}

type RowChannel = 'alerts' | 'alert-updates';

function serve(options: Options, socket: WebSocket, user: string): void {
  const { world } = options;
  const heartbeatMs = options.heartbeatMs ?? 2_000;
  const at = new Map<RowChannel, number>();
  const sequence = new Map<RowChannel, number>();
  let statsOn = false;
  const send = (message: ServerMessage): void => {
    if (options.silent?.() !== true) socket.send(JSON.stringify(message));
  };
  const cursor = (position: number): string => `${world.identity}.${position}`;
  const push = (): void => {
    if (options.silent?.() === true) return;
    for (const [channel, from] of at) {
      const items: AlertRow[] = [];
      for (let i = from; i < world.log.length; i += 1) {
        const change = world.log[i];
        if (change?.channel === channel) items.push(change.row);
      }
      at.set(channel, world.log.length);
      if (items.length === 0) continue;
      const seqFrom = sequence.get(channel) ?? 1;
      const seqTo = seqFrom + items.length - 1;
      sequence.set(channel, seqTo + 1);
      send({ type: 'push', channel, seqFrom, seqTo, cursor: cursor(world.log.length), items });
    }
  };
  socket.on('message', (data) => {
    const message = JSON.parse(String(data)) as ClientMessage;
    if (message.type !== 'subscribe') return;
    const { channel } = message;
    if (channel === 'stats') {
      statsOn = true;
      send({ type: 'subscribed', channel, recovered: true, cursor: '' });
      return;
    }
    const since = message.since === undefined ? Number.NaN : Number(message.since.split('.')[1]);
    const recovered = since >= world.keepFrom && since <= world.log.length;
    at.set(channel, recovered ? since : world.log.length);
    send({ type: 'subscribed', channel, recovered, cursor: cursor(at.get(channel) as number) });
    push();
  });
  const wake = (): void => {
    setTimeout(push, 20);
  };
  world.changed.add(wake);
  const heart = setInterval(() => {
    send({ type: 'heartbeat', t: Date.now(), cursor: cursor(world.log.length) });
  }, heartbeatMs);
  let beat = 0;
  const pulse = setInterval(() => {
    beat += 1;
    if (statsOn) send(statsMessage(world, beat));
  }, 500);
  socket.on('close', () => {
    world.changed.delete(wake);
    clearInterval(heart);
    clearInterval(pulse);
  });
  send({
    type: 'welcome',
    protocol: 'weir.v1',
    epoch: world.identity,
    serverTimeMs: Date.now(),
    heartbeatMs,
    limits: { pushesPerSecond: 10 },
    user: userOf(options, user),
    transport: 'ws',
  });
}

function statsMessage(world: World, beat: number): ServerMessage {
  const wave = Math.sin(beat / 6);
  return {
    type: 'push',
    channel: 'stats',
    seqFrom: beat,
    seqTo: beat,
    items: [
      {
        atMs: Date.now(),
        transactionsPerSecond: Math.round(1_024 + 180 * wave + (beat % 7) * 12),
        transactionsTotal: beat * 1_000,
        alertsPerMinute: 12 + 4 * wave,
        openAlerts: world.rows.size,
        latencyP50Ms: 2.4 + 0.4 * wave,
        latencyP99Ms: 9 + 3 * wave + (beat % 5 === 0 ? 4 : 0),
        engine: world.engine,
        lastAlertMs: world.rows.size === 0 ? Date.now() - 720_000 : Date.now() - 1_000,
        demo: world.demo,
        history: world.history.status(),
        diskBytes: 3_400_000_000,
      },
    ],
  };
}

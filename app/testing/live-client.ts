/**
 * An officer's page of the kill test, without a page: stays subscribed to `weir.v1` over any number
 * of deaths, resumes by its own cursors, reloads over HTTP when told that too much was missed, and
 * closes alerts with commands that it repeats until they are answered. It notes what a page must
 * never see: an alert twice, a gap in a connection, a close code that says "do not come back".
 */
import WebSocket from 'ws';
import {
  type AlertCommand,
  type AlertList,
  type AlertRow,
  type ServerMessage,
  SUBPROTOCOL,
} from '../../schemas/protocol.js';

type Channel = 'alerts' | 'alert-updates';
const CHANNELS: readonly Channel[] = ['alerts', 'alert-updates'];
const RECONNECT_MS = 50;
const TIMEOUT_MS = 3_000;
const LIST_PATH = '/api/alerts?limit=10000';

export class LiveClient {
  readonly rows = new Map<string, AlertRow>();
  readonly problems: string[] = [];
  readonly commandsSent = new Set<string>();
  readonly commandsDone = new Set<string>();
  connections = 0;
  resumed = 0;
  reloads = 0;
  readonly #origin: string;
  readonly #cookie: string;
  readonly #pushed = new Set<string>();
  readonly #cursors = new Map<Channel, string>();
  readonly #next = new Map<Channel, number>();
  #socket: WebSocket | undefined;
  /** Told that too much was missed: pushes are not looked at until the reload is through. */
  readonly #reloading = new Set<Channel>();
  #stopped = false;
  #away = false;
  #closing = false;
  #commandNumber = 0;

  private constructor(origin: string, cookie: string) {
    this.#origin = origin;
    this.#cookie = cookie;
  }

  static async signIn(origin: string, link: string): Promise<LiveClient> {
    const token = new URL(link).hash.replace('#token=', '');
    const response = await fetch(`${origin}/api/session`, {
      method: 'POST',
      headers: { origin, 'content-type': 'application/json' },
      body: JSON.stringify({ token }),
    });
    if (response.status !== 200) throw new Error(`sign-in answered ${response.status}`);
    return new LiveClient(origin, response.headers.get('set-cookie')?.split(';')[0] ?? '');
  }

  /** First screen, then live. */
  async start(): Promise<void> {
    await this.#load();
    this.#connect();
  }

  stop(): void {
    this.#stopped = true;
    this.#socket?.close();
  }

  /** Shuts the page; `comeBack` opens it again where it was. */
  leave(): void {
    this.#away = true;
    this.#socket?.close();
  }

  comeBack(): void {
    this.#away = false;
    this.#connect();
  }

  /** What the server says now, of both states. */
  async list(): Promise<AlertRow[]> {
    const open = (await this.#get(LIST_PATH)) as AlertList;
    const closed = (await this.#get(`${LIST_PATH}&state=closed`)) as AlertList;
    return [...open.rows, ...closed.rows];
  }

  async #get(path: string): Promise<unknown> {
    const response = await fetch(`${this.#origin}${path}`, {
      headers: { cookie: this.#cookie },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (response.status !== 200) throw new Error(`GET ${path} answered ${response.status}`);
    return response.json();
  }

  /** Rows first, then the cursor that continues behind them. */
  async #load(): Promise<void> {
    const list = (await this.#get(LIST_PATH)) as AlertList;
    const closed = (await this.#get(`${LIST_PATH}&state=closed`)) as AlertList;
    for (const row of [...list.rows, ...closed.rows]) this.rows.set(row.id, row);
    for (const channel of CHANNELS) this.#cursors.set(channel, list.cursor);
  }

  #connect(): void {
    const socket = new WebSocket(`${this.#origin.replace('http', 'ws')}/ws`, [SUBPROTOCOL], {
      headers: { origin: this.#origin, cookie: this.#cookie },
      handshakeTimeout: TIMEOUT_MS,
    });
    this.#socket = socket;
    this.#next.clear();
    this.#reloading.clear();
    socket.on('error', () => undefined);
    socket.on('message', (data) => this.#receive(socket, data.toString()));
    socket.on('close', (code) => {
      if (this.#stopped || this.#away) return;
      if (code >= 4500) this.problems.push(`the socket was closed for good: ${code}`);
      setTimeout(() => {
        if (!this.#stopped && !this.#away) this.#connect();
      }, RECONNECT_MS);
    });
  }

  #receive(socket: WebSocket, text: string): void {
    const message = JSON.parse(text) as ServerMessage;
    if (message.type === 'welcome') {
      this.connections++;
      for (const channel of CHANNELS) this.#subscribe(socket, channel);
    } else if (message.type === 'heartbeat') {
      socket.send(JSON.stringify({ type: 'pong', t: message.t }));
    } else if (message.type === 'subscribed') {
      this.#subscribed(socket, message.channel as Channel, message.recovered);
    } else if (message.type === 'push' && message.channel !== 'stats') this.#push(message);
    else if (message.type === 'error') this.problems.push(`error: ${message.code}`);
  }

  #subscribe(socket: WebSocket, channel: Channel): void {
    this.#next.delete(channel);
    socket.send(JSON.stringify({ type: 'subscribe', channel, since: this.#cursors.get(channel) }));
  }

  #subscribed(socket: WebSocket, channel: Channel, recovered: boolean): void {
    if (recovered) {
      this.resumed++;
      this.#reloading.delete(channel);
      return;
    }
    const first = this.#reloading.size === 0;
    this.#reloading.add(channel);
    if (first) void this.#reload(socket);
  }

  /** First screen again, and a new subscription behind it. */
  async #reload(socket: WebSocket): Promise<void> {
    this.reloads++;
    try {
      await this.#load();
      for (const channel of CHANNELS) {
        this.#reloading.add(channel);
        this.#subscribe(socket, channel);
      }
    } catch {
      socket.terminate();
    }
  }

  #push(message: Extract<ServerMessage, { type: 'push'; channel: Channel }>): void {
    const { channel, seqFrom, seqTo, cursor, items } = message;
    if (this.#reloading.has(channel)) return;
    const expected = this.#next.get(channel) ?? 1;
    if (seqFrom !== expected) {
      this.problems.push(`${channel}: ${seqFrom} where ${expected} is due`);
    }
    this.#next.set(channel, seqTo + 1);
    this.#cursors.set(channel, cursor);
    for (const row of items) {
      this.rows.set(row.id, row);
      if (channel !== 'alerts') continue;
      if (this.#pushed.has(row.id)) this.problems.push(`alert ${row.id} was pushed twice`);
      this.#pushed.add(row.id);
    }
  }

  /** Closes open alerts, one after another, until `stopClosing`, at most `countMax`. */
  async closeAlerts(
    gapMs: number,
    countMax: number,
    pick: (rows: readonly AlertRow[]) => AlertRow,
  ): Promise<void> {
    this.#closing = true;
    while (this.#closing && !this.#stopped && this.#commandNumber < countMax) {
      const open = [...this.rows.values()].filter((row) => row.state !== 'closed');
      if (open.length > 0) await this.#closeAlert(pick(open).id);
      await new Promise((resolve) => setTimeout(resolve, gapMs));
    }
  }

  stopClosing(): void {
    this.#closing = false;
  }

  /** Repeats until it is answered: the command's id makes that harmless. */
  async #closeAlert(alertId: string): Promise<void> {
    const command = `command-${this.#commandNumber++}`;
    this.commandsSent.add(command);
    const body: AlertCommand = { type: 'close', command, reason: 'false-positive', note: '' };
    while (!this.#stopped) {
      let status = 0;
      try {
        const response = await fetch(`${this.#origin}/api/alerts/${alertId}/commands`, {
          method: 'POST',
          headers: {
            cookie: this.#cookie,
            origin: this.#origin,
            'content-type': 'application/json',
          },
          body: JSON.stringify(body),
          signal: AbortSignal.timeout(TIMEOUT_MS),
        });
        status = response.status;
        await response.text();
      } catch {
        // the dashboard is away, or went away with our answer
      }
      if (status === 200) this.commandsDone.add(command);
      // Closed already, by a command whose answer this row has not seen yet.
      if (status === 200 || status === 409) return;
      if (status >= 400 && status < 500) {
        this.problems.push(`close was answered ${status}`);
        return;
      }
      await new Promise((resolve) => setTimeout(resolve, RECONNECT_MS));
    }
  }
}

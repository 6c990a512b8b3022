/**
 * HTTP/1.1 on kept connections, one request at a time each. Written out on bare sockets: a general
 * client costs more than what is measured. Never waits for an answer before the next send: when
 * all connections are taken it opens another, up to a limit, beyond which sends queue (and count
 * as late).
 */
import { connect, type Socket } from 'node:net';

const CONNECTIONS_MAX = 256;
/** A server may close what idles (ours after 10 s): closing it first, no send can race that. */
const IDLE_MS_MAX = 4_000;
const HEAD_END = '\r\n\r\n';

export interface Answer {
  status: number;
  body: string;
}

type OnAnswer = (answer: Answer | Error) => void;

export class Connections {
  readonly #url: URL;
  readonly #head: string;
  readonly #free: Connection[] = [];
  readonly #all = new Set<Connection>();
  #opened = 0;
  readonly #queue: { body: string; onSent: () => void; onAnswer: OnAnswer }[] = [];

  constructor(url: string, headers: Readonly<Record<string, string>>) {
    this.#url = new URL(url);
    const { pathname, search, host } = this.#url;
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    this.#head = `POST ${pathname}${search} HTTP/1.1\r\nhost: ${host}\r\n${lines.join('')}`;
  }

  get opened(): number {
    return this.#opened;
  }

  /** Connections that stand before the load begins. */
  async open(count: number): Promise<void> {
    await Promise.all(Array.from({ length: count }, () => this.#connect().ready));
  }

  post(body: string, onSent: () => void, onAnswer: OnAnswer): void {
    // The one used last is taken first, so the first of the list idles longest.
    const idle = this.#free[0];
    if (idle !== undefined && performance.now() - idle.freeSinceMs > IDLE_MS_MAX) {
      this.#free.shift();
      idle.close();
    }
    const free = this.#free.pop();
    if (free !== undefined) this.#send(free, body, onSent, onAnswer);
    else {
      this.#queue.push({ body, onSent, onAnswer });
      if (this.#all.size < CONNECTIONS_MAX) this.#connect();
    }
  }

  close(): void {
    for (const connection of this.#all) connection.close();
  }

  #send(connection: Connection, body: string, onSent: () => void, onAnswer: OnAnswer): void {
    const length = Buffer.byteLength(body);
    connection.send(`${this.#head}content-length: ${length}${HEAD_END}${body}`, onAnswer);
    onSent();
  }

  #connect(): Connection {
    const onFree = (): void => {
      const next = this.#queue.shift();
      if (next === undefined) this.#free.push(connection);
      else this.#send(connection, next.body, next.onSent, next.onAnswer);
    };
    const onClosed = (): void => {
      this.#all.delete(connection);
      const at = this.#free.indexOf(connection);
      if (at >= 0) this.#free.splice(at, 1);
    };
    const connection = new Connection(this.#url, onFree, onClosed);
    this.#all.add(connection);
    this.#opened++;
    return connection;
  }
}

class Connection {
  readonly ready: Promise<void>;
  freeSinceMs = 0;
  readonly #socket: Socket;
  readonly #onFree: () => void;
  #onAnswer: OnAnswer | undefined;
  #text = '';

  constructor(url: URL, onFree: () => void, onClosed: () => void) {
    this.#onFree = () => {
      this.freeSinceMs = performance.now();
      onFree();
    };
    this.#socket = connect({ host: url.hostname, port: Number(url.port), noDelay: true });
    this.#socket.setEncoding('latin1');
    this.#socket.on('data', (text: string) => this.#take(text));
    this.#socket.on('error', (error) => this.#over(error));
    this.#socket.on('close', () => {
      onClosed();
      this.#over(new Error('connection closed'));
    });
    this.ready = new Promise((resolve, reject) => {
      this.#socket.once('connect', () => {
        resolve();
        this.#onFree();
      });
      this.#socket.once('error', reject);
    });
    // Whoever opens it beforehand gets the error; later ones reach the answer.
    this.ready.catch(() => undefined);
  }

  send(request: string, onAnswer: OnAnswer): void {
    this.#onAnswer = onAnswer;
    this.#socket.write(request);
  }

  close(): void {
    this.#onAnswer = undefined;
    this.#socket.destroy();
  }

  #take(text: string): void {
    this.#text += text;
    const head = this.#text.indexOf(HEAD_END);
    if (head < 0) return;
    const from = head + HEAD_END.length;
    const length = Number(/\r\ncontent-length: *(\d+)/i.exec(this.#text)?.[1] ?? 0);
    if (this.#text.length < from + length) return;
    const answer = { status: Number(this.#text.slice(9, 12)), body: this.#text.slice(from) };
    this.#text = '';
    const onAnswer = this.#onAnswer;
    this.#onAnswer = undefined;
    onAnswer?.(answer);
    this.#onFree();
  }

  #over(error: Error): void {
    const onAnswer = this.#onAnswer;
    this.#onAnswer = undefined;
    onAnswer?.(error);
  }
}

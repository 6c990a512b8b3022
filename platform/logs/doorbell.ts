/**
 * The doorbell: the writer of a log tells readers in other processes that there is more, over a
 * unix socket beside the file. Its one trick: a bell says next to nothing, the reader looks for
 * itself; so bells may be lost or come in heaps, and a slow poll makes a lost bell, a dead writer
 * or a file that is not there yet harmless.
 */
import { createHash } from 'node:crypto';
import { unlinkSync } from 'node:fs';
import { createConnection, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

/** sun_path holds 108 bytes on Linux and 104 on others, with its end mark. */
const SOCKET_PATH_BYTES_MAX = 100;
const POLL_MS = 250;
/** A reader that does not read its bells needs none: the next one says the same. */
const BELL_BACKLOG_BYTES = 4096;

/** Bells are single bytes: records came, or a commit changed meta or side tables only. */
const RECORDS = Buffer.from([1]);
const TABLES_ONLY = Buffer.from([2]);

export function bellPath(logPath: string): string {
  const beside = `${resolve(logPath)}.bell`;
  if (Buffer.byteLength(beside) <= SOCKET_PATH_BYTES_MAX) return beside;
  const hash = createHash('sha256').update(beside).digest('hex').slice(0, 16);
  return join(tmpdir(), `weir-${hash}.bell`);
}

export class ListenerSet {
  readonly #listeners = new Set<{ call: () => void }>();

  get size(): number {
    return this.#listeners.size;
  }

  add(listener: () => void): () => void {
    const entry = { call: listener };
    this.#listeners.add(entry);
    return () => {
      this.#listeners.delete(entry);
    };
  }

  call(): void {
    for (const entry of [...this.#listeners]) {
      try {
        entry.call();
      } catch (error) {
        // A listener's fault ends the process as it should, but not inside a commit.
        setImmediate(() => {
          throw error;
        });
      }
    }
  }

  clear(): void {
    this.#listeners.clear();
  }
}

export interface Bell {
  /** The log has grown, and readers can see it. */
  ring(): void;
  /** Meta or side tables changed, without a record. */
  ringTables(): void;
  readerCount(): number;
  close(): Promise<void>;
}

/** The writer's side. Without a socket (no right, no space) readers still poll. */
export function openBell(logPath: string): Bell {
  const path = bellPath(logPath);
  const readers = new Set<Socket>();
  try {
    unlinkSync(path); // left over from a writer that was killed
  } catch {
    // There was none.
  }
  const server = createServer((socket) => {
    readers.add(socket);
    socket.unref();
    socket.on('error', () => socket.destroy());
    socket.on('close', () => readers.delete(socket));
    socket.resume();
  });
  server.on('error', () => undefined);
  server.listen(path);
  server.unref();
  const ring = (bell: Buffer) => {
    for (const socket of readers) {
      if (socket.writableLength < BELL_BACKLOG_BYTES) socket.write(bell);
    }
  };
  return {
    ring: () => ring(RECORDS),
    ringTables: () => ring(TABLES_ONLY),
    readerCount: () => readers.size,
    close() {
      for (const socket of readers) socket.destroy();
      return new Promise((done) => {
        server.close(() => done());
      });
    },
  };
}

/** The reader's side: calls the listeners when the log has grown. */
export class LogWatcher {
  readonly #path: string;
  readonly #listeners: ListenerSet;
  readonly #end: () => number;
  #socket: Socket | undefined;
  #timer: NodeJS.Timeout | undefined;
  #seen = -1;

  constructor(logPath: string, listeners: ListenerSet, end: () => number) {
    this.#path = bellPath(logPath);
    this.#listeners = listeners;
    this.#end = end;
  }

  start(): void {
    if (this.#timer !== undefined) return;
    this.#seen = this.#end();
    this.#connect();
    this.#timer = setInterval(() => this.#poll(), POLL_MS);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#socket?.destroy();
    this.#timer = undefined;
    this.#socket = undefined;
  }

  #connect(): void {
    const socket = createConnection(this.#path);
    this.#socket = socket;
    socket.unref();
    socket.on('data', (data: Buffer) => this.#onBells(data));
    socket.on('error', () => undefined);
    socket.on('close', () => {
      if (this.#socket === socket) this.#socket = undefined; // the next poll connects again
    });
  }

  #poll(): void {
    if (this.#listeners.size === 0) return;
    if (this.#socket === undefined) this.#connect();
    this.#look();
  }

  /** Many may arrive at once. */
  #onBells(bells: Buffer): void {
    if (bells.includes(TABLES_ONLY)) this.#listeners.call();
    this.#look();
  }

  #look(): void {
    let end: number;
    try {
      end = this.#end();
    } catch {
      this.#listeners.call(); // the listener's own read gets the error, with its code
      return;
    }
    if (end === this.#seen) return;
    this.#seen = end;
    this.#listeners.call();
  }
}

/**
 * The doorbell: the writer of a log tells readers in other processes that there is more, over a
 * unix socket beside the file. Its one trick: it rings when the commit starts and carries the
 * position to expect, so a reader that comes too early looks again at once; a slow poll makes a
 * lost bell, a dead writer or a file that is not there yet harmless.
 */
import { createHash } from 'node:crypto';
import { unlinkSync } from 'node:fs';
import { createConnection, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

/** sun_path holds 108 bytes on Linux and 104 on others, with its end mark. */
const SOCKET_PATH_BYTES_MAX = 100;
const POLL_MS = 250;
/** A commit is visible about 0.1 ms after the bell, 4 ms at p99: look at once, then each ms. */
const RETRIES_AT_ONCE = 20;
const RETRIES_MAX = 30; // then the second bell, rung when the commit is flushed, or the poll
const RETRY_MS = 1;
/** A reader that does not read its bells needs none: the next one says the same. */
const BELL_BACKLOG_BYTES = 4096;

/** Rung instead of an end when a commit changed meta or side tables and no record came. */
const TABLES_ONLY = -1;

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
  /** `end` is where the log will end once the running commit is visible. */
  ring(end: number): void;
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
  const ring = (end: number) => {
    if (readers.size === 0) return;
    const message = Buffer.alloc(8);
    message.writeDoubleLE(end);
    for (const socket of readers) {
      if (socket.writableLength < BELL_BACKLOG_BYTES) socket.write(message);
    }
  };
  return {
    ring,
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
  #retrying: NodeJS.Immediate | NodeJS.Timeout | undefined;
  #seen = -1;
  #expected = 0;
  #partial: Buffer = Buffer.alloc(0);

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
    clearImmediate(this.#retrying as NodeJS.Immediate | undefined);
    clearTimeout(this.#retrying as NodeJS.Timeout | undefined);
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

  /** A bell may arrive in two pieces, and many at once. */
  #onBells(data: Buffer): void {
    const bytes = this.#partial.length === 0 ? data : Buffer.concat([this.#partial, data]);
    const whole = bytes.length - (bytes.length % 8);
    this.#partial = bytes.subarray(whole);
    if (whole === 0) return;
    let tables = false;
    for (let at = 0; at < whole; at += 8) {
      const end = bytes.readDoubleLE(at);
      if (end === TABLES_ONLY) tables = true;
      else this.#expected = end;
    }
    if (tables) this.#listeners.call();
    if (this.#seen >= this.#expected || this.#retrying !== undefined) return;
    this.#lookAgain(0);
  }

  #lookAgain(tries: number): void {
    this.#retrying = undefined;
    this.#look();
    if (this.#seen >= this.#expected || tries >= RETRIES_MAX) return;
    const again = () => this.#lookAgain(tries + 1);
    this.#retrying = tries < RETRIES_AT_ONCE ? setImmediate(again) : setTimeout(again, RETRY_MS);
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

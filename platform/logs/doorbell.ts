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
/** A commit is visible about 0.1 ms after the bell; a slow disk shows at the second bell. */
const RETRY_MS_MAX = 5;
/** A reader that does not read its bells needs none: the next one says the same. */
const BELL_BACKLOG_BYTES = 4096;

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
  close(): Promise<void>;
}

/** The writer's side. Without a socket (no right, no space) readers still poll. */
export function openBell(logPath: string): Bell {
  const path = bellPath(logPath);
  const readers = new Set<Socket>();
  const message = Buffer.alloc(8);
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
  return {
    ring(end) {
      if (readers.size === 0) return;
      message.writeDoubleLE(end);
      const copy = Buffer.from(message);
      for (const socket of readers) {
        if (socket.writableLength < BELL_BACKLOG_BYTES) socket.write(copy);
      }
    },
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
  #retrying: NodeJS.Immediate | undefined;
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
    clearImmediate(this.#retrying);
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

  /** Several bells at once count as the last; a bell may arrive in two pieces. */
  #onBells(data: Buffer): void {
    const bytes = this.#partial.length === 0 ? data : Buffer.concat([this.#partial, data]);
    const whole = bytes.length - (bytes.length % 8);
    this.#partial = bytes.subarray(whole);
    if (whole === 0) return;
    const end = bytes.readDoubleLE(whole - 8);
    if (end === this.#seen) {
      this.#listeners.call(); // side tables alone: the log itself did not grow
      return;
    }
    this.#expected = end;
    if (this.#retrying === undefined) this.#lookUntil(performance.now() + RETRY_MS_MAX);
  }

  #lookUntil(deadlineMs: number): void {
    this.#retrying = undefined;
    this.#look();
    if (this.#seen >= this.#expected || performance.now() >= deadlineMs) return;
    this.#retrying = setImmediate(() => this.#lookUntil(deadlineMs));
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

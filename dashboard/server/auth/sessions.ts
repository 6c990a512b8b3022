/**
 * Sessions: a random id in an HTTP-only cookie, kept here by its hash, so that reading the file
 * lets nobody in; written through at every change, so that they survive a restart.
 */
import { createHash, randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { join } from 'node:path';

const FILE = 'sessions.json';
/** The oldest goes first. */
const SESSIONS_MAX = 1_000;

export interface Session {
  hash: string;
  userId: string;
  createdMs: number;
  expiresMs: number;
  /** Signed in by a one-time link: whoever has it owns the data folder, so may set a password. */
  viaLink: boolean;
}

export class SessionStore {
  private readonly path: string;
  private readonly sessions = new Map<string, Session>();
  private readonly nowMs: () => number;
  private readonly sessionMs: number;

  constructor(dir: string, sessionMs: number, nowMs: () => number) {
    this.path = join(dir, FILE);
    this.sessionMs = sessionMs;
    this.nowMs = nowMs;
    for (const session of this.load()) this.sessions.set(session.hash, session);
  }

  /** Returns the cookie's value. */
  create(userId: string, viaLink: boolean): { id: string; session: Session } {
    const id = randomBytes(32).toString('base64url');
    const createdMs = this.nowMs();
    const expiresMs = createdMs + this.sessionMs;
    const session = { hash: hash(id), userId, createdMs, expiresMs, viaLink };
    this.sessions.set(session.hash, session);
    this.save();
    return { id, session };
  }

  find(id: string | undefined): Session | undefined {
    return id === undefined ? undefined : this.byHash(hash(id));
  }

  /** Undefined once it is over. */
  byHash(key: string): Session | undefined {
    const session = this.sessions.get(key);
    return session !== undefined && session.expiresMs > this.nowMs() ? session : undefined;
  }

  remove(session: Session): void {
    this.sessions.delete(session.hash);
    this.save();
  }

  /** After a new password: whoever else was signed in as this user is not any more. */
  removeOthers(keep: Session): void {
    for (const session of this.sessions.values()) {
      if (session.userId === keep.userId && session.hash !== keep.hash) {
        this.sessions.delete(session.hash);
      }
    }
    this.save();
  }

  private load(): Session[] {
    try {
      return JSON.parse(readFileSync(this.path, 'utf8')) as Session[];
    } catch {
      return []; // none yet, or unreadable: everybody signs in again
    }
  }

  private save(): void {
    const nowMs = this.nowMs();
    for (const session of this.sessions.values()) {
      if (session.expiresMs <= nowMs) this.sessions.delete(session.hash);
    }
    for (const key of this.sessions.keys()) {
      if (this.sessions.size <= SESSIONS_MAX) break;
      this.sessions.delete(key);
    }
    const temporary = `${this.path}.${process.pid}.tmp`;
    const file = openSync(temporary, 'w', 0o600);
    try {
      writeSync(file, JSON.stringify([...this.sessions.values()]));
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, this.path);
  }
}

function hash(id: string): string {
  return createHash('sha256').update(id).digest('hex');
}

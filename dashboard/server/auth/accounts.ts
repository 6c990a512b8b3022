/**
 * Who may come in: the users of `secrets.json`, one-time links, passwords, sessions. Time here is
 * the machine's, not the platform clock: a link made by another process must expire on time even
 * when a test has moved the clock.
 */
import { ensureSecrets, updateSecrets } from '../../../platform/index.js';
import type { SessionReply, SessionUser } from '../../../schemas/protocol.js';
import { type Role, sessionUser } from '../views.js';
import { checkPassword, hashPassword, isStrongEnough } from './passwords.js';
import { RateLimit } from './rate-limit.js';
import { type Session, SessionStore } from './sessions.js';
import { useSignInLink } from './sign-in-links.js';

interface User {
  id: string;
  name: string;
  role: Role;
  /** scrypt; missing until set. */
  password?: string;
}

/** What becomes of an attempt to sign in. */
export const SIGN_IN_RESULTS = [
  'ok',
  'link-used',
  'link-expired',
  'link-unknown',
  'bad-credentials',
  'too-many-attempts',
] as const;
export type SignInResult = (typeof SIGN_IN_RESULTS)[number];

export type SignIn =
  | { ok: true; cookie: string; reply: Omit<SessionReply, 'bank'> }
  | {
      ok: false;
      status: 401 | 429;
      code: Exclude<SignInResult, 'ok'>;
      message: string;
      retryAfterMs: number;
    };

const MINUTE_MS = 60_000;
const ATTEMPTS_A_MINUTE_ADDRESS = 20;
const ATTEMPTS_A_MINUTE_USER = 10;

export class Accounts {
  private readonly dir: string;
  private readonly nowMs: () => number;
  private readonly sessions: SessionStore;
  private readonly addresses: RateLimit;
  private readonly names: RateLimit;
  private users: User[];

  constructor(dir: string, sessionMs: number, nowMs: () => number = Date.now) {
    this.dir = dir;
    this.nowMs = nowMs;
    this.sessions = new SessionStore(dir, sessionMs, nowMs);
    this.addresses = new RateLimit(ATTEMPTS_A_MINUTE_ADDRESS, MINUTE_MS, nowMs);
    this.names = new RateLimit(ATTEMPTS_A_MINUTE_USER, MINUTE_MS, nowMs);
    const found = ensureSecrets(dir)['users'];
    this.users = Array.isArray(found) ? (found as User[]) : [];
    if (this.users.length === 0) {
      // First run: an administrator who comes in by a link.
      this.users = [{ id: 'u1', name: 'admin', role: 'administrator' }];
      this.saveUsers();
    }
  }

  byLink(token: string, address: string): SignIn {
    const waitMs = this.addresses.attempt(address);
    if (waitMs > 0) return tooMany(waitMs);
    const outcome = useSignInLink(this.dir, token, this.nowMs());
    const administrator = this.users.find((user) => user.role === 'administrator');
    if (outcome === 'ok' && administrator !== undefined) {
      this.addresses.forgive(address);
      return this.enter(administrator, true);
    }
    const mend = 'make a new one with: weir sign-in-link';
    const messages = {
      used: `this sign-in link was used already; ${mend}`,
      expired: `this sign-in link has expired; ${mend}`,
      unknown: `this sign-in link is not known here; ${mend}`,
    };
    const why = outcome === 'ok' ? 'unknown' : outcome;
    const message = messages[why];
    return { ok: false, status: 401, code: `link-${why}`, message, retryAfterMs: 0 };
  }

  async byPassword(name: string, password: string, address: string): Promise<SignIn> {
    const waitMs = Math.max(this.addresses.attempt(address), this.names.attempt(name));
    if (waitMs > 0) return tooMany(waitMs);
    const user = this.users.find((u) => u.name === name);
    const right = await checkPassword(password.slice(0, 1_024), user?.password);
    if (right === 'busy') return tooMany(1_000);
    if (!right || user === undefined) {
      const message = 'user or password is wrong';
      return { ok: false, status: 401, code: 'bad-credentials', message, retryAfterMs: 0 };
    }
    this.addresses.forgive(address);
    this.names.forgive(name);
    return this.enter(user, false);
  }

  session(cookie: string | undefined): { session: Session; user: SessionUser } | undefined {
    const session = this.sessions.find(cookie);
    const user = this.users.find((u) => u.id === session?.userId);
    if (session === undefined || user === undefined) return undefined;
    return { session, user: sessionUser(user.name, user.role) };
  }

  /** Still signed in? Asked for open sockets. */
  isLive(session: Session): boolean {
    return this.sessions.byHash(session.hash) !== undefined;
  }

  passwordSet(session: Session): boolean {
    return this.users.find((u) => u.id === session.userId)?.password !== undefined;
  }

  /** Only by a link's session once there is one: a forgotten browser must not lock others out. */
  async setPassword(
    session: Session,
    password: string,
  ): Promise<'ok' | 'weak-password' | 'password-set'> {
    if (!isStrongEnough(password)) return 'weak-password';
    if (this.passwordSet(session) && !session.viaLink) return 'password-set';
    const hashed = await hashPassword(password);
    this.users = this.users.map((u) => (u.id === session.userId ? { ...u, password: hashed } : u));
    this.saveUsers();
    this.sessions.removeOthers(session);
    return 'ok';
  }

  signOut(session: Session): void {
    this.sessions.remove(session);
  }

  private enter(user: User, viaLink: boolean): SignIn {
    const { id } = this.sessions.create(user.id, viaLink);
    const reply = {
      user: sessionUser(user.name, user.role),
      passwordSet: user.password !== undefined,
    };
    return { ok: true, cookie: id, reply };
  }

  private saveUsers(): void {
    updateSecrets(this.dir, (secrets) => ({ ...secrets, users: this.users }));
  }
}

function tooMany(waitMs: number): SignIn {
  const seconds = Math.ceil(waitMs / 1_000);
  const message = `too many attempts; try again in ${seconds} s`;
  return { ok: false, status: 429, code: 'too-many-attempts', message, retryAfterMs: waitMs };
}

/**
 * The HTTP API. Every route says who may come in; state changes also need an Origin of ours and a
 * JSON body, so that no other web page can make them in a signed-in browser's name.
 */
import { z } from 'zod';
import type { Exchange, Transport, TransportLogger } from '../../platform/index.js';
import { FAMILIES } from '../../schemas/hit.js';
import type { AlertList, SessionUser, Stats } from '../../schemas/protocol.js';
import { CLOSE_REASONS } from '../../schemas/work-log.js';
import type { AlertBook } from './alert-book.js';
import { alertDetail, LIST_LIMIT_DEFAULT, LIST_LIMIT_MAX, listAlerts } from './alert-query.js';
import type { Accounts, SignIn, SignInResult } from './auth/accounts.js';
import type { Session } from './auth/sessions.js';
import type { BankDirectory } from './directory.js';
import { SECURITY_HEADERS } from './static-files.js';
import { alertDetailView, alertRowView } from './views.js';

const BODY_BYTES_MAX = 32 * 1024;
const COMMAND_ID = z.string().min(1).max(128);

const sessionBody = z.union([
  z.strictObject({ token: z.string().max(256) }),
  z.strictObject({ user: z.string().max(256), password: z.string().max(1_024) }),
]);
const passwordBody = z.strictObject({ password: z.string().max(1_024) });
const commandBody = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('take'), command: COMMAND_ID }),
  z.strictObject({ type: z.literal('release'), command: COMMAND_ID }),
  z.strictObject({
    type: z.literal('close'),
    command: COMMAND_ID,
    reason: z.enum(CLOSE_REASONS),
    note: z.string().max(4_000),
  }),
  z.strictObject({ type: z.literal('undo-close'), command: COMMAND_ID }),
]);
const listQuery = z.strictObject({
  state: z.enum(['open', 'closed']).default('open'),
  family: z.enum(FAMILIES).nullable().default(null),
  who: z.enum(['all', 'mine', 'unassigned']).default('all'),
  q: z.string().max(200).default(''),
  limit: z.coerce.number().int().min(1).max(LIST_LIMIT_MAX).default(LIST_LIMIT_DEFAULT),
});

export interface ApiOptions {
  accounts: Accounts;
  book: AlertBook;
  directory: BankDirectory;
  nowMs: () => number;
  cookieName: () => string;
  sessionMs: number;
  isOurOrigin: (origin: string | undefined) => boolean;
  cursor: () => string;
  stats: () => Stats;
  /** Told of every attempt to sign in. */
  signIn: (result: SignInResult) => void;
  logger: TransportLogger;
}

interface SignedIn {
  session: Session;
  user: SessionUser;
}

export class Api {
  constructor(private readonly options: ApiOptions) {}

  addTo(transport: Transport): void {
    transport.route('GET', '/api/session', (x) => this.getSession(x));
    transport.route('POST', '/api/session', (x) => this.postSession(x));
    transport.route('DELETE', '/api/session', (x) => this.deleteSession(x));
    transport.route('POST', '/api/session/password', (x) => this.postPassword(x));
    transport.route('GET', '/api/alerts', (x) => this.getAlerts(x));
    transport.route('GET', '/api/alerts/:id', (x) => this.getAlert(x));
    transport.route('POST', '/api/alerts/:id/commands', (x) => this.postCommand(x));
    transport.route('GET', '/api/stats', (x) => this.getStats(x));
    transport.route('*', '/api/*', (x) => fail(x, 404, 'not-found', 'there is no such address'));
  }

  /** Who sent this; also for the socket's upgrade. */
  signedIn(head: { header(name: string): string | undefined }): SignedIn | undefined {
    const cookie = readCookie(head.header('cookie'), this.options.cookieName());
    return this.options.accounts.session(cookie);
  }

  private require(
    exchange: Exchange,
    permission?: SessionUser['permissions'][number],
  ): SignedIn | undefined {
    const who = this.signedIn(exchange);
    if (who === undefined) {
      fail(exchange, 401, 'not-signed-in', 'sign in first');
      return undefined;
    }
    if (permission === undefined || who.user.permissions.includes(permission)) return who;
    fail(exchange, 403, 'forbidden', `your role lacks ${permission}`);
    return undefined;
  }

  /** Refuses what another page could have sent. */
  private fromUs(exchange: Exchange): boolean {
    if (this.options.isOurOrigin(exchange.header('origin'))) return true;
    const mend = 'list it in allowedOrigins of weir.yaml if it is yours';
    fail(exchange, 403, 'wrong-origin', `this page may not do that; ${mend}`);
    return false;
  }

  private getSession(exchange: Exchange): void {
    const who = this.require(exchange);
    if (who !== undefined) json(exchange, 200, this.sessionReply(who));
  }

  private sessionReply({ session, user }: SignedIn): object {
    const passwordSet = this.options.accounts.passwordSet(session);
    return { user, passwordSet, bank: this.options.directory.bank };
  }

  private async postSession(exchange: Exchange): Promise<void> {
    if (!this.fromUs(exchange)) return;
    const body = await readJson(exchange, sessionBody);
    if (body === undefined) return;
    const { accounts } = this.options;
    const address = exchange.remoteAddress;
    const outcome: SignIn =
      'token' in body
        ? accounts.byLink(body.token, address)
        : await accounts.byPassword(body.user, body.password, address);
    this.tell(outcome, 'token' in body ? 'link' : 'password', address);
    if (!outcome.ok) {
      const retry = outcome.retryAfterMs > 0;
      const headers: Record<string, string> = retry
        ? { 'retry-after': String(Math.ceil(outcome.retryAfterMs / 1_000)) }
        : {};
      fail(exchange, outcome.status, outcome.code, outcome.message, headers);
      return;
    }
    const seconds = Math.floor(this.options.sessionMs / 1_000);
    const reply = { ...outcome.reply, bank: this.options.directory.bank };
    json(exchange, 200, reply, { 'set-cookie': this.cookie(exchange, outcome.cookie, seconds) });
  }

  /** Who came in, who was refused from where. What was typed stays out: it may be a password. */
  private tell(outcome: SignIn, by: 'link' | 'password', address: string): void {
    const { logger, signIn } = this.options;
    signIn(outcome.ok ? 'ok' : outcome.code);
    if (outcome.ok) logger.info({ user: outcome.reply.user.name, by, address }, 'signed in');
    else logger.warn({ why: outcome.code, by, address }, 'sign-in refused');
  }

  private cookie(exchange: Exchange, value: string, seconds: number): string {
    const name = this.options.cookieName();
    // A page that came by TLS, through a proxy: its cookie must never travel without.
    const secure = exchange.header('origin')?.startsWith('https:') === true ? '; Secure' : '';
    return `${name}=${value}; Path=/; Max-Age=${seconds}; HttpOnly; SameSite=Strict${secure}`;
  }

  private deleteSession(exchange: Exchange): void {
    if (!this.fromUs(exchange)) return;
    const who = this.signedIn(exchange);
    if (who !== undefined) this.options.accounts.signOut(who.session);
    exchange.reply(204, { ...API_HEADERS, 'set-cookie': this.cookie(exchange, '', 0) });
  }

  private async postPassword(exchange: Exchange): Promise<void> {
    if (!this.fromUs(exchange)) return;
    const who = this.require(exchange);
    if (who === undefined) return;
    const body = await readJson(exchange, passwordBody);
    if (body === undefined) return;
    const outcome = await this.options.accounts.setPassword(who.session, body.password);
    if (outcome === 'ok') exchange.reply(204, API_HEADERS);
    else if (outcome === 'weak-password') {
      fail(exchange, 400, outcome, 'a password needs at least 12 characters');
    } else {
      const message = 'there is a password; to change it, sign in by a link (weir sign-in-link)';
      fail(exchange, 403, outcome, message);
    }
  }

  private getAlerts(exchange: Exchange): void {
    const who = this.require(exchange, 'alerts.read');
    if (who === undefined) return;
    const asked = Object.fromEntries(exchange.query);
    const parsed = listQuery.safeParse(asked);
    if (!parsed.success) {
      fail(exchange, 400, 'bad-query', describe(parsed.error));
      return;
    }
    const { book, directory, nowMs, cursor } = this.options;
    // Before the rows: what changes in between is pushed once more, never missed.
    const at = cursor();
    const found = listAlerts(book, directory, {
      ...parsed.data,
      user: who.user.name,
      nowMs: nowMs(),
    });
    const rows = found.rows.map((row) => alertRowView(row));
    const reply: AlertList = { ...found, rows, cursor: at };
    json(exchange, 200, reply);
  }

  private getAlert(exchange: Exchange): void {
    const who = this.require(exchange, 'alerts.read');
    if (who === undefined) return;
    const { book, directory } = this.options;
    const detail = alertDetail(book, directory, exchange.params['id'] ?? '');
    if (detail === undefined) fail(exchange, 404, 'unknown-alert', 'there is no such alert');
    else json(exchange, 200, alertDetailView(detail));
  }

  private async postCommand(exchange: Exchange): Promise<void> {
    if (!this.fromUs(exchange)) return;
    const who = this.require(exchange, 'alerts.work');
    if (who === undefined) return;
    const body = await readJson(exchange, commandBody);
    if (body === undefined) return;
    const { book } = this.options;
    const id = exchange.params['id'] ?? '';
    const outcome = await book.execute(id, body, who.user.name);
    if (!outcome.ok) {
      fail(exchange, outcome.status, outcome.code, outcome.message);
      return;
    }
    const row = book.row(id);
    json(exchange, 200, { row: row && alertRowView(row) });
  }

  private getStats(exchange: Exchange): void {
    if (this.require(exchange, 'alerts.read') !== undefined) {
      json(exchange, 200, this.options.stats());
    }
  }
}

const API_HEADERS: Record<string, string> = { ...SECURITY_HEADERS, 'cache-control': 'no-store' };

function json(
  exchange: Exchange,
  status: number,
  body: object,
  more: Record<string, string> = {},
): void {
  const headers = { ...API_HEADERS, ...more, 'content-type': 'application/json' };
  exchange.reply(status, headers, JSON.stringify(body));
}

function fail(
  exchange: Exchange,
  status: number,
  code: string,
  message: string,
  more: Record<string, string> = {},
): void {
  json(exchange, status, { error: { code, message } }, more);
}

/** The body, or undefined when the refusal has been sent. */
async function readJson<T>(exchange: Exchange, schema: z.ZodType<T>): Promise<T | undefined> {
  const type = exchange.header('content-type') ?? '';
  if (!/^application\/json\s*(;|$)/i.test(type)) {
    fail(exchange, 415, 'not-json', 'send application/json');
    return undefined;
  }
  const body = await exchange.body(BODY_BYTES_MAX);
  if (body === 'aborted') return undefined;
  if (body === 'too-large') {
    fail(exchange, 413, 'too-large', `at most ${BODY_BYTES_MAX} bytes`);
    return undefined;
  }
  if (body === 'timeout') {
    fail(exchange, 408, 'too-slow', 'the body did not arrive');
    return undefined;
  }
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(body).toString('utf8'));
  } catch {
    fail(exchange, 400, 'bad-json', 'the body is not JSON');
    return undefined;
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  fail(exchange, 400, 'bad-request', describe(parsed.error));
  return undefined;
}

/** Names the field, never repeats the value: it may be a secret. */
function describe(error: z.ZodError): string {
  const [issue] = error.issues;
  return `${issue?.path.join('.') || 'body'}: ${issue?.code ?? 'not valid'}`;
}

function readCookie(header: string | undefined, name: string): string | undefined {
  for (const part of (header ?? '').split(';')) {
    const [key, value] = part.trim().split('=', 2);
    if (key === name) return value;
  }
  return undefined;
}

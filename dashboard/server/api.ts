/**
 * The HTTP API. Every route says who may come in; state changes also need an Origin of ours and a
 * JSON body, so that no other web page can make them in a signed-in browser's name.
 */
import { z } from 'zod';
import type { Exchange, Transport, TransportLogger } from '../../platform/index.js';
import { CLOSE_REASONS } from '../../schemas/close-reasons.js';
import type { AlertList, Stats } from '../../schemas/protocol.js';
import type { AlertBook } from './alert-book.js';
import { alertDetail, listAlerts, listQuery } from './alert-query.js';
import type { Accounts, SignIn, SignInResult } from './auth/accounts.js';
import type { BankDirectory } from './directory.js';
import { API_HEADERS, type Doors, fail, json, readJson, readQuery, type SignedIn } from './http.js';
import { alertDetailView, alertRowView } from './views.js';

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
export interface ApiOptions {
  accounts: Accounts;
  book: AlertBook;
  directory: BankDirectory;
  nowMs: () => number;
  cookieName: () => string;
  sessionMs: number;
  doors: Doors;
  cursor: () => string;
  stats: () => Stats;
  /** Told of every attempt to sign in. */
  signIn: (result: SignInResult) => void;
  logger: TransportLogger;
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
  }

  private getSession(exchange: Exchange): void {
    const who = this.options.doors.require(exchange);
    if (who !== undefined) json(exchange, 200, this.sessionReply(who));
  }

  private sessionReply({ session, user }: SignedIn): object {
    const passwordSet = this.options.accounts.passwordSet(session);
    return { user, passwordSet, bank: this.options.directory.bank };
  }

  private async postSession(exchange: Exchange): Promise<void> {
    if (!this.options.doors.fromUs(exchange)) return;
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
    if (!this.options.doors.fromUs(exchange)) return;
    const who = this.options.doors.signedIn(exchange);
    if (who !== undefined) this.options.accounts.signOut(who.session);
    exchange.reply(204, { ...API_HEADERS, 'set-cookie': this.cookie(exchange, '', 0) });
  }

  private async postPassword(exchange: Exchange): Promise<void> {
    if (!this.options.doors.fromUs(exchange)) return;
    const who = this.options.doors.require(exchange);
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
    const who = this.options.doors.require(exchange, 'alerts.read');
    if (who === undefined) return;
    const query = readQuery(exchange, listQuery);
    if (query === undefined) return;
    const { book, directory, nowMs, cursor } = this.options;
    // Before the rows: what changes in between is pushed once more, never missed.
    const at = cursor();
    const found = listAlerts(book, directory, {
      ...query,
      user: who.user.name,
      nowMs: nowMs(),
    });
    const rows = found.rows.map((row) => alertRowView(row));
    const reply: AlertList = { ...found, rows, cursor: at };
    json(exchange, 200, reply);
  }

  private getAlert(exchange: Exchange): void {
    const who = this.options.doors.require(exchange, 'alerts.read');
    if (who === undefined) return;
    const { book, directory } = this.options;
    const detail = alertDetail(book, directory, exchange.params['id'] ?? '');
    if (detail === undefined) fail(exchange, 404, 'unknown-alert', 'there is no such alert');
    else json(exchange, 200, alertDetailView(detail));
  }

  private async postCommand(exchange: Exchange): Promise<void> {
    if (!this.options.doors.fromUs(exchange)) return;
    const who = this.options.doors.require(exchange, 'alerts.work');
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
    if (this.options.doors.require(exchange, 'alerts.read') !== undefined) {
      json(exchange, 200, this.options.stats());
    }
  }
}

/** What every route of the HTTP API shares: who may come in, strict queries and bodies, replies. */
import type { z } from 'zod';
import type { Exchange } from '../../platform/index.js';
import type { SessionUser } from '../../schemas/protocol.js';
import type { Accounts } from './auth/accounts.js';
import type { Session } from './auth/sessions.js';
import { SECURITY_HEADERS } from './static-files.js';

const BODY_BYTES_MAX = 32 * 1024;

export interface SignedIn {
  session: Session;
  user: SessionUser;
}

export interface DoorsOptions {
  accounts: Accounts;
  cookieName: () => string;
  isOurOrigin: (origin: string | undefined) => boolean;
}

/** Says no with the reply sent, and yes with who it is. */
export class Doors {
  constructor(private readonly options: DoorsOptions) {}

  /** Who sent this; also for the socket's upgrade. */
  signedIn(head: { header(name: string): string | undefined }): SignedIn | undefined {
    const cookie = readCookie(head.header('cookie'), this.options.cookieName());
    return this.options.accounts.session(cookie);
  }

  require(
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
  fromUs(exchange: Exchange): boolean {
    if (this.options.isOurOrigin(exchange.header('origin'))) return true;
    const mend = 'list it in allowedOrigins of weir.yaml if it is yours';
    fail(exchange, 403, 'wrong-origin', `this page may not do that; ${mend}`);
    return false;
  }
}

export const API_HEADERS: Record<string, string> = {
  ...SECURITY_HEADERS,
  'cache-control': 'no-store',
};

export function json(
  exchange: Exchange,
  status: number,
  body: object | null,
  more: Record<string, string> = {},
): void {
  const headers = { ...API_HEADERS, ...more, 'content-type': 'application/json' };
  exchange.reply(status, headers, JSON.stringify(body));
}

export function fail(
  exchange: Exchange,
  status: number,
  code: string,
  message: string,
  more: Record<string, string> = {},
): void {
  json(exchange, status, { error: { code, message } }, more);
}

/** The body, or undefined when the refusal has been sent. */
export async function readJson<T>(
  exchange: Exchange,
  schema: z.ZodType<T>,
): Promise<T | undefined> {
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

/** The query, or undefined when the refusal was sent. Unknown and repeated keys are refused. */
export function readQuery<T>(exchange: Exchange, schema: z.ZodType<T>): T | undefined {
  const asked = Object.fromEntries(exchange.query);
  const parsed = schema.safeParse(asked);
  if (parsed.success && Object.keys(asked).length === exchange.query.size) return parsed.data;
  const why = parsed.success ? 'a key stands twice' : describe(parsed.error);
  fail(exchange, 400, 'bad-query', why);
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

/** HTTP to the dashboard server. Every outcome is a value: `ok`, or a code that has a text. */
import type { DemoCommand } from '../../../schemas/demo.js';
import type {
  AlertCommand,
  AlertDetail,
  AlertList,
  AlertRow,
  AlertSearchReply,
  ApiError,
  CommandReply,
  CustomerHistory,
  DemoReply,
  SessionReply,
  SessionRequest,
} from '../../../schemas/protocol.js';
import { withoutTurning } from '../live/turning.js';
import type { Texts } from '../text/index.js';

export interface Refusal {
  ok: false;
  status: number;
  code: string;
  message: string;
}
export type Outcome<T> = { ok: true; value: T } | Refusal;

/** An answer that takes longer is treated as a lost connection. */
const TIMEOUT_MS = 15_000;

export async function call<T>(
  method: string,
  path: string,
  body?: unknown,
  timeoutMs = TIMEOUT_MS,
): Promise<Outcome<T>> {
  let response: Response;
  try {
    response = await fetch(path, {
      method,
      credentials: 'same-origin',
      cache: 'no-store',
      signal: AbortSignal.timeout(timeoutMs),
      ...(body === undefined
        ? {}
        : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    });
  } catch {
    return { ok: false, status: 0, code: 'network', message: '' };
  }
  let json: unknown = null;
  try {
    const raw = await response.text();
    json = raw === '' ? null : JSON.parse(withoutTurning(raw));
  } catch {
    if (response.ok) return { ok: false, status: response.status, code: 'bad-reply', message: '' };
  }
  if (response.ok) return { ok: true, value: json as T };
  const error = (json as Partial<ApiError> | null)?.error;
  return {
    ok: false,
    status: response.status,
    code: error?.code ?? `http-${response.status}`,
    message: error?.message ?? '',
  };
}

export const api = {
  session: () => call<SessionReply>('GET', '/api/session'),
  signIn: (request: SessionRequest) => call<SessionReply>('POST', '/api/session', request),
  signOut: () => call<null>('DELETE', '/api/session'),
  setPassword: (password: string) => call<null>('POST', '/api/session/password', { password }),
  list: (state: 'open' | 'closed', limit: number, q = '', rule: string | null = null) => {
    const query = new URLSearchParams({ state, limit: String(limit) });
    if (q !== '') query.set('q', q);
    if (rule !== null) query.set('rule', rule);
    return call<AlertList>('GET', `/api/alerts?${query.toString()}`);
  },
  /** Empty values are not asked. */
  searchAlerts: (search: Record<string, string>) => {
    const asked = Object.entries(search).filter(([, value]) => value !== '');
    return call<AlertSearchReply>('GET', `/api/alerts/search?${new URLSearchParams(asked)}`);
  },
  customerHistory: (subject: string, days: number, toDay: string) =>
    call<CustomerHistory>(
      'GET',
      `/api/customers/${encodeURIComponent(subject)}/history?days=${days}&to=${toDay}`,
    ),
  demo: () => call<DemoReply | null>('GET', '/api/demo'),
  demoCommand: (command: DemoCommand) => call<null>('POST', '/api/demo/commands', command),
  detail: (id: string) => call<AlertDetail>('GET', `/api/alerts/${encodeURIComponent(id)}`),
  command: async (id: string, command: AlertCommand): Promise<Outcome<AlertRow | null>> => {
    const path = `/api/alerts/${encodeURIComponent(id)}/commands`;
    const reply = await call<CommandReply | null>('POST', path, command);
    return reply.ok ? { ok: true, value: reply.value?.row ?? null } : reply;
  },
};

/** Why something failed, for a person. */
export function failure(
  outcome: { status: number; code: string; message: string },
  t: Texts,
): string {
  if (outcome.code === 'network') return t.common.network;
  if (outcome.code === 'bad-reply') return t.common.badReply;
  if (outcome.code === 'too-late') return t.common.tooLate;
  if (outcome.code === 'superseded') return t.common.superseded;
  switch (outcome.status) {
    case 403:
      return t.common.forbidden;
    case 404:
      return t.common.gone;
    case 409:
      return t.common.conflict;
    case 429:
      return t.common.rateLimited;
    default:
      return outcome.message === '' ? outcome.code : outcome.message;
  }
}

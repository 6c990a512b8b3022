/**
 * Who is signed in. The one-time link carries its token in the fragment, which no server log
 * sees; it is exchanged by POST and taken out of the address before anything else happens.
 */
import { signal } from '@preact/signals';
import type { SessionReply, SessionUser } from '../../../schemas/protocol.js';
import { type Bank, DEFAULT_BANK } from '../format.js';
import { api, type Refusal } from './api.js';

export type SignInProblem =
  | 'none'
  | 'linkUsed'
  | 'linkExpired'
  | 'linkUnknown'
  | 'badCredentials'
  | 'tooMany'
  | 'expired'
  | 'signedOut'
  | 'offline';

export type Session =
  | { state: 'unknown'; exchanging: boolean }
  | { state: 'signed-out'; problem: SignInProblem; detail: string }
  | { state: 'signed-in'; user: SessionUser; viaLink: boolean; passwordSet: boolean };

export const session = signal<Session>({ state: 'unknown', exchanging: false });
export const bank = signal<Bank>(DEFAULT_BANK);

const PROBLEMS: Record<string, SignInProblem> = {
  'link-used': 'linkUsed',
  'link-expired': 'linkExpired',
  'bad-credentials': 'badCredentials',
  'too-many-attempts': 'tooMany',
  network: 'offline',
};

/** Takes `#token=...` out of the address and returns it. */
export function takeToken(): string | null {
  const found = /^#token=([^&]+)/.exec(location.hash);
  if (found === null) return null;
  history.replaceState(null, '', `${location.pathname}${location.search}#/`);
  const token = found[1] as string;
  try {
    return decodeURIComponent(token);
  } catch {
    return token; // cut off on the way: the server says that it does not know it
  }
}

function accept(reply: SessionReply, viaLink: boolean): void {
  if (reply.bank !== undefined) bank.value = reply.bank;
  session.value = {
    state: 'signed-in',
    user: reply.user,
    viaLink,
    passwordSet: reply.passwordSet,
  };
}

function refuse(problem: SignInProblem, detail = ''): void {
  session.value = { state: 'signed-out', problem, detail };
}

/** At start: a token in the address wins, else the cookie decides. */
export async function openSession(): Promise<void> {
  const token = takeToken();
  if (token !== null) {
    session.value = { state: 'unknown', exchanging: true };
    const reply = await api.signIn({ token });
    if (reply.ok) return accept(reply.value, true);
    // A used link pressed again by somebody who is signed in is no reason to stop them.
    const present = await api.session();
    if (present.ok) return accept(present.value, false);
    return refuse(PROBLEMS[reply.code] ?? 'linkUnknown', reply.message);
  }
  const reply = await api.session();
  if (reply.ok) return accept(reply.value, false);
  refuse(reply.code === 'network' ? 'offline' : 'none', reply.message);
}

export async function signIn(user: string, password: string): Promise<void> {
  const reply = await api.signIn({ user, password });
  if (reply.ok) return accept(reply.value, false);
  const byStatus = reply.status === 429 ? 'tooMany' : 'badCredentials';
  refuse(PROBLEMS[reply.code] ?? (reply.status >= 500 ? 'offline' : byStatus), reply.message);
}

/** Ends the session on the server; only then may the page say so. Else the refusal. */
export async function endSession(): Promise<Refusal | null> {
  const reply = await api.signOut();
  if (!reply.ok && reply.status !== 401) return reply;
  refuse('signedOut');
  return null;
}

/** After a refused socket: still signed in? Only a clear 401 ends the session. */
export async function checkSession(): Promise<void> {
  if (session.value.state !== 'signed-in') return;
  const reply = await api.session();
  if (!reply.ok && reply.status === 401) refuse('expired');
}

export function passwordWasSet(): void {
  if (session.value.state === 'signed-in') session.value = { ...session.value, passwordSet: true };
}

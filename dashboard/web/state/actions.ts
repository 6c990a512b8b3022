/** Commands on alerts: shown at once, sent with an idempotency key, taken back when refused. */

import { signal } from '@preact/signals';
import type { CloseReason } from '../../../schemas/close-reasons.js';
import { type AlertCommand, type AlertRow, UNDO_MS } from '../../../schemas/protocol.js';
import { customerName } from '../format.js';
import type { Texts } from '../text/index.js';
import { fill, text } from '../text/index.js';
import { api, failure } from './api.js';
import { announcement, connection, flush, me, problem, store } from './queue.js';
import { endSession, session } from './session.js';

/** Of the close dialog; null = not open. */
export const closing = signal<string | null>(null);
/** What was just done and can be taken back; the line below the table offers it. */
export interface Undoable {
  what: 'take' | 'close';
  /** As it was before. */
  before: AlertRow;
  untilMs: number;
}
export const undoable = signal<Undoable | null>(null);
let undoTimer: ReturnType<typeof setTimeout> | undefined;

function offerUndo(offer: Undoable | null): void {
  clearTimeout(undoTimer);
  undoable.value = offer;
  if (offer === null) return;
  const t = text.value.queue;
  const done = fill(t[offer.what === 'take' ? 'tookAlert' : 'closedAlert'], {
    customer: customerName(offer.before, text.value),
  });
  announcement.value = `${done} ${t.undoHint}`;
  undoTimer = setTimeout(() => {
    undoable.value = null;
  }, offer.untilMs - Date.now());
}

/** Counts finished commands, so that an open drawer reads its trail again. */
export const commandsDone = signal(0);

type Act = 'take' | 'release' | 'close';
type WithoutKey<T> = T extends unknown ? Omit<T, 'command'> : never;

/** Null when the act is possible, else why not. */
export function whyNot(act: Act, row: AlertRow, t: Texts): string | null {
  const who = session.value;
  if (who.state !== 'signed-in' || !who.user.permissions.includes('alerts.work')) {
    return t.drawer.whyReadOnly;
  }
  if (row.state === 'closed') return t.drawer.whyClosed;
  if (connection.value.state === 'stopped') return t.drawer.whyOffline;
  if (act === 'take' && row.owner === me()) return t.drawer.whyMine;
  if (row.owner !== null && row.owner !== me()) {
    return fill(t.drawer.whyTaken, { user: row.owner });
  }
  return null;
}

/** 128 random bits; `crypto.randomUUID` exists only over HTTPS and on localhost. */
function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** A retry after a lost answer carries the same key, so it cannot act twice. */
const NETWORK_RETRIES = 2;

async function run(
  row: AlertRow,
  command: WithoutKey<AlertCommand>,
  patch: Partial<AlertRow>,
): Promise<boolean> {
  const keyed = { ...command, command: newKey() } as AlertCommand;
  const token = store.expect(row.id, patch);
  problem.value = '';
  flush();
  let reply = await api.command(row.id, keyed);
  for (let retry = 0; !reply.ok && reply.status === 0 && retry < NETWORK_RETRIES; retry += 1) {
    await new Promise((done) => setTimeout(done, 1_000));
    reply = await api.command(row.id, keyed);
  }
  if (reply.ok) {
    // Until the pushed row arrives the expected one stands in its place.
    store.apply([reply.value ?? { ...row, ...patch }]);
  } else {
    problem.value = fill(text.value.common.failed, { reason: failure(reply, text.value) });
    announcement.value = problem.value;
    if (reply.status === 409) {
      const detail = await api.detail(row.id);
      if (detail.ok) store.apply([detail.value.row]);
    }
  }
  store.settle(row.id, token);
  commandsDone.value += 1;
  flush();
  return reply.ok;
}

/** The server counts from when it has the command, so the offer here ends a little before. */
async function runUndoable(
  what: Undoable['what'],
  row: AlertRow,
  command: WithoutKey<AlertCommand>,
  patch: Partial<AlertRow>,
): Promise<void> {
  const untilMs = Date.now() + UNDO_MS;
  offerUndo(null);
  if (await run(row, command, patch)) offerUndo({ what, before: row, untilMs });
}

export function take(id: string): void {
  const row = store.row(id);
  if (row === undefined || refuse('take', row)) return;
  void runUndoable('take', row, { type: 'take' }, { owner: me(), state: 'taken' });
}

export function release(id: string): void {
  const row = store.row(id);
  if (row === undefined || refuse('release', row)) return;
  offerUndo(null);
  void run(row, { type: 'release' }, { owner: null, state: 'open' });
}

/** Takes back the last take or close of this page, while that is offered. */
export function undo(): void {
  const offer = undoable.value;
  if (offer === null) return;
  offerUndo(null);
  const { id, state, owner } = offer.before;
  const row = store.row(id) ?? offer.before;
  const patch = { state, owner, closeReason: null, closeNote: null };
  void run(row, { type: offer.what === 'take' ? 'release' : 'undo-close' }, patch).then((done) => {
    if (done) announcement.value = text.value.queue.undone;
  });
}

export function askClose(id: string): void {
  const row = store.row(id);
  if (row === undefined || refuse('close', row)) return;
  closing.value = id;
}

export function close(id: string, reason: CloseReason, note: string): void {
  closing.value = null;
  const row = store.row(id);
  if (row === undefined || refuse('close', row)) return;
  void runUndoable(
    'close',
    row,
    { type: 'close', reason, note },
    { state: 'closed', closeReason: reason, closeNote: note },
  );
}

/** Keys reach disabled buttons too: say why nothing happens. */
function refuse(act: Act, row: AlertRow): boolean {
  const why = whyNot(act, row, text.value);
  if (why !== null) {
    problem.value = why;
    announcement.value = why;
  }
  return why !== null;
}

/** Whoever leaves a shared desk must not be told that they are out while they are not. */
export async function signOut(): Promise<void> {
  const refused = await endSession();
  if (refused === null) return;
  problem.value = fill(text.value.common.failed, { reason: failure(refused, text.value) });
  announcement.value = problem.value;
}

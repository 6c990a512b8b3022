/**
 * The live queue's state: joins store, socket, address and clock. Rows pour into the store at any
 * rate; the view is arranged at most five times a second (`FLUSH_MS`), so the page's work does not
 * grow with the stream's.
 */
import { batch, signal } from '@preact/signals';
import type { AlertRow, Stats } from '../../../schemas/protocol.js';
import { browserEnvironment } from '../live/browser.js';
import { type Connection, LiveClient } from '../live/client.js';
import { pageTitle, route } from '../pages/router.js';
import { fill, text } from '../text/index.js';
import { api, failure } from './api.js';
import { type Address, readAddress, writeAddress } from './filter.js';
import { noticeFresh } from './notices.js';
import { checkSession, session } from './session.js';
import { AlertStore, type Counts, ROWS_MAX } from './store.js';

const FLUSH_MS = 200;
const CLOSED_MAX = 1_000;
const FOUND_MAX = 200;
const STATS_KEPT = 60;
const ANNOUNCE_MS = 5_000;
const POINTER_HOLD_MS = 800;

export const store = new AlertStore();
export const address = signal<Address>(readAddress(''));
export const connection = signal<Connection>({ state: 'connecting' });
export const loading = signal<'loading' | 'ready' | 'failed' | 'forbidden'>('loading');
export const loadProblem = signal('');
export const paused = signal(false);
export const waiting = signal(0);
/** Alerts that came while nobody looked: another tab or another page was in front. */
export const unread = signal(0);
export const counts = signal<Counts>({ all: 0, mine: 0, unassigned: 0, dueSoon: 0, byFamily: {} });
export const selected = signal<string | null>(null);
export const stats = signal<Stats[]>([]);
export const reloaded = signal(false);
/** Moves once a second, for times left and "stale since". */
export const nowMs = signal(Date.now());
/** Moves with every flush that changed what the table shows. */
export const tableVersion = signal(0);
/** Alert whose other rules are asked; they close with it. */
export const othersOpen = signal<string | null>(null);
/** What the live region says. */
export const announcement = signal('');
/** A message that stays until dismissed or replaced. */
export const problem = signal('');

let arrangedVersion = -1;
let arrangedKey = '';
let pointerHoldUntilMs = 0;
let freshCount = 0;
let freshCritical = 0;
let announcedMs = 0;
let reloadRunning: Promise<void> | null = null;
const timers: ReturnType<typeof setInterval>[] = [];

export function me(): string {
  return session.value.state === 'signed-in' ? session.value.user.name : '';
}

const client = new LiveClient(browserEnvironment, {
  rows: (rows) => noteFresh(store.apply(rows)),
  stats: (value) => {
    stats.value = [...stats.value.slice(1 - STATS_KEPT), value];
  },
  connection: (value) => {
    connection.value = value;
  },
  welcome: () => undefined,
  reload: () => void reload(true),
  checkSession: () => void checkSession(),
});

function noteFresh(fresh: AlertRow[]): void {
  noticeFresh(fresh);
  freshCount += fresh.length;
  if (document.hidden || route.value.page !== 'live') unread.value += fresh.length;
  for (const row of fresh) if (row.severity === 'critical') freshCritical += 1;
}

/** Reads the first screen, then goes live from its cursor. */
export async function startQueue(): Promise<void> {
  if (route.value.page === 'live') address.value = readAddress(location.hash);
  addEventListener('hashchange', fromAddress);
  addEventListener('online', reconnect);
  document.addEventListener('visibilitychange', onVisibility);
  timers.push(setInterval(flush, FLUSH_MS), setInterval(tick, 1_000));
  await firstScreen();
}

export async function firstScreen(): Promise<void> {
  loading.value = 'loading';
  const reply = await api.list('open', ROWS_MAX);
  if (!reply.ok) {
    if (reply.status === 401) {
      await checkSession();
      return;
    }
    loadProblem.value = failure(reply, text.value);
    loading.value = reply.status === 403 ? 'forbidden' : 'failed';
    return;
  }
  store.replaceOpen(reply.value.rows, reply.value.total);
  loading.value = 'ready';
  // A link to an alert pauses the list before it is there: what stands in it first is no news.
  arrangedKey = '';
  flush();
  client.start(reply.value.cursor);
  if (address.value.filter.state === 'closed') await readClosed();
}

export function stopQueue(): void {
  client.stop();
  for (const timer of timers.splice(0)) clearInterval(timer);
  removeEventListener('hashchange', fromAddress);
  removeEventListener('online', reconnect);
  document.removeEventListener('visibilitychange', onVisibility);
  store.replaceOpen([]);
  store.rows.clear();
  batch(() => {
    paused.value = false;
    selected.value = null;
    stats.value = [];
    reloaded.value = false;
    problem.value = '';
    loading.value = 'loading';
  });
  document.title = 'Weir';
}

/** The history that a resume needs is gone: read everything again, once, and say so. */
async function reload(say: boolean): Promise<void> {
  reloadRunning ??= (async () => {
    store.beginReload();
    const reply = await api.list('open', ROWS_MAX);
    if (reply.ok) {
      store.replaceOpen(reply.value.rows, reply.value.total);
      reloaded.value = say;
      if (address.value.filter.state === 'closed') await readClosed();
    } else {
      loadProblem.value = failure(reply, text.value);
      problem.value = fill(text.value.queue.loadFailed, { reason: loadProblem.value });
      setTimeout(() => void reload(say), 2_000);
    }
  })().finally(() => {
    reloadRunning = null;
  });
  await reloadRunning;
}

/** What is not in memory is found on the server. */
async function searchServer({ q, rule }: Address['filter']): Promise<void> {
  const reply = await api.list('open', FOUND_MAX, q, rule);
  if (reply.ok) showAsked(reply.value.rows);
}

/** Somebody asked for these: they belong into the list even while it is paused. */
function showAsked(rows: readonly AlertRow[]): void {
  store.apply(rows);
  arrangedKey = '';
  flush();
}

export async function readClosed(): Promise<void> {
  const { q, rule } = address.value.filter;
  const reply = await api.list('closed', CLOSED_MAX, q, rule);
  if (reply.ok) showAsked(reply.value.rows);
}

export function reconnect(): void {
  client.reconnectNow();
}

/** Pointer over the rows: hold the order for a moment so that a click meets its row. */
export function holdForPointer(): void {
  pointerHoldUntilMs = performance.now() + POINTER_HOLD_MS;
}

export function pause(): void {
  paused.value = true;
}

export function resume(): void {
  paused.value = false;
  pointerHoldUntilMs = 0;
  unread.value = 0;
  arrangedVersion = -1;
  flush();
}

/** New filter or sort: the order is made anew even while paused. */
export function go(change: Partial<Address['filter']>, sort?: Address['sort']): void {
  const before = address.value;
  setAddress(
    { ...before, filter: { ...before.filter, ...change }, sort: sort ?? before.sort },
    false,
  );
}

export function openAlert(id: string): void {
  pause();
  selected.value = id;
  store.seen(id);
  setAddress({ ...address.value, alert: id }, address.value.alert === null);
}

export function closeDrawer(): void {
  setAddress({ ...address.value, alert: null }, false);
}

function setAddress(next: Address, remember: boolean): void {
  const before = address.value.filter;
  address.value = next;
  const hash = writeAddress(next);
  if (remember) history.pushState(null, '', hash);
  else history.replaceState(null, '', hash);
  const { state, q, rule } = next.filter;
  const searched = q !== before.q || rule !== before.rule;
  const narrow = q !== '' || rule !== null;
  if (state === 'closed' && (searched || before.state !== 'closed')) void readClosed();
  if (state === 'open' && searched && narrow && store.truncated) void searchServer(next.filter);
  flush();
}

function fromAddress(): void {
  // On other pages the fragment is not the queue's.
  if (route.value.page !== 'live') return;
  address.value = readAddress(location.hash);
  if (address.value.alert !== null) selected.value = address.value.alert;
  if (address.value.filter.state === 'closed') void readClosed();
  flush();
}

/** The queue is in front again, perhaps by a link to one of its alerts. */
export function enterQueue(): void {
  unread.value = 0;
  fromAddress();
  if (address.value.alert !== null) pause();
}

function onVisibility(): void {
  if (document.hidden) return;
  if (route.value.page === 'live') unread.value = 0;
  reconnect();
  flush();
}

function tick(): void {
  nowMs.value = Date.now();
  announce();
}

/** One arrangement of the view; cheap when nothing changed. */
export function flush(): void {
  const { filter, sort } = address.value;
  const key = JSON.stringify([filter, sort]);
  const keyChanged = key !== arrangedKey;
  if (!keyChanged && store.version === arrangedVersion) {
    title();
    return;
  }
  const now = Date.now();
  const held = !keyChanged && performance.now() < pointerHoldUntilMs;
  store.arrange({ ...filter, user: me() }, sort, now, (paused.value && !keyChanged) || held);
  // A held order must be looked at again once the pointer rests.
  arrangedVersion = held && !paused.value ? -1 : store.version;
  arrangedKey = key;
  batch(() => {
    waiting.value = store.waiting;
    counts.value = store.counts(me(), now);
    tableVersion.value += 1;
  });
  title();
}

function title(): void {
  const away = route.value.page !== 'live';
  const n = paused.value && !away ? store.waiting : unread.value;
  const name = `${pageTitle.value} · Weir`;
  const wanted = n > 0 ? `(${n}) ${name}` : name;
  if (document.title === wanted) return;
  document.title = wanted;
  const icon = document.getElementById('icon');
  icon?.setAttribute('href', n > 0 ? '/icon-unread.svg' : '/icon.svg');
}

/** One polite sentence for many arrivals, at most every five seconds. */
function announce(): void {
  if (freshCount === 0 || Date.now() - announcedMs < ANNOUNCE_MS) return;
  const t = text.value.queue;
  announcement.value = fill(freshCritical > 0 ? t.newLive : t.newLivePlain, {
    n: freshCount,
    critical: freshCritical,
  });
  announcedMs = Date.now();
  freshCount = 0;
  freshCritical = 0;
}

/**
 * Which page the address names, over the History API. Plain links work by themselves (middle
 * click, copy, open in a tab); a plain click on one of ours is taken over so that the socket stays
 * open. The queue keeps its filters in the fragment, so the router looks at the path alone.
 */
import { computed, signal } from '@preact/signals';
import { fill, text } from '../text/index.js';

export type Route =
  | { page: 'live' }
  | { page: 'customers' }
  | { page: 'customer'; subject: string }
  | { page: 'system' }
  | { page: 'unknown' };

/** Longer than any party id, escaped: no use to ask the server for it. */
const SUBJECT_LENGTH_MAX = 500;

export function readRoute(path: string): Route {
  const [, first = '', second, ...rest] = path.replace(/(?<=.)\/$/, '').split('/');
  if (rest.length > 0) return { page: 'unknown' };
  if (first === 'customers' && second !== undefined && second.length <= SUBJECT_LENGTH_MAX) {
    try {
      return { page: 'customer', subject: decodeURIComponent(second) };
    } catch {
      return { page: 'unknown' };
    }
  }
  if (second !== undefined) return { page: 'unknown' };
  if (first === '') return { page: 'live' };
  return first === 'customers' || first === 'system' ? { page: first } : { page: 'unknown' };
}

export function pathOf(route: Exclude<Route, { page: 'unknown' }>): string {
  switch (route.page) {
    case 'live':
      return '/';
    case 'customer':
      return `/customers/${encodeURIComponent(route.subject)}`;
    default:
      return `/${route.page}`;
  }
}

export const route = signal<Route>(
  readRoute(typeof location === 'undefined' ? '/' : location.pathname),
);
/** The customer by id: a name would stay in the browser's history. */
export const pageTitle = computed(() => {
  const t = text.value;
  const here = route.value;
  switch (here.page) {
    case 'live':
      return t.queue.title;
    case 'customer':
      return fill(t.pages.titleCustomer, { id: here.subject });
    case 'unknown':
      return t.pages.unknownTitle;
    default:
      return t.pages[here.page];
  }
});

let focusWanted = false;
/** True once after each navigation: the new page's heading takes the focus. */
export function takeFocusWish(): boolean {
  const wanted = focusWanted;
  focusWanted = false;
  return wanted;
}

function show(): void {
  const next = readRoute(location.pathname);
  const before = route.peek();
  if (next.page === 'unknown' || before.page === 'unknown' || pathOf(next) !== pathOf(before)) {
    focusWanted = true;
    route.value = next;
  }
}

/** Goes to an address of ours: path, and for the queue its fragment. */
export function navigate(to: string): void {
  history.pushState(null, '', to);
  show();
}

/** Returns what takes the listeners away again. */
export function installRouter(): () => void {
  document.addEventListener('click', onClick);
  addEventListener('popstate', show);
  return () => {
    document.removeEventListener('click', onClick);
    removeEventListener('popstate', show);
  };
}

function onClick(event: MouseEvent): void {
  if (event.defaultPrevented || event.button !== 0) return;
  if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  const link = event.target instanceof Element ? event.target.closest('a[href]') : null;
  if (!(link instanceof HTMLAnchorElement) || link.target !== '') return;
  const to = new URL(link.href);
  if (to.origin !== location.origin || readRoute(to.pathname).page === 'unknown') return;
  // Only the fragment changes: that is the queue's own affair.
  if (to.pathname === location.pathname && to.hash !== '') return;
  event.preventDefault();
  if (to.href !== location.href) navigate(`${to.pathname}${to.hash}`);
}

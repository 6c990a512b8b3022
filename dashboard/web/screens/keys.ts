/** The keyboard: one listener for the whole page, silent while somebody types or a dialog is up. */
import { askClose, take, undo, undoable } from '../state/actions.js';
import { shortcuts } from '../state/preferences.js';
import {
  address,
  closeDrawer,
  go,
  openAlert,
  othersOpen,
  pause,
  paused,
  selected,
  store,
} from '../state/queue.js';
import { showNew } from './bottom-line.js';
import { dialog } from './dialogs.js';
import { currentTable } from './table-host.js';

export function installKeys(): () => void {
  const listener = (event: KeyboardEvent): void => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    if (document.querySelector('dialog[open]') !== null) return;
    if (act(event)) event.preventDefault();
  };
  document.addEventListener('keydown', listener);
  return () => document.removeEventListener('keydown', listener);
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof Element && target.matches('input, textarea, select');
}

function act(event: KeyboardEvent): boolean {
  if (event.key === 'Escape') return back(event.target);
  if (isTyping(event.target)) return false;
  const onControl = event.target instanceof Element && event.target.matches('button, a, summary');
  switch (event.key) {
    case 'ArrowDown':
      return inTable(event) && move(1);
    case 'ArrowUp':
      return inTable(event) && move(-1);
    case 'Home':
      return inTable(event) && moveTo(0);
    case 'End':
      return inTable(event) && moveTo(store.order.length - 1);
    case 'Enter':
      return !onControl && open();
    case ' ':
      return !onControl && togglePause();
    default:
      return shortcuts.value === 'on' && single(event.key.toLowerCase());
  }
}

function inTable(event: KeyboardEvent): boolean {
  return event.target === currentTable()?.element || event.target === document.body;
}

/** Single characters; can be switched off, as WCAG 2.1.4 asks. */
function single(key: string): boolean {
  switch (key) {
    case 'j':
      return move(1);
    case 'k':
      return move(-1);
    case '1':
      return onSelected(take);
    case '3':
      return onSelected(askClose);
    case 'u':
      if (undoable.value === null) return false;
      undo();
      return true;
    case 'r':
      showNew();
      return true;
    case 's':
      return sortByScore();
    case 'x':
      return toggleOthers();
    case 'n':
      return nextUnassigned();
    case '/':
      document.getElementById('search')?.focus();
      return true;
    case '?':
      dialog.value = 'help';
      return true;
    default:
      return false;
  }
}

function sortByScore(): boolean {
  const key = address.value.sort.key === 'score' ? 'urgency' : 'score';
  go({}, { key, ascending: false });
  return true;
}

function toggleOthers(): boolean {
  const { alert } = address.value;
  if (alert === null) return false;
  othersOpen.value = othersOpen.value === alert ? null : alert;
  return true;
}

function togglePause(): boolean {
  if (paused.value) showNew();
  else pause();
  return true;
}

function back(target: EventTarget | null): boolean {
  if (isTyping(target)) {
    currentTable()?.element.focus();
    return true;
  }
  if (address.value.alert === null) return false;
  closeDrawer();
  currentTable()?.element.focus();
  return true;
}

function open(): boolean {
  const id = selected.value ?? store.order[0];
  if (id === undefined) return false;
  openAlert(id);
  return true;
}

function onSelected(run: (id: string) => void): boolean {
  const id = address.value.alert ?? selected.value;
  if (id === null) return false;
  run(id);
  return true;
}

function move(by: number): boolean {
  const at = selected.value === null ? -1 : store.order.indexOf(selected.value);
  return moveTo(at < 0 ? 0 : Math.min(store.order.length - 1, Math.max(0, at + by)));
}

function moveTo(index: number): boolean {
  const id = store.order[index];
  if (id === undefined) return false;
  pause();
  currentTable()?.element.focus({ preventScroll: true });
  if (address.value.alert === null) selected.value = id;
  else openAlert(id);
  currentTable()?.reveal(id);
  return true;
}

/** From the selection downward, then from the top. */
function nextUnassigned(): boolean {
  const from = selected.value === null ? -1 : store.order.indexOf(selected.value);
  const total = store.order.length;
  for (let step = 1; step <= total; step += 1) {
    const index = (from + step + total) % total;
    const row = store.row(store.order[index] as string);
    if (row !== undefined && row.owner === null && row.state !== 'closed') return moveTo(index);
  }
  return false;
}

/** Keys of every page: `g` and then a letter goes to a page; `?` is help where the queue is not. */
import type { SessionUser } from '../../../schemas/protocol.js';
import { dialog } from '../screens/dialogs.js';
import { shortcuts } from '../state/preferences.js';
import { places } from './places.js';
import { navigate, route } from './router.js';

/** A forgotten `g` must not turn a later letter into a jump. */
const SEQUENCE_MS = 1_500;

export function installPageKeys(user: SessionUser): () => void {
  let startedMs = Number.NEGATIVE_INFINITY;
  const listener = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey || shortcuts.value === 'off') return;
    if (document.querySelector('dialog[open]') !== null) return;
    if (event.target instanceof Element && event.target.matches('input, textarea, select')) return;
    const key = event.key.toLowerCase();
    const second = performance.now() - startedMs < SEQUENCE_MS;
    startedMs = Number.NEGATIVE_INFINITY;
    if (second) {
      const place = places(user).find((each) => each.key === key);
      if (place === undefined) return;
      event.preventDefault();
      navigate(place.href);
    } else if (key === 'g') {
      startedMs = performance.now();
      event.preventDefault();
    } else if (key === '?' && route.value.page !== 'live') {
      event.preventDefault();
      dialog.value = 'help';
    }
  };
  // Before the queue's own keys: they leave alone what is already prevented.
  document.addEventListener('keydown', listener, true);
  return () => document.removeEventListener('keydown', listener, true);
}

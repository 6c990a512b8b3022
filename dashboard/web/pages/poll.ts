/**
 * Reads again and again while the page is looked at. The last good answer stays on the screen when
 * a later one fails; an answer that was overtaken (another customer, another span) is dropped.
 */
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Outcome, Refusal } from '../state/api.js';
import { checkSession } from '../state/session.js';

export interface Polled<T> {
  value: T | null;
  /** When `value` came, epoch ms of this browser. */
  atMs: number;
  /** Why the newest try failed; null when it did not. */
  refusal: Refusal | null;
  /** Tries at once. */
  again: () => void;
}

/** `key` names what is read: another key forgets the answer before. */
export function usePolled<T>(
  key: string,
  everyMs: number,
  read: () => Promise<Outcome<T>>,
): Polled<T> {
  const [state, setState] = useState<Omit<Polled<T>, 'again'> & { key: string }>({
    key,
    value: null,
    atMs: 0,
    refusal: null,
  });
  const again = useRef<() => void>(() => undefined);
  useEffect(() => {
    let current = true;
    let running = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const once = async (): Promise<void> => {
      clearTimeout(timer);
      if (running || !current || document.hidden) return;
      running = true;
      const reply = await read();
      running = false;
      if (!current) return;
      if (reply.ok) {
        setState({ key, value: reply.value, atMs: Date.now(), refusal: null });
      } else {
        if (reply.status === 401) void checkSession();
        setState((before) =>
          before.key === key
            ? { ...before, refusal: reply }
            : { key, value: null, atMs: 0, refusal: reply },
        );
      }
      timer = setTimeout(() => void once(), everyMs);
    };
    const look = (): void => void once();
    again.current = look;
    document.addEventListener('visibilitychange', look);
    look();
    return () => {
      current = false;
      clearTimeout(timer);
      document.removeEventListener('visibilitychange', look);
    };
  }, [key, everyMs]);
  const fresh = state.key === key ? state : { value: null, atMs: 0, refusal: null };
  return {
    value: fresh.value,
    atMs: fresh.atMs,
    refusal: fresh.refusal,
    again: () => again.current(),
  };
}

/**
 * The one clock of a process. It normally is the machine's; tests start it elsewhere with
 * `--clock-start`, and then it goes on from there at the machine's pace. Its one trick: the start
 * is anchored to a machine time that the supervisor hands to its children, so that all processes
 * agree and a restarted child does not go back in time.
 */
import type { Clock } from '../schemas/ports.js';

export interface ClockOptions {
  /** ISO 8601 with offset: what the clock showed at `anchorMs`. */
  startIso?: string | undefined;
  /** Machine time that belongs to `startIso`, epoch ms; now when not given. */
  anchorMs?: number | undefined;
}

export function createClock(options: ClockOptions = {}): Clock {
  if (options.startIso === undefined) return { nowMs: () => Date.now() };
  const startMs = parseClockStart(options.startIso);
  const anchorMs = options.anchorMs ?? Date.now();
  return { nowMs: () => startMs + (Date.now() - anchorMs) };
}

/** Throws with the mend: an ISO time without an offset would mean another moment elsewhere. */
export function parseClockStart(iso: string): number {
  const ms = /T.*(Z|[+-]\d{2}:\d{2})$/.test(iso) ? Date.parse(iso) : Number.NaN;
  if (Number.isNaN(ms)) {
    throw new RangeError(
      `--clock-start: "${iso}" is not an ISO 8601 time with an offset; ` +
        'write for example 2026-03-02T09:00:00+08:00',
    );
  }
  return ms;
}

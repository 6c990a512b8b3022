/**
 * How long a subject had been silent before a leg. In order it is the time since the last leg that
 * the bank did not make; for late legs the two newest gaps longer than a day are kept, so that it
 * is exact for whatever comes up to two days late. Shorter silences of late legs read as 0.
 */
import { PACKED } from './lists.js';
import type { Region } from './region.js';
import { ROW } from './row.js';

const GAP_MIN_MS = 86_400_000;
const NONE = Number.NEGATIVE_INFINITY;

/** Up to a day reads 0, as it does where no gap is kept. */
function since(startMs: number, eventMs: number): number {
  if (startMs === NONE) return Number.NaN;
  return eventMs - startMs > GAP_MIN_MS ? eventMs - startMs : 0;
}

/** Silence before a leg at `eventMs` that is not noted yet; NaN when nothing came before it. */
export function silenceBefore(region: Region, row: number, eventMs: number): number {
  const { f64 } = region;
  const active = f64[row + ROW.activeMs];
  if (eventMs >= active) return active === NONE ? Number.NaN : eventMs - active;
  for (let gap = row + ROW.gapStartMs; gap <= row + ROW.olderGapStartMs; gap += 2) {
    if (eventMs >= f64[gap + 1]) return 0;
    if (eventMs > f64[gap]) return since(f64[gap], eventMs);
  }
  return 0;
}

/** The same of a leg that was noted already, as of now; `packed` is its word in the list. */
export function silenceOfKept(
  region: Region,
  row: number,
  eventMs: number,
  packed: number,
): number {
  const { f64 } = region;
  // A leg of the bank's in a silence that nothing has ended yet.
  const active = f64[row + ROW.activeMs];
  if (eventMs > active) return since(active, eventMs);
  if ((packed & PACKED.endsSilence) === 0) return 0;
  for (let gap = row + ROW.gapStartMs; gap <= row + ROW.olderGapStartMs; gap += 2) {
    if (eventMs > f64[gap + 1]) return 0;
    if (eventMs > f64[gap]) return since(f64[gap], eventMs);
  }
  return 0;
}

/** Notes a leg that the bank did not make. */
export function noteActive(region: Region, row: number, eventMs: number): void {
  const { f64 } = region;
  const active = f64[row + ROW.activeMs];
  if (eventMs < active) {
    splitGap(f64, row, eventMs);
    return;
  }
  if (eventMs - active > GAP_MIN_MS) {
    setOlder(f64, row, f64[row + ROW.gapStartMs], f64[row + ROW.gapEndMs]);
    setNewest(f64, row, active, eventMs);
  }
  f64[row + ROW.activeMs] = eventMs;
}

function splitGap(f64: Float64Array, row: number, ms: number): void {
  const start = f64[row + ROW.gapStartMs];
  const end = f64[row + ROW.gapEndMs];
  const olderStart = f64[row + ROW.olderGapStartMs];
  const olderEnd = f64[row + ROW.olderGapEndMs];
  if (ms > start && ms < end) {
    const front = ms - start > GAP_MIN_MS;
    if (end - ms > GAP_MIN_MS) {
      setNewest(f64, row, ms, end);
      if (front) setOlder(f64, row, start, ms);
    } else if (front) setNewest(f64, row, start, ms);
    else {
      setNewest(f64, row, olderStart, olderEnd);
      setOlder(f64, row, NONE, NONE);
    }
  } else if (ms > olderStart && ms < olderEnd) {
    if (olderEnd - ms > GAP_MIN_MS) setOlder(f64, row, ms, olderEnd);
    else if (ms - olderStart > GAP_MIN_MS) setOlder(f64, row, olderStart, ms);
    else setOlder(f64, row, NONE, NONE);
  }
}

function setNewest(f64: Float64Array, row: number, startMs: number, endMs: number): void {
  f64[row + ROW.gapStartMs] = startMs;
  f64[row + ROW.gapEndMs] = endMs;
}

function setOlder(f64: Float64Array, row: number, startMs: number, endMs: number): void {
  f64[row + ROW.olderGapStartMs] = startMs;
  f64[row + ROW.olderGapEndMs] = endMs;
}

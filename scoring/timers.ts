/**
 * Event-time timers of a shard: a hierarchical wheel on the watermark, minute ticks, four levels of
 * 64 slots (the last reaches 31 years). A timer is three words: deadline, (row, next), kind.
 */
import { classOfWords, H, type Region } from './region.js';

const TICK_MS = 60_000;
const LEVELS = 4;
const SLOTS = 64;
const TIMER_CLASS = classOfWords(3);

export function formatTimers(region: Region): void {
  region.f64[H.wheelAddress] = region.allocateForever((LEVELS * SLOTS) / 2);
}

/** Arms a timer; one whose time is past fires at the next advance. */
export function armTimer(region: Region, row: number, kind: number, deadlineMs: number): void {
  const at = region.allocate(TIMER_CLASS);
  region.f64[at] = deadlineMs;
  region.u32[(at + 1) * 2] = row;
  region.u32[(at + 2) * 2] = kind;
  const tick = Math.floor(deadlineMs / TICK_MS);
  if (region.f64[H.timers] === 0) {
    const now = Math.floor(region.f64[H.watermarkMs] / TICK_MS);
    // Without a watermark yet, a week of room for earlier deadlines.
    region.f64[H.wheelTick] = Number.isFinite(now) ? now : tick - 7 * 1440;
  }
  region.f64[H.timers]++;
  place(region, at, tick);
}

function place(region: Region, at: number, wanted: number): void {
  const now = region.f64[H.wheelTick];
  const tick = Math.max(wanted, now);
  let level = 0;
  let span = SLOTS;
  while (level < LEVELS - 1 && tick - now >= span) {
    level++;
    span *= SLOTS;
  }
  const index = Math.floor(tick / SLOTS ** level) % SLOTS;
  const slot = region.f64[H.wheelAddress] * 2 + level * SLOTS + index;
  region.u32[(at + 1) * 2 + 1] = region.u32[slot];
  region.u32[slot] = at;
}

function takeSlot(region: Region, level: number, tick: number): number {
  const index = Math.floor(tick / SLOTS ** level) % SLOTS;
  const slot = region.f64[H.wheelAddress] * 2 + level * SLOTS + index;
  const head = region.u32[slot];
  region.u32[slot] = 0;
  return head;
}

/** Fires every timer with deadline <= watermarkMs, in order of minutes; `fire` may arm again. */
export function advanceTimers(
  region: Region,
  watermarkMs: number,
  fire: (row: number, kind: number, deadlineMs: number) => void,
): void {
  const { f64, u32 } = region;
  const target = Math.floor(watermarkMs / TICK_MS);
  let tick = f64[H.wheelTick];
  for (; tick <= target; tick++) {
    if (f64[H.timers] === 0) break;
    f64[H.wheelTick] = tick;
    for (let level = LEVELS - 1; level > 0; level--) {
      if (tick % SLOTS ** level === 0) cascade(region, level, tick);
    }
    let waiting = 0;
    // Until the slot stays empty: a timer that is armed for a time past lands in it again.
    for (let at = takeSlot(region, 0, tick); at !== 0; at = takeSlot(region, 0, tick)) {
      while (at !== 0) {
        const next = u32[(at + 1) * 2 + 1];
        if (f64[at] > watermarkMs) {
          u32[(at + 1) * 2 + 1] = waiting;
          waiting = at;
        } else fireOne(region, at, fire);
        at = next;
      }
    }
    while (waiting !== 0) {
      const next = u32[(waiting + 1) * 2 + 1];
      place(region, waiting, Math.floor(f64[waiting] / TICK_MS));
      waiting = next;
    }
  }
  if (f64[H.timers] === 0) f64[H.wheelTick] = Math.max(f64[H.wheelTick], target);
}

function fireOne(
  region: Region,
  at: number,
  fire: (row: number, kind: number, deadlineMs: number) => void,
): void {
  const { f64, u32 } = region;
  const row = u32[(at + 1) * 2];
  const kind = u32[(at + 2) * 2];
  const deadline = f64[at];
  f64[H.timers]--;
  region.free(at, TIMER_CLASS);
  fire(row, kind, deadline);
}

function cascade(region: Region, level: number, tick: number): void {
  let at = takeSlot(region, level, tick);
  while (at !== 0) {
    const next = region.u32[(at + 1) * 2 + 1];
    place(region, at, Math.floor(region.f64[at] / TICK_MS));
    at = next;
  }
}

/** Calls back with every armed timer (to move them to another region). */
export function eachTimer(
  region: Region,
  visit: (row: number, kind: number, deadlineMs: number) => void,
): void {
  const wheel = region.f64[H.wheelAddress] * 2;
  for (let slot = 0; slot < LEVELS * SLOTS; slot++) {
    let at = region.u32[wheel + slot];
    while (at !== 0) {
      visit(region.u32[(at + 1) * 2], region.u32[(at + 2) * 2], region.f64[at]);
      at = region.u32[(at + 1) * 2 + 1];
    }
  }
}

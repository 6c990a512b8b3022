/**
 * Event-time timers of a shard: a hierarchical wheel on the watermark, minute ticks, four levels of
 * 64 slots (the last reaches 31 years). A timer is three words: deadline, (row, next), kind. Levels
 * know how many timers they hold, so that time jumps over what is empty.
 */
import { classOfWords, H, type Region } from './region.js';

const TICK_MS = 60_000;
const LEVELS = 4;
const SLOTS = 64;
/** Ticks that a slot of each level spans. */
const SPANS = [1, SLOTS, SLOTS * SLOTS, SLOTS * SLOTS * SLOTS];
const TIMER_CLASS = classOfWords(3);

type Fire = (row: number, kind: number, deadlineMs: number) => void;

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
    // Without a watermark yet any deadline may come; time jumps over what is empty anyway.
    region.f64[H.wheelTick] = Number.isFinite(now) ? now : 0;
  }
  region.f64[H.timers]++;
  place(region, at, tick);
}

function slotOf(region: Region, level: number, tick: number): number {
  const index = Math.floor(tick / SPANS[level]) % SLOTS;
  return region.f64[H.wheelAddress] * 2 + level * SLOTS + index;
}

function place(region: Region, at: number, wanted: number): void {
  const now = region.f64[H.wheelTick];
  const tick = Math.max(wanted, now);
  let level = 0;
  while (level < LEVELS - 1 && tick - now >= SPANS[level + 1]) level++;
  const slot = slotOf(region, level, tick);
  region.u32[(at + 1) * 2 + 1] = region.u32[slot];
  region.u32[slot] = at;
  region.f64[H.wheelCounts + level]++;
}

/** Takes the first timer out of a slot; 0 when it is empty. */
function takeFirst(region: Region, level: number, slot: number): number {
  const at = region.u32[slot];
  if (at === 0) return 0;
  region.u32[slot] = region.u32[(at + 1) * 2 + 1];
  region.f64[H.wheelCounts + level]--;
  return at;
}

/** Fires every timer with deadline <= watermarkMs, in order of minutes; `fire` may arm again. */
export function advanceTimers(region: Region, watermarkMs: number, fire: Fire): void {
  const { f64 } = region;
  const target = Math.floor(watermarkMs / TICK_MS);
  let tick = f64[H.wheelTick];
  while (tick <= target && f64[H.timers] > 0) {
    f64[H.wheelTick] = tick;
    for (let level = LEVELS - 1; level > 0; level--) {
      if (tick % SPANS[level] === 0) cascade(region, level, tick);
    }
    fireSlot(region, tick, watermarkMs, fire);
    tick = nextTick(f64, tick);
  }
  if (target > f64[H.wheelTick]) f64[H.wheelTick] = target;
}

/** The next tick at which a timer can stand or come down from a higher level. */
function nextTick(f64: Float64Array, tick: number): number {
  let level = 0;
  while (level < LEVELS - 1 && f64[H.wheelCounts + level] === 0) level++;
  return (Math.floor(tick / SPANS[level]) + 1) * SPANS[level];
}

function fireSlot(region: Region, tick: number, watermarkMs: number, fire: Fire): void {
  const { f64, u32 } = region;
  const slot = slotOf(region, 0, tick);
  let waiting = 0;
  // Until the slot is empty: a timer that is armed for a time past lands in it again.
  for (let at = takeFirst(region, 0, slot); at !== 0; at = takeFirst(region, 0, slot)) {
    const deadline = f64[at];
    if (deadline > watermarkMs) {
      u32[(at + 1) * 2 + 1] = waiting;
      waiting = at;
      continue;
    }
    const row = u32[(at + 1) * 2];
    const kind = u32[(at + 2) * 2];
    f64[H.timers]--;
    region.free(at, TIMER_CLASS);
    fire(row, kind, deadline);
  }
  while (waiting !== 0) {
    const next = u32[(waiting + 1) * 2 + 1];
    place(region, waiting, Math.floor(f64[waiting] / TICK_MS));
    waiting = next;
  }
}

/** Brings the timers of a slot down to where their own ticks are told apart. */
function cascade(region: Region, level: number, tick: number): void {
  const slot = slotOf(region, level, tick);
  let at = region.u32[slot];
  region.u32[slot] = 0;
  while (at !== 0) {
    const next = region.u32[(at + 1) * 2 + 1];
    region.f64[H.wheelCounts + level]--;
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

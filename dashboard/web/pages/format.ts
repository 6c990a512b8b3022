/** Figures as the pages beside the queue show them. */
import { type Bank, clockTime, duration, fullTime, plain } from '../format.js';
import type { Texts } from '../text/index.js';

const STEP = 1_024;
const BYTE_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

/** `1.4 GiB`; three figures at most, so that columns stay narrow. */
export function bytes(value: number): string {
  let rest = value;
  let unit = 0;
  while (Math.abs(rest) >= STEP - 0.5 && unit < BYTE_UNITS.length - 1) {
    rest /= STEP;
    unit += 1;
  }
  return `${plain(rest, unit === 0 || rest >= 100 ? 0 : 1)} ${BYTE_UNITS[unit]}`;
}

/** A rate a second: small ones keep a decimal. */
export function rate(value: number): string {
  return plain(value, value < 10 ? 1 : 0);
}

/** A share of one: `12 %`, `0.4 %`. */
export function percent(ratio: number): string {
  return `${plain(ratio * 100, ratio < 0.1 ? 1 : 0)} %`;
}

/** Seconds as µs, ms or s. */
export function seconds(value: number): string {
  if (value < 0.001) return `${plain(value * 1e6)} µs`;
  if (value < 1) return `${plain(value * 1e3, value < 0.1 ? 1 : 0)} ms`;
  return `${plain(value, value < 10 ? 1 : 0)} s`;
}

/** The clock without milliseconds: `20:05:11`, or `11-20 20:05:11` on another day. */
export function secondClock(ms: number, nowMs: number, bank: Bank): string {
  return clockTime(ms, nowMs, bank).replace(/\.\d+$/, '');
}

/** For columns, always with the day: `11-20 20:05:11`, with the year when it is another. */
export function dayClock(ms: number, nowMs: number, bank: Bank): string {
  const at = fullTime(ms, bank).slice(0, 19);
  const year = fullTime(nowMs, bank).slice(0, 5);
  return at.startsWith(year) ? at.slice(year.length) : at;
}

/** How long ago; never negative when clocks differ a little. */
export function ago(ms: number, nowMs: number, t: Texts): string {
  return t.queue.ago.replace('{time}', duration(Math.max(0, nowMs - ms), t));
}

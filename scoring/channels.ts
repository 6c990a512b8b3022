/**
 * Which channels a customer pays by: the last bank day of each, so that the first payment by one it
 * has not used for half a year can be told.
 */
import type { Region } from './region.js';
import { ROW } from './row.js';

const DAYS_UNUSED = 180;
/** Whoever has paid less often has no habits yet. */
const PAYMENTS_MIN = 10;
const COUNT_MAX = 65_535;

/**
 * Notes a customer-made debit; true when its channel is new, as `newChannel` in schemas/classes.ts
 * has it. `channel` is its place in CHANNELS; 0 = unknown is never new.
 */
export function noteChannel(region: Region, row: number, channel: number, day: number): boolean {
  const { u16 } = region;
  const count = (row + ROW.channels) * 4;
  const payments = u16[count];
  if (payments < COUNT_MAX) u16[count]++;
  if (channel === 0) return false;
  const last = u16[count + channel];
  if (day > last) u16[count + channel] = day;
  return payments >= PAYMENTS_MIN && last + DAYS_UNUSED < day;
}

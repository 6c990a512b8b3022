/**
 * When a subject was last told of what, by rule. Few subjects are ever told of anything, so the
 * times stand in a block of their own that a row gets with its first hit: one word a rule, event
 * time and band in one number.
 */
import { classOfWords, type Region } from './region.js';
import { ROW } from './row.js';

/** A word is ms x 16 + band + 1: exact, for times end before 2^48. */
const BANDS = 16;
export const COOLDOWN_BANDS_MAX = BANDS - 1;

/** Event time and band of the last hit of a rule; `band` -1 = none yet. Reused. */
export const lastHit = { ms: 0, band: -1 };

export function readLastHit(region: Region, row: number, cooldown: number): void {
  const block = region.u32[row * 2 + ROW.cooldowns];
  const word = block === 0 ? 0 : region.f64[block + cooldown];
  lastHit.ms = Math.floor(word / BANDS);
  lastHit.band = (word % BANDS) - 1;
}

/** `columns` is how many the catalogue has. */
export function writeLastHit(
  region: Region,
  row: number,
  columns: number,
  cooldown: number,
  ms: number,
  band: number,
): void {
  let block = region.u32[row * 2 + ROW.cooldowns];
  if (block === 0) {
    block = region.allocate(classOfWords(columns));
    region.f64.fill(0, block, block + columns);
    region.u32[row * 2 + ROW.cooldowns] = block;
  }
  region.f64[block + cooldown] = ms * BANDS + band + 1;
}

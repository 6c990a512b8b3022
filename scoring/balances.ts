/**
 * Balances of a subject's first four accounts, moved in log order: what a leg reports holds, else
 * what is known moves by the leg's amount. A leg keeps its own, so evaluating it again later finds
 * the same balance before it.
 */
import type { LegView } from './leg-view.js';
import type { Region } from './region.js';
import { BALANCE_SLOTS, ROW } from './row.js';
import { hashOfBytes, intern, isInterned } from './tables.js';

/** Slot of a leg whose account has none. */
export const NO_SLOT = 7;

/** Slot of the leg's account; takes a free one for an account not seen yet. */
export function accountSlot(region: Region, row: number, leg: LegView): number {
  const { f64, u32 } = region;
  const { bytes, accountStart, accountLength } = leg;
  const accounts = row * 2 + ROW.accounts;
  for (let slot = 0; slot < BALANCE_SLOTS; slot++) {
    const held = u32[accounts + slot];
    if (held !== 0) {
      // Compared in place: nearly always it is the first, and the intern table is a cache miss.
      if (isInterned(region, held, bytes, accountStart, accountLength)) return slot;
      continue;
    }
    const hash = hashOfBytes(bytes, accountStart, accountLength);
    u32[accounts + slot] = intern(region, hash, bytes, accountStart, accountLength);
    f64[row + ROW.balances + slot] = Number.NaN;
    return slot;
  }
  return NO_SLOT;
}

/** See `balance-total`: of the followed accounts whose balance is known; NaN without one. */
export function balanceTotal(region: Region, row: number): number {
  const { f64, u32 } = region;
  let total = Number.NaN;
  for (let slot = 0; slot < BALANCE_SLOTS; slot++) {
    if (u32[row * 2 + ROW.accounts + slot] === 0) break;
    const balance = f64[row + ROW.balances + slot];
    if (!Number.isNaN(balance)) total = Number.isNaN(total) ? balance : total + balance;
  }
  return total;
}

/** Moves the balance by this leg and returns it; NaN = unknown. */
export function moveBalance(region: Region, row: number, slot: number, leg: LegView): number {
  if (slot === NO_SLOT) return leg.balanceAfter;
  const at = row + ROW.balances + slot;
  const moved = region.f64[at] + (leg.side === 0 ? -leg.amount : leg.amount);
  const after = Number.isNaN(leg.balanceAfter) ? moved : leg.balanceAfter;
  region.f64[at] = after;
  return after;
}

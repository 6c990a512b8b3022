/**
 * Which legs are evaluated again when a late one comes: those behind it that a list keeps, the
 * newest 64, each as of itself with what stands now. What was fixed when such a leg came in (its
 * balance, the class bits that scoring set) it keeps in its line.
 */
import type { Moment } from './evaluate.js';
import { legAt, listCount, PACKED } from './lists.js';
import { NOTABLE, RECENT } from './plan.js';
import { H, type Region } from './region.js';
import { silenceOfKept } from './silence.js';

const REEVALUATED_MAX = 64;

/** Word addresses of the legs to evaluate again, oldest first. Undone ones are left out. */
export function legsBehind(region: Region, row: number, eventMs: number): number[] {
  const { f64, u32 } = region;
  const found: number[] = [];
  const taken = new Set<number>();
  for (let list = RECENT; list <= NOTABLE; list++) {
    for (let i = listCount(region, row, list) - 1; i >= 0; i--) {
      const at = legAt(region, row, list, i);
      if (f64[at] <= eventMs) break;
      const packed = u32[(at + 4) * 2 + 1];
      if ((packed & PACKED.reversed) !== 0) continue;
      const key = f64[at + 1] * 2 + ((packed & PACKED.credit) !== 0 ? 1 : 0);
      if (!taken.has(key)) found.push(at);
      taken.add(key);
    }
  }
  const side = (at: number): number => u32[(at + 4) * 2 + 1] & PACKED.credit;
  found.sort((a, b) => f64[a] - f64[b] || f64[a + 1] - f64[b + 1] || side(a) - side(b));
  f64[H.laterUnjudged] += Math.max(0, found.length - REEVALUATED_MAX);
  return found.slice(-REEVALUATED_MAX);
}

/**
 * The moment of a kept leg. Profile and limits stay those of the late leg that `m` was made for:
 * they are the subject's as it stands now.
 */
export function momentOfKept(region: Region, at: number, m: Moment): void {
  const { f64, u32 } = region;
  const packed = u32[(at + 4) * 2 + 1];
  m.atMs = f64[at];
  m.position = f64[at + 1];
  m.inOrder = false;
  m.history = (packed & PACKED.history) !== 0;
  m.amount = f64[at + 2];
  m.side = (packed & PACKED.credit) !== 0 ? 1 : 0;
  m.classBits = u32[(at + 3) * 2];
  m.balanceAfter = f64[at + 5];
  m.silenceMs = silenceOfKept(region, m.row, m.atMs, packed);
  m.counterparty = u32[(at + 3) * 2 + 1];
  m.packed = packed;
}

/**
 * What stays of a leg: its line in the exact lists, and its taking back when it is reversed. A
 * reversal finds its original exactly as long as a list keeps it: the list's retention, counted
 * from the subject's newest leg.
 */
import { ClassBit, RecordFlag } from '../schemas/classes.js';
import type { BankTime } from './bank-time.js';
import { countActivity } from './baselines.js';
import { countryPlace } from './countries.js';
import type { Moment } from './evaluate.js';
import type { LegView } from './leg-view.js';
import { hasId, insertLeg, legAt, listCount, PACKED } from './lists.js';
import { countNewcomer } from './panes.js';
import { type ClassPlan, NOTABLE, type Plan, RECENT } from './plan.js';
import { H, type Region } from './region.js';
import { ROW, type RowLayout } from './row.js';
import { advanceWindows, enterWindows, reverseLeg } from './windows.js';

/** What keeping depends on besides the leg. */
export interface KeepContext {
  plan: Plan;
  layout: RowLayout;
  time: BankTime;
}

/** Moves the windows of the lists that this leg's rules read, and puts it into its lists. */
export function keepLeg(
  region: Region,
  context: KeepContext,
  m: Moment,
  leg: LegView,
  classPlan: ClassPlan,
): void {
  const { plan, layout, time } = context;
  const lists = classPlan.listsOf(m.amount, m.packed);
  const { row } = m;
  const asOf = region.f64[row + ROW.lastMs];
  for (let list = RECENT; list <= NOTABLE; list++) {
    const inserts = (lists & (1 << list)) !== 0;
    if (!inserts && (classPlan.listsRead & (1 << list)) === 0) continue;
    advanceWindows(region, row, layout, plan, list, asOf, time);
    if (!inserts || leg.eventMs <= asOf - plan.retentionMs[list]) continue;
    const at = insertLeg(region, row, list, leg.eventMs, leg.position);
    write(region, at, m, leg);
    enterWindows(region, row, layout, plan, list, at, asOf, time);
  }
}

/** The leg's packed word. `slot` is that of its account. */
export function packLeg(leg: LegView, silenceMs: number, slot: number): number {
  return (
    (leg.idLength |
      (leg.side === 1 ? PACKED.credit : 0) |
      ((leg.flags & RecordFlag.history) !== 0 ? PACKED.history : 0) |
      (silenceMs === 0 ? 0 : PACKED.endsSilence) |
      (slot << PACKED.accountShift) |
      ((leg.channel & PACKED.channelMask) << PACKED.channelShift) |
      ((leg.type & PACKED.typeMask) << PACKED.typeShift) |
      (countryPlace(leg.country) << PACKED.countryShift)) >>>
    0
  );
}

function write(region: Region, at: number, m: Moment, leg: LegView): void {
  const { f64, u32, u16 } = region;
  f64[at] = leg.eventMs;
  f64[at + 1] = leg.position;
  f64[at + 2] = leg.amount;
  u32[(at + 3) * 2] = m.classBits;
  u32[(at + 3) * 2 + 1] = m.counterparty;
  u32[(at + 4) * 2] = region.putBytes(leg.bytes, leg.idStart, leg.idLength);
  u32[(at + 4) * 2 + 1] = m.packed;
  f64[at + 5] = m.balanceAfter;
  f64[at + 6] = leg.offset;
  u16[(at + 7) * 4] = leg.source;
  u16[(at + 7) * 4 + 1] = leg.partition;
  u32[(at + 7) * 2 + 1] = leg.index;
}

/** Takes out what the reversal `leg` undoes: both legs of a move between own accounts. */
export function undoLeg(region: Region, context: KeepContext, row: number, leg: LegView): void {
  const { plan, layout, time } = context;
  const asOf = region.f64[row + ROW.lastMs];
  let sides = 0;
  for (let list = RECENT; list <= NOTABLE; list++) {
    advanceWindows(region, row, layout, plan, list, asOf, time);
    for (let i = listCount(region, row, list) - 1; i >= 0; i--) {
      const at = legAt(region, row, list, i);
      if (!hasId(region, at, leg.bytes, leg.reversedStart, leg.reversedLength)) continue;
      const packed = region.u32[(at + 4) * 2 + 1];
      if ((packed & PACKED.reversed) !== 0) continue;
      reverseLeg(region, row, layout, plan, list, i);
      const side = (packed & PACKED.credit) !== 0 ? 1 : 0;
      if ((sides & (1 << side)) === 0) uncount(region, context, row, at, side);
      sides |= 1 << side;
    }
  }
  region.f64[sides === 0 ? H.reversalsUnmatched : H.reversalsApplied]++;
}

function uncount(
  region: Region,
  context: KeepContext,
  row: number,
  at: number,
  side: number,
): void {
  const classBits = region.u32[(at + 3) * 2];
  const day = context.time.dayOf(region.f64[at]);
  if ((classBits & ClassBit.firstPayment) !== 0) {
    countNewcomer(region, row, context.layout, day, side, -1);
  }
  if ((classBits & ClassBit.customerMade) === 0) return;
  countActivity(region, row, day, side === 0, region.f64[at + 2], -1);
}

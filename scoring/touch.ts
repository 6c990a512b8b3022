/**
 * Touch-ahead: before a batch of legs is scored, what scoring them will read is read once, in four
 * rounds of loads that do not wait for one another, so that their cache misses overlap: slots of
 * the tables; rows and counterparties, which the slots' hashes find without reading them; what the
 * rows point to. No branch of a round hangs on what that round loads: a branch that is guessed
 * wrongly would make the next miss wait for this one. Of the row only those lines are touched that
 * the leg's class moves or reads.
 */
import { ClassBit } from '../schemas/classes.js';
import * as L from '../schemas/generated/records.js';
import type { BankTime } from './bank-time.js';
import { LEG_WORDS } from './lists.js';
import type { Plan } from './plan.js';
import { H, type Region } from './region.js';
import { DAYS_KEPT, PANE_DAYS, PANES_KEPT, ROW, type RowLayout } from './row.js';
import { pairSlot } from './tables.js';

const BATCH_MAX = 64;
const LINE_WORDS = 8;

/** Scratch of one batch; one a thread and plan. */
export class Toucher {
  readonly #regions: Region[] = [];
  readonly #lines: Int32Array[] = [];
  readonly #rows = new Float64Array(BATCH_MAX);
  readonly #names = new Float64Array(BATCH_MAX);
  /** NaN where the class has nothing by day. */
  readonly #days = new Float64Array(BATCH_MAX);
  readonly #linesOfClass = new Map<number, Int32Array>();
  #count = 0;
  /** Keeps the loads from being optimised away. */
  sum = 0;

  constructor(
    readonly plan: Plan,
    readonly layout: RowLayout,
  ) {}

  /** Forgets the last batch. */
  begin(): void {
    this.#count = 0;
  }

  /** First round: the slots of the leg at byte `at`, which belongs to `region`. */
  slots(region: Region, view: DataView, at: number): void {
    const { f64, u32 } = region;
    const subject = view.getUint32(at + L.LEG_SUBJECT_HASH_LOW, true) >>> 8;
    const name = view.getUint32(at + L.LEG_COUNTERPARTY_HASH_LOW, true);
    this.sum +=
      u32[(f64[H.tableAddress] + (subject & (f64[H.tableCapacity] - 1))) * 2] +
      u32[(f64[H.internAddress] + (name & (f64[H.internCapacity] - 1))) * 2];
  }

  /** Second round: what the slots say. */
  add(region: Region, view: DataView, at: number, time: BankTime): void {
    const row = find(
      region.u32,
      region.f64[H.tableAddress],
      region.f64[H.tableCapacity] - 1,
      view.getUint32(at + L.LEG_SUBJECT_HASH_LOW, true),
      8,
    );
    // A subject that is not known yet has nothing to touch.
    if (row === 0) return;
    const i = this.#count++;
    this.#regions[i] = region;
    this.#rows[i] = row;
    const classBits = view.getUint32(at + L.LEG_CLASS_BITS, true);
    const byDay = (classBits & ClassBit.customerMade) !== 0;
    this.#days[i] = byDay ? time.dayOf(view.getFloat64(at + L.LEG_EVENT_MS, true)) : Number.NaN;
    this.#lines[i] = this.#linesOf(classBits);
    this.#names[i] = find(
      region.u32,
      region.f64[H.internAddress],
      region.f64[H.internCapacity] - 1,
      view.getUint32(at + L.LEG_COUNTERPARTY_HASH_LOW, true),
      0,
    );
  }

  /** The other rounds: rows, names and pairs; then what the rows point to. */
  finish(): void {
    let sum = 0;
    const { readsPairs } = this.plan;
    for (let i = 0; i < this.#count; i++) {
      const region = this.#regions[i];
      const { f64, u32 } = region;
      const row = this.#rows[i];
      const name = this.#names[i];
      const day = this.#days[i];
      const lines = this.#lines[i];
      for (let n = 0; n < lines.length; n++) sum += f64[row + lines[n]];
      if (day >= 0) {
        sum += f64[row + ROW.daily + (((day % DAYS_KEPT) / 4) | 0)];
        sum += f64[row + ROW.panes + (Math.floor(day / PANE_DAYS) % PANES_KEPT)];
      }
      sum += u32[name * 2];
      if (name !== 0 && readsPairs) sum += f64[pairSlot(region, row, name)];
    }
    for (let i = 0; i < this.#count; i++) {
      const { f64, u32 } = this.#regions[i];
      const r = this.#rows[i] * 2;
      sum += u32[u32[r + ROW.accounts] * 2] + f64[u32[r + ROW.idAddress]];
      for (let list = r + ROW.recentAddress; list <= r + ROW.notableAddress; list += 4) {
        const first = u32[list] + u32[list + 1] * LEG_WORDS;
        const end = first + u32[list + 2] * LEG_WORDS;
        // An empty list has its end at 0, and before it nothing.
        sum += f64[first] + f64[end] + f64[Math.max(0, end - LEG_WORDS)];
      }
    }
    this.sum = sum;
  }

  /** First words of the row's lines that a leg of this class needs, but for rings by day. */
  #linesOf(classBits: number): Int32Array {
    let lines = this.#linesOfClass.get(classBits);
    if (lines === undefined) {
      const isMade = (classBits & ClassBit.customerMade) !== 0;
      lines = linesOf(this.plan.classPlan(classBits).columns, this.layout, isMade);
      this.#linesOfClass.set(classBits, lines);
    }
    return lines;
  }
}

function linesOf(columns: readonly number[], layout: RowLayout, isMade: boolean): Int32Array {
  const lines = new Set<number>();
  const add = (from: number, to: number): void => {
    for (let word = from; word < to; word++) lines.add(word - (word % LINE_WORDS));
  };
  add(0, ROW.daily);
  // What the customer makes moves the baselines.
  add(isMade ? ROW.decayed : ROW.aggregates, layout.groups);
  for (const column of columns) add(layout.groups + column * 2, layout.groups + column * 2 + 2);
  return Int32Array.from([...lines].sort((a, b) => a - b));
}

/** Address in a table of (hash, address); 0 = not there. */
function find(u32: Uint32Array, table: number, mask: number, hash: number, shift: number): number {
  for (let slot = (hash >>> shift) & mask; ; slot = (slot + 1) & mask) {
    const address = u32[(table + slot) * 2 + 1];
    if (address === 0 || u32[(table + slot) * 2] === hash) return address;
  }
}

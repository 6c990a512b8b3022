/**
 * Touch-ahead: before a batch of legs is scored, what scoring them will read is read once, in three
 * rounds of loads that do not wait for one another, so that their cache misses overlap. The hashes
 * stand in the tables' slots, so the first round finds a leg's row and counterparty in two lines;
 * of the row only those lines are touched that the leg's class moves or reads.
 */
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

  /** First round: the leg at byte `at` belongs to `region`. */
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
    this.#days[i] = time.dayOf(view.getFloat64(at + L.LEG_EVENT_MS, true));
    this.#lines[i] = this.#linesOf(view.getUint32(at + L.LEG_CLASS_BITS, true));
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
    for (let i = 0; i < this.#count; i++) {
      const region = this.#regions[i];
      const { f64, u32 } = region;
      const row = this.#rows[i];
      const name = this.#names[i];
      const day = this.#days[i];
      const lines = this.#lines[i];
      for (let n = 0; n < lines.length; n++) sum += f64[row + lines[n]];
      sum += f64[row + ROW.daily + (((day % DAYS_KEPT) / 4) | 0)];
      sum += f64[row + ROW.panes + (Math.floor(day / PANE_DAYS) % PANES_KEPT)];
      sum += u32[name * 2];
      if (name !== 0) sum += f64[pairSlot(region, row, name)];
    }
    for (let i = 0; i < this.#count; i++) {
      const { f64, u32 } = this.#regions[i];
      const r = this.#rows[i] * 2;
      sum += u32[u32[r + ROW.accounts] * 2] + f64[u32[r + ROW.idAddress]];
      for (let list = r + ROW.recentAddress; list <= r + ROW.notableAddress; list += 4) {
        const first = u32[list] + u32[list + 1] * LEG_WORDS;
        sum += f64[first] + f64[first + u32[list + 2] * LEG_WORDS];
      }
    }
    this.sum = sum;
  }

  /** First words of the row's lines that a leg of this class needs, but for rings by day. */
  #linesOf(classBits: number): Int32Array {
    let lines = this.#linesOfClass.get(classBits);
    if (lines === undefined) {
      lines = linesOf(this.plan.classPlan(classBits).columns, this.layout);
      this.#linesOfClass.set(classBits, lines);
    }
    return lines;
  }
}

function linesOf(columns: readonly number[], layout: RowLayout): Int32Array {
  const lines = new Set<number>();
  const add = (from: number, to: number): void => {
    for (let word = from; word < to; word++) lines.add(word - (word % LINE_WORDS));
  };
  add(0, ROW.daily);
  add(ROW.decayed, layout.groups);
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

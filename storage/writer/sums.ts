/**
 * Sums of one block of the journal, by account and hour and by account and bank day. Its one
 * trick: they are absolute values over the block so far, never increments: whoever makes them again
 * from the start of the block, in batches of any size, writes rows with the same values
 * (docs/decisions/0008-sums-by-block.md).
 */
import type { Tables } from './tables.js';

export const BLOCK_POSITIONS = 262_144;

/** A block ends at the next multiple, wherever it started. */
export function blockEnd(block: number): number {
  return (Math.floor(block / BLOCK_POSITIONS) + 1) * BLOCK_POSITIONS;
}

/** Columns of a sum. */
const Sum = {
  owner: 0,
  at: 1,
  inCount: 2,
  inMinor: 3,
  outCount: 4,
  outMinor: 5,
  customerMade: 6,
  changed: 7,
} as const;
const SUM_WIDTH = 8;
const SUMS_INITIAL = 8_192;

type SumRow = RowOf<Tables['account_hours']> & RowOf<Tables['account_days']>;
type RowOf<T extends { add(row: never): void }> = Parameters<T['add']>[0];

/** A leg as the sums see it. */
export interface SummedLeg {
  subject: string;
  account: string;
  /** Hours since the epoch. */
  hour: number;
  /** Bank days since the epoch. */
  day: number;
  credit: boolean;
  amountBaseMinor: number;
  customerMade: boolean;
}

/**
 * One row of numbers an account and hour (or day), found by a hash table of its own: a Map of
 * objects costs three times as much here, most of it for collecting garbage, and a bank's history
 * of months brings a million of them.
 */
class SumTable {
  private readonly owners: Owners;
  private numbers = new Float64Array(SUM_WIDTH * SUMS_INITIAL);
  /** Row + 1, 0 is free; twice as many as rows fit, so that a search is short. */
  private slots = new Int32Array(2 * SUMS_INITIAL);
  private rows = 0;
  private changed: number[] = [];

  constructor(owners: Owners) {
    this.owners = owners;
  }

  add(owner: number, at: number, leg: SummedLeg): void {
    const start = SUM_WIDTH * this.rowOf(owner, at);
    const { numbers } = this;
    const count = start + (leg.credit ? Sum.inCount : Sum.outCount);
    const minor = start + (leg.credit ? Sum.inMinor : Sum.outMinor);
    numbers[count]!++;
    numbers[minor] = bounded(numbers[minor]! + leg.amountBaseMinor);
    if (leg.customerMade) numbers[start + Sum.customerMade]!++;
    if (numbers[start + Sum.changed] === 1) return;
    numbers[start + Sum.changed] = 1;
    this.changed.push(start);
  }

  /** Rows of those that changed since the last call; `at` under both of its names. */
  takeChanged(block: number, upto: number, take: (row: SumRow) => void): void {
    const { numbers } = this;
    for (const start of this.changed) {
      numbers[start + Sum.changed] = 0;
      const owner = numbers[start + Sum.owner]!;
      // A literal: a row put together from another object costs ten times as much to encode.
      take({
        subject: this.owners.subjects[owner]!,
        account: this.owners.accounts[owner]!,
        hour: numbers[start + Sum.at]!,
        day: numbers[start + Sum.at]!,
        block,
        upto,
        in_count: numbers[start + Sum.inCount]!,
        in_minor: numbers[start + Sum.inMinor]!,
        out_count: numbers[start + Sum.outCount]!,
        out_minor: numbers[start + Sum.outMinor]!,
        customer_made: numbers[start + Sum.customerMade]!,
      });
    }
    this.changed = [];
  }

  /** What has changed is stored already. */
  forgetChanged(): void {
    for (const start of this.changed) this.numbers[start + Sum.changed] = 0;
    this.changed = [];
  }

  clear(): void {
    this.numbers.fill(0, 0, SUM_WIDTH * this.rows);
    this.slots.fill(0);
    this.rows = 0;
    this.changed = [];
  }

  private rowOf(owner: number, at: number): number {
    const { numbers, slots } = this;
    for (let slot = this.slotOf(owner, at); ; slot = (slot + 1) & (slots.length - 1)) {
      const row = slots[slot]! - 1;
      if (row === -1) return this.addRow(owner, at, slot);
      const start = SUM_WIDTH * row;
      if (numbers[start + Sum.owner] === owner && numbers[start + Sum.at] === at) return row;
    }
  }

  private addRow(owner: number, at: number, slot: number): number {
    if (2 * (this.rows + 1) > this.slots.length) {
      this.widen();
      return this.rowOf(owner, at);
    }
    const row = this.rows++;
    this.slots[slot] = row + 1;
    this.numbers[SUM_WIDTH * row + Sum.owner] = owner;
    this.numbers[SUM_WIDTH * row + Sum.at] = at;
    return row;
  }

  private widen(): void {
    const wider = new Float64Array(2 * this.numbers.length);
    wider.set(this.numbers);
    this.numbers = wider;
    this.slots = new Int32Array(2 * this.slots.length);
    for (let row = 0; row < this.rows; row++) {
      const start = SUM_WIDTH * row;
      let slot = this.slotOf(wider[start + Sum.owner]!, wider[start + Sum.at]!);
      while (this.slots[slot] !== 0) slot = (slot + 1) & (this.slots.length - 1);
      this.slots[slot] = row + 1;
    }
  }

  private slotOf(owner: number, at: number): number {
    const hash = Math.imul(Math.imul(owner, 0x9e3779b1) ^ at, 0x85ebca6b);
    return (hash ^ (hash >>> 15)) & (this.slots.length - 1);
  }
}

/** Accounts as small numbers, for the time of a block. */
class Owners {
  readonly subjects: string[] = [];
  readonly accounts: string[] = [];
  /** More than one only where an account changed hands. */
  private readonly byAccount = new Map<string, number[]>();

  numberOf(subject: string, account: string): number {
    const known = this.byAccount.get(account);
    for (const number of known ?? []) if (this.subjects[number] === subject) return number;
    const number = this.subjects.push(subject) - 1;
    this.accounts.push(account);
    if (known === undefined) this.byAccount.set(account, [number]);
    else known.push(number);
    return number;
  }

  clear(): void {
    this.byAccount.clear();
    this.subjects.length = 0;
    this.accounts.length = 0;
  }
}

/** Beyond it a number would lose digits; a thousand of the largest payments in one hour. */
export function bounded(minor: number): number {
  return Math.min(minor, Number.MAX_SAFE_INTEGER);
}

export class BlockSums {
  private readonly owners = new Owners();
  private readonly hours = new SumTable(this.owners);
  private readonly days = new SumTable(this.owners);
  /** First position that is in the sums. */
  block = 0;

  start(block: number): void {
    this.block = block;
    this.owners.clear();
    this.hours.clear();
    this.days.clear();
  }

  add(leg: SummedLeg): void {
    const owner = this.owners.numberOf(leg.subject, leg.account);
    this.hours.add(owner, leg.hour, leg);
    this.days.add(owner, leg.day, leg);
  }

  /** Rows of what has changed, as of everything below `upto`. */
  writeChanged(upto: number, tables: Pick<Tables, 'account_hours' | 'account_days'>): void {
    this.hours.takeChanged(this.block, upto, (row) => tables.account_hours.add(row));
    this.days.takeChanged(this.block, upto, (row) => tables.account_days.add(row));
  }

  forgetChanged(): void {
    this.hours.forgetChanged();
    this.days.forgetChanged();
  }
}

/**
 * Sums of one block of the journal, by account and hour and by account and bank day. Its one
 * trick: they are absolute values over the block so far, never increments: whoever makes them again
 * from the start of the block, in batches of any size, writes rows with the same values
 * (docs/decisions/0008-sums-by-block.md).
 */
import type { Tables } from './tables.js';

export const BLOCK_POSITIONS = 65_536;

/** A block ends at the next multiple, wherever it started. */
export function blockEnd(block: number): number {
  return (Math.floor(block / BLOCK_POSITIONS) + 1) * BLOCK_POSITIONS;
}

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

interface Sum {
  subject: string;
  account: string;
  /** Hour or day. */
  at: number;
  inCount: number;
  inMinor: number;
  outCount: number;
  outMinor: number;
  customerMade: number;
  changed: boolean;
}

class SumTable {
  private readonly sums = new Map<string, Sum>();
  private changed: Sum[] = [];

  add(leg: SummedLeg, at: number): void {
    const key = `${leg.subject}\0${leg.account}\0${at}`;
    let sum = this.sums.get(key);
    if (sum === undefined) {
      const { subject, account } = leg;
      const zero = { inCount: 0, inMinor: 0, outCount: 0, outMinor: 0, customerMade: 0 };
      sum = { subject, account, at, ...zero, changed: false };
      this.sums.set(key, sum);
    }
    if (leg.credit) {
      sum.inCount++;
      sum.inMinor = bounded(sum.inMinor + leg.amountBaseMinor);
    } else {
      sum.outCount++;
      sum.outMinor = bounded(sum.outMinor + leg.amountBaseMinor);
    }
    if (leg.customerMade) sum.customerMade++;
    if (!sum.changed) {
      sum.changed = true;
      this.changed.push(sum);
    }
  }

  /** Those that changed since the last call. */
  takeChanged(): Sum[] {
    const taken = this.changed;
    for (const sum of taken) sum.changed = false;
    this.changed = [];
    return taken;
  }

  clear(): void {
    this.sums.clear();
    this.changed = [];
  }
}

/** Beyond it a number would lose digits; a thousand of the largest payments in one hour. */
export function bounded(minor: number): number {
  return Math.min(minor, Number.MAX_SAFE_INTEGER);
}

export class BlockSums {
  private readonly hours = new SumTable();
  private readonly days = new SumTable();
  /** First position that is in the sums. */
  block = 0;

  start(block: number): void {
    this.block = block;
    this.hours.clear();
    this.days.clear();
  }

  add(leg: SummedLeg): void {
    this.hours.add(leg, leg.hour);
    this.days.add(leg, leg.day);
  }

  /** Rows of what has changed, as of everything below `upto`. */
  writeChanged(upto: number, tables: Pick<Tables, 'account_hours' | 'account_days'>): void {
    for (const sum of this.hours.takeChanged()) {
      tables.account_hours.add({ ...this.row(sum, upto), hour: sum.at });
    }
    for (const sum of this.days.takeChanged()) {
      tables.account_days.add({ ...this.row(sum, upto), day: sum.at });
    }
  }

  /** What has changed is stored already. */
  forgetChanged(): void {
    this.hours.takeChanged();
    this.days.takeChanged();
  }

  private row(sum: Sum, upto: number) {
    return {
      subject: sum.subject,
      account: sum.account,
      block: this.block,
      upto,
      in_count: sum.inCount,
      in_minor: sum.inMinor,
      out_count: sum.outCount,
      out_minor: sum.outMinor,
      customer_made: sum.customerMade,
    };
  }
}

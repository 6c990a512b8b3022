/** What criminals do with several payments: passed on, collected, scattered, in like parts. */
import type { Dice } from './random-customers.js';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** One payment of a scheme. */
export interface Step {
  credit: boolean;
  amountMinor: number;
  counterparty: string;
  /** Behind the one before. */
  gapMs: number;
}

const GAPS_MS: readonly number[] = [7 * MINUTE_MS, 5 * HOUR_MS, DAY_MS, 3 * DAY_MS];
const AMOUNTS: readonly number[] = [1_000_000, 1_234_500, 3_000_000, 9_000_000, 60_000_000];
/** Of what came in, in percent: about the lines of pass-through and of mirrors. */
const PASSED_ON: readonly number[] = [80, 90, 95, 99, 100, 110, 111];

export function scheme(roll: Dice): Step[] {
  const of = (list: readonly number[]): number => list[roll(list.length)] as number;
  const gapMs = of(GAPS_MS);
  const party = (): string => `Z${roll(5_000)}`;
  const amountMinor = of(AMOUNTS);
  const one = (credit: boolean, amount: number, counterparty = party()): Step => ({
    credit,
    amountMinor: amount,
    counterparty,
    gapMs,
  });
  const many = 5 + roll(6);
  const part = Math.round(amountMinor / many);
  const passed = Math.round((amountMinor * of(PASSED_ON)) / 100);
  const all = (credit: boolean, amount: number): Step[] =>
    Array.from({ length: many }, () => one(credit, amount));
  switch (roll(4)) {
    case 0:
      return [one(true, amountMinor), one(false, passed)];
    case 1:
      return [...all(true, amountMinor), one(false, passed * many)];
    case 2:
      return [one(true, part * many), ...all(false, Math.round(passed / many))];
    default: {
      const payee = party();
      return Array.from({ length: 4 }, () => one(false, amountMinor, payee));
    }
  }
}

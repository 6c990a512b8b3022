/** Bank days as a row of bars: days without payments are left out by the server and filled here. */
import type { CustomerDay } from '../../../schemas/history.js';

/** `activity`: what the customer did; `counts`, `amounts`: in above the line, out below it. */
export type DaysMeasure = 'activity' | 'counts' | 'amounts';

const DAY_MS = 86_400_000;
/** Two years: a longer picture could not show a day anyway. */
const DAYS_MAX = 800;

/** Every day in [fromDay, toDay], both YYYY-MM-DD. */
export function eachDay(fromDay: string, toDay: string): string[] {
  const first = Date.parse(`${fromDay}T00:00:00Z`);
  const last = Date.parse(`${toDay}T00:00:00Z`);
  const days: string[] = [];
  for (let ms = first; ms <= last && days.length < DAYS_MAX; ms += DAY_MS) {
    days.push(new Date(ms).toISOString().slice(0, 10));
  }
  return days;
}

/** One entry a day, zeros where nothing happened. */
export function filledDays(
  days: readonly CustomerDay[],
  fromDay: string,
  toDay: string,
): CustomerDay[] {
  const known = new Map(days.map((each) => [each.day, each]));
  return eachDay(fromDay, toDay).map(
    (day) =>
      known.get(day) ?? { day, inCount: 0, inMinor: 0, outCount: 0, outMinor: 0, customerMade: 0 },
  );
}

/**
 * Money is drawn so that one large payment does not flatten everything else: evenly up to this
 * amount, the median of what came in or went out on a day, and ever tighter above it. 0 = none.
 */
export function usualMinor(days: readonly CustomerDay[]): number {
  const amounts = days.flatMap((day) => [day.inMinor, day.outMinor]).filter((minor) => minor > 0);
  amounts.sort((a, b) => a - b);
  return amounts[Math.floor((amounts.length - 1) / 2)] ?? 0;
}

/** Height of an amount: nearly even below the usual one, then each tenfold is one more step. */
export function heightOf(minor: number, usual: number): number {
  return usual > 0 ? Math.asinh(minor / usual) : minor;
}

const TENFOLDS_MAX = 12;

/**
 * Amounts to draw a line at, above the usual one: round (1, 10, 100 ... of the currency), the
 * largest at most the largest day.
 */
export function moneyLines(days: readonly CustomerDay[]): number[] {
  const usual = usualMinor(days);
  const largest = days.reduce((most, day) => Math.max(most, day.inMinor, day.outMinor), 0);
  const lines: number[] = [];
  for (let power = 0; power < TENFOLDS_MAX; power++) {
    const minor = 100 * 10 ** power;
    if (minor > usual && minor <= largest) lines.push(minor);
  }
  return lines;
}

/** Columns of the drawing: index, above the line, below it (negative). */
export function columns(
  days: readonly CustomerDay[],
  measure: DaysMeasure,
): [number[], number[], number[]] {
  const usual = measure === 'amounts' ? usualMinor(days) : 0;
  const above = (day: CustomerDay): number =>
    measure === 'activity'
      ? day.customerMade
      : measure === 'counts'
        ? day.inCount
        : heightOf(day.inMinor, usual);
  const below = (day: CustomerDay): number =>
    measure === 'activity'
      ? 0
      : measure === 'counts'
        ? -day.outCount
        : -heightOf(day.outMinor, usual);
  return [days.map((_, at) => at), days.map(above), days.map((day) => below(day) || 0)];
}

export interface DaysTotal {
  inCount: number;
  inMinor: number;
  outCount: number;
  outMinor: number;
  customerMade: number;
  /** Days with a payment. */
  daysActive: number;
}

export function total(days: readonly CustomerDay[]): DaysTotal {
  const sum = {
    inCount: 0,
    inMinor: 0,
    outCount: 0,
    outMinor: 0,
    customerMade: 0,
    daysActive: 0,
  };
  for (const day of days) {
    sum.inCount += day.inCount;
    sum.inMinor += day.inMinor;
    sum.outCount += day.outCount;
    sum.outMinor += day.outMinor;
    sum.customerMade += day.customerMade;
    if (day.inCount + day.outCount > 0) sum.daysActive += 1;
  }
  return sum;
}

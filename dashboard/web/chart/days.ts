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

/** Columns of the drawing: index, above the line, below it (negative). */
export function columns(
  days: readonly CustomerDay[],
  measure: DaysMeasure,
): [number[], number[], number[]] {
  const above = (day: CustomerDay): number =>
    measure === 'activity' ? day.customerMade : measure === 'counts' ? day.inCount : day.inMinor;
  const below = (day: CustomerDay): number =>
    measure === 'activity' ? 0 : measure === 'counts' ? -day.outCount : -day.outMinor;
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

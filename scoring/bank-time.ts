/**
 * Bank days, business days and months for the kernel: the table of the bank's zone and its
 * calendar, with the last answers cached.
 */
import {
  bankDay,
  bankDayStartMs,
  bankMonthStartMs,
  buildCalendar,
  isWorkingDay,
  type WorkingCalendar,
  type ZoneTable,
} from '../schemas/time.js';

/** Days that reference data names, "2026-10-01". */
export interface CalendarDays {
  holidays: readonly string[];
  workdays: readonly string[];
}
export const NO_CALENDAR: CalendarDays = { holidays: [], workdays: [] };
/** Room for a holiday of two weeks in each week: no calendar has fewer business days. */
const DAYS_LOOKED_AT_MAX = 21;

const SHORTEST_MONTH_MS = 28 * 23 * 3_600_000;

export class BankTime {
  #day = 0;
  #from = 1;
  #to = 0;
  #monthFrom = 1;
  #monthTo = 0;

  readonly #calendar: WorkingCalendar;
  /** By how many days back: the day that it was asked for last, and where that window starts. */
  readonly #businessDay: number[] = [];
  readonly #businessStartMs: number[] = [];

  constructor(
    readonly table: ZoneTable,
    readonly days: CalendarDays = NO_CALENDAR,
  ) {
    this.#calendar = buildCalendar({ ...days, closeOfBusinessMinutes: 0, zoneTable: table });
  }

  /** Days since 1970-01-01 in the bank's zone. */
  dayOf(ms: number): number {
    if (ms >= this.#from && ms < this.#to) return this.#day;
    this.#day = bankDay(ms, this.table);
    this.#from = bankDayStartMs(this.#day, this.table);
    this.#to = bankDayStartMs(this.#day + 1, this.table);
    return this.#day;
  }

  dayStartMs(day: number): number {
    if (day === this.#day && this.#from <= this.#to) return this.#from;
    return bankDayStartMs(day, this.table);
  }

  monthStartMs(ms: number): number {
    if (ms >= this.#monthFrom && ms < this.#monthTo) return this.#monthFrom;
    this.#monthFrom = bankMonthStartMs(ms, this.table);
    // Exact for what comes after, too: no month is shorter than 28 days of 23 h.
    this.#monthTo = Math.max(ms + 1, this.#monthFrom + SHORTEST_MONTH_MS);
    return this.#monthFrom;
  }

  /**
   * Start of the `count`-th business day counting back from the bank day of `ms`, which is the
   * first when it is one.
   */
  businessStartMs(ms: number, count: number): number {
    const today = this.dayOf(ms);
    if (this.#businessDay[count] === today) return this.#businessStartMs[count];
    let day = today + 1;
    let left = count;
    const last = today - count * DAYS_LOOKED_AT_MAX;
    while (left > 0 && day > last) if (isWorkingDay(--day, this.#calendar)) left--;
    this.#businessDay[count] = today;
    this.#businessStartMs[count] = bankDayStartMs(day, this.table);
    return this.#businessStartMs[count];
  }
}

/** Bank days and months for the kernel: the table of the bank's zone, with the last day cached. */
import { bankDay, bankDayStartMs, bankMonthStartMs, type ZoneTable } from '../schemas/time.js';

const SHORTEST_MONTH_MS = 28 * 23 * 3_600_000;

export class BankTime {
  #day = 0;
  #from = 1;
  #to = 0;
  #monthFrom = 1;
  #monthTo = 0;

  constructor(readonly table: ZoneTable) {}

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
}

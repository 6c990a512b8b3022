/**
 * Days of the synthetic bank: PRC holidays, pay days, and how much a day weighs in the life of a
 * person or a company. The one trick: weights are normalised over blocks of three weeks, so what a
 * holiday holds up is done round it, and a month with the spring festival is no drop of activity.
 */
import { buildCalendar, civilOfDay, DAY_MS, isWorkingDay, parseDay } from '../../schemas/time.js';

/** Asia/Shanghai has no daylight saving. */
const ZONE_MS = 8 * 3_600_000;
const BLOCK_DAYS = 21;

/** As announced by the State Council; 2027 is our estimate until it is. */
export const HOLIDAYS: readonly string[] = [
  ...days('2025-10-01', 8),
  ...days('2026-01-01', 3),
  ...days('2026-02-15', 9),
  ...days('2026-04-04', 3),
  ...days('2026-05-01', 5),
  ...days('2026-06-19', 3),
  ...days('2026-09-25', 3),
  ...days('2026-10-01', 7),
  ...days('2027-01-01', 3),
  ...days('2027-02-05', 8),
  ...days('2027-04-03', 3),
  ...days('2027-05-01', 5),
  ...days('2027-06-09', 1),
  ...days('2027-09-15', 1),
  ...days('2027-10-01', 7),
];
/** Weekend days that are worked. */
export const WORKDAYS: readonly string[] = [
  '2025-09-28',
  '2025-10-11',
  '2026-01-04',
  '2026-02-14',
  '2026-02-28',
  '2026-05-09',
  '2026-09-20',
  '2026-10-10',
];

function days(first: string, count: number): string[] {
  const from = Date.parse(first);
  return Array.from({ length: count }, (_, i) =>
    new Date(from + i * DAY_MS).toISOString().slice(0, 10),
  );
}

const calendar = buildCalendar({
  closeOfBusinessMinutes: 17 * 60 + 30,
  zoneTable: [{ fromMs: Number.NEGATIVE_INFINITY, offsetMs: ZONE_MS }],
  holidays: HOLIDAYS,
  workdays: WORKDAYS,
});
const holidays = new Set(HOLIDAYS.map((date) => parseDay(date)));

/** Bank day of a moment, and the moment it starts at. */
export const dayOf = (ms: number): number => Math.floor((ms + ZONE_MS) / DAY_MS);
export const dayStartMs = (day: number): number => day * DAY_MS - ZONE_MS;

export type Rhythm = 'person' | 'company';

const personWeek = [1, 1, 1, 1, 1.1, 1.2, 0.95]; // Monday first
const COMPANY_WEEKEND = 0.04;

function rawWeight(day: number, rhythm: Rhythm): number {
  if (rhythm === 'company') return isWorkingDay(day, calendar) ? 1 : COMPANY_WEEKEND;
  if (holidays.has(day)) return 1.15;
  return personWeek[(((day + 3) % 7) + 7) % 7] as number; // day 0 was a Thursday
}

const blocks = new Map<string, Float64Array>();

function blockOf(block: number, rhythm: Rhythm): Float64Array {
  const key = `${rhythm}${block}`;
  let sums = blocks.get(key);
  if (sums === undefined) {
    sums = new Float64Array(BLOCK_DAYS + 1);
    for (let i = 0; i < BLOCK_DAYS; i++) {
      sums[i + 1] = (sums[i] as number) + rawWeight(block * BLOCK_DAYS + i, rhythm);
    }
    const scale = BLOCK_DAYS / (sums[BLOCK_DAYS] as number);
    for (let i = 0; i <= BLOCK_DAYS; i++) sums[i] = (sums[i] as number) * scale;
    blocks.set(key, sums);
  }
  return sums;
}

/** What a day before `day` weighed in all: 1 a day on average, exactly so over three weeks. */
function weightUpTo(day: number, rhythm: Rhythm): number {
  const block = Math.floor(day / BLOCK_DAYS);
  return block * BLOCK_DAYS + (blockOf(block, rhythm)[day - block * BLOCK_DAYS] as number);
}

/** What everybody's life needs to know of a day. */
export interface Day {
  day: number;
  startMs: number;
  /** Bank month as 202603, for the labels of what comes once a month. */
  month: number;
  dayOfMonth: number;
  /**
   * Days of the month, a bit each, whose wages and instalments are paid today: none on a day that
   * is not worked, and on the day before such days theirs too.
   */
  workingDueDays: number;
  /** The same, and today whether it is worked or not. */
  dueDays: number;
  /** Weight of all days before this one, and with it. */
  weightFrom: Record<Rhythm, number>;
  weightTo: Record<Rhythm, number>;
}

export function makeDay(day: number): Day {
  const { year, month, dayOfMonth } = civilOfDay(day);
  let workingDueDays = 0;
  if (isWorkingDay(day, calendar)) {
    workingDueDays = 1 << dayOfMonth;
    for (let next = day + 1; !isWorkingDay(next, calendar); next++) {
      workingDueDays |= 1 << civilOfDay(next).dayOfMonth;
    }
  }
  const weights = (at: number): Record<Rhythm, number> => ({
    person: weightUpTo(at, 'person'),
    company: weightUpTo(at, 'company'),
  });
  return {
    day,
    startMs: dayStartMs(day),
    month: year * 100 + month,
    dayOfMonth,
    workingDueDays,
    dueDays: workingDueDays | (1 << dayOfMonth),
    weightFrom: weights(day),
    weightTo: weights(day + 1),
  };
}

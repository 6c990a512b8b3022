/**
 * Time: event times from text, the bank's day and month, working days. Its one trick: a zone is a
 * table of offsets that is stored as reference data, so that the same log gives the same days on
 * every machine; only `buildZoneTable` asks the platform, and only when reference data is loaded.
 */

export const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
/** First millisecond of the year 10000: event times lie in [0, this). */
const TIME_MS_END = 253_402_300_800_000;
/** No search for a working day looks further than this many days for each day asked for. */
const DAYS_LOOKED_AT_MAX = 400;

/** From `fromMs` (epoch) on, local time = UTC + `offsetMs`. */
export interface ZoneOffset {
  fromMs: number;
  offsetMs: number;
}
/** Ascending by `fromMs`; the first entry also stands for everything before it. */
export type ZoneTable = readonly ZoneOffset[];

const ISO_DATE = String.raw`(\d{4})-(\d{2})-(\d{2})`;
const ISO_CLOCK = String.raw`(\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?`;
const ISO_ZONE = String.raw`(?:([Zz])|([+-])(\d{2})(?::?(\d{2}))?)`;
const ISO = new RegExp(`^${ISO_DATE}[Tt ]${ISO_CLOCK}${ISO_ZONE}$`);

/**
 * Epoch milliseconds of an ISO 8601 text with offset ("2026-03-02T09:10:00+08:00"; finer fractions
 * are cut) or of a whole number of milliseconds; null when it is neither, or before 1970.
 */
export function parseEventTime(value: string | number): number | null {
  if (typeof value === 'number') return Number.isInteger(value) ? inRange(value) : null;
  const part = ISO.exec(value);
  if (part === null) return null;
  const day = dayOfDate(Number(part[1]), Number(part[2]), Number(part[3]));
  const hour = Number(part[4]);
  const minute = Number(part[5]);
  const second = Number(part[6] ?? 0);
  const offsetHours = Number(part[10] ?? 0);
  const offsetMinutes = Number(part[11] ?? 0);
  if (day === null || hour > 23 || minute > 59 || second > 59) return null;
  if (offsetHours > 18 || offsetMinutes > 59) return null;
  const offset = (offsetHours * HOUR_MS + offsetMinutes * MINUTE_MS) * (part[9] === '-' ? -1 : 1);
  const fraction = Number((part[7] ?? '').slice(0, 3).padEnd(3, '0'));
  const local = day * DAY_MS + hour * HOUR_MS + minute * MINUTE_MS + second * 1000 + fraction;
  return inRange(local - offset);
}

function inRange(ms: number): number | null {
  return ms >= 0 && ms < TIME_MS_END ? ms : null;
}

/** Days since 1970-01-01 of a date of the Gregorian calendar, or null when there is no such day. */
export function dayOfDate(year: number, month: number, day: number): number | null {
  if (month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month)) return null;
  return dayOfCivil(year, month, day);
}

/** Days since 1970-01-01 of "2026-03-02", or null. */
export function parseDay(text: string): number | null {
  const part = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text);
  return part === null ? null : dayOfDate(Number(part[1]), Number(part[2]), Number(part[3]));
}

/** "2026-03-02" of a day since 1970-01-01. */
export function formatDay(day: number): string {
  const { year, month, dayOfMonth } = civilOfDay(day);
  const pad = (value: number, digits: number) => String(value).padStart(digits, '0');
  return `${pad(year, 4)}-${pad(month, 2)}-${pad(dayOfMonth, 2)}`;
}

function daysInMonth(year: number, month: number): number {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

// Days and dates by eras of 400 years that begin on 1 March (Howard Hinnant, "chrono-compatible
// low-level date algorithms"): leap days come last, so that no table is needed.
function dayOfCivil(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const leaps = Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100);
  return era * 146_097 + yearOfEra * 365 + leaps + dayOfYear - 719_468;
}

/** Day of the month, 1 .. 31, of a day since 1970-01-01. */
function dayOfMonthOf(day: number): number {
  const dayOfYear = dayOfMarchYear(day);
  const month = Math.floor((5 * dayOfYear + 2) / 153);
  return dayOfYear - Math.floor((153 * month + 2) / 5) + 1;
}

/** Days since the last 1 March. */
function dayOfMarchYear(day: number): number {
  const dayOfEra = dayOfEraOf(day);
  const year = yearOfEraOf(dayOfEra);
  return dayOfEra - (365 * year + Math.floor(year / 4) - Math.floor(year / 100));
}

function dayOfEraOf(day: number): number {
  const shifted = day + 719_468;
  return shifted - Math.floor(shifted / 146_097) * 146_097;
}

function yearOfEraOf(dayOfEra: number): number {
  const leapFree =
    dayOfEra -
    Math.floor(dayOfEra / 1460) +
    Math.floor(dayOfEra / 36_524) -
    Math.floor(dayOfEra / 146_096);
  return Math.floor(leapFree / 365);
}

export function civilOfDay(day: number): { year: number; month: number; dayOfMonth: number } {
  const marchMonth = Math.floor((5 * dayOfMarchYear(day) + 2) / 153);
  const month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9;
  const era = Math.floor((day + 719_468) / 146_097);
  const year = yearOfEraOf(dayOfEraOf(day)) + era * 400 + (month <= 2 ? 1 : 0);
  return { year, month, dayOfMonth: dayOfMonthOf(day) };
}

function zoneIndex(ms: number, table: ZoneTable): number {
  let low = 0;
  let high = table.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (table[middle].fromMs <= ms) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** Local time minus UTC at that instant, ms. */
export function zoneOffsetMs(ms: number, table: ZoneTable): number {
  return table[zoneIndex(ms, table)].offsetMs;
}

/** Bank day: days since 1970-01-01 in local time. */
export function bankDay(ms: number, table: ZoneTable): number {
  return Math.floor((ms + zoneOffsetMs(ms, table)) / DAY_MS);
}

/** First instant of a bank day (where summer time skips midnight: the first that exists). */
export function bankDayStartMs(day: number, table: ZoneTable): number {
  return instantOfLocal(day * DAY_MS, table);
}

/** First instant whose local time is at or after `localMs`. */
function instantOfLocal(localMs: number, table: ZoneTable): number {
  // No zone is further than a day from UTC: what lies before cannot be the answer.
  for (let i = zoneIndex(localMs - DAY_MS, table); i < table.length; i++) {
    const candidate = localMs - table[i].offsetMs;
    const instant = i > 0 && candidate < table[i].fromMs ? table[i].fromMs : candidate;
    if (i + 1 === table.length || instant < table[i + 1].fromMs) return instant;
  }
  return localMs;
}

/** First instant of the calendar month, in bank time, that `ms` lies in. */
export function bankMonthStartMs(ms: number, table: ZoneTable): number {
  const day = bankDay(ms, table);
  return bankDayStartMs(day - dayOfMonthOf(day) + 1, table);
}

/** Working days of the bank. Saturday and Sunday are free unless named in `workdays`. */
export interface WorkingCalendar {
  holidays: ReadonlySet<number>;
  workdays: ReadonlySet<number>;
  /** Minutes after local midnight. */
  closeOfBusinessMinutes: number;
  zoneTable: ZoneTable;
}

/** The calendar of reference data (dates "2026-10-01"); throws on a date that does not exist. */
export function buildCalendar(source: {
  holidays: readonly string[];
  workdays: readonly string[];
  closeOfBusinessMinutes: number;
  zoneTable: ZoneTable;
}): WorkingCalendar {
  const days = (name: string, dates: readonly string[]) =>
    new Set(
      dates.map((text) => {
        const day = parseDay(text);
        if (day === null) throw new Error(`calendar: ${name}: ${text} is no date (YYYY-MM-DD)`);
        return day;
      }),
    );
  return {
    holidays: days('holidays', source.holidays),
    workdays: days('workdays', source.workdays),
    closeOfBusinessMinutes: source.closeOfBusinessMinutes,
    zoneTable: source.zoneTable,
  };
}

export function isWorkingDay(day: number, calendar: WorkingCalendar): boolean {
  if (calendar.holidays.has(day)) return false;
  if (calendar.workdays.has(day)) return true;
  const weekday = (((day + 4) % 7) + 7) % 7; // 1970-01-01 was a Thursday; 0 = Sunday
  return weekday !== 0 && weekday !== 6;
}

/**
 * The n-th working day after `day` (before it, for a negative n). 0: the day itself, or the next
 * working day when it is free.
 */
export function workingDayAdd(day: number, n: number, calendar: WorkingCalendar): number {
  const step = n < 0 ? -1 : 1;
  let left = Math.abs(n);
  let at = day;
  if (left === 0) {
    if (isWorkingDay(at, calendar)) return at;
    left = 1;
  }
  const looksMax = left * 7 + DAYS_LOOKED_AT_MAX;
  for (let looks = 0; looks < looksMax; looks++) {
    at += step;
    if (isWorkingDay(at, calendar) && --left === 0) return at;
  }
  throw new Error(
    `calendar: fewer than ${Math.abs(n)} working days in ${looksMax} days: mend holidays`,
  );
}

export type Due = { workingDays: number } | { hours: number };

/** When an action is due: close of business of the n-th working day, or hours after the event. */
export function dueMs(eventMs: number, due: Due, calendar: WorkingCalendar): number {
  if ('hours' in due) return eventMs + due.hours * HOUR_MS;
  const table = calendar.zoneTable;
  const day = workingDayAdd(bankDay(eventMs, table), due.workingDays, calendar);
  return instantOfLocal(day * DAY_MS + calendar.closeOfBusinessMinutes * MINUTE_MS, table);
}

/**
 * Offsets of an IANA zone for the years [fromYear, toYear], from the platform's own table. Used
 * when reference data is loaded, never afterwards. Throws RangeError for a zone it does not know.
 */
export function buildZoneTable(zone: string, fromYear: number, toYear: number): ZoneOffset[] {
  const offsetAt = platformOffset(zone);
  const startMs = dayOfCivil(fromYear, 1, 1) * DAY_MS - DAY_MS;
  const endMs = dayOfCivil(toYear + 1, 1, 1) * DAY_MS + DAY_MS;
  let offset = offsetAt(startMs);
  const table: ZoneOffset[] = [{ fromMs: 0, offsetMs: offset }];
  for (let ms = startMs; ms < endMs; ms += DAY_MS) {
    const next = offsetAt(ms + DAY_MS);
    if (next === offset) continue;
    // Changes fall on whole minutes; halve the day down to that.
    let low = ms;
    let high = ms + DAY_MS;
    while (high - low > MINUTE_MS) {
      const middle = low + Math.floor((high - low) / (2 * MINUTE_MS)) * MINUTE_MS;
      if (offsetAt(middle) === offset) low = middle;
      else high = middle;
    }
    table.push({ fromMs: high, offsetMs: next });
    offset = next;
  }
  return table;
}

function platformOffset(zone: string): (ms: number) => number {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  return (ms) => {
    const [month, day, year, hour, minute, second] = format.format(ms).match(/\d+/g)!.map(Number);
    const local = dayOfCivil(year, month, day) * DAY_MS + hour * HOUR_MS + minute * MINUTE_MS;
    return local + second * 1000 - Math.floor(ms / 1000) * 1000;
  };
}

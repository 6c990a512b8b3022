/** Times of a file's cells by a pattern: yyyy yy MM dd HH mm ss SSS, all else stands for itself. */
import {
  bankDayStartMs,
  DAY_MS,
  dayOfDate,
  parseEventTime,
  type ZoneTable,
} from '../../schemas/time.js';

/** Day since 1970-01-01 and milliseconds of the local day; or an instant. */
export interface CellTime {
  day: number;
  /** Milliseconds after local midnight; with `instantMs`, unused. */
  timeMs: number;
  /** Set when the cell itself names the instant (offset or epoch). */
  instantMs: number | undefined;
}

export type TimeReader = (text: string) => CellTime | null;

const PARTS: Record<string, string> = {
  yyyy: '(?<year>\\d{4})',
  yy: '(?<short>\\d{2})',
  MM: '(?<month>\\d{1,2})',
  dd: '(?<day>\\d{1,2})',
  HH: '(?<hour>\\d{1,2})',
  mm: '(?<minute>\\d{2})',
  ss: '(?<second>\\d{2})',
  SSS: '(?<milli>\\d{3})',
};
/** Two-digit years below this are 20xx. */
const SHORT_YEAR_PIVOT = 70;

export function createTimeReader(format: string): TimeReader {
  if (format === 'iso') return (text) => instant(parseEventTime(text));
  if (format === 'epoch-ms') return (text) => instant(parseNumber(text, 1));
  if (format === 'epoch-s') return (text) => instant(parseNumber(text, 1000));
  const source = format.replace(/yyyy|yy|MM|dd|HH|mm|ss|SSS|[^A-Za-z0-9]|[A-Za-z0-9]/g, (token) => {
    return PARTS[token] ?? token.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
  });
  const pattern = new RegExp(`^${source}$`);
  return (text) => {
    const groups = pattern.exec(text)?.groups;
    if (groups === undefined) return null;
    const number = (name: string) => Number(groups[name] ?? 0);
    const short = number('short');
    const year = groups['year'] ? number('year') : short + (short < SHORT_YEAR_PIVOT ? 2000 : 1900);
    const day = dayOfDate(year, number('month'), number('day'));
    if (day === null || number('hour') > 23 || number('minute') > 59 || number('second') > 59) {
      return null;
    }
    const minutes = number('hour') * 60 + number('minute');
    const timeMs = (minutes * 60 + number('second')) * 1000 + number('milli');
    return { day, timeMs, instantMs: undefined };
  };
}

function instant(ms: number | null): CellTime | null {
  return ms === null ? null : { day: 0, timeMs: 0, instantMs: ms };
}

function parseNumber(text: string, factor: number): number | null {
  return /^\d{1,15}$/.test(text) ? parseEventTime(Number(text) * factor) : null;
}

/** Epoch milliseconds of a time of day in a zone (on days with a shift: after midnight). */
export function instantOf(time: CellTime, shiftDays: number, zone: ZoneTable): number {
  if (time.instantMs !== undefined) return time.instantMs + shiftDays * DAY_MS;
  const day = time.day + shiftDays;
  const startMs = bankDayStartMs(day, zone);
  const lengthMs = bankDayStartMs(day + 1, zone) - startMs;
  return startMs + Math.min(time.timeMs, lengthMs - 1);
}

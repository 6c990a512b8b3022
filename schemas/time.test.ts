import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  bankDay,
  bankDayStartMs,
  bankMonthStartMs,
  buildCalendar,
  buildZoneTable,
  civilOfDay,
  DAY_MS,
  dueMs,
  formatDay,
  parseDay,
  parseEventTime,
  workingDayAdd,
} from './time.js';

const shanghai = buildZoneTable('Asia/Shanghai', 2000, 2040);
const newYork = buildZoneTable('America/New_York', 2020, 2030);
const saoPaulo = buildZoneTable('America/Sao_Paulo', 2015, 2020);
const calendar = buildCalendar({
  holidays: ['2026-10-01', '2026-10-02', '2026-10-05', '2026-10-06', '2026-10-07'],
  workdays: ['2026-10-10'],
  closeOfBusinessMinutes: 17 * 60 + 30,
  zoneTable: shanghai,
});
const at = (text: string) => parseEventTime(text) as number;

describe('event times', () => {
  it('reads ISO 8601 with an offset, and epoch milliseconds', () => {
    expect(at('2026-03-02T09:10:00+08:00')).toBe(Date.parse('2026-03-02T01:10:00Z'));
    expect(at('2026-03-02T01:10Z')).toBe(Date.parse('2026-03-02T01:10:00Z'));
    expect(at('2024-02-29 23:59:59.999999-0530')).toBe(Date.parse('2024-03-01T05:29:59.999Z'));
    expect(parseEventTime(1772415000000)).toBe(1772415000000);
    expect(parseEventTime(0)).toBe(0);
  });

  it('refuses what is no time, or one of no zone', () => {
    const bad = [
      '',
      '2026-03-02',
      '2026-03-02T09:10:00',
      '2025-02-29T00:00Z',
      '2026-13-01T00:00Z',
      '2026-04-31T00:00Z',
      '2026-03-02T24:00Z',
      '2026-03-02T09:60Z',
      '2026-03-02T09:10:60Z',
      '2026-03-02T09:10:00+19:00',
      '2026-03-02T09:10:00Zx',
      '1772415000000',
      '1969-12-31T23:59Z',
    ];
    for (const text of bad) expect(parseEventTime(text), text).toBeNull();
    for (const ms of [-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 253_402_300_800_000]) {
      expect(parseEventTime(ms), String(ms)).toBeNull();
    }
  });

  it('agrees with the platform on every instant', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 253_402_300_799_999 }), (ms) => {
        expect(parseEventTime(new Date(ms).toISOString())).toBe(ms);
        const day = Math.floor(ms / DAY_MS);
        expect(formatDay(day)).toBe(new Date(ms).toISOString().slice(0, 10));
        expect(parseDay(formatDay(day))).toBe(day);
      }),
    );
  });
});

describe('bank days', () => {
  it('counts days of Shanghai from 16:00 UTC', () => {
    const day = parseDay('2026-03-02') as number;
    expect(bankDay(at('2026-03-01T15:59:59.999Z'), shanghai)).toBe(day - 1);
    expect(bankDay(at('2026-03-01T16:00:00Z'), shanghai)).toBe(day);
    expect(bankDayStartMs(day, shanghai)).toBe(at('2026-03-02T00:00:00+08:00'));
    expect(shanghai).toEqual([{ fromMs: 0, offsetMs: 8 * 3_600_000 }]);
    const month = bankMonthStartMs(at('2026-02-28T16:00:00Z'), shanghai);
    expect(month).toBe(at('2026-03-01T00:00:00+08:00'));
  });

  it('follows summer time to the minute', () => {
    const change = newYork.find((entry) => entry.fromMs === at('2026-03-08T07:00:00Z'));
    expect(change?.offsetMs).toBe(-4 * 3_600_000);
    const day = parseDay('2026-03-08') as number;
    expect(bankDayStartMs(day, newYork)).toBe(at('2026-03-08T05:00:00Z'));
    expect(bankDayStartMs(day + 1, newYork)).toBe(at('2026-03-09T04:00:00Z'));
  });

  it('starts the day after the gap where midnight does not exist', () => {
    const day = parseDay('2018-11-04') as number;
    expect(bankDayStartMs(day, saoPaulo)).toBe(at('2018-11-04T03:00:00Z'));
    expect(bankDay(at('2018-11-04T02:59:59.999Z'), saoPaulo)).toBe(day - 1);
    expect(bankDay(at('2018-11-04T03:00:00Z'), saoPaulo)).toBe(day);
  });

  it('starts each day at its first instant, in every zone', () => {
    const zones = [shanghai, newYork, saoPaulo, buildZoneTable('Pacific/Apia', 2010, 2013)];
    fc.assert(
      fc.property(fc.nat(3), fc.integer({ min: 14_000, max: 19_000 }), (zone, day) => {
        const table = zones[zone];
        const start = bankDayStartMs(day, table);
        expect(bankDay(start, table)).toBeGreaterThanOrEqual(day);
        expect(bankDay(start - 1, table)).toBeLessThan(day);
        const { dayOfMonth } = civilOfDay(bankDay(start, table));
        const month = bankMonthStartMs(start, table);
        expect(month).toBe(bankDayStartMs(bankDay(start, table) - dayOfMonth + 1, table));
      }),
    );
  });

  it('refuses a zone that the platform does not know', () => {
    expect(() => buildZoneTable('Asia/Nowhere', 2026, 2026)).toThrow(RangeError);
  });
});

describe('working days', () => {
  const dayOf = (text: string) => parseDay(text) as number;

  it('skips weekends and holidays, and works where it is told to', () => {
    expect(workingDayAdd(dayOf('2026-03-02'), 5, calendar)).toBe(dayOf('2026-03-09'));
    expect(workingDayAdd(dayOf('2026-09-30'), 1, calendar)).toBe(dayOf('2026-10-08'));
    expect(workingDayAdd(dayOf('2026-10-09'), 1, calendar)).toBe(dayOf('2026-10-10'));
    expect(workingDayAdd(dayOf('2026-10-10'), 1, calendar)).toBe(dayOf('2026-10-12'));
    expect(workingDayAdd(dayOf('2026-10-04'), 0, calendar)).toBe(dayOf('2026-10-08'));
    expect(workingDayAdd(dayOf('2026-10-08'), -1, calendar)).toBe(dayOf('2026-09-30'));
  });

  it('puts due times where the scenarios of the bank put them', () => {
    const third = at('2026-03-02T20:05:00+08:00');
    expect(dueMs(third, { workingDays: 5 }, calendar)).toBe(at('2026-03-09T17:30:00+08:00'));
    const transfer = at('2026-03-04T14:00:00+08:00');
    expect(dueMs(transfer, { hours: 2 }, calendar)).toBe(at('2026-03-04T16:00:00+08:00'));
    const friday = at('2026-03-06T10:00:00+08:00');
    expect(dueMs(friday, { workingDays: 1 }, calendar)).toBe(at('2026-03-09T17:30:00+08:00'));
  });

  it('names what is wrong instead of searching for ever', () => {
    const closed = {
      ...calendar,
      holidays: { has: () => true } as unknown as ReadonlySet<number>,
    };
    expect(() => workingDayAdd(0, 1, closed)).toThrow(/holidays/);
    const broken = { ...calendar, holidays: ['2026-02-30'], workdays: [] };
    expect(() => buildCalendar(broken)).toThrow('2026-02-30');
  });
});

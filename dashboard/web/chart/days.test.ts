import { describe, expect, it } from 'vitest';
import type { CustomerDay } from '../../../schemas/history.js';
import { columns, eachDay, filledDays, total } from './days.js';

const day = (change: Partial<CustomerDay>): CustomerDay => ({
  day: '2026-02-27',
  inCount: 0,
  inMinor: 0,
  outCount: 0,
  outMinor: 0,
  customerMade: 0,
  ...change,
});

describe('days of a picture', () => {
  it('are all there, over the end of a month and a leap day', () => {
    expect(eachDay('2024-02-27', '2024-03-01')).toEqual([
      '2024-02-27',
      '2024-02-28',
      '2024-02-29',
      '2024-03-01',
    ]);
    expect(eachDay('2026-03-02', '2026-03-01')).toEqual([]);
    expect(eachDay('not a day', '2026-03-01')).toEqual([]);
    expect(eachDay('2026-01-01', '9999-12-31').length).toBe(800);
  });

  it('without payments are zeros, and none of the others is lost', () => {
    const days = [
      day({ day: '2026-02-27', inCount: 2, inMinor: 500, customerMade: 0 }),
      day({ day: '2026-03-01', outCount: 3, outMinor: 900, customerMade: 3 }),
    ];
    const filled = filledDays(days, '2026-02-27', '2026-03-02');
    expect(filled.map((each) => each.outCount)).toEqual([0, 0, 3, 0]);
    expect(columns(filled, 'counts')).toEqual([
      [0, 1, 2, 3],
      [2, 0, 0, 0],
      [0, 0, -3, 0],
    ]);
    expect(columns(filled, 'amounts')[2]).toEqual([0, 0, -900, 0]);
    expect(columns(filled, 'activity').slice(1)).toEqual([
      [0, 0, 3, 0],
      [0, 0, 0, 0],
    ]);
    expect(total(filled)).toEqual({
      inCount: 2,
      inMinor: 500,
      outCount: 3,
      outMinor: 900,
      customerMade: 3,
      daysActive: 2,
    });
  });
});

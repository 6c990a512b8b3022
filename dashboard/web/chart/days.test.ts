import { describe, expect, it } from 'vitest';
import type { CustomerDay } from '../../../schemas/history.js';
import { columns, eachDay, filledDays, heightOf, moneyLines, total, usualMinor } from './days.js';

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

  it('show a usual day beside one a thousand times larger, in order', () => {
    const days = [100_00, 120_00, 150_00, 79_800_00].map((outMinor) => day({ outMinor }));
    expect(usualMinor(days)).toBe(120_00);
    const [, , below] = columns(days, 'amounts');
    const heights = below.map((height) => -height);
    expect([...heights].sort((a, b) => a - b)).toEqual(heights);
    expect(heights[0]).toBeGreaterThan((heights[3] as number) / 12);
    expect(moneyLines(days)).toEqual([1_000_00, 10_000_00]);
    expect(moneyLines([day({})])).toEqual([]);
    expect(columns([day({})], 'amounts')).toEqual([[0], [0], [0]]);
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
    const [, above, below] = columns(filled, 'amounts');
    expect(above).toEqual([heightOf(500, 500), 0, 0, 0]);
    expect(below).toEqual([0, 0, -heightOf(900, 500), 0]);
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

import { describe, expect, it } from 'vitest';
import { DEFAULT_BANK } from '../format.js';
import { texts } from '../text/index.js';
import { ago, bytes, dayClock, percent, rate, secondClock, seconds } from './format.js';

describe('figures', () => {
  it('of bytes never read 1,024 of a unit', () => {
    expect([0, 1_023, 1_024, 1_536, 1_048_575].map(bytes)).toEqual([
      '0 B',
      '1,023 B',
      '1 KiB',
      '1.5 KiB',
      '1 MiB',
    ]);
    expect(bytes(6_000 * 1024 ** 2)).toBe('5.9 GiB');
    expect(bytes(150 * 1024 ** 3)).toBe('150 GiB');
  });
  it('of durations choose their unit', () => {
    expect([0.000025, 0.002, 0.25, 2.5, 60].map(seconds)).toEqual([
      '25 µs',
      '2 ms',
      '250 ms',
      '2.5 s',
      '60 s',
    ]);
  });
  it('of rates and shares keep a decimal when small', () => {
    expect([0.24, 204.4].map(rate)).toEqual(['0.2', '204']);
    expect([0.004, 0.125, 1].map(percent)).toEqual(['0.4 %', '13 %', '100 %']);
  });
});

describe('times', () => {
  const at = Date.parse('2026-03-02T20:05:11.204+08:00');
  it('are the bank’s, with the day where a column needs it', () => {
    const later = at + 60_000;
    expect(secondClock(at, later, DEFAULT_BANK)).toBe('20:05:11');
    expect(dayClock(at, later, DEFAULT_BANK)).toBe('03-02 20:05:11');
    expect(dayClock(at, at + 365 * 86_400_000, DEFAULT_BANK)).toBe('2026-03-02 20:05:11');
  });
  it('are never in the future, whatever the clocks say', () => {
    expect(ago(at + 5_000, at, texts.en)).toBe('0 s ago');
    expect(ago(at - 5_000, at, texts.zh)).toBe('5 秒前');
  });
});

import { describe, expect, it } from 'vitest';
import {
  actDetail,
  bankDay,
  clockTime,
  DEFAULT_BANK,
  duration,
  eventTime,
  fullTime,
  measure,
  money,
  timeLeft,
} from './format.js';
import { texts } from './text/index.js';

const CNY = DEFAULT_BANK;
const JPY = { zone: 'Asia/Tokyo', baseCurrency: 'JPY' };
const AT = Date.UTC(2026, 2, 2, 12, 5, 11, 204);

describe('format', () => {
  it('writes amounts from minor units with the exponent of the currency', () => {
    expect(money(123_456_700, CNY)).toBe('¥1,234,567.00');
    expect(money(1, CNY)).toBe('¥0.01');
    expect(money(1_234_567, JPY)).toMatch(/1,234,567$/);
  });
  it('knows the day of the bank', () => {
    expect(bankDay(Date.UTC(2026, 2, 2, 15, 59, 59, 999), CNY)).toBe('2026-03-02');
    expect(bankDay(Date.UTC(2026, 2, 2, 16), CNY)).toBe('2026-03-03');
  });
  it('writes bank time, with milliseconds on the same bank day only', () => {
    expect(fullTime(AT, CNY)).toBe('2026-03-02 20:05:11.204');
    expect(clockTime(AT, AT + 3_600_000, CNY)).toBe('20:05:11.204');
    // 16:00 UTC is midnight in Shanghai.
    expect(clockTime(AT, Date.UTC(2026, 2, 2, 16), CNY)).toBe('03-02 20:05:11');
  });
  it('names the day that closed, and nothing else, for what was found at its close', () => {
    const midnight = Date.UTC(2026, 2, 2, 16);
    const clock = (ms: number) => clockTime(ms, midnight + 3_600_000, CNY);
    const at = (ms: number, isTimer: boolean, t = texts.en) =>
      eventTime({ ms, isTimer }, clock, CNY, t);
    expect(at(midnight, true)).toBe('2026-03-02 close');
    expect(at(midnight, true, texts.zh)).toBe('2026-03-02 日终');
    expect(at(midnight, false)).toBe('00:00:00.000');
    expect(at(midnight + 5, true)).toBe('00:00:00.005');
    expect(clock(Date.UTC(2025, 11, 30, 16))).toBe('2025-12-31 00:00:00');
  });
  it('says time left and overdue in both languages', () => {
    expect(timeLeft(AT + 3 * 86_400_000, AT, texts.zh)).toBe('3 天');
    expect(timeLeft(AT + 46 * 60_000, AT, texts.zh)).toBe('46 分');
    expect(timeLeft(AT - 3 * 3_600_000, AT, texts.en)).toBe('3 h overdue');
    expect(duration(90 * 60_000, texts.en)).toBe('90 min');
  });
  it('says the reason of a closed alert in words, and keeps the note as it is', () => {
    expect(actDetail('false-positive: ', texts.zh)).toBe('误报');
    expect(actDetail('false-positive: seen: confirmed\ntwice', texts.en)).toBe(
      'False positive: seen: confirmed\ntwice',
    );
    expect(actDetail('constructor: x', texts.en)).toBe('constructor: x');
    expect(actDetail('', texts.en)).toBe('');
  });
  it('writes a feature in its unit', () => {
    expect(measure(31, 'percent', CNY, texts.zh)).toBe('31 %');
    // Cut as in the sentence above it, never rounded over a line.
    expect(measure(32.258, 'percent', CNY, texts.zh)).toBe('32.2 %');
    expect(measure(20_000_000, 'money', CNY, texts.zh)).toBe('¥200,000.00');
    expect(measure(41.33, 'ratio', CNY, texts.en)).toBe('41.3×');
    expect(measure(2.999, 'ratio', CNY, texts.en)).toBe('2.9×');
    expect(measure(299.998, 'days', CNY, texts.zh)).toBe('299.9 天');
    expect(measure(180, 'days', CNY, texts.en)).toBe('180 d');
    expect(measure(-0.3, 'ratio', CNY, texts.en)).toBe('-0.3×');
    expect(measure(1, 'flag', CNY, texts.en)).toBe('yes');
  });
});

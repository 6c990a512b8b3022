/**
 * Amounts and times as an officer reads them: amounts in the base currency, times in the bank's
 * zone. Intl formatters are slow to make and quick to use, so each is made once.
 */
import { percentText } from '../../schemas/sentence.js';
import type { Texts } from './text/index.js';
import { fill, word } from './text/index.js';

export interface Bank {
  zone: string;
  baseCurrency: string;
}
export const DEFAULT_BANK: Bank = { zone: 'Asia/Shanghai', baseCurrency: 'CNY' };

const cache = new Map<string, unknown>();
function once<T>(key: string, make: () => T): T {
  let made = cache.get(key) as T | undefined;
  if (made === undefined) {
    made = make();
    cache.set(key, made);
  }
  return made;
}

/** Minor units of the base currency: `¥80,000.00`. */
export function money(minor: number, bank: Bank): string {
  const format = once(`money ${bank.baseCurrency}`, () =>
    Intl.NumberFormat('zh-CN', {
      style: 'currency',
      currency: bank.baseCurrency,
      currencyDisplay: 'narrowSymbol',
    }),
  );
  const digits = format.resolvedOptions().maximumFractionDigits ?? 2;
  return format.format(minor / 10 ** digits);
}

/** A round amount in as few signs as it needs: `¥10,000`. */
export function roundMoney(minor: number, bank: Bank): string {
  return money(minor, bank).replace(/\.0+$/, '');
}

/** A plain number with at most `digits` decimals and thousands separators. */
export function plain(value: number, digits = 0): string {
  return once(`plain ${digits}`, () =>
    Intl.NumberFormat('en-US', { maximumFractionDigits: digits }),
  ).format(value);
}

type Parts = Record<string, string>;
function parts(ms: number, zone: string): Parts {
  const format = once(`time ${zone}`, () =>
    Intl.DateTimeFormat('en-CA', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
      fractionalSecondDigits: 3,
    }),
  );
  const out: Parts = {};
  for (const part of format.formatToParts(ms)) out[part.type] = part.value;
  return out;
}

/** `20:05:11.204` on the bank's present day, else `11-20 20:05:11`, with another year's number. */
export function clockTime(ms: number, nowMs: number, bank: Bank): string {
  const p = parts(ms, bank.zone);
  const today = parts(nowMs, bank.zone);
  const time = `${p['hour']}:${p['minute']}:${p['second']}`;
  const sameYear = p['year'] === today['year'];
  if (sameYear && p['day'] === today['day'] && p['month'] === today['month']) {
    return `${time}.${p['fractionalSecond']}`;
  }
  return `${sameYear ? '' : `${p['year']}-`}${p['month']}-${p['day']} ${time}`;
}

/**
 * The time of an event. What was found at the close of a bank day carries the first moment of the
 * next: people know it as the day that closed.
 */
export function eventTime(
  event: { ms: number; isTimer: boolean },
  clock: (ms: number) => string,
  bank: Bank,
  t: Texts,
): string {
  if (!event.isTimer || !fullTime(event.ms, bank).endsWith(' 00:00:00.000')) return clock(event.ms);
  return fill(t.queue.dayClose, { day: bankDay(event.ms - 1, bank) });
}

/** `2026-03-02 20:05:11.204` in the bank's zone. */
export function fullTime(ms: number, bank: Bank): string {
  const p = parts(ms, bank.zone);
  const day = `${p['year']}-${p['month']}-${p['day']}`;
  return `${day} ${p['hour']}:${p['minute']}:${p['second']}.${p['fractionalSecond']}`;
}

/** `2026-03-09 17:30`, for deadlines. */
export function minuteTime(ms: number, bank: Bank): string {
  return fullTime(ms, bank).slice(0, 16);
}

/** `GMT+8` for the bank's zone. */
export function zoneName(bank: Bank): string {
  return once(`zone ${bank.zone}`, () => {
    const format = Intl.DateTimeFormat('en-US', { timeZone: bank.zone, timeZoneName: 'short' });
    return format.formatToParts(0).find((p) => p.type === 'timeZoneName')?.value ?? bank.zone;
  });
}

/** Both clocks, for a tooltip. */
export function bothClocks(ms: number, bank: Bank, t: Texts): string {
  const utc = new Date(ms).toISOString().replace('T', ' ').replace('Z', '');
  return fill(t.queue.utc, { time: fullTime(ms, bank), zone: bank.zone, utc });
}

/** A duration in its largest whole unit: `3 天`, `46 分`. */
export function duration(ms: number, t: Texts): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 60) return fill(t.queue.seconds, { n: seconds });
  if (seconds < 2 * 3600) return fill(t.queue.minutes, { n: Math.floor(seconds / 60) });
  if (seconds < 2 * 86_400) return fill(t.queue.hours, { n: Math.floor(seconds / 3600) });
  return fill(t.queue.days, { n: Math.floor(seconds / 86_400) });
}

/** Time left to a deadline, or how long it has been missed. */
export function timeLeft(dueMs: number, nowMs: number, t: Texts): string {
  return dueMs >= nowMs
    ? duration(dueMs - nowMs, t)
    : fill(t.queue.overdue, { time: duration(nowMs - dueMs, t) });
}

/** `false-positive: a note` in the trail: the reason in the reader's words, the note as it is. */
export function actDetail(detail: string, t: Texts): string {
  const [, reason = '', note = ''] = /^([a-z-]+)(?:: ?(.*))?$/s.exec(detail) ?? [];
  if (!Object.hasOwn(t.domain.reason, reason)) return detail;
  const words = word(t.domain.reason, reason);
  return note === '' ? words : `${words}: ${note}`;
}

/** Cut to one decimal, as the sentence cuts: 299.99 days never read as the 300 of a line. */
function cut(value: number): string {
  return plain(Math.sign(value) * (Math.floor(Math.abs(value) * 10 + 1e-6) / 10), 1);
}

/** In its largest unit with one decimal, cut: `45 秒`, `2.5 分`, `1.5 小时`. */
function secondsText(value: number, t: Texts): string {
  if (value < 60) return fill(t.queue.seconds, { n: cut(value) });
  if (value < 3600) return fill(t.queue.minutes, { n: cut(value / 60) });
  if (value < 2 * 86_400) return fill(t.queue.hours, { n: cut(value / 3600) });
  return fill(t.queue.days, { n: cut(value / 86_400) });
}

/** A feature's value in its unit, as in a gate. */
export function measure(value: number, unit: string, bank: Bank, t: Texts): string {
  switch (unit) {
    case 'money':
      return money(value, bank);
    case 'count':
      return fill(t.domain.unit.count, { n: plain(value, 0) });
    case 'percent':
      return fill(t.domain.unit.percent, { n: percentText(value) });
    case 'days':
      return fill(t.domain.unit.days, { n: cut(value) });
    case 'ratio':
      return fill(t.domain.unit.ratio, { n: cut(value) });
    case 'flag':
      return value === 0 ? t.domain.no : t.domain.yes;
    case 'seconds':
      return secondsText(value, t);
    default:
      return cut(value);
  }
}

/** A flood's alert is of many. */
export function customerName(row: { subject: string; subjectName: string }, t: Texts): string {
  return row.subject === '' ? t.queue.manyCustomers : row.subjectName;
}

/** `2026-03-02`: the bank's day of a moment. */
export function bankDay(ms: number, bank: Bank): string {
  return fullTime(ms, bank).slice(0, 10);
}

/**
 * Units of the catalogue's numbers: what a feature measures, how long a window is, what a
 * threshold means as a number. Pure; the compiler of rules and the loader share it.
 */
import { FEATURE_UNITS, type Feature } from '../../schemas/features.js';
import type { Unit } from '../../schemas/hit.js';

export function featureUnit(kind: Feature['kind']): Unit {
  return FEATURE_UNITS[kind];
}

const DAY_MS = 86_400_000;
const MS_OF: Record<string, number> = { m: 60_000, h: 3_600_000, d: DAY_MS };

/** `30m`, `24h`, `7d` in milliseconds; throws on anything else (the schema refuses it first). */
export function parseDurationMs(text: string): number {
  const match = /^(\d+)([mhd])$/.exec(text);
  if (match === null) throw new Error(`not a duration: ${text}; write a number and m, h or d`);
  return Number(match[1]) * (MS_OF[match[2] ?? ''] ?? 0);
}

/** `10bd` as 10; null when the window is not one of business days. */
export function businessDays(spec: string): number | null {
  const match = /^(\d+)bd$/.exec(spec);
  return match === null ? null : Number(match[1]);
}

/** The longest run of days off that a window of business days makes room for. */
const HOLIDAYS_MAX_MS = 14 * DAY_MS;

/** The longest that a window can reach back: calendar windows on their longest day or month. */
export function windowReachMs(spec: string): number {
  if (spec === 'bank-day') return 25 * 3_600_000;
  if (spec === 'bank-month') return 31 * DAY_MS + 3_600_000;
  const days = businessDays(spec);
  if (days !== null) return Math.ceil(days / 5) * 7 * DAY_MS + HOLIDAYS_MAX_MS;
  return parseDurationMs(spec);
}

/** Decimal string in major units to integer minor units (2 decimals); null when it is not one. */
export function parseMoney(text: string): number | null {
  const match = /^(\d{1,13})(?:\.(\d{1,2}))?$/.exec(text);
  if (match === null) return null;
  return Number(match[1]) * 100 + Number((match[2] ?? '').padEnd(2, '0'));
}

/** A threshold as the number that a feature's value is compared with; null = wrong unit. */
export function thresholdNumber(unit: Unit, value: string | number): number | null {
  if (unit === 'money') return typeof value === 'string' ? parseMoney(value) : null;
  return typeof value === 'number' ? value : null;
}

/**
 * The order of the queue. Urgency is the bank's: critically ill first, then severity, then time
 * left to the deadline (in steps, so that the score still counts), then tier; then score, then
 * newest first. Ties end at the id, so that the order is one and the same on every screen.
 */
import { SEVERITIES } from '../../../schemas/hit-words.js';
import type { AlertRow } from '../../../schemas/protocol.js';

export const SORT_KEYS = ['urgency', 'score', 'age'] as const;
export type SortKey = (typeof SORT_KEYS)[number];
export interface Sort {
  key: SortKey;
  /** False: most urgent, highest score, newest first. */
  ascending: boolean;
}

const TIER: Record<string, number> = { strategic: 4, growth: 3, base: 2, attention: 1 };
const HOUR_MS = 3_600_000;

/** Overdue 4, within 2 h 3, within a day 2, later 1, none 0. */
function dueStep(row: AlertRow, nowMs: number): number {
  if (row.dueMs === null) return 0;
  const left = row.dueMs - nowMs;
  if (left < 0) return 4;
  if (left < 2 * HOUR_MS) return 3;
  return left < 24 * HOUR_MS ? 2 : 1;
}

export function urgency(row: AlertRow, nowMs: number): number {
  // Whoever may not know the class sees "special care", and the same order.
  const ill = row.watch.includes('special-care') ? 1 : 0;
  return (
    ill * 1000 +
    (SEVERITIES.indexOf(row.severity) + 1) * 100 +
    dueStep(row, nowMs) * 10 +
    (TIER[row.tier] ?? 0)
  );
}

const DUE_SOON_MS = 2 * HOUR_MS;

export function isDueSoon(row: AlertRow, nowMs: number): boolean {
  return row.state !== 'closed' && row.dueMs !== null && row.dueMs - nowMs < DUE_SOON_MS;
}

/** An open alert is as old as its event, a closed one as its closing. */
function ageMs(row: AlertRow): number {
  return row.state === 'closed' ? row.updatedMs : row.eventTime;
}

interface Keyed {
  row: AlertRow;
  first: number;
  second: number;
}

/** Sorts with the keys worked out once a row: 10,000 rows several times a second. */
export function sortRows(rows: AlertRow[], sort: Sort, nowMs: number): AlertRow[] {
  const keyed: Keyed[] = rows.map((row) => ({
    row,
    first: sort.key === 'urgency' ? urgency(row, nowMs) : 0,
    second: sort.key === 'age' ? 0 : row.score,
  }));
  const sign = sort.ascending ? -1 : 1;
  keyed.sort((a, b) => {
    const order = b.first - a.first || b.second - a.second || ageMs(b.row) - ageMs(a.row);
    return sign * (order || (a.row.id < b.row.id ? -1 : 1));
  });
  return keyed.map((entry) => entry.row);
}

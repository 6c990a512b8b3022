/**
 * Columns of a subject's row. Line 0 is identity and heads (u32 columns, index from the row's
 * first u32), then times, balances and baselines (f64 columns, index from its first word), last
 * the aggregates that the catalogue asks for. A row is a multiple of 64 bytes.
 */
import type { Feature } from '../schemas/features.js';
import type { Plan } from './plan.js';

export const BALANCE_SLOTS = 4;
/** 120 that features read, and 8 for days that close behind the subject's newest leg. */
export const DAYS_KEPT = 128;
/** 24 whole panes that features read, today's, and one for late legs. */
export const PANES_KEPT = 26;
export const PANE_DAYS = 5;
export const BLOCK_DAYS = 30;
/** Five whole blocks that features read, today's, and one for late legs. */
export const BLOCKS_KEPT = 7;
/** 24 panes that features read, today's, and two for days that close behind the newest leg. */
export const NEWCOMER_PANES_KEPT = 27;
const NEWCOMER_WORDS = Math.ceil(NEWCOMER_PANES_KEPT / 2);
/** Twelve panes that features read, and the same three. */
export const BALANCE_PANES_KEPT = 15;
const BALANCE_PANE_WORDS = BALANCE_PANES_KEPT + Math.ceil(BALANCE_PANES_KEPT / 2);
export const DECAYS = [30, 90, 180] as const;

export const ROW = {
  // u32 columns
  hashLow: 0,
  hashHigh: 1,
  idAddress: 2,
  idLength: 3,
  profile: 4,
  source: 5,
  recentAddress: 6,
  recentHead: 7,
  recentCount: 8,
  recentClass: 9,
  notableAddress: 10,
  notableHead: 11,
  notableCount: 12,
  notableClass: 13,
  timerArmed: 14,
  /** Block of newest times by outcome (outcomes.ts), 0 before the first. */
  outcomes: 15,
  /** Interned accounts, in the order in which they were first seen. */
  accounts: 34,
  /** Block of last hits by rule (cooldowns.ts), 0 before the first; ends what is `channels`. */
  cooldowns: 203,
  todayCount: 174,
  yesterdayCount: 175,
  // f64 columns
  /** Event time of the subject's newest leg. */
  lastMs: 8,
  /** The same of legs that the bank did not make itself; the two gaps below are of these. */
  activeMs: 9,
  gapStartMs: 10,
  gapEndMs: 11,
  olderGapStartMs: 12,
  olderGapEndMs: 13,
  /** Newest leg that a list's cap pushed out. */
  droppedRecentMs: 14,
  droppedNotableMs: 15,
  /** Bank day that the baselines stand at. */
  day: 16,
  /** Balance of each account; NaN = unknown. */
  balances: 19,
  /** u16 counts of customer-made transactions, ring by day. */
  daily: 23,
  /** Customer-made outflow, ring of five-day panes. */
  panes: 55,
  /** (count, sum) of customer-made debits, decayed, as of the day before yesterday's end. */
  decayed: 81,
  todaySum: 88,
  yesterdaySum: 89,
  /** Largest customer-made debit of each 30-day block, ring of seven. */
  maxima: 90,
  /** Smallest event time of the subject's legs. */
  firstMs: 97,
  /** u16: customer-made debits so far (to 65,535), then the last bank day of each channel (13). */
  channels: 98,
  aggregates: 102,
} as const;

/** Sections that a row has only where a rule reads them, and their words. */
export const SECTIONS = { newcomers: NEWCOMER_WORDS, balancePanes: BALANCE_PANE_WORDS } as const;

/** Where the catalogue's aggregates stand in a row. */
export interface RowLayout {
  strideWords: number;
  /** u32 index of the first window's leg count. */
  windowCounts: number;
  /**
   * u32 index of the first window's due: before this time (1.024 s ticks) no leg leaves it; behind
   * the windows the same of the two lists. Then, for each list, the earliest of all its dues.
   */
  windowDues: number;
  listDues: number;
  /** u32 bits of the groups whose counterparties are kept in a table (distinct.ts). */
  distinctKept: number;
  /** Word of the first group's (count, sum). */
  groups: number;
  /** Word of the ring of first payments, (out, in) u16 a pane; -1 = no rule reads it. */
  newcomers: number;
  /** Word of the integrals of the balance by pane, then covered ms u32; -1 = no rule reads them. */
  balancePanes: number;
}

export function rowLayout(plan: Plan): RowLayout {
  const windowCounts = ROW.aggregates * 2;
  const windowDues = windowCounts + plan.windows.length;
  const listDues = windowDues + plan.windows.length + 2;
  const distinctKept = listDues + 2;
  const groups = Math.ceil((distinctKept + 1) / 2);
  const kinds = new Set(plan.rules.flatMap((r) => r.features.map((f) => f.spec.kind)));
  let words = groups + plan.columns * 2;
  const optional = (kind: Feature['kind'], size: number): number => {
    if (!kinds.has(kind)) return -1;
    words += size;
    return words - size;
  };
  const newcomers = optional('new-counterparties', NEWCOMER_WORDS);
  const balancePanes = optional('mean-balance', BALANCE_PANE_WORDS);
  return {
    strideWords: Math.ceil(words / 8) * 8,
    windowCounts,
    windowDues,
    listDues,
    distinctKept,
    groups,
    newcomers,
    balancePanes,
  };
}

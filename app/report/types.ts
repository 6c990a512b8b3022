/** What a report is made from and what stands in it. Times are epoch ms, shares 0 to 1. */
import type { Hit } from '../../schemas/hit.js';

/** The part of a hit that a report reads. */
export type ReportHit = Pick<
  Hit,
  'id' | 'rule' | 'subject' | 'side' | 'eventTime' | 'score' | 'transactionId' | 'transactionIds'
> & { shadow?: boolean | undefined };

/** Who and what was looked at, from (inclusive) and to (exclusive). */
export interface Population {
  /** Subjects with a leg in that time. */
  customers: number;
  legs: number;
  fromMs: number;
  toMs: number;
}

/** One labelled pattern. */
export interface Pattern {
  id: string;
  type: string;
  /** Of its first transaction. */
  firstMs: number;
  transactionIds: readonly string[];
  accounts: readonly string[];
}

/** Hits of one rule and subject that one alert gathers, oldest first. */
export interface Alert {
  /** Id of its first hit. */
  id: string;
  rule: string;
  subject: string;
  openedMs: number;
  /** Highest of its hits. */
  score: number;
  hits: readonly ReportHit[];
}

/**
 * Does this hit show this pattern? Asked where the two share a transaction (`shared` of them), or
 * the hit's subject is one of the pattern's accounts.
 */
export type Shows = (hit: ReportHit, pattern: Pattern, shared: number) => boolean;

export interface RuleFigures {
  rule: string;
  shadow: boolean;
  hits: number;
  alerts: number;
  subjects: number;
  /** Alerts per 1,000 customers in 30 days. */
  alertsPer1000Month: number;
  /** Of hits per leg: one in so many. Absent without hits. */
  legsPerHit?: number;
  /** Alerts that show a labelled pattern; with labels only. */
  trueAlerts?: number;
  /** trueAlerts / alerts; with labels, and absent without alerts. */
  precision?: number;
}

/** Share of `rule` that `other` has as well. */
export interface Overlap {
  rule: string;
  other: string;
  subjects: number;
  subjectShare: number;
  legs: number;
  legShare: number;
}

/** Patterns of a type, and what was found of them. */
export interface TypeFigures {
  type: string;
  patterns: number;
  found: number;
  recall: number;
  /** From a pattern's first transaction to the first hit that shows it; absent when none is. */
  medianDays?: number;
  longestDays?: number;
  /** Rules that showed at least one, with how many. */
  byRule: Record<string, number>;
  /** Ids of the patterns that were not found. */
  missed: readonly string[];
}

/** With the alerts taken from the top, by score. */
export interface CurvePoint {
  falseAlertsPer1000Month: number;
  /** The alert of this score was still taken. */
  scoreMin: number;
  alerts: number;
  recall: number;
  recallByType: Record<string, number>;
}

export interface Change {
  rule: string;
  hits: number;
  alerts: number;
  /** Subjects that the other catalogue does not hit by this rule. */
  subjects: number;
  /** The first few: whom, when, on which leg. */
  examples: readonly { subject: string; eventTime: number; transactionId: string }[];
}

export interface Report {
  population: Population;
  months: number;
  rules: readonly RuleFigures[];
  /** All rules together. */
  total: Omit<RuleFigures, 'rule' | 'shadow'>;
  overlaps: readonly Overlap[];
  labels?: {
    types: readonly TypeFigures[];
    falseAlerts: number;
    falseAlertsPer1000Month: number;
    curve: readonly CurvePoint[];
  };
  against?: { fresh: readonly Change[]; gone: readonly Change[]; same: number };
}

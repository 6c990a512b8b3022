/** What labelled patterns say about alerts: found or not, how late, at what price. */
import { compare, groupBy, rateOf } from './alerts.js';
import type {
  Alert,
  CurvePoint,
  Pattern,
  Population,
  ReportHit,
  Shows,
  TypeFigures,
} from './types.js';

const DAY_MS = 86_400_000;
const BUDGETS = [5, 10, 20, 50, 100, 200];

/** A hit shows a pattern when one of the pattern's transactions is among those that it rests on. */
export const sharesTransaction: Shows = (_hit, _pattern, shared) => shared > 0;

/** How many transactions a hit shares with each pattern that it could be about. */
class PatternIndex {
  readonly #byTransaction = new Map<string, Pattern[]>();
  readonly #byAccount = new Map<string, Pattern[]>();

  constructor(patterns: readonly Pattern[]) {
    const add = (to: Map<string, Pattern[]>, key: string, pattern: Pattern): void => {
      to.set(key, [...(to.get(key) ?? []), pattern]);
    };
    for (const p of patterns) {
      for (const id of new Set(p.transactionIds)) add(this.#byTransaction, id, p);
      for (const account of new Set(p.accounts)) add(this.#byAccount, account, p);
    }
  }

  sharedWith(hit: ReportHit): Map<Pattern, number> {
    const shared = new Map<Pattern, number>();
    for (const p of this.#byAccount.get(hit.subject) ?? []) shared.set(p, 0);
    for (const id of new Set([hit.transactionId, ...hit.transactionIds])) {
      for (const p of this.#byTransaction.get(id) ?? []) shared.set(p, (shared.get(p) ?? 0) + 1);
    }
    return shared;
  }
}

/** Pattern -> its first hit that shows it, a rule. */
type Findings = Map<Pattern, Map<string, ReportHit>>;

export interface Judged {
  findings: Findings;
  /** Alerts that show a pattern. */
  true: ReadonlySet<Alert>;
  patternsOf: ReadonlyMap<Alert, readonly Pattern[]>;
}

/** Which alerts show which patterns. */
export function judge(
  alerts: readonly Alert[],
  patterns: readonly Pattern[],
  shows: Shows = sharesTransaction,
): Judged {
  const index = new PatternIndex(patterns);
  const findings: Findings = new Map(patterns.map((p) => [p, new Map()]));
  const patternsOf = new Map<Alert, Pattern[]>();
  for (const alert of alerts) {
    const shown = new Set<Pattern>();
    for (const hit of alert.hits) {
      for (const [pattern, shared] of index.sharedWith(hit)) {
        if (shown.has(pattern) || !shows(hit, pattern, shared)) continue;
        shown.add(pattern);
        const byRule = findings.get(pattern) as Map<string, ReportHit>;
        const before = byRule.get(alert.rule);
        if (before === undefined || hit.eventTime < before.eventTime) byRule.set(alert.rule, hit);
      }
    }
    if (shown.size > 0) patternsOf.set(alert, [...shown]);
  }
  return { findings, true: new Set(patternsOf.keys()), patternsOf };
}

/** By type, in order of their names. */
export function typeFigures(patterns: readonly Pattern[], { findings }: Judged): TypeFigures[] {
  const types = [...groupBy(patterns, (p) => p.type)].sort(([a], [b]) => compare(a, b));
  return types.map(([type, ofType]) => {
    const byRule: Record<string, number> = {};
    const days: number[] = [];
    const missed: string[] = [];
    for (const pattern of ofType) {
      const found = findings.get(pattern) ?? new Map<string, ReportHit>();
      for (const rule of found.keys()) byRule[rule] = (byRule[rule] ?? 0) + 1;
      if (found.size === 0) missed.push(pattern.id);
      else {
        const firstMs = Math.min(...[...found.values()].map((h) => h.eventTime));
        days.push((firstMs - pattern.firstMs) / DAY_MS);
      }
    }
    days.sort((a, b) => a - b);
    return {
      type,
      patterns: ofType.length,
      found: days.length,
      recall: days.length / ofType.length,
      ...(days.length > 0 && { medianDays: median(days), longestDays: days.at(-1) as number }),
      byRule,
      missed,
    };
  });
}

/** Of sorted numbers, at least one. */
function median(sorted: readonly number[]): number {
  const middle = sorted.length >> 1;
  const upper = sorted[middle] as number;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] as number)) / 2;
}

/**
 * Recall when officers take alerts from the top, by score, until they have met so many false ones
 * per 1,000 customers a month. Alerts of one score are taken all or none: they have no order.
 */
export function curveOf(
  alerts: readonly Alert[],
  patterns: readonly Pattern[],
  judged: Judged,
  population: Population,
  budgets: readonly number[] = BUDGETS,
): CurvePoint[] {
  const byScore = [...groupBy(alerts, (a) => String(a.score))]
    .map(([score, ofScore]) => ({ score: Number(score), ofScore }))
    .sort((a, b) => b.score - a.score);
  return budgets.map((budget) => {
    const found = new Set<Pattern>();
    let taken = 0;
    let falseAlerts = 0;
    let scoreMin = Number.POSITIVE_INFINITY;
    for (const { score, ofScore } of byScore) {
      const more = ofScore.filter((a) => !judged.true.has(a)).length;
      if (rateOf(falseAlerts + more, population) > budget) break;
      falseAlerts += more;
      taken += ofScore.length;
      scoreMin = score;
      for (const a of ofScore) for (const p of judged.patternsOf.get(a) ?? []) found.add(p);
    }
    return {
      falseAlertsPer1000Month: budget,
      // Nothing was taken: no score is low enough to tell, and JSON knows no infinity.
      scoreMin: Number.isFinite(scoreMin) ? scoreMin : 100,
      alerts: taken,
      recall: share(found.size, patterns.length),
      recallByType: Object.fromEntries(
        [...groupBy(patterns, (p) => p.type)]
          .sort(([a], [b]) => compare(a, b))
          .map(([type, all]) => [type, share(all.filter((p) => found.has(p)).length, all.length)]),
      ),
    };
  });
}

const share = (part: number, whole: number): number => (whole === 0 ? 0 : part / whole);

/**
 * Patterns from a CSV with the columns pattern_id, pattern_type, first_date, accounts, tx_ids (the
 * last two separated by spaces). `dateMs` turns a date into its first moment in the bank's zone.
 * Throws an Error that says which line is wrong.
 */
export function readPatterns(text: string, dateMs: (date: string) => number): Pattern[] {
  const [head = '', ...rows] = text.split(/\r?\n/).filter((line) => line !== '');
  const names = head.split(',');
  const at = (name: string): number => {
    const i = names.indexOf(name);
    if (i < 0) throw new Error(`line 1: no column ${name}; its columns are ${names.join(', ')}`);
    return i;
  };
  const [id, type, first, accounts, ids] = [
    at('pattern_id'),
    at('pattern_type'),
    at('first_date'),
    at('accounts'),
    at('tx_ids'),
  ] as [number, number, number, number, number];
  return rows.map((row, i) => {
    const cells = row.split(',');
    const firstMs = dateMs(cells[first] ?? '');
    const transactionIds = (cells[ids] ?? '').split(' ').filter((t) => t !== '');
    if (cells.length !== names.length || Number.isNaN(firstMs) || transactionIds.length === 0) {
      throw new Error(`line ${i + 2}: not a pattern: needs a date and transactions`);
    }
    return {
      id: cells[id] as string,
      type: cells[type] as string,
      firstMs,
      transactionIds,
      accounts: (cells[accounts] ?? '').split(' ').filter((a) => a !== ''),
    };
  });
}

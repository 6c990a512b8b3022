/** What is new and what is gone when another catalogue scores the same transactions. */
import { alertsOf, compare, groupBy, legKey } from './alerts.js';
import type { Change, ReportHit } from './types.js';

const EXAMPLES_MAX = 5;

const keyOf = (hit: ReportHit): string => `${hit.rule}\u0000${legKey(hit)}`;

/** Hits are the same when rule, subject and leg are. `fresh` are in `hits` alone. */
export function changes(
  hits: readonly ReportHit[],
  others: readonly ReportHit[],
): { fresh: Change[]; gone: Change[]; same: number } {
  const mine = new Set(hits.map(keyOf));
  const theirs = new Set(others.map(keyOf));
  const fresh = hits.filter((h) => !theirs.has(keyOf(h)));
  const gone = others.filter((h) => !mine.has(keyOf(h)));
  return {
    fresh: changesOf(fresh, others),
    gone: changesOf(gone, hits),
    same: hits.length - fresh.length,
  };
}

function changesOf(hits: readonly ReportHit[], elsewhere: readonly ReportHit[]): Change[] {
  const known = groupBy(elsewhere, (h) => h.rule);
  return [...groupBy(hits, (h) => h.rule)]
    .sort(([a], [b]) => compare(a, b))
    .map(([rule, ofRule]) => {
      const there = new Set((known.get(rule) ?? []).map((h) => h.subject));
      const subjects = new Set(ofRule.map((h) => h.subject).filter((s) => !there.has(s)));
      return {
        rule,
        hits: ofRule.length,
        alerts: alertsOf(ofRule.filter((h) => subjects.has(h.subject))).length,
        subjects: subjects.size,
        examples: ofRule.slice(0, EXAMPLES_MAX).map(({ subject, eventTime, transactionId }) => ({
          subject,
          eventTime,
          transactionId,
        })),
      };
    });
}

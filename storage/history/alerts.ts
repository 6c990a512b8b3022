/**
 * Questions about alerts. An alert is the fold of its events, and `FOLD` is that fold in SQL; it
 * says the same as the dashboard's alert in memory (dashboard/server/alert-entry.ts): the newest
 * hit of the highest severity speaks, an undone close gives the alert back to who had it before.
 */

import type { CloseReason } from '../../schemas/close-reasons.js';
import type { AlertSearch, RuleStatistics, StoredAlert } from '../../schemas/history.js';
import { FAMILIES, type Family, SEVERITIES } from '../../schemas/hit.js';
import { exact, type QueryParameters } from '../client/client.js';
import { limitOf, type Question, wholeMs } from './question.js';

const IS_HIT = "e.what IN ('open', 'append')";
/** Its hit was still to be had when it was stored. */
const SPEAKS = "e.family != ''";
const IS_ACT = "e.what IN ('take', 'release', 'close', 'undo-close')";
const IS_HOLD = "e.what IN ('take', 'release')";
const IS_CLOSE = "e.what = 'close'";

/** `which` selects the opening events of the alerts that are folded. */
const fold = (database: string, which: string): string => `
  SELECT e.alert_id AS id, anyIf(e.rule, e.what = 'open') AS rule,
    anyIf(e.subject, e.what = 'open') AS subject,
    argMaxIf((e.severity, e.score, e.amount_base_minor, e.family), (e.severity, e.position),
      ${SPEAKS}) AS best,
    if(best.4 = '', 'operations', best.4) AS family_name,
    countIf(${IS_HIT}) AS hit_count, anyIf(e.at_ms, e.what = 'open') AS opened_ms,
    if(countIf(${SPEAKS}) = 0, opened_ms, maxIf(e.event_ms, ${SPEAKS})) AS hit_ms,
    argMax(e.at_ms, e.position) AS changed_ms,
    argMaxIf(e.what, e.position, ${IS_ACT}) AS last_act,
    argMaxIf((e.what, e.user), e.position, ${IS_HOLD}) AS hold,
    argMaxIf((e.user, e.reason, e.at_ms), e.position, ${IS_CLOSE}) AS closing,
    multiIf(last_act = 'close', 'closed', hold.1 = 'take', 'taken', 'open') AS state,
    multiIf(state = 'closed', closing.1, state = 'taken', hold.2, '') AS owner,
    if(state = 'closed', closing.2, '') AS close_reason
  FROM ${database}.alert_events AS e FINAL
  WHERE e.alert_id IN (
    SELECT o.alert_id FROM ${database}.alert_events AS o FINAL WHERE o.what = 'open' AND ${which})
  GROUP BY e.alert_id`;

interface AlertRow {
  alert: string;
  rule: string;
  family_name: string;
  subject: string;
  severity: number;
  score: number;
  base_minor: string;
  hit_count: string;
  state: StoredAlert['state'];
  owner: string;
  close_reason: string;
  hit_ms: string;
  opened_ms: string;
  changed_ms: string;
}

export function alertsQuestion(search: AlertSearch): Question<AlertRow, StoredAlert> {
  const { sql, parameters } = filters(search);
  return {
    sql: (database) => `
      SELECT toString(f.id) AS alert, f.rule AS rule, f.family_name AS family_name,
        f.subject AS subject, f.best.1 AS severity, f.best.2 AS score, f.best.3 AS base_minor,
        f.hit_count AS hit_count, f.state AS state, f.owner AS owner,
        f.close_reason AS close_reason, f.hit_ms AS hit_ms, f.opened_ms AS opened_ms,
        f.changed_ms AS changed_ms
      FROM (${fold(database, sql.opened)}) AS f
      WHERE ${sql.folded}
      ORDER BY f.opened_ms DESC, alert DESC`,
    parameters,
    limit: limitOf(search.limit),
    offset: Math.floor(Math.max(search.offset ?? 0, 0)),
    logs: ['work'],
    read: readAlert,
  };
}

/** Conditions on the opening event, which an index knows, and on the folded alert. */
function filters(search: AlertSearch): {
  sql: { opened: string; folded: string };
  parameters: QueryParameters;
} {
  const opened = ['o.at_ms >= {fromMs:Int64}', 'o.at_ms < {toMs:Int64}'];
  const folded = ['1'];
  const parameters: QueryParameters = {
    fromMs: wholeMs(search.fromMs),
    toMs: wholeMs(search.toMs),
  };
  const equals = (into: string[], column: string, name: string, value: string | undefined) => {
    if (value === undefined) return;
    into.push(`${column} = {${name}:String}`);
    parameters[name] = value;
  };
  equals(opened, 'o.rule', 'rule', search.rule);
  equals(opened, 'o.subject', 'subject', search.subject);
  equals(folded, 'f.family_name', 'family', search.family);
  equals(folded, 'f.state', 'state', search.state);
  equals(folded, 'f.close_reason', 'closeReason', search.closeReason);
  if (search.severityAtLeast !== undefined) {
    folded.push('f.best.1 >= {severity:UInt8}');
    parameters['severity'] = SEVERITIES.indexOf(search.severityAtLeast);
  }
  return { sql: { opened: opened.join(' AND '), folded: folded.join(' AND ') }, parameters };
}

function readAlert(row: AlertRow): StoredAlert {
  return {
    id: row.alert,
    rule: row.rule,
    family: familyOf(row.family_name),
    subject: row.subject,
    severity: SEVERITIES[row.severity] ?? 'info',
    score: row.score,
    amountBaseMinor: exact(row.base_minor),
    hitCount: exact(row.hit_count),
    state: row.state,
    owner: row.owner,
    closeReason: row.close_reason as CloseReason | '',
    eventMs: exact(row.hit_ms),
    openedMs: exact(row.opened_ms),
    changedMs: exact(row.changed_ms),
  };
}

/** A family of a later version is not lost from sight. */
const familyOf = (name: string): Family => FAMILIES.find((known) => known === name) ?? 'operations';

interface RuleRow {
  rule_name: string;
  hits: string;
  history_hits: string;
  shadow_hits: string;
  subjects: string;
  alerts: string;
  closed: string;
  false_positives: string;
  confirmed: string;
  handling_ms: string | null;
}

/** Hits detected and alerts opened since `fromMs`; of the latter what became of them. */
export function rulesQuestion(fromMs: number): Question<RuleRow, RuleStatistics> {
  return {
    sql: (database) => `
      SELECT rule_name, sum(h) AS hits, sum(hh) AS history_hits,
        sum(sh) AS shadow_hits, sum(s) AS subjects, sum(a) AS alerts, sum(c) AS closed,
        sum(fp) AS false_positives, sum(ok) AS confirmed, max(handling) AS handling_ms
      FROM (
        SELECT h.rule AS rule_name, count() AS h, countIf(h.history) AS hh,
          countIf(h.shadow) AS sh, uniqExact(h.subject) AS s, 0 AS a, 0 AS c, 0 AS fp, 0 AS ok,
          CAST(NULL, 'Nullable(Int64)') AS handling
        FROM ${database}.hits AS h FINAL WHERE h.detected_ms >= {fromMs:Int64} GROUP BY h.rule
        UNION ALL
        SELECT f.rule AS rule_name, 0 AS h, 0 AS hh, 0 AS sh, 0 AS s, count() AS a,
          countIf(f.state = 'closed') AS c, countIf(f.close_reason = 'false-positive') AS fp,
          countIf(f.close_reason = 'confirmed') AS ok,
          quantileExactLowOrNullIf(0.5)(f.closing.3 - f.opened_ms, f.state = 'closed') AS handling
        FROM (${fold(database, 'o.at_ms >= {fromMs:Int64}')}) AS f GROUP BY f.rule
      )
      GROUP BY rule_name
      ORDER BY hits DESC, rule_name`,
    parameters: { fromMs: wholeMs(fromMs) },
    limit: limitOf(Number.POSITIVE_INFINITY),
    logs: ['hits', 'work'],
    read: (row) => ({
      rule: row.rule_name,
      hits: exact(row.hits),
      historyHits: exact(row.history_hits),
      shadowHits: exact(row.shadow_hits),
      subjects: exact(row.subjects),
      alerts: exact(row.alerts),
      closed: exact(row.closed),
      falsePositives: exact(row.false_positives),
      confirmed: exact(row.confirmed),
      handlingP50Ms: row.handling_ms === null ? null : exact(row.handling_ms),
    }),
  };
}

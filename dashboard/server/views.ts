/**
 * What a user may see: one builder per view type, each an allow list of fields, so that a field
 * that is new inside never reaches a screen by itself. Sentences carry names and amounts and are
 * part of the row; what a role may not read is replaced here and nowhere else.
 */
import type { Hit } from '../../schemas/hit.js';
import type { AlertDetail, AlertRow, SessionUser } from '../../schemas/protocol.js';

export type Role = SessionUser['role'];

const PERMISSIONS: Record<Role, SessionUser['permissions']> = {
  administrator: ['alerts.read', 'alerts.work', 'system.read'],
  supervisor: ['alerts.read', 'alerts.work', 'system.read'],
  officer: ['alerts.read', 'alerts.work'],
  auditor: ['alerts.read', 'system.read'],
};

export function sessionUser(name: string, role: Role): SessionUser {
  return { name, role, permissions: [...PERMISSIONS[role]] };
}

/**
 * The class itself is secret (domain.md): outside a customer's care team everybody sees at most
 * that special care is taken, and no role here is a care team. Said first: a narrow column cuts
 * the end off.
 */
const SECRET_CLASSES = ['critically-ill', 'suspected-critically-ill'];

export function watchView(watch: readonly string[]): string[] {
  const shown = watch.filter((w) => !SECRET_CLASSES.includes(w));
  return shown.length < watch.length ? ['special-care', ...shown] : shown;
}

/** Whether a scope is of one of the secret classes and not of the other. */
export function tellsSecretClass(watch: readonly string[]): boolean {
  const secret = SECRET_CLASSES.filter((name) => watch.includes(name)).length;
  return secret > 0 && secret < SECRET_CLASSES.length;
}

export function alertRowView(row: AlertRow): AlertRow {
  return {
    id: row.id,
    rule: row.rule,
    ruleVersion: row.ruleVersion,
    ruleName: { zh: row.ruleName.zh, en: row.ruleName.en },
    family: row.family,
    subject: row.subject,
    subjectName: row.subjectName,
    tier: row.tier,
    watch: watchView(row.watch),
    severity: row.severity,
    score: row.score,
    action: row.action,
    sentence: { zh: row.sentence.zh, en: row.sentence.en },
    amountBaseMinor: row.amountBaseMinor,
    hitCount: row.hitCount,
    state: row.state,
    owner: row.owner,
    closeReason: row.closeReason,
    closeNote: row.closeNote,
    dueMs: row.dueMs,
    follows: row.follows,
    eventTime: row.eventTime,
    openedMs: row.openedMs,
    updatedMs: row.updatedMs,
  };
}

export function hitView(hit: Hit): Hit {
  return {
    id: hit.id,
    rule: hit.rule,
    ruleVersion: hit.ruleVersion,
    catalogueVersion: hit.catalogueVersion,
    family: hit.family,
    subject: hit.subject,
    account: hit.account,
    eventTime: hit.eventTime,
    severity: hit.severity,
    score: hit.score,
    action: hit.action,
    observed: hit.observed,
    threshold: hit.threshold,
    band: hit.band,
    gates: hit.gates,
    window: hit.window,
    facts: hit.facts,
    transactions: hit.transactions,
    transactionIds: hit.transactionIds,
    transactionCount: hit.transactionCount,
    atLeast: hit.atLeast,
    counterparties: hit.counterparties,
    transactionId: hit.transactionId,
    amountBaseMinor: hit.amountBaseMinor,
    // The packed profile names the watch classes.
    profile: 0,
    referenceVersion: hit.referenceVersion,
    origin: hit.origin,
    side: hit.side,
    history: hit.history,
    ...(hit.shadow !== undefined && { shadow: hit.shadow }),
    ...(hit.flood !== undefined && { flood: hit.flood }),
    ...(hit.warmingUntil !== undefined && { warmingUntil: hit.warmingUntil }),
    ...(hit.parts !== undefined && { parts: hit.parts }),
  };
}

export function alertDetailView(detail: AlertDetail): AlertDetail {
  return {
    row: alertRowView(detail.row),
    hits: detail.hits.map((hit) => hitView(hit)),
    rule: detail.rule,
    trail: detail.trail,
    otherAlerts: detail.otherAlerts.map((row) => alertRowView(row)),
    parties: detail.parties,
    followedBy: detail.followedBy,
    hitsGone: detail.hitsGone,
  };
}

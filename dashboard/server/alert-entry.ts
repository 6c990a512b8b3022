/**
 * One alert in memory: what decisions need, small enough to keep for every open alert, and the
 * published row, which is what screens see. The row is replaced, never changed, and only once the
 * records behind it are flushed; so nothing is ever shown that a crash could take back.
 */
import { unpackProfile } from '../../schemas/classes.js';
import type { CloseReason } from '../../schemas/close-reasons.js';
import { type Family, type Hit, SEVERITIES } from '../../schemas/hit.js';
import type { AlertRow, AlertState } from '../../schemas/protocol.js';
import { floodSentence } from '../../schemas/sentence.js';
import { dueMs } from '../../schemas/time.js';
import type { WorkRecord } from '../../schemas/work-log.js';
import type { BankDirectory } from './directory.js';

/** Hits that the drawer can show. */
export const HITS_SHOWN_MAX = 50;
/** What people did, newest kept; also how long a command's id is remembered. */
export const ACTS_MAX = 200;

export type ActRecord = Extract<WorkRecord, { type: 'take' | 'release' | 'close' | 'undo-close' }>;

export interface Act {
  position: number;
  command: string;
  type: ActRecord['type'];
  user: string;
  atMs: number;
  detail: string;
}

/** What the row takes from the newest hit of the highest band. */
export interface HitSummary {
  position: number;
  /** Index into SEVERITIES. */
  severity: number;
  score: number;
  profile: number;
  family: Family;
}

export interface AlertEntry {
  id: string;
  rule: string;
  subject: string;
  state: AlertState;
  owner: string | null;
  closeReason: CloseReason | null;
  closeNote: string | null;
  /** Who had it when it was closed: whom an undone close gives it back to. */
  ownerBefore: string | null;
  dueMs: number | null;
  follows: string | null;
  openedMs: number;
  updatedMs: number;
  hitCount: number;
  /** In the hits log, newest last. */
  hitPositions: number[];
  best: HitSummary;
  /** Event time of the newest hit. */
  eventTime: number;
  acts: Act[];
  /** `best.position` of the row in the side table `rows`; null when there is none. */
  rowKept: number | null;
  row: AlertRow | undefined;
}

/** Whom an alert is about: all hits behind an open breaker join one of their rule, of nobody. */
export const NOBODY = '';
export function subjectOf(hit: Hit): string {
  return hit.flood === true ? NOBODY : hit.subject;
}

export function summarise(hit: Hit, position: number): HitSummary {
  return {
    position,
    severity: SEVERITIES.indexOf(hit.severity),
    score: hit.score,
    // What a customer is says nothing of a flood of many.
    profile: hit.flood === true ? 0 : hit.profile,
    family: hit.family,
  };
}

/** Where the hit is not to be had any more: the alert stays, with what the work log says. */
const NOTHING_KNOWN = { severity: 0, score: 0, profile: 0, family: 'operations' } as const;

/** The record that opens an alert with its first hit. */
export function openRecord(
  hit: Hit,
  at: { atMs: number; position: number },
  follows: string | undefined,
  directory: BankDirectory,
): Extract<WorkRecord, { type: 'open' }> {
  const { due } = directory.rule(hit.catalogueVersion, hit.rule) ?? {};
  return {
    type: 'open',
    alertId: hit.id,
    rule: hit.rule,
    subject: subjectOf(hit),
    // A flood is the rule's fault, no customer's: nobody owes its action.
    ...(due && hit.flood !== true && { dueMs: dueMs(hit.eventTime, due, directory.calendar()) }),
    ...(follows && { follows }),
    atMs: at.atMs,
    hitPosition: at.position,
  };
}

export function openEntry(
  record: Extract<WorkRecord, { type: 'open' }>,
  hit: Hit | undefined,
): AlertEntry {
  const unknown = { ...NOTHING_KNOWN, position: record.hitPosition };
  return {
    id: record.alertId,
    rule: record.rule,
    subject: record.subject,
    state: 'open',
    owner: null,
    closeReason: null,
    closeNote: null,
    ownerBefore: null,
    dueMs: record.dueMs ?? null,
    follows: record.follows ?? null,
    openedMs: record.atMs,
    updatedMs: record.atMs,
    hitCount: 1,
    hitPositions: [record.hitPosition],
    best: hit === undefined ? unknown : summarise(hit, record.hitPosition),
    eventTime: hit?.eventTime ?? record.atMs,
    acts: [],
    rowKept: null,
    row: undefined,
  };
}

/** A later hit of the same (rule, subject). Equal bands: the newer one speaks. */
export function appendHit(entry: AlertEntry, hit: Hit | undefined, position: number): void {
  entry.hitCount++;
  entry.hitPositions.push(position);
  if (entry.hitPositions.length > HITS_SHOWN_MAX) entry.hitPositions.shift();
  if (hit === undefined) return;
  const summary = summarise(hit, position);
  if (summary.severity >= entry.best.severity) entry.best = summary;
  entry.eventTime = Math.max(entry.eventTime, hit.eventTime);
}

export function applyAct(entry: AlertEntry, record: ActRecord, position: number): void {
  switch (record.type) {
    case 'take':
      entry.state = 'taken';
      entry.owner = record.user;
      break;
    case 'release':
      entry.state = 'open';
      entry.owner = null;
      break;
    case 'close':
      entry.ownerBefore = entry.owner;
      entry.state = 'closed';
      entry.owner = record.user;
      entry.closeReason = record.reason;
      entry.closeNote = record.note;
      break;
    case 'undo-close':
      entry.owner = entry.ownerBefore;
      entry.state = entry.owner === null ? 'open' : 'taken';
      entry.closeReason = null;
      entry.closeNote = null;
  }
  const { command, type, user, atMs } = record;
  const detail = record.type === 'close' ? `${record.reason}: ${record.note}` : '';
  entry.acts.push({ position, command, type, user, atMs, detail });
  if (entry.acts.length > ACTS_MAX) entry.acts.shift();
}

/** The row of all that is known; views by role take their fields from it. */
export function buildRow(
  entry: AlertEntry,
  hit: Hit | undefined,
  directory: BankDirectory,
): AlertRow {
  const profile = unpackProfile(entry.best.profile);
  const rule = hit === undefined ? undefined : directory.rule(hit.catalogueVersion, hit.rule);
  return {
    id: entry.id,
    rule: entry.rule,
    ruleVersion: hit?.ruleVersion ?? 0,
    ruleName: rule?.names ?? { zh: entry.rule, en: entry.rule },
    family: entry.best.family,
    subject: entry.subject,
    subjectName: directory.subjectName(entry.subject),
    tier: profile.tier,
    watch: profile.watch,
    severity: SEVERITIES[entry.best.severity] ?? 'info',
    score: entry.best.score,
    action: hit?.action ?? 'notify',
    sentence: hit === undefined ? { zh: entry.rule, en: entry.rule } : directory.sentence(hit),
    amountBaseMinor: isFlood(entry) ? 0 : (hit?.amountBaseMinor ?? 0),
    ...changing(entry),
  };
}

function isFlood(entry: AlertEntry): boolean {
  return entry.subject === NOBODY;
}

/** The part of a row that changes without another hit speaking. */
export function changing(
  entry: AlertEntry,
): Pick<
  AlertRow,
  | 'hitCount'
  | 'state'
  | 'owner'
  | 'closeReason'
  | 'closeNote'
  | 'dueMs'
  | 'follows'
  | 'eventTime'
  | 'openedMs'
  | 'updatedMs'
> & { sentence?: AlertRow['sentence'] } {
  return {
    ...(isFlood(entry) && { sentence: floodSentence(entry.hitCount) }),
    hitCount: entry.hitCount,
    state: entry.state,
    owner: entry.owner,
    closeReason: entry.closeReason,
    closeNote: entry.closeNote,
    dueMs: entry.dueMs,
    follows: entry.follows,
    eventTime: entry.eventTime,
    openedMs: entry.openedMs,
    updatedMs: entry.updatedMs,
  };
}

const HOUR_MS = 3_600_000;
const TIER_WEIGHT: Record<string, number> = { strategic: 4, growth: 3, base: 2, attention: 1 };

/** The queue's order (domain.md): the page sorts by the same numbers. */
export function urgency(entry: AlertEntry, nowMs: number): number {
  const profile = unpackProfile(entry.best.profile);
  // Confirmed and suspected alike: an order that told them apart would tell the secret class.
  const ill = profile.watch.some((w) => w.endsWith('critically-ill')) ? 1 : 0;
  const tier = TIER_WEIGHT[profile.tier] ?? 0;
  return ill * 1000 + (entry.best.severity + 1) * 100 + dueStep(entry.dueMs, nowMs) * 10 + tier;
}

/** Overdue 4, within 2 h 3, within a day 2, later 1, none 0. */
function dueStep(dueMs: number | null, nowMs: number): number {
  if (dueMs === null) return 0;
  const left = dueMs - nowMs;
  if (left < 0) return 4;
  if (left < 2 * HOUR_MS) return 3;
  return left < 24 * HOUR_MS ? 2 : 1;
}

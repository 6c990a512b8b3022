/**
 * The port behind which history stands (ClickHouse, through storage/). Everything but the live
 * queue may be missing: each answer says up to when it is complete, and a failure is a value.
 */

import type { CloseReason } from './close-reasons.js';
import type { Family, Severity } from './hit.js';

/**
 * Why there is no history now. `absent`: this machine cannot run it, and `detail` says the mend.
 */
export const HISTORY_STATES = ['ready', 'starting', 'away', 'absent', 'off'] as const;
export type HistoryState = (typeof HISTORY_STATES)[number];

export interface HistoryStatus {
  state: HistoryState;
  /** For people, English, with the mend; '' when ready. */
  detail: string;
  /** Ingest time of the newest journal record that is stored, epoch ms; null before the first. */
  writtenToMs: number | null;
}

export type HistoryFailure = 'unavailable' | 'timeout' | 'too-large' | 'failed';

/** An answer with its age, or why there is none. Never throws for what the database does. */
export type HistoryAnswer<T> =
  | { ok: true; value: T; writtenToMs: number; truncated: boolean }
  | { ok: false; failure: HistoryFailure; detail: string };

/**
 * A customer's bank day; amounts in base-currency minor units. Days without payments are left out.
 */
export interface CustomerDay {
  /** YYYY-MM-DD in the bank's zone. */
  day: string;
  inCount: number;
  inMinor: number;
  outCount: number;
  outMinor: number;
  /** Transactions that count as activity. */
  customerMade: number;
}

export interface CustomerAccount {
  account: string;
  /** As last reported with a transaction; null when none ever was. */
  balanceMinor: number | null;
  balanceAtMs: number | null;
  firstMs: number;
  lastMs: number;
  transactions: number;
}

export interface CounterpartyFlow {
  counterparty: string;
  country: string;
  inCount: number;
  inMinor: number;
  outCount: number;
  outMinor: number;
  firstMs: number;
  lastMs: number;
}

export interface CustomerTransaction {
  id: string;
  eventMs: number;
  side: 'debit' | 'credit';
  account: string;
  counterparty: string;
  country: string;
  amountBaseMinor: number;
  amountMinor: number;
  currency: string;
  type: string;
  channel: string;
  balanceAfterMinor: number | null;
}

/** An alert as the work log tells it, long after it has left memory. */
export interface StoredAlert {
  id: string;
  rule: string;
  family: Family;
  subject: string;
  severity: Severity;
  score: number;
  amountBaseMinor: number;
  hitCount: number;
  state: 'open' | 'taken' | 'closed';
  owner: string;
  closeReason: CloseReason | '';
  eventMs: number;
  openedMs: number;
  changedMs: number;
}

export interface AlertSearch {
  /** Opened in [fromMs, toMs). */
  fromMs: number;
  toMs: number;
  rule?: string;
  family?: Family;
  subject?: string;
  state?: StoredAlert['state'];
  severityAtLeast?: Severity;
  closeReason?: CloseReason;
  /** Newest first; at most HISTORY_ROWS_MAX. */
  limit: number;
  /** Rows to leave out before the first. */
  offset?: number;
}

export interface RuleStatistics {
  rule: string;
  hits: number;
  /** Of them marked history. */
  historyHits: number;
  /** Of them of the rule in shadow. */
  shadowHits: number;
  subjects: number;
  alerts: number;
  closed: number;
  falsePositives: number;
  confirmed: number;
  /** Opening to closing, median; null while none is closed. */
  handlingP50Ms: number | null;
}

export const HISTORY_ROWS_MAX = 1_000;
export const HISTORY_TIMEOUT_MS = 3_000;

export interface History {
  status(): HistoryStatus;
  /** Bank days in [fromDay, toDay], both YYYY-MM-DD, oldest first. */
  customerDays(
    subject: string,
    fromDay: string,
    toDay: string,
  ): Promise<HistoryAnswer<CustomerDay[]>>;
  customerAccounts(subject: string): Promise<HistoryAnswer<CustomerAccount[]>>;
  /** By sum in and out since `fromMs`, largest first. */
  topCounterparties(
    subject: string,
    fromMs: number,
    limit: number,
  ): Promise<HistoryAnswer<CounterpartyFlow[]>>;
  /** Newest first, event time below `beforeMs`. */
  customerTransactions(
    subject: string,
    beforeMs: number,
    limit: number,
  ): Promise<HistoryAnswer<CustomerTransaction[]>>;
  searchAlerts(search: AlertSearch): Promise<HistoryAnswer<StoredAlert[]>>;
  /** Since `fromMs`, by rule, most hits first. */
  ruleStatistics(fromMs: number): Promise<HistoryAnswer<RuleStatistics[]>>;
  close(): Promise<void>;
}

/**
 * `weir.v1`: what goes over the dashboard's WebSocket and its HTTP API. Types only, so that the
 * page carries no schema code.
 */
import type { Alarm } from './alarms.js';
import type { RuleState } from './catalogue.js';
import type { SubjectKind, Tier } from './classes.js';
import type { CloseReason } from './close-reasons.js';
import type { CaseKind } from './demo.js';
import type { Explained } from './explanation.js';
import type {
  CounterpartyFlow,
  CustomerAccount,
  CustomerDay,
  CustomerTransaction,
  HistoryFailure,
  HistoryStatus,
  RuleStatistics,
  StoredAlert,
} from './history.js';
import type { Action, Family, Hit, Severity, Unit } from './hit.js';
import type { DashboardStats, DemoStats, DiskStats, EngineStats, StorageStats } from './stats.js';

export const SUBPROTOCOL = 'weir.v1';
/** Close codes; 4500 and above: do not reconnect. */
export const CloseCode = {
  shutdown: 4001,
  sessionExpired: 4005,
  slow: 4008,
  insufficientState: 4010,
  noPong: 4012,
  badMessage: 4500,
  unauthorised: 4501,
  forbidden: 4503,
  tooManyConnections: 4504,
  protocolVersion: 4506,
} as const;

export type AlertState = 'open' | 'taken' | 'closed';

/** A row of the queue: all that the list needs, built on the server by role (allow list). */
export interface AlertRow {
  id: string;
  rule: string;
  ruleVersion: number;
  ruleName: { zh: string; en: string };
  family: Family;
  /** '' where the rule's breaker is open: hits of many customers in one alert. */
  subject: string;
  /** Name as this user may see it. */
  subjectName: string;
  tier: string;
  watch: string[];
  severity: Severity;
  score: number;
  action: Action;
  /** The officer's sentence, newest hit of the highest band; of a flood, how many hits. */
  sentence: { zh: string; en: string };
  amountBaseMinor: number;
  hitCount: number;
  state: AlertState;
  owner: string | null;
  closeReason: CloseReason | null;
  closeNote: string | null;
  dueMs: number | null;
  follows: string | null;
  /** Event time of the newest hit, and platform times of opening and last change, epoch ms. */
  eventTime: number;
  openedMs: number;
  updatedMs: number;
}

/** Of counterparties by account: those that are customers of this bank. */
export type Parties = Record<string, { subject: string; name: string }>;

/** GET /api/alerts/:id */
export interface AlertDetail {
  row: AlertRow;
  /** Newest first, at most 50. */
  hits: Hit[];
  /** Rule as in the catalogue version of the newest hit. */
  rule: {
    id: string;
    version: number;
    names: { zh: string; en: string };
    formula: string;
    bands: { outcome: string; from?: number; above?: number; severity: Severity }[];
    references: string[];
    owner: string;
    /** Unit of each feature by name: facts of a hit carry none. */
    units: Record<string, Unit>;
    /** Observed feature or gate -> the fact that is this customer's normal for it. */
    normals: Record<string, string>;
    /** How a value becomes the score; null: each band has its own. Money in minor units. */
    score: { by: string; unit: Unit; points: [value: number, score: number][] } | null;
    /** Names of a typology's members. */
    members: Record<string, { zh: string; en: string }>;
  } | null;
  /** What people and the system did, oldest first. */
  trail: { atMs: number; what: string; user: string | null; detail: string }[];
  /** Open ones first, then the newest; at most 20. */
  otherAlerts: AlertRow[];
  /** Of the hits' counterparties. */
  parties: Parties;
  /** The alert that a later hit opened after this one was closed. */
  followedBy: string | null;
  /** Hits of this alert that the hits log has dropped: their evidence is in the history store. */
  hitsGone: number;
}

/**
 * GET /api/alerts/:id/explain : what every rule said when the newest hit came. Takes up to 8 s, and
 * as long for each that waits before; 429 `busy` beyond four, 503 `out-of-time` or `failed`, 404
 * `unknown-alert`, `no-customer`, `unknown-subject`, `before-first-leg` or `never-scored`.
 */
export interface ExplainReply {
  /** Of the transaction or the close of a day that is explained, epoch ms. */
  atMs: number;
  /** The journal no longer holds all of the customer's transactions: values are lower bounds. */
  isCut: boolean;
  /** Of rules that may speak of this customer. */
  rules: (Explained & { names: { zh: string; en: string }; family: Family })[];
  /** Rules that speak of other customers. */
  outOfScope: number;
  /** Paused rules and drafts. */
  notScored: number;
}

/**
 * GET /api/alerts?state=&family=&rule=&who=&q=&limit= : the first screen. Sorted by urgency.
 * `state`: `open` (default; open or taken) or `closed`.
 */
export interface AlertList {
  rows: AlertRow[];
  total: number;
  counts: { all: number; mine: number; unassigned: number; byFamily: Record<Family, number> };
  /** Subscribe with this to continue without a gap. */
  cursor: string;
}

export interface Stats {
  atMs: number;
  transactionsPerSecond: number;
  transactionsTotal: number;
  alertsPerMinute: number;
  openAlerts: number;
  /** Ingest stamp to socket write, ms; null when nothing was measured lately. */
  latencyP50Ms: number | null;
  latencyP99Ms: number | null;
  engine: 'running' | 'starting' | 'away';
  lastAlertMs: number | null;
  /** Null without a demonstration. */
  demo: DemoStats | null;
  history: HistoryStatus;
  /** Bytes below the data folder; null until measured. */
  diskBytes: number | null;
}

/**
 * A block of a page that comes from one source and has an age of its own. `missing`: the source
 * cannot say now (`why` is a HistoryFailure, or `no-data`: there is none for this customer);
 * `asOfMs`: complete up to this ingest time.
 */
export type Block<T> =
  | {
      state: 'ok';
      source: 'reference' | 'history' | 'live';
      asOfMs: number;
      truncated: boolean;
      value: T;
    }
  | {
      state: 'missing';
      source: 'reference' | 'history' | 'live';
      why: HistoryFailure | 'no-data';
      detail: string;
    };

/**
 * GET /api/customers/:subject ; 404 `unknown-customer` when neither reference data nor alerts know
 * it.
 */
export interface CustomerPage {
  subject: string;
  name: string;
  profile: Block<{
    kind: SubjectKind;
    tier: Tier;
    riskClass: number;
    /** As this user may see it: the secret classes read `special-care`. */
    watch: string[];
    lists: string[];
    manager: string;
    branch: string;
    /** YYYY-MM-DD of the first account, where known. */
    since: string | null;
  }>;
  /** Accounts of the reference data. */
  accounts: Block<{ account: string; opened: string | null }[]>;
  /** Open first, then closed, newest first; at most 100. */
  alerts: Block<AlertRow[]>;
}

/**
 * GET /api/customers/:subject/history?days=90&to=YYYY-MM-DD : what needs the history store. `to`
 * is the last bank day, today by default; each block stands or falls alone.
 */
export interface CustomerHistory {
  /** Bank days of the picture, both inclusive: days without payments are not in `days`. */
  fromDay: string;
  toDay: string;
  days: Block<CustomerDay[]>;
  accounts: Block<CustomerAccount[]>;
  counterparties: Block<CounterpartyFlow[]>;
  transactions: Block<CustomerTransaction[]>;
  /** Of all counterparties named here. */
  parties: Parties;
}

/**
 * GET /api/customers/:subject/transactions?before=MS : the 50 newest with an event time below
 * `before` (epoch ms), newest first; `truncated` says that there are older ones.
 */
export interface CustomerTransactions {
  transactions: Block<CustomerTransaction[]>;
  parties: Parties;
}

/** GET /api/customers?q= : by name, party id or account (whole or its last 4 and more digits). */
export interface CustomerSearch {
  rows: {
    subject: string;
    name: string;
    kind: SubjectKind;
    tier: Tier;
    branch: string;
    openAlerts: number;
  }[];
  truncated: boolean;
}

/** The promise: p99 from the ingest stamp to the socket write. */
export const LATENCY_TARGET_MS = 100;

/** GET /api/system (permission `system.read`). Roles that are away are null. */
export interface SystemPage {
  atMs: number;
  engine: Aged<EngineStats> | null;
  dashboard: Aged<DashboardStats> | null;
  storage: Aged<StorageStats> | null;
  disk: Aged<DiskStats> | null;
  demo: DemoStats | null;
  /** What somebody should look at now, worst first; codes are texts of the page. */
  alarms: Alarm[];
  /** Promised p99 of ingest stamp to socket write, ms: marked in the picture. */
  latencyTargetMs: number;
  /** Rules and typologies of the catalogue in force, for the table of rules. */
  rules: Record<string, { names: { zh: string; en: string }; state: RuleState }>;
  /** Where each role answers /metrics, /readyz and /healthz, for whoever sits at the machine. */
  operations: { role: 'engine' | 'dashboard' | 'storage'; url: string }[];
}
export interface Aged<T> {
  atMs: number;
  value: T;
}

/**
 * GET /api/dead-letters?reason=&limit=50 (permission `system.read`): newest first, without
 * contents.
 */
export interface DeadLetterList {
  rows: {
    id: string;
    reason: string;
    detail: string;
    source: string;
    atMs: number;
    bytes: number;
  }[];
  truncated: boolean;
}
/** GET /api/dead-letters/:id : the raw bytes as text, account numbers and names masked. */
export interface DeadLetterView {
  id: string;
  reason: string;
  detail: string;
  source: string;
  atMs: number;
  text: string;
}

/** GET /api/rules/statistics?days=30 */
export interface RuleStatisticsReply {
  statistics: Block<RuleStatistics[]>;
}

/**
 * GET /api/alerts/search?from=&to=&rule=&family=&subject=&state=&severity=&reason=&limit=&offset= :
 * closed and old alerts, from the history store; names added. `from`, `to`: bank days (YYYY-MM-DD),
 * both inclusive, the last 30 by default; `severity`: at least this.
 */
export interface AlertSearchReply {
  alerts: Block<(StoredAlert & { subjectName: string; ruleName: { zh: string; en: string } })[]>;
}

/**
 * GET /api/demo : null without one. `curl` carries the ingest key: administrators only.
 */
export interface DemoReply {
  demo: DemoStats;
  kinds: readonly CaseKind[];
  rateMax: number;
  curl: string | null;
}
/** POST /api/demo/commands (administrators): a DemoCommand, answered 202; 429 beyond 5 a second. */

export type ClientMessage =
  | { type: 'subscribe'; channel: Channel; since?: string }
  | { type: 'unsubscribe'; channel: Channel }
  | { type: 'pong'; t: number };
/**
 * `alerts`: new alerts; `alert-updates`: changed ones (both lossless, whole rows); `stats`:
 * conflated.
 */
export type Channel = 'alerts' | 'alert-updates' | 'stats';

/** The cursor of a push belongs to its channel; that of a heartbeat to every subscribed channel. */
export type ServerMessage =
  | {
      type: 'welcome';
      protocol: string;
      epoch: string;
      serverTimeMs: number;
      heartbeatMs: number;
      limits: { pushesPerSecond: number };
      user: SessionUser;
      transport: string;
    }
  | { type: 'subscribed'; channel: Channel; recovered: boolean; cursor: string }
  | {
      type: 'push';
      channel: 'alerts' | 'alert-updates';
      seqFrom: number;
      seqTo: number;
      cursor: string;
      items: AlertRow[];
    }
  | { type: 'push'; channel: 'stats'; seqFrom: number; seqTo: number; items: [Stats] }
  | { type: 'heartbeat'; t: number; cursor: string }
  | { type: 'error'; code: string; message: string };

export interface SessionUser {
  name: string;
  role: 'administrator' | 'officer' | 'supervisor' | 'auditor';
  permissions: ('alerts.read' | 'alerts.work' | 'system.read')[];
}

/** POST /api/alerts/:id/commands . Idempotent by `command`. */
export type AlertCommand =
  | { type: 'take'; command: string }
  | { type: 'release'; command: string }
  | { type: 'close'; command: string; reason: CloseReason; note: string }
  /**
   * Takes back one's own close within UNDO_MS: the alert is as it was before. Refused 409
   * `too-late`, or `superseded` once a new alert of the same rule and customer has opened.
   */
  | { type: 'undo-close'; command: string };
/** Window of `undo-close`; `take` is undone by `release`. */
export const UNDO_MS = 30_000;

/** POST /api/session: a one-time link's token (from the fragment), or a user's password. */
export type SessionRequest = { token: string } | { user: string; password: string };

/**
 * Answers GET (401 without a session) and POST /api/session. DELETE signs out.
 * Errors of POST: `link-used`, `link-expired`, `bad-credentials`, `too-many-attempts`.
 */
export interface SessionReply {
  user: SessionUser;
  /** False right after a first link: the page then suggests setting a password. */
  passwordSet: boolean;
  /** For showing times and amounts; the page assumes Asia/Shanghai and CNY when absent. */
  bank?: { zone: string; baseCurrency: string };
}

/** POST /api/session/password, answered 204. Error: `weak-password` (fewer than 12 characters). */
export interface PasswordRequest {
  password: string;
}

/** Answers POST /api/alerts/:id/commands: the row as it is after the command. */
export interface CommandReply {
  row: AlertRow;
}

/** Every HTTP error of the API. */
export interface ApiError {
  error: { code: string; message: string };
}

/**
 * What the oracle is fed and what it answers: plain objects, so that a test can make them from
 * journal records as well as by hand.
 */
import type { Example } from '../../schemas/catalogue.js';

type Row = Example['transactions'][number];
export type Channel = Row['channel'];
export type TransactionType = Row['type'];

/** One side of a transaction as admission wrote it into the record. */
export interface OracleSide {
  subject: string;
  account: string;
  /** ClassBit, without those that scoring sets. */
  classBits: number;
  /** Packed profile, schemas/classes.ts. */
  profile: number;
  /** Base-currency minor units; NaN = not reported. */
  balanceAfterMinor: number;
  /** No state of its own: gets no leg. */
  external: boolean;
  /** Two letters; '' = unknown. */
  country?: string;
  /** Base-currency minor units; NaN = no such limit. */
  limits?: { single: number; day: number; month: number };
}

export interface OracleTransaction {
  kind: 'transaction';
  /** In the log; strictly ascending over transactions and watermarks. */
  position: number;
  eventMs: number;
  ingestMs: number;
  id: string;
  amountBaseMinor: number;
  /** Unknown where missing. */
  channel?: Channel;
  type?: TransactionType;
  debtor: OracleSide;
  creditor: OracleSide;
  /** Id of the transaction that this one undoes, '' = none. */
  reversedId: string;
  history: boolean;
}

export interface OracleWatermark {
  kind: 'watermark';
  position: number;
  watermarkMs: number;
  /** When it was recorded: a deadline more than 7 d before it belongs to history. */
  ingestMs?: number;
}

export type OracleRecord = OracleTransaction | OracleWatermark;

export type OracleSideName = 'debit' | 'credit' | 'timer';

export interface OraclePart {
  rule: string;
  weight: number;
  outcome: number;
  band: string;
  eventTime: number;
}

export interface OracleHit {
  rule: string;
  subject: string;
  side: OracleSideName;
  /** Log position of the leg that was evaluated; the deadline in epoch ms for a timer. */
  at: number;
  /** Epoch ms: of the leg, or the deadline. */
  evaluatedEventMs: number;
  band: string;
  observed: number;
  /**
   * Transactions behind the observed value: its window's; 1 for silence; recent for a drop; null
   * where nothing is said about it.
   */
  count: number | null;
  score: number;
  history: boolean;
  /** Only where true, like `parts` only of a typology. */
  shadow?: boolean;
  parts?: OraclePart[];
}

export interface OracleSettings {
  /** Days since 1970-01-01 in the bank's zone. */
  bankDay: (ms: number) => number;
  bankDayStartMs: (day: number) => number;
  /** Start of the bank month that holds `ms`. */
  bankMonthStartMs: (ms: number) => number;
  isBusinessDay: (day: number) => boolean;
  /** Base minor units for one minor unit of the currency; undefined = no rate in force. */
  rate: (currency: string) => number | undefined;
  /** How long after the close of a day a subject's daily rules fire: hash mod 3600 s. */
  spreadMs: (subject: string) => number;
  /** Newest later legs that are evaluated again when a late one comes in. */
  reevaluatedMax: number;
}

export interface OracleResult {
  /** In the order found; each (rule, subject, side, at) once, as found first. */
  hits: OracleHit[];
  /** Legs below the watermark: counted, not scored. */
  tooLate: number;
  /** Later legs left out because more than `reevaluatedMax` stood in the windows. */
  notReevaluated: number;
}

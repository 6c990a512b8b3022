/**
 * The synthetic bank: a pure function of its seed. Whoever asks for the same span twice gets the
 * same transactions with the same ids, so a restart may ask again and lose nothing.
 */
import type { CaseKind } from '../../schemas/demo.js';
import type { TransactionFields } from '../../schemas/transaction-codec.js';

export interface BankOptions {
  seed: number;
  /** Officer-visible customers, 5,000 by default, and merchant companies, 2,000. */
  customers: number;
  merchants: number;
  /** Start of the first live day: planned drops and outflows lie around it. Epoch ms. */
  anchorMs: number;
  /** Days of history before the anchor, 130 by default. */
  historyDays: number;
}

/** A transaction with what is known about it and no detector may see. */
export interface BankTransaction {
  fields: TransactionFields;
  /** '' for ordinary life; else the id of the labelled pattern or hard negative. */
  pattern: string;
}

export interface PatternLabel {
  id: string;
  /** `structuring`, `fan-in` ...; of hard negatives `payroll`, `rent-collector`, `harvest` ... */
  kind: string;
  /** False for hard negatives. */
  suspicious: boolean;
  subjects: string[];
  firstMs: number;
  lastMs: number;
  transactionIds: string[];
}

/** A case planted on request: transactions by offset from now. */
export interface PlannedCase {
  kind: CaseKind;
  subject: string;
  /** The rule that must answer; undefined while no rule of the catalogue looks for it. */
  rule: string | undefined;
  /** Written through a history source of their own first (a past that the case needs). */
  past: TransactionFields[];
  /** `afterMs` from the start of the case; id and event time are set when it is played. */
  live: { afterMs: number; fields: Omit<TransactionFields, 'id' | 'eventTimeMs'> }[];
}

export interface Bank {
  readonly options: BankOptions;
  /** Writes parties.csv, accounts.csv, lists.csv, bank.yaml, calendar.yaml into the folder. */
  writeReference(folder: string): void;
  /** Customers' transactions with event time in [fromMs, toMs), in order of time. */
  customerTransactions(fromMs: number, toMs: number): Iterable<BankTransaction>;
  /** `count` card receipts of merchants with event times spread over [fromMs, toMs). */
  receipts(fromMs: number, toMs: number, count: number): Iterable<BankTransaction>;
  /** Patterns that touch [fromMs, toMs). */
  labels(fromMs: number, toMs: number): PatternLabel[];
  /** The `n`-th case of a kind; each takes a fresh customer, as long as they last. */
  plan(kind: CaseKind, n: number, nowMs: number): PlannedCase;
}

/** An explanation as the command prints it and the page may ask for it. Times are epoch ms. */
import type { Explained } from '../../scoring/index.js';

export interface ExplainRequest {
  /** Customer, or account where the bank's reference data names no customer. */
  subject: string;
  atMs: number;
  /** Its newest leg of this side; missing = of either. */
  side?: 'debit' | 'credit';
}

/** Why there is none. */
export type ExplainFailure =
  /** No record kept names the subject. */
  | { reason: 'unknown-subject' }
  | { reason: 'before-first-leg'; firstMs: number }
  /** All of its legs came below the watermark, or undid others: no rule was asked. */
  | { reason: 'never-scored' }
  /** The time budget is spent; so much of the journal was read. */
  | { reason: 'out-of-time'; done: number; total: number };

/** The leg that rules on legs speak of: the subject's newest at or before the time asked for. */
export interface ExplainedLeg {
  transactionId: string;
  account: string;
  side: 'debit' | 'credit';
  eventMs: number;
  amountBaseMinor: number;
  /** Journal position. */
  position: number;
}

export interface Explanation {
  subject: string;
  atMs: number;
  /** First 12 digits of the catalogue's SHA-256. */
  catalogueVersion: string;
  leg?: ExplainedLeg;
  /** End of the last bank day that had closed for the subject. */
  dayCloseMs?: number;
  /** Rules and typologies in the catalogue's order; the paused and drafts are named apart. */
  rules: readonly Explained[];
  notScored: readonly { id: string; state: string }[];
  /** Legs before were not kept: windows that reach back behind it are lower bounds. */
  keptSince?: { position: number };
  /** So many legs of the subject were read. */
  legs: number;
}

export type ExplainResult =
  | { ok: true; explanation: Explanation }
  | ({ ok: false } & ExplainFailure);

/** What the player and the thread of the bank say to each other. */

import type { BankOptions } from '../../ingest/index.js';
import type { CaseKind } from '../../schemas/demo.js';
import type { BegunCase } from './bank-state.js';

/** Encoded transactions of one source, in order: `bytes` holds them one behind another. */
export interface PackedBatch {
  bytes: Uint8Array;
  /** Where each ends. */
  ends: Uint32Array;
  offsets: Float64Array;
}

export interface BankWorkerData {
  bank: BankOptions;
  /** The program's clock against the system's. */
  clockOffsetMs: number;
}

export type ToBank =
  /** Plays from here: what has passed as history, then live. */
  | { type: 'play'; nextOffset: number; nextReceiptOffset: number; ratePerSecond: number }
  | { type: 'rate'; ratePerSecond: number }
  | { type: 'pause' }
  /** One batch was taken over: another may come. */
  | { type: 'taken' }
  | ({ type: 'plan' } & BegunCase);

export interface EncodedCase {
  past: Uint8Array[];
  live: { afterMs: number; bytes: Uint8Array }[];
}

export type FromBank =
  | { type: 'batch'; what: 'history' | 'live' | 'receipts'; batch: PackedBatch; ratio: number }
  /** History is through; what follows is live. */
  | { type: 'caught-up' }
  /** Nothing more comes before the next `play`. */
  | { type: 'paused' }
  | { type: 'case'; kind: CaseKind; n: number; subject: string; encoded: EncodedCase };

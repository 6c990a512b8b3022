/** JSON form of a transaction, for HTTP, files and tests. Strict: an unknown key is an error. */
import { z } from 'zod';
import {
  CHANNEL_NAMES,
  PARTY_KIND_NAMES,
  TRANSACTION_TYPE_NAMES,
} from './generated/transaction.js';

/** Enum names: those of transaction.fbs with dashes. */
export const CHANNELS = CHANNEL_NAMES;
export const TRANSACTION_TYPES = TRANSACTION_TYPE_NAMES;
export const PARTY_KINDS = PARTY_KIND_NAMES;

const partySchema = z.strictObject({
  account: z.string(),
  party: z.string().optional(),
  bank: z.string().optional(),
  country: z.string().optional(),
  kind: z.enum(PARTY_KINDS).optional(),
});
/** Amounts are decimal strings in major units: "1234.56". */
const amount = z.string();

export const transactionJsonSchema = z.strictObject({
  id: z.string(),
  /** ISO 8601 with offset, or epoch milliseconds. */
  eventTime: z.union([z.string(), z.number()]),
  debtor: partySchema,
  creditor: partySchema,
  amount,
  currency: z.string(),
  channel: z.enum(CHANNELS).optional(),
  type: z.enum(TRANSACTION_TYPES).optional(),
  purpose: z.string().optional(),
  debtorBalanceAfter: amount.optional(),
  creditorBalanceAfter: amount.optional(),
  productRiskClass: z.number().int().min(0).max(5).optional(),
  loanId: z.string().optional(),
  reversedTransaction: z.string().optional(),
  recordingReference: z.string().optional(),
});
export type TransactionJson = z.infer<typeof transactionJsonSchema>;

/** The JSON form of a transaction, for HTTP, files and tests. Strict: an unknown key is an error. */
import { z } from 'zod';

export const CHANNELS = [
  'unknown',
  'counter',
  'atm',
  'pos',
  'online',
  'mobile',
  'phone',
  'batch',
  'agent',
  'other',
] as const;
export const TRANSACTION_TYPES = [
  'unknown',
  'transfer',
  'cash-in',
  'cash-out',
  'card',
  'salary',
  'interest',
  'fee',
  'loan-disbursement',
  'loan-repayment',
  'investment-buy',
  'investment-redeem',
  'insurance',
  'tax',
  'refund',
  'reversal',
  'opening-balance',
  'other',
] as const;
export const PARTY_KINDS = [
  'unknown',
  'person',
  'company',
  'government',
  'farmer',
  'rural-firm',
  'rural-cooperative',
  'external',
  'technical',
] as const;

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

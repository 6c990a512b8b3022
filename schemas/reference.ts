/**
 * Reference data: what the bank knows besides transactions, loaded from files in one folder
 * (YAML or CSV each), versioned as one content-addressed blob, switched by a control record.
 */
import { z } from 'zod';
import { LIST_KINDS, SUBJECT_KINDS, TIERS, WATCH_CLASSES } from './classes.js';

const money = z.string().regex(/^\d+(\.\d{1,3})?$/);
const date = z.string().regex(/^\d{4}-\d{2}-\d{2}$/);

export const partySchema = z.strictObject({
  party: z.string(),
  name: z.string(),
  kind: z.enum(SUBJECT_KINDS),
  tier: z.enum(TIERS).default('base'),
  riskClass: z.number().int().min(0).max(5).default(0),
  watch: z.array(z.enum(WATCH_CLASSES)).default([]),
  manager: z.string().default(''),
  branch: z.string().default(''),
});
export const accountSchema = z.strictObject({
  account: z.string(),
  party: z.string(),
  opened: date.optional(),
});
export const listEntrySchema = z.strictObject({
  list: z.enum(LIST_KINDS),
  /** A party or an account. */
  key: z.string(),
  single: money.optional(),
  day: money.optional(),
  month: money.optional(),
});
export const referenceSchema = z.strictObject({
  version: z.number().int().min(1),
  /**
   * Bank identifiers that are ours: their accounts have state. Empty = every account not marked
   * external.
   */
  ourBanks: z.array(z.string()),
  homeCountry: z.string().length(2),
  baseCurrency: z.string().length(3),
  /** IANA zone of the bank day. */
  zone: z.string(),
  /**
   * Offsets from UTC: from `fromMs` on, `offsetMs`; first entry at -Infinity is written as fromMs
   * 0.
   */
  zoneTable: z.array(z.strictObject({ fromMs: z.number(), offsetMs: z.number() })),
  /** Close of business, minutes after midnight. */
  closeOfBusinessMinutes: z.number().int(),
  holidays: z.array(date),
  /** Weekend days that are worked. */
  workdays: z.array(date),
  highRiskCountries: z.array(z.string().length(2)),
  fx: z.strictObject({
    version: z.number().int(),
    /** Base-currency minor units for one minor unit of the currency. */
    rates: z.record(z.string().length(3), z.number().positive()),
  }),
  parties: z.array(partySchema),
  accounts: z.array(accountSchema),
  lists: z.array(listEntrySchema),
});
export type ReferenceData = z.infer<typeof referenceSchema>;
export type PartyReference = z.infer<typeof partySchema>;

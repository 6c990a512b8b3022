/**
 * The closed sets that rules select by: class bits of a leg, flags of a record, and a subject's
 * packed profile. Bits are frozen: a new one takes the next free place, none is ever reused.
 */

/** Class of a leg, set once at admission and stored in the record's annex. */
export const ClassBit = {
  debit: 1 << 0,
  credit: 1 << 1,
  /** Transfer between two parties (not own account). */
  transfer: 1 << 2,
  cash: 1 << 3,
  card: 1 << 4,
  /** Interest, fee, tax: made by the bank, not by the customer. */
  bankMade: 1 << 5,
  salary: 1 << 6,
  loanDisbursement: 1 << 7,
  loanRepayment: 1 << 8,
  investmentBuy: 1 << 9,
  investmentRedeem: 1 << 10,
  crossBorder: 1 << 11,
  /** Both sides are the same subject. */
  ownAccount: 1 << 12,
  /** The counterparty banks elsewhere. */
  otherBank: 1 << 13,
  /** The counterparty has no state: external or technical. */
  counterpartyExternal: 1 << 14,
  /** The customer did it: counts as activity (docs: ARCHITECTURE.md, "Activity"). */
  customerMade: 1 << 15,
  /** A multiple of 10,000 major units. */
  roundAmount: 1 << 16,
  /** Purpose or payee is medical. */
  medical: 1 << 17,
  reversal: 1 << 18,
  /** Card receipt of a merchant. */
  merchantReceipt: 1 << 19,
  highRiskCountry: 1 << 20,
  /** The subject stands on a list (gambling, fraud, sanctions). */
  listed: 1 << 21,
  /** The counterparty stands on a list. */
  counterpartyListed: 1 << 22,
  /** Not in the bank's base currency. */
  foreignCurrency: 1 << 23,
  /** Event time from 00:00 to before 05:00 in the bank's zone. */
  offHours: 1 << 24,
  /** Rent, utilities, housing, school fees (ISO 20022 purposes): what households pay anyway. */
  household: 1 << 25,
  /**
   * The next three bits are set by scoring when the leg comes in, from what stands earlier in the
   * log; none is ever set for a merchant's card receipt or between own accounts. First payment
   * between the two, either way, within 400 bank days.
   */
  firstPayment: 1 << 26,
  /**
   * The two have paid one another at least 3 times, the first of these (by its bank day) at least
   * 90 bank days before this leg. What stands before a first payment does not count.
   */
  trustedPair: 1 << 27,
  /**
   * A customer-made debit by a known channel that none of the subject's customer-made debits used
   * on a bank day from 180 days before this one's on; the subject has made at least 10 ever.
   */
  newChannel: 1 << 28,
  /**
   * Both accounts are the same subject's, and both are in this bank: the money has not left. Set by
   * admission.
   */
  ownInside: 1 << 29,
} as const;
/** Set by scoring, not by admission. */
export const SCORED_BITS = ClassBit.firstPayment | ClassBit.trustedPair | ClassBit.newChannel;
export type ClassName = keyof typeof ClassBit;

/** Flags of a record and of the legs made from it. The upper half is the leg's own. */
export const RecordFlag = {
  history: 1 << 0,
  reversal: 1 << 1,
  debtorExternal: 1 << 2,
  creditorExternal: 1 << 3,
} as const;
export const LegFlag = {
  /** Three f64 limits stand behind the leg's strings. */
  limits: 1 << 16,
} as const;

export const SUBJECT_KINDS = [
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
export type SubjectKind = (typeof SUBJECT_KINDS)[number];

export const WATCH_CLASSES = [
  'key-corporate',
  'critically-ill',
  'suspected-critically-ill',
  'loan',
  'retention',
  'elderly',
] as const;
export type WatchClass = (typeof WATCH_CLASSES)[number];

export const TIERS = ['base', 'growth', 'strategic', 'attention'] as const;
export type Tier = (typeof TIERS)[number];

export const LIST_KINDS = ['gambling', 'fraud', 'sanctions'] as const;
export type ListKind = (typeof LIST_KINDS)[number];

export interface Profile {
  kind: SubjectKind;
  tier: Tier;
  /** Risk class of the customer, 1 (lowest) .. 5, 0 = unknown. */
  riskClass: number;
  watch: WatchClass[];
  lists: ListKind[];
}

/** Layout: kind 0-3, tier 4-5, risk class 6-8, watch classes 9-16, lists 17-19. */
export const PROFILE_WATCH_SHIFT = 9;
export const PROFILE_LIST_SHIFT = 17;

export function packProfile(p: Profile): number {
  let bits = SUBJECT_KINDS.indexOf(p.kind) | (TIERS.indexOf(p.tier) << 4) | (p.riskClass << 6);
  for (const w of p.watch) bits |= 1 << (PROFILE_WATCH_SHIFT + WATCH_CLASSES.indexOf(w));
  for (const l of p.lists) bits |= 1 << (PROFILE_LIST_SHIFT + LIST_KINDS.indexOf(l));
  return bits >>> 0;
}

export function unpackProfile(bits: number): Profile {
  return {
    kind: SUBJECT_KINDS[bits & 15] ?? 'unknown',
    tier: TIERS[(bits >>> 4) & 3] ?? 'base',
    riskClass: (bits >>> 6) & 7,
    watch: WATCH_CLASSES.filter((_, i) => bits & (1 << (PROFILE_WATCH_SHIFT + i))),
    lists: LIST_KINDS.filter((_, i) => bits & (1 << (PROFILE_LIST_SHIFT + i))),
  };
}

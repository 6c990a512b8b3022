/**
 * What a leg is: the class bits that rules select by. One pure function of a transaction's facts,
 * called twice per transaction (debit and credit leg) and stored in the record, so that a later
 * reading of "activity" never changes what was already admitted.
 */
import { ClassBit } from '../../schemas/classes.js';
import { TRANSACTION_TYPES } from '../../schemas/json-transaction.js';

const T = Object.fromEntries(TRANSACTION_TYPES.map((name, i) => [name, i])) as Record<
  (typeof TRANSACTION_TYPES)[number],
  number
>;

/** A payment's amount is round when it is a multiple of this many major units. */
const ROUND_MAJOR_UNITS = 10_000;

/**
 * Purposes of ISO 20022 (ExternalPurpose1Code, classification "Medical") under which somebody pays
 * for care: hospital, medical and dental services, vision, equipment, home health, convalescent,
 * intermediate and long-term care. Premiums (HLTI) and fund contributions (MAFC) are not care.
 */
export const MEDICAL_PURPOSES = [
  'HSPC',
  'MDCS',
  'DNTS',
  'VIEW',
  'DMEQ',
  'HLTC',
  'CVCF',
  'ICRF',
  'LTCF',
] as const;
/**
 * Purposes under which a household pays what it pays anyway: all of the classification "Utilities",
 * rent, the repayment of a housing loan, education and tuition. Not an employer's contribution to
 * housing (HREC), which comes in.
 */
export const HOUSEHOLD_PURPOSES = [
  'RENT',
  'HLRP',
  'EDUC',
  'STDY',
  'CBTV',
  'ELEC',
  'ENRG',
  'GASB',
  'NWCH',
  'NWCM',
  'OTLC',
  'PHON',
  'UBIL',
  'WTER',
] as const;

/** Four letters in 28 bits; 0 for anything else. */
function packPurpose(code: string): number {
  let packed = 0;
  for (let i = 0; i < 4; i++) packed |= (code.charCodeAt(i) & 127) << (7 * i);
  return packed;
}

/** Facts that hold for both legs. */
export const CommonFact = {
  /** Both subject keys are the same (the other account may be at another bank). */
  sameSubject: 1 << 0,
  /** Type reversal, or another transaction is named as reversed. */
  reversal: 1 << 1,
  /** Both countries are known and differ; a side of ours without one is at home. */
  crossBorder: 1 << 2,
  medical: 1 << 3,
  round: 1 << 4,
  household: 1 << 5,
  foreignCurrency: 1 << 6,
  offHours: 1 << 7,
} as const;

const factOfPurpose: ReadonlyMap<number, number> = new Map([
  ...MEDICAL_PURPOSES.map((code) => [packPurpose(code), CommonFact.medical] as const),
  ...HOUSEHOLD_PURPOSES.map((code) => [packPurpose(code), CommonFact.household] as const),
]);

/** What the purpose says of the transaction, 0 for most. */
export function purposeFact(bytes: Uint8Array, start: number, end: number): number {
  if (end - start !== 4) return 0;
  let packed = 0;
  for (let i = 0; i < 4; i++) {
    const byte = bytes[start + i];
    if (byte > 127) return 0;
    packed |= byte << (7 * i);
  }
  return factOfPurpose.get(packed) ?? 0;
}

/** Facts about the other side of a leg, or the leg's own subject. */
export const SideFact = {
  counterpartyExternal: 1 << 0,
  counterpartyOtherBank: 1 << 1,
  counterpartyHighRisk: 1 << 2,
  counterpartyListed: 1 << 3,
  listed: 1 << 4,
} as const;

export function isRoundAmount(amountMinor: number, exponent: number): boolean {
  return amountMinor % (ROUND_MAJOR_UNITS * 10 ** exponent) === 0;
}

/** Bits that a type gives to both of its legs. */
const bitsOfType: readonly number[] = TRANSACTION_TYPES.map((name) => {
  switch (name) {
    // A bank that does not say what a payment is must not thereby hide it from the rules.
    case 'unknown':
    case 'transfer':
      return ClassBit.transfer;
    case 'cash-in':
    case 'cash-out':
      return ClassBit.cash;
    case 'card':
      return ClassBit.card;
    case 'salary':
      return ClassBit.salary;
    case 'interest':
    case 'fee':
    case 'tax':
    case 'opening-balance':
      return ClassBit.bankMade;
    case 'loan-disbursement':
      return ClassBit.loanDisbursement;
    case 'loan-repayment':
      return ClassBit.loanRepayment;
    case 'investment-buy':
      return ClassBit.investmentBuy;
    case 'investment-redeem':
      return ClassBit.investmentRedeem;
    default:
      return 0;
  }
});

const customerMadeDebits = new Set([
  T.unknown,
  T.transfer,
  T['cash-out'],
  T.card,
  T['loan-repayment'],
  T['investment-buy'],
  T.insurance,
  T.other,
]);
const customerMadeCredits = new Set([T['cash-in'], T['investment-redeem']]);

/**
 * Class bits of one leg.
 *
 * - **customerMade** (domain.md "Activity": only what the customer does counts). Debit legs of
 *   transfer, card, cash-out, investment-buy, loan-repayment, insurance, other and unknown; credit
 *   legs of cash-in and investment-redeem. A move between own accounts counts once, by its debit
 *   leg. Never: interest, fee, tax and opening balance (the bank's or the state's doing), salary on
 *   either side (for the receiver it is income, for the employer a batch), loan disbursement,
 *   refunds (the merchant's doing), reversals, and receipts of a merchant.
 * - **transfer**: type transfer, or a type that the bank did not give, between different subjects.
 * - **reversal** takes the bits of its type away: what undoes a payment is no payment.
 * - **ownAccount** says that both subjects are the same; with `otherBank` it is the own-name
 *   outflow to another bank, without it `ownInside`.
 */
export function classBitsOf(credit: boolean, type: number, common: number, side: number): number {
  let bits: number = credit ? ClassBit.credit : ClassBit.debit;
  if (common & CommonFact.sameSubject) {
    bits |= ClassBit.ownAccount;
    if (!(side & SideFact.counterpartyOtherBank)) bits |= ClassBit.ownInside;
  }
  if (common & CommonFact.crossBorder) bits |= ClassBit.crossBorder;
  if (common & CommonFact.medical) bits |= ClassBit.medical;
  if (common & CommonFact.round) bits |= ClassBit.roundAmount;
  if (common & CommonFact.household) bits |= ClassBit.household;
  if (common & CommonFact.foreignCurrency) bits |= ClassBit.foreignCurrency;
  if (common & CommonFact.offHours) bits |= ClassBit.offHours;
  if (side & SideFact.counterpartyExternal) bits |= ClassBit.counterpartyExternal;
  if (side & SideFact.counterpartyOtherBank) bits |= ClassBit.otherBank;
  if (side & SideFact.counterpartyHighRisk) bits |= ClassBit.highRiskCountry;
  if (side & SideFact.counterpartyListed) bits |= ClassBit.counterpartyListed;
  if (side & SideFact.listed) bits |= ClassBit.listed;
  if (common & CommonFact.reversal) return (bits | ClassBit.reversal) >>> 0;

  bits |= bitsOfType[type];
  if (common & CommonFact.sameSubject) bits &= ~ClassBit.transfer;
  if (credit && type === T.card) bits |= ClassBit.merchantReceipt;
  const made = credit ? customerMadeCredits : customerMadeDebits;
  if (made.has(type)) bits |= ClassBit.customerMade;
  return bits >>> 0;
}

/** True for the type that undoes another transaction. */
export function isReversalType(type: number): boolean {
  return type === T.reversal;
}

import { describe, expect, it } from 'vitest';
import { ClassBit, type ClassName } from '../../schemas/classes.js';
import { TRANSACTION_TYPES } from '../../schemas/json-transaction.js';
import {
  CommonFact,
  classBitsOf,
  HOUSEHOLD_PURPOSES,
  isRoundAmount,
  MEDICAL_PURPOSES,
  purposeFact,
  SideFact,
} from './class-bits.js';

/** Facts that take bits away as well. */
const APART = CommonFact.sameSubject | CommonFact.reversal;

type TypeName = (typeof TRANSACTION_TYPES)[number];

function names(side: 'debit' | 'credit', type: TypeName, common = 0, facts = 0): ClassName[] {
  const bits = classBitsOf(side === 'credit', TRANSACTION_TYPES.indexOf(type), common, facts);
  return (Object.keys(ClassBit) as ClassName[]).filter((name) => bits & ClassBit[name]);
}

describe('class bits', () => {
  // Written from domain.md "Activity" and classes.ts, not from the code.
  it.each<[TypeName, ClassName[], ClassName[]]>([
    ['unknown', ['transfer', 'customerMade'], ['transfer']],
    ['transfer', ['transfer', 'customerMade'], ['transfer']],
    ['cash-in', ['cash'], ['cash', 'customerMade']],
    ['cash-out', ['cash', 'customerMade'], ['cash']],
    ['card', ['card', 'customerMade'], ['card', 'merchantReceipt']],
    ['salary', ['salary'], ['salary']],
    ['interest', ['bankMade'], ['bankMade']],
    ['fee', ['bankMade'], ['bankMade']],
    ['tax', ['bankMade'], ['bankMade']],
    ['opening-balance', ['bankMade'], ['bankMade']],
    ['loan-disbursement', ['loanDisbursement'], ['loanDisbursement']],
    ['loan-repayment', ['loanRepayment', 'customerMade'], ['loanRepayment']],
    ['investment-buy', ['investmentBuy', 'customerMade'], ['investmentBuy']],
    ['investment-redeem', ['investmentRedeem'], ['investmentRedeem', 'customerMade']],
    ['insurance', ['customerMade'], []],
    ['refund', [], []],
    ['other', ['customerMade'], []],
  ])('%s', (type, debit, credit) => {
    expect(names('debit', type).sort()).toEqual(['debit', ...debit].sort());
    expect(names('credit', type).sort()).toEqual(['credit', ...credit].sort());
  });

  it('counts a move between own accounts once, and never as a transfer', () => {
    const own = CommonFact.sameSubject;
    const inside = ['ownAccount', 'customerMade', 'ownInside'];
    expect(names('debit', 'transfer', own)).toEqual(['debit', ...inside]);
    expect(names('credit', 'transfer', own)).toEqual(['credit', 'ownAccount', 'ownInside']);
  });

  it('tells own money that leaves the bank from own money that stays', () => {
    const own = CommonFact.sameSubject;
    const elsewhere = SideFact.counterpartyOtherBank;
    expect(names('debit', 'transfer', own, elsewhere)).not.toContain('ownInside');
    expect(names('debit', 'transfer', 0)).not.toContain('ownInside');
  });

  it('takes a reversal for nothing else', () => {
    for (const type of TRANSACTION_TYPES) {
      expect(names('debit', type, CommonFact.reversal)).toEqual(['debit', 'reversal']);
    }
  });

  it('gives each fact its bit', () => {
    const common = Object.values(CommonFact).reduce((all, fact) => all | fact, 0) & ~APART;
    const side =
      SideFact.counterpartyExternal |
      SideFact.counterpartyOtherBank |
      SideFact.counterpartyHighRisk |
      SideFact.counterpartyListed |
      SideFact.listed;
    expect(names('debit', 'fee', common, side)).toEqual([
      'debit',
      'bankMade',
      'crossBorder',
      'otherBank',
      'counterpartyExternal',
      'roundAmount',
      'medical',
      'highRiskCountry',
      'listed',
      'counterpartyListed',
      'foreignCurrency',
      'offHours',
      'household',
    ]);
  });

  it('knows purposes exactly, and round amounts by the exponent', () => {
    const fact = (text: string) => {
      const bytes = new TextEncoder().encode(text);
      return purposeFact(bytes, 0, bytes.length);
    };
    for (const code of MEDICAL_PURPOSES) expect(fact(code)).toBe(CommonFact.medical);
    for (const code of HOUSEHOLD_PURPOSES) expect(fact(code)).toBe(CommonFact.household);
    for (const code of ['HLTI', 'SALA', 'HREC', 'hspc', 'rent', 'HSP', 'HSPCX', '医']) {
      expect(fact(code)).toBe(0);
    }
    expect(isRoundAmount(2_000_000, 2)).toBe(true);
    expect(isRoundAmount(2_000_001, 2)).toBe(false);
    expect(isRoundAmount(20_000, 0)).toBe(true);
    expect(isRoundAmount(20_000, 2)).toBe(false);
  });
});

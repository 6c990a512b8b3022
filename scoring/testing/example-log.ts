/**
 * Turns an example of a rule into records for operator and oracle: class bits as admission would
 * set them (ARCHITECTURE.md, "Activity"), written again here because rooms never import one
 * another.
 */
import type { Example } from '../../schemas/catalogue.js';
import { ClassBit, type ClassName, type Profile, packProfile } from '../../schemas/classes.js';
import type { OracleRecord, OracleSide } from '../oracle/types.js';

type Row = Example['transactions'][number];

const DAY_MS = 86_400_000;
const B = ClassBit;
const MEDICAL = ['HSPC', 'MDCS', 'DNTS', 'VIEW', 'DMEQ', 'HLTC', 'CVCF', 'ICRF', 'LTCF'];
const MADE_DEBITS: Row['type'][] = [
  'unknown',
  'transfer',
  'cash-out',
  'card',
  'loan-repayment',
  'investment-buy',
  'insurance',
  'other',
];
const MADE_CREDITS: Row['type'][] = ['cash-in', 'investment-redeem'];
const TYPE_BITS: Partial<Record<Row['type'], number>> = {
  unknown: B.transfer,
  transfer: B.transfer,
  'cash-in': B.cash,
  'cash-out': B.cash,
  card: B.card,
  salary: B.salary,
  interest: B.bankMade,
  fee: B.bankMade,
  tax: B.bankMade,
  'opening-balance': B.bankMade,
  'loan-disbursement': B.loanDisbursement,
  'loan-repayment': B.loanRepayment,
  'investment-buy': B.investmentBuy,
  'investment-redeem': B.investmentRedeem,
};

const minor = (text: string): number => Math.round(Number(text) * 100);
const isOwn = (row: Row): boolean => row.counterparty.startsWith('own-');
const isInside = (row: Row): boolean => isOwn(row) && !row.classes.includes('otherBank');
/** Examples live in Shanghai: always 8 hours ahead. */
const isOffHours = (ms: number): boolean => (ms + 8 * 3_600_000) % DAY_MS < 5 * 3_600_000;

export interface LegFacts {
  side: 'debit' | 'credit';
  type: Row['type'];
  amountMinor: number;
  ownAccount: boolean;
  external: boolean;
  crossBorder: boolean;
  medical: boolean;
  listed: boolean;
  offHours?: boolean;
  /** What a row says of itself: schemas/catalogue.ts, `classes`. */
  more?: readonly ClassName[];
}

export function classBits(facts: LegFacts): number {
  const debit = facts.side === 'debit';
  let bits: number = debit ? B.debit : B.credit;
  if (facts.ownAccount) bits |= B.ownAccount;
  if (facts.external) bits |= B.counterpartyExternal;
  if (facts.crossBorder) bits |= B.crossBorder;
  if (facts.medical) bits |= B.medical;
  if (facts.amountMinor % 1_000_000 === 0) bits |= B.roundAmount;
  if (facts.listed) bits |= B.listed;
  if (facts.offHours === true) bits |= B.offHours;
  for (const name of facts.more ?? []) bits |= B[name];
  if (facts.ownAccount && !(bits & B.otherBank)) bits |= B.ownInside;
  if (facts.type === 'reversal') return bits | B.reversal;
  bits |= TYPE_BITS[facts.type] ?? 0;
  if (facts.ownAccount) bits &= ~B.transfer;
  if (!debit && facts.type === 'card') bits |= B.merchantReceipt;
  if ((debit ? MADE_DEBITS : MADE_CREDITS).includes(facts.type)) bits |= B.customerMade;
  return bits;
}

function limitsOf(example: Example): OracleSide['limits'] {
  const limits = example.subject.limits;
  if (limits === undefined) return undefined;
  const of = (text: string | undefined) => (text === undefined ? Number.NaN : minor(text));
  return { single: of(limits.single), day: of(limits.day), month: of(limits.month) };
}

/** As live: watermarks come all the time, so that no day closes as history. */
export function* withDailyWatermarks(records: Iterable<OracleRecord>): Generator<OracleRecord> {
  let position = 0;
  let nowMs = Number.POSITIVE_INFINITY;
  for (const record of records) {
    const untilMs = record.kind === 'watermark' ? record.watermarkMs : record.eventMs;
    for (; nowMs < untilMs; nowMs += DAY_MS) {
      yield { kind: 'watermark', position: position++, watermarkMs: nowMs };
    }
    nowMs = untilMs;
    yield { ...record, position: position++ };
  }
}

/** Log order = event time, then the order of the rows. The watermark follows each transaction. */
export function recordsOfExample(example: Example): OracleRecord[] {
  const profile = packProfile(example.subject as Profile);
  const limits = limitsOf(example);
  const listed = example.subject.lists.length > 0;
  const own = (
    row: Row,
    eventMs: number,
    side: 'debit' | 'credit',
    account: string,
  ): OracleSide => ({
    subject: 'customer',
    account,
    classBits: classBits({
      side,
      type: row.type,
      amountMinor: minor(row.amount),
      ownAccount: isOwn(row),
      external: !isInside(row),
      crossBorder: row.country !== 'CN',
      medical: row.purpose !== undefined && MEDICAL.includes(row.purpose),
      listed,
      offHours: isOffHours(eventMs),
      more: row.classes,
    }),
    profile,
    balanceAfterMinor:
      row.balanceAfter === undefined || side !== row.side ? Number.NaN : minor(row.balanceAfter),
    external: false,
    ...(limits === undefined ? {} : { limits }),
  });
  const other = (row: Row): OracleSide => ({
    subject: isOwn(row) ? 'customer' : row.counterparty,
    account: row.counterparty,
    classBits: 0,
    profile: 0,
    balanceAfterMinor: Number.NaN,
    external: true,
    country: row.country,
  });
  const timed = example.transactions.flatMap((row) =>
    Array.from({ length: row.repeat ?? 1 }, (_, i) => ({
      row,
      eventMs: Date.parse(row.at) - ((row.repeat ?? 1) - 1 - i) * DAY_MS,
    })),
  );
  timed.sort((a, b) => a.eventMs - b.eventMs);
  const records: OracleRecord[] = [];
  for (const { row, eventMs } of timed) {
    const mine = own(row, eventMs, row.side, row.account);
    const opposite = row.side === 'debit' ? 'credit' : 'debit';
    const theirs = isInside(row) ? own(row, eventMs, opposite, row.counterparty) : other(row);
    records.push({
      kind: 'transaction',
      position: records.length,
      eventMs,
      ingestMs: eventMs,
      id: `t${records.length}`,
      amountBaseMinor: minor(row.amount),
      channel: row.channel,
      type: row.type,
      debtor: row.side === 'debit' ? mine : theirs,
      creditor: row.side === 'debit' ? theirs : mine,
      reversedId: '',
      history: false,
    });
  }
  if (example.until !== undefined) {
    const watermarkMs = Date.parse(example.until);
    records.push({ kind: 'watermark', position: records.length, watermarkMs });
  }
  return records;
}

/**
 * The labelled sample as transactions. Dates are spread over their day in file order and shifted
 * by a fixed number of milliseconds; so a row always becomes the same transaction, and a second
 * start is recognised by its ids.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import type { PartyFields, TransactionFields } from '../../schemas/transaction-codec.js';
import { packageRoot } from '../package.js';

const DAY_MS = 86_400_000;
/** `T0000001,2024-01-01,`: identifiers and dates have a fixed width in this file. */
const DATE_FROM = 9;
const DATE_TO = 19;

export interface Sample {
  readonly count: number;
  /** Event time of row `i` after the shift. */
  eventMs(i: number): number;
  transaction(i: number): TransactionFields;
}

export async function loadSample(endMs: number): Promise<Sample> {
  const packed = readFileSync(join(packageRoot(), 'app', 'demo', 'data', 'transactions.csv.gz'));
  const text = (await promisify(gunzip)(packed)).toString('latin1');
  return makeSample(text, endMs);
}

/** `endMs`: where the end of the last day comes to lie. */
export function makeSample(text: string, endMs: number): Sample {
  const lines = text
    .split('\n')
    .slice(1)
    .filter((line) => line !== '' && !line.includes(',INITIAL_BALANCE,'));
  let date = '';
  let day = 0;
  const days = lines.map((line) => {
    const read = line.slice(DATE_FROM, DATE_TO);
    if (read !== date) day = Date.parse(read);
    date = read;
    return day;
  });
  const shiftMs = endMs - ((days.at(-1) ?? 0) + DAY_MS);
  const times = new Float64Array(lines.length);
  for (let from = 0; from < lines.length; ) {
    let to = from;
    while (to < lines.length && days[to] === days[from]) to++;
    for (let i = from; i < to; i++) {
      const share = (i - from + 0.5) / (to - from);
      times[i] = (days[from] as number) + Math.floor(share * DAY_MS) + shiftMs;
    }
    from = to;
  }
  return {
    count: lines.length,
    eventMs: (i) => times[i] as number,
    transaction: (i) => readRow(lines[i] as string, times[i] as number),
  };
}

function readRow(line: string, eventTimeMs: number): TransactionFields {
  const [id = '', , type = '', amount = '', from = '', to = '', fromBank, toBank, before, after] =
    line.split(',');
  const row: TransactionFields = {
    id,
    eventTimeMs,
    debtor: partyOf(from, fromBank),
    creditor: partyOf(to, toBank),
    amountMinor: Math.round(Number(amount) * 100),
    currency: 'SEK',
    ...kindOf(type, from, to),
  };
  if (before) row.debtorBalanceAfterMinor = Math.round(Number(before) * 100);
  if (after) row.creditorBalanceAfterMinor = Math.round(Number(after) * 100);
  return row;
}

/** Salaries come from the source outside, spending goes to the sink outside. */
function kindOf(
  type: string,
  from: string,
  to: string,
): Pick<TransactionFields, 'type' | 'channel'> {
  if (from === 'EXT_SOURCE') return { type: 'salary', channel: 'batch' };
  if (type === 'CASH') return { type: 'cash-out', channel: 'atm' };
  if (to === 'EXT_SINK') return { type: 'card', channel: 'pos' };
  return { type: 'transfer', channel: 'mobile' };
}

function partyOf(account: string, bank: string | undefined): PartyFields {
  if (account.startsWith('EXT_')) return { account, kind: 'technical' };
  return bank === undefined || bank === '' ? { account } : { account, bank };
}

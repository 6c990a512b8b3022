/** The small bank of the tests of the whole program: its customers, and what they do. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TransactionJson } from '../../schemas/json-transaction.js';

export const DAY_MS = 86_400_000;
/** Bank time. */
export const at = (local: string): number => Date.parse(`${local}+08:00`);

const REFERENCE = {
  'parties.csv': [
    'party,name,kind,tier,riskClass,watch,manager,branch',
    'G,郭建国,person,growth,3,,李强,浦东支行',
    'H,黄丽,person,base,2,,李强,浦东支行',
    'F,方志远,person,base,4,,王敏,徐汇支行',
    'D,丁香,person,base,2,,王敏,徐汇支行',
    'E,杜若,person,base,2,,王敏,徐汇支行',
    'C,陈玉兰,person,strategic,2,critically-ill,李强,静安支行',
    'K,孔令仪,person,base,2,critically-ill,李强,静安支行',
    'B,宝山机械有限公司,company,strategic,2,key-corporate,李强,浦东支行',
  ],
  'accounts.csv': [
    'account,party',
    ...['G', 'H', 'F', 'D', 'E', 'C', 'K', 'B'].map((party) => `6222${party}1,${party}`),
    '6222F2,F',
    '6222B2,B',
  ],
  'lists.csv': ['list,key,single,day,month', 'fraud,F,5000,20000,'],
  'bank.yaml': [
    'ourBanks: [WEIRCNSH]',
    'homeCountry: CN',
    'baseCurrency: CNY',
    'zone: Asia/Shanghai',
    "closeOfBusiness: '17:30'",
  ],
  'calendar.yaml': ['holidays: []', 'workdays: []'],
};

/** Customer G has the account 6222G1, and so on; F, who is on the fraud list, has 6222F2 too. */
export function writeReference(folder: string): void {
  mkdirSync(folder, { recursive: true });
  for (const [name, lines] of Object.entries(REFERENCE)) {
    writeFileSync(join(folder, name), `${lines.join('\n')}\n`);
  }
}

type Payment = Partial<TransactionJson> & { from: string; to?: string; country?: string };

let ids = 0;
/** From an account of ours to one elsewhere, unless told otherwise. */
export function payment(
  local: string,
  amount: string,
  { from, to, country, ...more }: Payment,
): TransactionJson {
  ids += 1;
  const creditor: TransactionJson['creditor'] = {
    account: to ?? 'payee-1',
    bank: country === undefined ? 'ICBKCNBJ' : 'CHASUS33',
    kind: 'external',
    country: country ?? 'CN',
  };
  return {
    id: `t-${ids}`,
    eventTime: at(local),
    debtor: { account: `6222${from}`, bank: 'WEIRCNSH' },
    creditor,
    amount,
    currency: 'CNY',
    channel: 'mobile',
    type: 'transfer',
    ...more,
  };
}

/** One card payment a day, at noon, the last on `lastDate`. */
export function daily(from: string, lastDate: string, days: number): TransactionJson[] {
  const last = Date.parse(`${lastDate}T00:00:00Z`);
  return Array.from({ length: days }, (_, i) => {
    const date = new Date(last - (days - 1 - i) * DAY_MS).toISOString().slice(0, 10);
    return payment(`${date}T12:00:00`, '88.00', { from, to: 'shop', type: 'card', channel: 'pos' });
  });
}

export const inOrder = (all: TransactionJson[]): TransactionJson[] =>
  all.sort((a, b) => Number(a.eventTime) - Number(b.eventTime));

/** The load of the end-to-end bench: JSON transactions, every nth of which alerts by its amount. */
import { accountOf, seeded } from './random.js';

export interface Load {
  /** Posts a second, and transactions in each. */
  postsPerSecond: number;
  perPost: number;
  /** Every nth transaction alerts, each on an account that pays once. */
  alertEvery: number;
}

export const ALERT_AMOUNT = '9000000.00';
const ACCOUNTS = 100_000;
const ALERT_ACCOUNT = 'bench-payer-';

/** Body of a post; its transactions carry the numbers from `first` on. */
export function bodyMaker(load: Load, runId: string): (first: number, nowMs: number) => string {
  const random = seeded(11);
  const party = (account: string): string => `{"account":"${account}","country":"CN"}`;
  const one = (number: number, nowMs: number): string => {
    const alerts = isAlert(load, number);
    const debtor = alerts
      ? `${ALERT_ACCOUNT}${number}`
      : accountOf(Math.floor(random() * ACCOUNTS));
    const creditor = accountOf(ACCOUNTS + Math.floor(random() * ACCOUNTS));
    const amount = alerts ? ALERT_AMOUNT : `${1 + Math.floor(random() * 900)}.00`;
    return (
      `{"id":"${runId}-${number}","eventTime":${nowMs},"debtor":${party(debtor)},` +
      `"creditor":${party(creditor)},"amount":"${amount}","currency":"CNY",` +
      '"channel":"mobile","type":"transfer"}'
    );
  };
  return (first, nowMs) => {
    const lines: string[] = [];
    for (let i = 0; i < load.perPost; i++) lines.push(one(first + i, nowMs));
    return lines.join('\n');
  };
}

export function isAlert(load: Load, number: number): boolean {
  return number % load.alertEvery === load.alertEvery - 1;
}

/** Number of the transaction that an alert's subject paid; undefined for any other alert. */
export function numberOfSubject(subject: string): number | undefined {
  if (!subject.startsWith(ALERT_ACCOUNT)) return undefined;
  return Number(subject.slice(ALERT_ACCOUNT.length));
}

/** Numbers in [from, to) that alert. */
export function alertsBetween(load: Load, from: number, to: number): number {
  return Math.floor(to / load.alertEvery) - Math.floor(from / load.alertEvery);
}

/** Reference data of the synthetic bank, as files that `loadReference` reads. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { HOLIDAYS, WORKDAYS } from './calendar.js';
import { hash3 } from './dice.js';
import type { Cast, Customer } from './people.js';

/** Single, day and month limit of everybody on a list, in yuan. */
const LIMITS = '5000,20000,100000';

export function writeReference(folder: string, cast: Cast): void {
  mkdirSync(folder, { recursive: true });
  const all = [...cast.customers, ...cast.merchants];
  const files = {
    'parties.csv': csv('party,name,kind,tier,riskClass,watch,manager,branch', all.map(partyRow)),
    'accounts.csv': csv('account,party,opened', all.flatMap(accountRows)),
    'lists.csv': csv(
      'list,key,single,day,month',
      all.filter((c) => c.list !== undefined).map((c) => `${c.list},${c.party},${LIMITS}`),
    ),
    'bank.yaml': BANK,
    'calendar.yaml': prcCalendarYaml(),
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
}

function partyRow(c: Customer): string {
  const { party, name, kind, tier, riskClass, watch, manager, branch } = c;
  return [party, name, kind, tier, riskClass, watch.join(' '), manager, branch].join(',');
}

function accountRows(c: Customer): string[] {
  return [c.account, c.second].flatMap((a, at) =>
    a === undefined ? [] : [`${a.account},${c.party},${openedOf(c.party, at)}`],
  );
}

const DAY_MS = 86_400_000;
const OPENING = { fromMs: Date.UTC(2005, 0, 4), days: 18 * 365 };
const SECOND_AFTER = { fromDays: 90, days: 600 };

/** Long before any history; from the party alone, so that it is the same at every start. */
function openedOf(party: string, account: number): string {
  const number = Number.parseInt(party.replace(/\D/g, ''), 10);
  const first = hash3(number, 1, 0) % OPENING.days;
  const later = SECOND_AFTER.fromDays + (hash3(number, 2, 0) % SECOND_AFTER.days);
  const days = account === 0 ? first : first + later;
  return new Date(OPENING.fromMs + days * DAY_MS).toISOString().slice(0, 10);
}

function csv(head: string, rows: readonly string[]): string {
  return `${[head, ...rows].join('\n')}\n`;
}

const BANK = `# Accounts without a bank, or at this one, are ours; rates are yuan for one unit.
ourBanks: [weir_demo_bank]
homeCountry: CN
baseCurrency: CNY
zone: Asia/Shanghai
closeOfBusiness: '17:30'
highRiskCountries: [IR, KP, MM]
fx:
  USD: 7.1
  EUR: 8.2
  HKD: 0.91
`;

/** calendar.yaml of any bank in China. */
export function prcCalendarYaml(): string {
  const list = (dates: readonly string[]): string => dates.map((d) => `  - '${d}'\n`).join('');
  return `# PRC calendar as announced by the State Council; 2027 is our estimate until it is.
holidays:
${list(HOLIDAYS)}# Weekend days that are worked.
workdays:
${list(WORKDAYS)}`;
}

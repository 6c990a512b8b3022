/** Reference data of the synthetic bank, as files that `loadReference` reads. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { HOLIDAYS, WORKDAYS } from './calendar.js';
import type { Cast, Customer } from './people.js';

/** Single, day and month limit of everybody on a list, in yuan. */
const LIMITS = '5000,20000,100000';

export function writeReference(folder: string, cast: Cast): void {
  mkdirSync(folder, { recursive: true });
  const all = [...cast.customers, ...cast.merchants];
  const files = {
    'parties.csv': csv('party,name,kind,tier,riskClass,watch,manager,branch', all.map(partyRow)),
    'accounts.csv': csv('account,party', all.flatMap(accountRows)),
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
  return [c.account, c.second].flatMap((a) => (a === undefined ? [] : [`${a.account},${c.party}`]));
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

/**
 * The demo's reference data: the sample's 2,000 customers with invented names, the demo's own
 * customers, lists, rates and the PRC calendar. Made from seeds; `make-reference.ts` writes the
 * files, and a test says when they are old.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { personName, prcCalendarYaml } from '../../ingest/index.js';
import type { Tier, WatchClass } from '../../schemas/classes.js';
import { packageRoot } from '../package.js';
import { DEMO_BANK, demoPeople } from './people.js';
import { seededRandom } from './random.js';

const NAMES_SEED = 11;
const ELDERLY_FROM = 65;
const STRATEGIC_FROM = 230_000;
const GROWTH_FROM = 120_000;
const BRANCHES = ['浦东支行', '徐汇支行', '虹口支行', '静安支行', '杨浦支行'];

/** Folder that the engine loads when it plays the demo and no other is named. */
export function demoReferenceDir(): string {
  return join(packageRoot(), 'app', 'demo', 'reference');
}

export interface ReferenceFile {
  name: string;
  text: string;
}

interface PartyRow {
  party: string;
  name: string;
  kind: string;
  tier: Tier;
  riskClass: number;
  watch: WatchClass[];
  manager: string;
  branch: string;
}

/** `account,customer,bank,init_balance,salary_month,age,city` of the sample. */
function sampleParties(): { parties: PartyRow[]; accounts: [string, string][] } {
  const path = join(packageRoot(), 'app', 'demo', 'data', 'accounts.csv');
  const random = seededRandom(NAMES_SEED);
  const managers = Array.from({ length: 24 }, () => personName(random));
  const parties: PartyRow[] = [];
  const accounts: [string, string][] = [];
  for (const line of readFileSync(path, 'utf8').trim().split('\n').slice(1)) {
    const [account = '', party = '', , balance = '0', , age = '0'] = line.split(',');
    const watch: WatchClass[] = Number(age) >= ELDERLY_FROM ? ['elderly'] : [];
    if (random.next() < 0.03) watch.push('loan');
    parties.push({
      party,
      name: personName(random),
      kind: 'person',
      tier: tierOf(Number(balance)),
      riskClass: random.pick([1, 1, 2, 2, 2, 3, 3, 4]),
      watch,
      manager: random.pick(managers),
      branch: random.pick(BRANCHES),
    });
    accounts.push([account, party]);
  }
  return { parties, accounts };
}

function tierOf(balance: number): Tier {
  if (balance >= STRATEGIC_FROM) return 'strategic';
  return balance >= GROWTH_FROM ? 'growth' : 'base';
}

export function demoReferenceFiles(): ReferenceFile[] {
  const { parties, accounts } = sampleParties();
  const random = seededRandom(NAMES_SEED + 1);
  const lists: string[] = [];
  for (const p of demoPeople) {
    const { party, name, kind, tier, riskClass, watch } = p;
    const manager = personName(random);
    const branch = random.pick(BRANCHES);
    parties.push({ party, name, kind, tier, riskClass, watch, manager, branch });
    accounts.push([p.account, party]);
    if (p.list !== undefined) lists.push(`${p.list},${party},5000,20000,100000`);
  }
  return [
    {
      name: 'parties.csv',
      text: csv(
        'party,name,kind,tier,riskClass,watch,manager,branch',
        parties.map((p) => Object.values({ ...p, watch: p.watch.join(' ') }).join(',')),
      ),
    },
    {
      name: 'accounts.csv',
      text: csv(
        'account,party',
        accounts.map((a) => a.join(',')),
      ),
    },
    { name: 'lists.csv', text: csv('list,key,single,day,month', lists) },
    { name: 'bank.yaml', text: bankYaml() },
    { name: 'calendar.yaml', text: prcCalendarYaml() },
  ];
}

function csv(head: string, rows: readonly string[]): string {
  return `${[head, ...rows].join('\n')}\n`;
}

function bankYaml(): string {
  const banks = ['bank_a', 'bank_b', 'bank_c', 'bank_d', DEMO_BANK];
  return `# Banks whose accounts are ours; rates are yuan for one unit of the currency.
ourBanks: [${banks.join(', ')}]
homeCountry: CN
baseCurrency: CNY
zone: Asia/Shanghai
closeOfBusiness: '17:30'
highRiskCountries: [IR, KP, MM]
fx:
  SEK: 0.7
  USD: 7.1
  EUR: 8.2
  HKD: 0.91
`;
}

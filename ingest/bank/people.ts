/**
 * The customers of the synthetic bank, made whole from the seed: who they are, what they earn, whom
 * they pay. Customers of the same role stand together by index; party numbers are scattered, so
 * that nobody sees from a number what somebody is there for.
 */
import type { ListKind, SubjectKind, Tier, WatchClass } from '../../schemas/classes.js';
import { CASE_KINDS, type CaseKind } from '../../schemas/demo.js';
import type { PartyFields } from '../../schemas/transaction-codec.js';
import type { Rhythm } from './calendar.js';
import { Dice } from './dice.js';
import * as names from './names.js';
import type { BankOptions } from './types.js';

/** What somebody is there for besides living: a pool of `plan`, or a part in labelled life. */
export type Role =
  | 'plain'
  | CaseKind
  | 'sleeper'
  | 'fader'
  | 'listed-life'
  | 'landlord'
  | 'collector'
  | 'shop';

export interface Monthly {
  dayOfMonth: number;
  amountMinor: number;
}

export interface Customer {
  index: number;
  /** Short, for ids of transactions. */
  tag: string;
  party: string;
  name: string;
  kind: SubjectKind;
  role: Role;
  tier: Tier;
  riskClass: number;
  watch: WatchClass[];
  list: ListKind | undefined;
  manager: string;
  branch: string;
  account: PartyFields;
  /** Savings or second account of some. */
  second: PartyFields | undefined;
  rhythm: Rhythm;
  /** What the customer does a day of weight 1, besides what comes once a month. */
  rate: number;
  /** About what lies on the account, minor units. */
  levelMinor: number;
  /** Median of an everyday payment, minor units. */
  spendMinor: number;
  crossBorder: boolean;
  invests: boolean;
  salary: (Monthly & { from: PartyFields; employer: Customer | undefined }) | undefined;
  rent: (Monthly & { to: Customer }) | undefined;
  loan: (Monthly & { id: string }) | undefined;
  utility: (Monthly & { to: Customer }) | undefined;
  phoneDay: number;
  /** A bit for each day of the month on which any of these falls. */
  monthlyDays: number;
  /** Where it is spent: our merchants, and card terminals of others. */
  shops: PartyFields[];
  /** Whom it is sent to: a small circle, or the suppliers of a company. */
  circle: PartyFields[];
}

export interface Cast {
  customers: Customer[];
  merchants: Customer[];
  byRole: ReadonlyMap<Role, Customer[]>;
  /** Plain, alive, not watched: the members of labelled patterns. */
  persons: Customer[];
  companies: Customer[];
  importers: Customer[];
  /** Watched customers whose life brings a large payment now and then. */
  watched: Customer[];
  cared: Customer[];
}

/** Customers of a pool of `plan`: as many as this, less in a small bank. */
const POOL_MAX = 60;
const POOL_SHARE = 1 / 40;
const MANAGED_BY_ONE = 70;
const PAY_DAYS = [5, 8, 10, 15, 20, 25];
const BRANCHES = ['浦东', '徐汇', '虹口', '静安', '杨浦', '西湖', '滨江', '姑苏', '江北', '越城'];
/** No life of their own: their past is written when their case is told, or they sleep. */
export const LIFELESS: readonly Role[] = ['activity-drop', 'dormant', 'sleeper'];
const companyRoles: readonly Role[] = ['corporate-outflow', 'collector', 'shop'];
const key = (amount: number): number => Math.round(amount) * 100;

/** Kind and role of each index, in the order of the index. */
function parts(customers: number): { kind: SubjectKind; role: Role }[] {
  const rows: { kind: SubjectKind; role: Role }[] = [];
  const add = (share: number, kind: SubjectKind, role: Role = 'plain'): void => {
    const count = Math.max(2, Math.round(customers * share));
    for (let i = 0; i < count; i++) rows.push({ kind, role });
  };
  const kindOf = (role: Role): SubjectKind => (companyRoles.includes(role) ? 'company' : 'person');
  const pool = Math.min(POOL_MAX / customers, POOL_SHARE);
  for (const role of CASE_KINDS) add(pool, kindOf(role), role);
  add(0.012, 'person', 'sleeper');
  add(0.0062, 'person', 'fader');
  add(0.008, 'person', 'listed-life');
  add(0.005, 'person', 'landlord');
  add(0.0016, 'company', 'collector');
  add(0.012, 'company', 'shop');
  add(0.1, 'company');
  add(0.01, 'government');
  add(0.08, 'farmer');
  add(0.015, 'rural-firm');
  add(0.01, 'rural-cooperative');
  while (rows.length < customers) rows.push({ kind: 'person', role: 'plain' });
  return rows.slice(0, customers);
}

function nameOf(kind: SubjectKind, role: Role, dice: Dice): string {
  if (role === 'collector') return names.utilityName(dice);
  if (role === 'shop') return names.merchantName(dice);
  if (kind === 'company') return names.companyName(dice);
  if (kind === 'government') return names.governmentName(dice);
  if (kind === 'rural-firm') return names.ruralFirmName(dice);
  if (kind === 'rural-cooperative') return names.cooperativeName(dice);
  return names.personName(dice);
}

/** Scatters 0 .. 899,999 over the six-digit numbers; no two the same. */
const numberOf = (index: number): number => 100_000 + ((index * 379_721 + 271_828) % 900_000);

function watchOf(kind: SubjectKind, role: Role, dice: Dice): WatchClass[] {
  if (role === 'care-outflow') return ['critically-ill'];
  if (role === 'corporate-outflow') return ['key-corporate'];
  if (role === 'fader') return dice.next() < 0.4 ? ['retention'] : [];
  if (role !== 'plain' || kind === 'government') return [];
  const chance = dice.next();
  if (kind === 'company') return chance < 0.04 ? ['key-corporate'] : chance < 0.18 ? ['loan'] : [];
  if (kind !== 'person' && kind !== 'farmer') return chance < 0.15 ? ['loan'] : [];
  if (chance < 0.004) return ['critically-ill'];
  if (chance < 0.007) return ['suspected-critically-ill'];
  if (chance < 0.13) return dice.next() < 0.05 ? ['elderly', 'loan'] : ['elderly'];
  return chance < 0.22 ? ['loan'] : chance < 0.235 ? ['retention'] : [];
}

function tierOf(kind: SubjectKind, levelMinor: number): Tier {
  const line = kind === 'person' || kind === 'farmer' ? 1 : 40;
  if (levelMinor >= key(300_000) * line) return 'strategic';
  return levelMinor >= key(100_000) * line ? 'growth' : 'base';
}

function levelOf(kind: SubjectKind, role: Role, watch: WatchClass[], dice: Dice): number {
  if (watch.includes('key-corporate')) return key(dice.around(40_000_000, 0.4));
  if (kind === 'company' || kind === 'government') return key(dice.around(3_000_000, 0.7));
  if (kind !== 'person' && kind !== 'farmer') return key(dice.around(900_000, 0.5));
  if (watch.includes('critically-ill') || watch.includes('elderly')) {
    return key(dice.around(180_000, 0.5));
  }
  return key(Math.max(12_000, dice.around(role === 'sleeper' ? 300_000 : 55_000, 0.7)));
}

function makeCustomer(
  index: number,
  part: { kind: SubjectKind; role: Role },
  office: { manager: string; branch: string },
  dice: Dice,
): Customer {
  const { kind, role } = part;
  const isPerson = kind === 'person' || kind === 'farmer';
  const watch = watchOf(kind, role, dice);
  const levelMinor = levelOf(kind, role, watch, dice);
  const listed = role === 'listed' || role === 'listed-life';
  const number = numberOf(index);
  const prefix = isPerson ? '622202' : '310166';
  return {
    index,
    tag: index.toString(36),
    party: `C${number}`,
    name: nameOf(kind, role, dice),
    kind,
    role,
    tier: tierOf(kind, levelMinor),
    riskClass: listed ? 5 : dice.pick([1, 1, 2, 2, 2, 2, 3, 3, 4]),
    watch,
    list: listed ? dice.pick<ListKind>(['fraud', 'gambling', 'fraud', 'sanctions']) : undefined,
    ...office,
    account: { account: `${prefix}1000${number}8` },
    second: dice.next() < 0.2 ? { account: `${prefix}2000${number}1` } : undefined,
    rhythm: isPerson ? 'person' : 'company',
    rate: isPerson ? 0.75 + dice.next() * 0.75 : 1.1 + dice.next() * 1.2,
    levelMinor,
    spendMinor: isPerson ? key(dice.around(75, 0.35)) : Math.round(levelMinor / 250),
    crossBorder: role === 'plain' && dice.next() < (kind === 'company' ? 0.18 : 0.03),
    invests: isPerson && dice.next() < 0.25,
    salary: undefined,
    rent: undefined,
    loan: undefined,
    utility: undefined,
    phoneDay: dice.between(1, 28),
    monthlyDays: 0,
    shops: [],
    circle: [],
  };
}

/** Persons that are reported on by their own alerts keep to small payments. */
function quieten(c: Customer): void {
  if (c.list !== undefined) c.spendMinor = Math.min(c.spendMinor, key(60));
}

export function makeCast(options: BankOptions): Cast {
  const dice = new Dice().set(options.seed, 1, 1);
  const offices = makeOffices(options.customers + options.merchants, dice);
  const office = (): { manager: string; branch: string } => dice.pick(offices);
  const customers = parts(options.customers).map((part, i) =>
    makeCustomer(i, part, office(), dice),
  );
  const merchants = Array.from({ length: options.merchants }, (_, i) =>
    makeMerchant(i, office(), dice),
  );
  const byRole = new Map<Role, Customer[]>();
  for (const c of customers) byRole.set(c.role, [...(byRole.get(c.role) ?? []), c]);
  const plain = customers.filter((c) => c.role === 'plain');
  const free = plain.filter((c) => c.watch.length === 0);
  const cast: Cast = {
    customers,
    merchants,
    byRole,
    persons: free.filter((c) => c.kind === 'person' && !c.crossBorder),
    companies: free.filter((c) => c.kind === 'company' && !c.crossBorder),
    importers: plain.filter((c) => c.kind === 'company' && c.crossBorder),
    watched: plain.filter(
      (c) => c.watch.length > 0 && c.watch[0] !== 'critically-ill' && c.levelMinor >= key(160_000),
    ),
    cared: plain.filter((c) => c.watch[0] === 'critically-ill'),
  };
  for (const c of customers) if (!LIFELESS.includes(c.role)) connect(c, cast, dice);
  return cast;
}

function makeOffices(managed: number, dice: Dice): { manager: string; branch: string }[] {
  const managers = new Set<string>();
  const count = Math.max(2, Math.round(managed / MANAGED_BY_ONE));
  while (managers.size < count) managers.add(names.personName(dice));
  return [...managers].map((manager, i) => ({
    manager,
    branch: `${BRANCHES[i % BRANCHES.length]}支行`,
  }));
}

function makeMerchant(
  i: number,
  office: { manager: string; branch: string },
  dice: Dice,
): Customer {
  const merchant = makeCustomer(i, { kind: 'company', role: 'plain' }, office, dice);
  const number = numberOf(i);
  return {
    ...merchant,
    party: `M${number}`,
    name: names.merchantName(dice),
    tier: 'base',
    watch: [],
    second: undefined,
    levelMinor: key(dice.around(200_000, 0.6)),
    spendMinor: key(dice.around(60, 0.7)),
    account: { account: `3101669000${number}3` },
  };
}

/** Employers, landlords, shops, friends and suppliers: who pays whom, for good. */
function connect(c: Customer, cast: Cast, dice: Dice): void {
  const isPerson = c.rhythm === 'person';
  quieten(c);
  c.shops = Array.from({ length: isPerson ? 8 : 3 }, (_, i) =>
    i % 3 === 0 && cast.merchants.length > 0 ? dice.pick(cast.merchants).account : terminal(dice),
  );
  const ours = isPerson ? cast.persons : cast.companies;
  c.circle = Array.from({ length: dice.between(4, 8) }, () => {
    const other = dice.pick(ours);
    return dice.next() < 0.4 || other === c ? elsewhere(dice) : other.account;
  });
  const utility = dice.pick(cast.byRole.get('collector') ?? [c]);
  if (dice.next() < 0.8 && utility !== c) {
    const amountMinor = key(dice.around(isPerson ? 130 : 2_600, 0.4));
    c.utility = { dayOfMonth: dice.between(1, 28), amountMinor, to: utility };
  }
  if (c.watch.includes('loan')) {
    const amountMinor = isPerson ? key(dice.between(12, 55) * 100) : Math.round(c.levelMinor / 60);
    c.loan = { dayOfMonth: dice.pick([1, 10, 20, 21]), amountMinor, id: `L${c.party.slice(1)}` };
  }
  if (isPerson) earnAndRent(c, cast, dice);
  c.monthlyDays = 1 << c.phoneDay;
  for (const m of [c.salary, c.rent, c.loan, c.utility]) {
    if (m !== undefined) c.monthlyDays |= 1 << m.dayOfMonth;
  }
}

function earnAndRent(c: Customer, cast: Cast, dice: Dice): void {
  const pensioner = c.watch.includes('elderly');
  if (pensioner || (c.kind === 'person' && dice.next() < 0.75)) {
    const employer = pensioner || dice.next() < 0.35 ? undefined : dice.pick(employersOf(cast));
    const amountMinor = key(dice.around(pensioner ? 4_200 : 9_500, 0.45));
    const dayOfMonth = pensioner ? 15 : (PAY_DAYS[(employer ?? c).index % PAY_DAYS.length] ?? 15);
    const from: PartyFields = employer?.account ?? elsewhere(dice);
    c.salary = { dayOfMonth, amountMinor, from, employer };
    // A payroll is never a large part of what its company holds.
    if (employer) employer.levelMinor = Math.max(employer.levelMinor, amountMinor * 60);
  }
  const landlords = cast.byRole.get('landlord') ?? [];
  if (c.role !== 'landlord' && !pensioner && dice.next() < 0.16) {
    const amountMinor = key(dice.between(18, 60) * 100);
    c.rent = { dayOfMonth: dice.between(1, 8), amountMinor, to: dice.pick(landlords) };
  }
}

const employersOf = (cast: Cast): Customer[] => cast.companies;

/** A card terminal of a shop that banks elsewhere. */
function terminal(dice: Dice): PartyFields {
  return { account: `POS-${dice.between(100_000, 999_999)}`, kind: 'technical' };
}

const OTHER_BANKS = ['icbc_x', 'ccb_x', 'abc_x', 'cmb_x', 'psbc_x'];

/** Somebody who banks elsewhere in the country, or abroad. */
export function elsewhere(dice: Dice, country = 'CN'): PartyFields {
  const account = `62148${dice.between(1_000_000_000, 9_999_999_999)}`;
  const bank = country === 'CN' ? dice.pick(OTHER_BANKS) : `${country.toLowerCase()}_bank`;
  return { account, bank, country, kind: 'external' };
}

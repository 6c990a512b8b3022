/**
 * Ordinary life. The one trick: a customer's payments are numbered for good, and number `k` falls
 * where `k` plus a throw of the dice lies on the customer's own scale of weighted days. So any day
 * can be made alone, and counts over a month hardly vary: nobody's activity drops by chance.
 */
import type { PartyFields, TransactionFields } from '../../schemas/transaction-codec.js';
import type { Day } from './calendar.js';
import { chance3, Dice } from './dice.js';
import { type Customer, elsewhere } from './people.js';
import type { BankTransaction } from './types.js';

export interface Entry extends BankTransaction {
  msOfDay: number;
  /** Part of a story: its amount stands, whatever lies on the account. */
  told: boolean;
}
export type Emit = (entry: Entry) => void;
type Fields = Omit<TransactionFields, 'eventTimeMs'>;

/** How far a payment may lie behind its place, in payments. */
const JITTER = 1.6;
/** A single payment of ordinary life takes at most this part of what is there. */
const SHARE_MAX = 0.22;
/** What a payment of a story leaves at least, as a part of it. */
const TOPPED_UP = 0.05;
/** Cash just under the line that is reported is what the patterns are about. */
const CASH_MINOR_MAX = 38_000_00;
/** A loan is drawn again about so often. */
const LOAN_MONTHS = 17;
const FADE_CYCLE_DAYS = 210;
const FADE_DAYS = 45;
const SALT = { jitter: 11, payment: 12, monthly: 13, fade: 14, level: 15, harvest: 16 };

const HALF_HOUR_MS = 1_800_000;
/** Half hours of the day, the busy ones more often. */
const personTimes = slots(
  [7, 1],
  [8, 3],
  [9, 4],
  [10, 5],
  [11, 5],
  [12, 6],
  [13, 4],
  [14, 4],
).concat(slots([15, 4], [16, 4], [17, 5], [18, 6], [19, 6], [20, 5], [21, 3], [22, 1]));
const companyTimes = slots(
  [8, 1],
  [9, 5],
  [10, 7],
  [11, 5],
  [12, 1],
  [13, 3],
  [14, 6],
  [15, 6],
).concat(slots([16, 5], [17, 1]));

function slots(...hours: [hour: number, weight: number][]): number[] {
  return hours.flatMap(([hour, weight]) =>
    Array.from({ length: 2 * weight }, (_, i) => hour * 2 + (i % 2)),
  );
}

/** What a fading customer still does: a third, or hardly anything. */
const keptOf = (c: Customer): number => 0.03 + (c.index % 7) * 0.05;

const dice = new Dice();

function timeOfDay(c: Customer, from: Dice): number {
  const slot = from.pick(c.rhythm === 'person' ? personTimes : companyTimes);
  return slot * HALF_HOUR_MS + from.between(0, HALF_HOUR_MS - 1);
}

/** Minor units: persons pay to the cent by card, else in whole yuan. */
function amountOf(median: number, sigma: number, unit = 1): number {
  return Math.max(unit, Math.round(dice.around(median, sigma) / unit) * unit);
}

export class Life {
  constructor(
    private readonly seed: number,
    private readonly anchorDay: number,
    private readonly shops: readonly Customer[],
    private readonly faders: readonly Customer[],
  ) {}

  /** Everything that a customer's own life brings on a day, in no order. */
  liveDay(c: Customer, day: Day, emit: Emit): void {
    const fade = c.role === 'fader' ? this.#fadeStart(c, day.day) : undefined;
    if (fade !== undefined) {
      this.#fadedDay(c, day, fade, emit);
      return;
    }
    this.#everyday(c, day, emit);
    this.#monthly(c, day, emit);
    if (c.kind === 'farmer') this.#harvest(c, day, emit);
  }

  /** A life gone quiet for some weeks: what is left of it is labelled. */
  #fadedDay(c: Customer, day: Day, start: number, emit: Emit): void {
    const mark = (e: Entry): void => {
      e.pattern = `activity-drop:${c.party}:${start}`;
      emit(e);
    };
    this.#everyday(c, day, mark, keptOf(c));
    this.#monthly(c, day, mark);
  }

  #everyday(c: Customer, day: Day, emit: Emit, kept = 1): void {
    const from = c.rate * day.weightFrom[c.rhythm];
    const to = c.rate * day.weightTo[c.rhythm];
    for (let k = Math.floor(from - JITTER); k <= to; k++) {
      const at = k + JITTER * chance3(this.seed + c.index, k, SALT.jitter);
      if (at < from || at >= to) continue;
      if (kept < 1 && chance3(this.seed + c.index, k, SALT.fade) >= kept) continue;
      dice.set(this.seed + c.index, k, SALT.payment);
      const id = `b${c.tag}-${k.toString(36)}`;
      emit(c.rhythm === 'person' ? this.#personPays(c, id, day) : companyPays(c, id));
    }
  }

  /** First day of the fade that a day lies in. Starts are spread evenly round the anchor. */
  #fadeStart(c: Customer, day: number): number | undefined {
    const phase = Math.floor((this.faders.indexOf(c) * FADE_CYCLE_DAYS) / this.faders.length);
    const days = day - this.anchorDay + phase + FADE_CYCLE_DAYS * 100;
    const into = days % FADE_CYCLE_DAYS;
    return into < FADE_DAYS ? day - into : undefined;
  }

  #personPays(c: Customer, id: string, day: Day): Entry {
    const at = timeOfDay(c, dice);
    const roll = dice.next();
    const spend = c.spendMinor;
    const me = c.account;
    if (roll < 0.56) {
      const amount = amountOf(spend, 0.9);
      return entry(at, id, me, dice.pick(c.shops), amount, 'card', 'pos');
    }
    if (roll < 0.7 && this.shops.length > 0) {
      const shop = dice.pick(this.shops);
      const e = entry(
        at,
        id,
        me,
        shop.account,
        amountOf(spend / 2, 0.7, 100),
        'transfer',
        'mobile',
      );
      e.pattern = `merchant:${shop.party}:${day.month}`;
      return e;
    }
    if (roll < 0.82) {
      const amount = amountOf(spend * 4, 0.8, 1000);
      return entry(at, id, me, dice.pick(c.circle), amount, 'transfer', 'mobile');
    }
    if (roll < 0.9) return entry(at, id, me, WALLET, amountOf(spend, 1), 'transfer', 'online');
    if (roll < 0.94) return cash(at, id, c, -1);
    if (roll < 0.965) {
      const purpose = dice.pick(['HSPC', 'MDCS', 'DNTS', 'MDCS']);
      const e = entry(at, id, me, HOSPITAL, amountOf(spend * 3, 0.9), 'card', 'pos');
      e.fields.purpose = purpose;
      return e;
    }
    if (roll < 0.98 && c.invests) return invest(at, id, c);
    if (roll < 0.985) return cash(at, id, c, 1);
    if (c.second !== undefined && roll < 0.99) {
      return entry(at, id, me, c.second, amountOf(spend * 12, 0.7, 10_000), 'transfer', 'mobile');
    }
    if (c.crossBorder) {
      const payee = elsewhere(dice, dice.pick(ABROAD));
      return entry(at, id, me, payee, amountOf(9_000_00, 0.5, 10_000), 'transfer', 'online');
    }
    return entry(at, id, me, dice.pick(c.shops), amountOf(spend * 2, 1), 'card', 'online');
  }

  /** Salary, rent, utilities, telephone, loan, interest and fees. */
  #monthly(c: Customer, day: Day, emit: Emit): void {
    if ((c.monthlyDays & day.dueDays) === 0) return;
    const due = (dayOfMonth: number): boolean => (day.workingDueDays & (1 << dayOfMonth)) !== 0;
    const id = (what: string): string => `${what}${c.tag}-${day.day.toString(36)}`;
    const { salary, rent, loan, utility } = c;
    dice.set(this.seed + c.index, day.day, SALT.monthly);
    const at = timeOfDay(c, dice);
    if (salary && due(salary.dayOfMonth)) {
      const ms = 9 * 2 * HALF_HOUR_MS + dice.between(0, HALF_HOUR_MS);
      const { from, amountMinor, employer } = salary;
      const e = entry(ms, id('w'), from, c.account, amountMinor, 'salary', 'batch');
      e.fields.purpose = 'SALA';
      if (employer) e.pattern = `payroll:${employer.party}:${day.month}`;
      emit(e);
    }
    if (rent && day.dayOfMonth === rent.dayOfMonth) {
      const { to, amountMinor } = rent;
      const e = entry(at, id('n'), c.account, to.account, amountMinor, 'transfer', 'mobile');
      e.fields.purpose = 'RENT';
      e.pattern = `rent-collector:${to.party}:${day.month}`;
      emit(e);
    }
    if (utility && day.dayOfMonth === utility.dayOfMonth) {
      const { to } = utility;
      const amount = amountOf(utility.amountMinor, 0.2);
      const e = entry(at + 1, id('u'), c.account, to.account, amount, 'transfer', 'batch');
      e.pattern = `collection-account:${to.party}:${day.month}`;
      emit(e);
    }
    if (loan && due(loan.dayOfMonth)) {
      const { amountMinor } = loan;
      const e = entry(at + 2, id('l'), c.account, LOANS, amountMinor, 'loan-repayment', 'batch');
      e.fields.loanId = loan.id;
      emit(e);
      if ((day.month + c.index) % LOAN_MONTHS === 0) this.#disburse(loan, c, id('d'), at + 4, emit);
    }
    if (day.dayOfMonth === c.phoneDay) bankMade(c, day, at + 3, id, emit);
  }

  #disburse(loan: NonNullable<Customer['loan']>, c: Customer, id: string, at: number, emit: Emit) {
    const amount = loan.amountMinor * LOAN_MONTHS;
    const e = entry(at, id, LOANS, c.account, amount, 'loan-disbursement', 'batch');
    e.fields.loanId = loan.id;
    emit(e);
  }

  /** Three weeks a year in which many pay a farmer. */
  #harvest(c: Customer, day: Day, emit: Emit): void {
    const year = Math.floor(day.month / 100);
    const month = day.month % 100;
    const season = [6, 9, 10, 11][c.index % 4];
    const first = 1 + (c.index % 9);
    if (month !== season || day.dayOfMonth < first || day.dayOfMonth > first + 19) return;
    dice.set(this.seed + c.index, day.day, SALT.harvest);
    for (let i = dice.between(0, 2); i > 0; i--) {
      const buyer = dice.next() < 0.3 ? dice.pick(c.circle) : elsewhere(dice);
      const amount = amountOf(3_800_00, 0.6, 10_000);
      const id = `h${c.tag}-${day.day.toString(36)}-${i}`;
      const e = entry(timeOfDay(c, dice), id, buyer, c.account, amount, 'transfer', 'mobile');
      e.fields.purpose = 'AGRT';
      e.pattern = `harvest:${c.party}:${year * 100 + month}`;
      emit(e);
    }
  }

  /** What lies on the account when the day begins: wages come and melt, the rest drifts. */
  balanceMinor(c: Customer, day: number): number {
    const drift = (day / 83 + chance3(this.seed, c.index, SALT.level)) % 1;
    const wave = Math.abs(drift - 0.5) * 2;
    return Math.round(c.levelMinor * (0.8 + 0.4 * wave));
  }
}

const WALLET: PartyFields = { account: 'ONLINE-WALLET', kind: 'technical' };
const HOSPITAL: PartyFields = { account: 'HOSPITAL-DESK', kind: 'technical' };
const LOANS: PartyFields = { account: 'LOAN-LEDGER', kind: 'technical' };
const FUNDS: PartyFields = { account: 'FUND-HOUSE', kind: 'technical' };
export const CASH_DESK: PartyFields = { account: 'CASH-DESK', kind: 'technical' };
const BANK_LEDGER: PartyFields = { account: 'BANK-LEDGER', kind: 'technical' };
const TELEPHONE: PartyFields = { account: 'TELEPHONE', kind: 'technical' };
const INSURER: PartyFields = { account: 'INSURER', kind: 'technical' };
const TAX_OFFICE: PartyFields = { account: 'TAX-OFFICE', kind: 'technical' };
const ABROAD = ['US', 'DE', 'JP', 'SG', 'KR', 'GB', 'AU', 'HK'];

export function entry(
  msOfDay: number,
  id: string,
  debtor: PartyFields,
  creditor: PartyFields,
  amountMinor: number,
  type: NonNullable<TransactionFields['type']>,
  channel: NonNullable<TransactionFields['channel']>,
): Entry {
  const fields: Fields = { id, debtor, creditor, amountMinor, currency: 'CNY', type, channel };
  return { msOfDay, told: false, fields, pattern: '' };
}

function cash(at: number, id: string, c: Customer, sign: 1 | -1): Entry {
  const amount = Math.min(CASH_MINOR_MAX, amountOf(c.spendMinor * 12, 0.7, 10_000));
  const [from, to] = sign > 0 ? [CASH_DESK, c.account] : [c.account, CASH_DESK];
  const channel = dice.next() < 0.7 ? 'atm' : 'counter';
  const e = entry(at, id, from, to, amount, sign > 0 ? 'cash-in' : 'cash-out', channel);
  return e;
}

function invest(at: number, id: string, c: Customer): Entry {
  const amount = amountOf(Math.min(c.levelMinor * 0.1, 50_000_00), 0.6, 100_000);
  const risk = dice.between(1, 3);
  if (dice.next() < 0.6) {
    const e = entry(at, id, c.account, FUNDS, amount, 'investment-buy', 'mobile');
    e.fields.productRiskClass = risk;
    return e;
  }
  const e = entry(at, id, FUNDS, c.account, amount, 'investment-redeem', 'mobile');
  return e;
}

/** Suppliers, purchases, now and then cash, some of it across the border. */
function companyPays(c: Customer, id: string): Entry {
  const at = timeOfDay(c, dice);
  const roll = dice.next();
  const spend = c.spendMinor;
  const me = c.account;
  if (c.crossBorder && roll < 0.12) {
    const payee = elsewhere(dice, dice.pick(ABROAD));
    return entry(at, id, me, payee, amountOf(spend * 4, 0.6, 100_000), 'transfer', 'online');
  }
  if (roll < 0.7) {
    return entry(at, id, me, dice.pick(c.circle), amountOf(spend, 0.9, 100), 'transfer', 'online');
  }
  if (roll < 0.8)
    return entry(at, id, me, elsewhere(dice), amountOf(spend, 0.8), 'transfer', 'batch');
  if (roll < 0.96) {
    return entry(at, id, me, dice.pick(c.shops), amountOf(45_000, 0.9), 'card', 'pos');
  }
  if (roll < 0.98)
    return entry(at, id, me, INSURER, amountOf(spend / 4, 0.5), 'insurance', 'online');
  const amount = Math.min(CASH_MINOR_MAX, amountOf(600_000, 0.6, 10_000));
  return entry(at, id, me, CASH_DESK, amount, 'cash-out', 'counter');
}

/** Telephone on its day, and what the bank and the state take or give on the same one. */
function bankMade(c: Customer, day: Day, at: number, id: (w: string) => string, emit: Emit): void {
  const isPerson = c.rhythm === 'person';
  if (isPerson) {
    emit(entry(at, id('t'), c.account, TELEPHONE, amountOf(5_900, 0.3, 100), 'transfer', 'batch'));
  } else {
    const tax = amountOf(c.spendMinor * 2, 0.4);
    emit(entry(at, id('x'), c.account, TAX_OFFICE, tax, 'tax', 'batch'));
  }
  if (c.index % 3 === 0) {
    emit(entry(at + 1, id('f'), c.account, BANK_LEDGER, isPerson ? 200 : 5_000, 'fee', 'batch'));
  }
  if (day.month % 3 === 0) {
    const interest = Math.max(1, Math.round(c.levelMinor * 0.0004));
    const e = entry(at + 2, id('i'), BANK_LEDGER, c.account, interest, 'interest', 'batch');
    emit(e);
  }
}

/**
 * Puts a customer's day in order, keeps each payment of ordinary life to a part of what is there,
 * and says what is left. Who pays more than there was, for a story, has topped the account up.
 */
export function settle(entries: Entry[], balanceMinor: number, c: Customer): void {
  if (entries.length > 1) entries.sort((a, b) => a.msOfDay - b.msOfDay);
  let balance = balanceMinor;
  for (const { fields, told } of entries) {
    let amount = fields.amountMinor as number;
    if (fields.debtor === c.account) {
      const max = Math.max(100, Math.floor(balance * SHARE_MAX));
      if (amount > max && !told) amount = fields.amountMinor = max;
      balance = Math.max(balance - amount, Math.floor(amount * TOPPED_UP));
      fields.debtorBalanceAfterMinor = balance;
    } else if (fields.creditor === c.account) {
      balance += amount;
      fields.creditorBalanceAfterMinor = balance;
    }
  }
}

/**
 * The synthetic bank itself: puts lives and patterns of a day in order of time, and keeps the days
 * made last, because whoever plays live asks for a second at a time.
 */
import type { CaseKind } from '../../schemas/demo.js';
import type { PartyFields, TransactionFields } from '../../schemas/transaction-codec.js';
import { type Day, dayOf, makeDay } from './calendar.js';
import { planCase } from './cases.js';
import { Dice } from './dice.js';
import { labelsOf } from './labels.js';
import { type Entry, Life, settle } from './life.js';
import { Patterns } from './patterns.js';
import { type Cast, type Customer, LIFELESS, makeCast } from './people.js';
import { writeReference } from './reference.js';
import type { Bank, BankOptions, BankTransaction, PatternLabel, PlannedCase } from './types.js';

const DEFAULTS = { seed: 1, customers: 5_000, merchants: 2_000, historyDays: 130 };
/** Below this the pools of `plan` would be empty. */
export const CUSTOMERS_MIN = 100;
/** Of history and live, read at the same time, and one for the turn of the day. */
const DAYS_KEPT = 3;
const CALENDAR_DAYS_KEPT = 64;
/** Sorting by one number: milliseconds of the day and the place in the day's list. */
const PLACES = 2 ** 20;
const RECEIPT_SALT = 61;

/** Throws RangeError on options that make no bank. Everything else follows from the seed. */
export function createBank(options: Partial<BankOptions> & { anchorMs: number }): Bank {
  return new SyntheticBank({ ...DEFAULTS, ...options });
}

class SyntheticBank implements Bank {
  readonly #cast: Cast;
  readonly #life: Life;
  readonly #patterns: Patterns;
  readonly #alive: Customer[];
  readonly #made = new Map<number, BankTransaction[]>();
  readonly #calendar = new Map<number, Day>();
  readonly #dice = new Dice();

  constructor(readonly options: BankOptions) {
    if (options.customers < CUSTOMERS_MIN) {
      throw new RangeError(`customers: at least ${CUSTOMERS_MIN}, not ${options.customers}`);
    }
    const { seed, anchorMs } = options;
    this.#cast = makeCast(options);
    const { byRole, customers } = this.#cast;
    const role = (name: 'shop' | 'fader'): Customer[] => byRole.get(name) ?? [];
    this.#life = new Life(seed, dayOf(anchorMs), role('shop'), role('fader'));
    this.#patterns = new Patterns(seed, this.#cast, this.#life, (day) => this.#dayAt(day));
    this.#alive = customers.filter((c) => !LIFELESS.includes(c.role));
  }

  writeReference(folder: string): void {
    writeReference(folder, this.#cast);
  }

  *customerTransactions(fromMs: number, toMs: number): Iterable<BankTransaction> {
    if (!(toMs > fromMs)) return;
    for (let day = dayOf(fromMs); day <= dayOf(toMs - 1); day++) {
      const rows = this.#day(day);
      for (let i = firstAt(rows, fromMs); i < rows.length; i++) {
        const row = rows[i] as BankTransaction;
        if (timeOf(row) >= toMs) break;
        yield row;
      }
    }
  }

  *receipts(fromMs: number, toMs: number, count: number): Iterable<BankTransaction> {
    const { merchants } = this.#cast;
    if (merchants.length === 0) return;
    const slot = fromMs.toString(36);
    const dice = this.#dice.set(this.options.seed ^ (fromMs / 1000), fromMs % 1000, RECEIPT_SALT);
    for (let i = 0; i < count; i++) {
      const merchant = dice.pick(merchants);
      const fields: TransactionFields = {
        id: `r${slot}-${i.toString(36)}`,
        eventTimeMs: Math.floor(fromMs + ((toMs - fromMs) * i) / count),
        debtor: CARD_HOLDERS[Math.floor(dice.next() * CARD_HOLDERS.length)] as typeof CARD,
        creditor: merchant.account,
        amountMinor: Math.min(RECEIPT_MINOR_MAX, Math.ceil(dice.around(merchant.spendMinor, 0.8))),
        currency: 'CNY',
        type: 'card',
        channel: 'pos',
      };
      yield { fields, pattern: '' };
    }
  }

  labels(fromMs: number, toMs: number): PatternLabel[] {
    return labelsOf(this, this.#cast, fromMs, toMs);
  }

  plan(kind: CaseKind, n: number, nowMs: number): PlannedCase {
    return planCase(this.options.seed, this.#cast, this.#life, kind, n, nowMs);
  }

  #dayAt(day: number): Day {
    return keep(this.#calendar, day, CALENDAR_DAYS_KEPT, makeDay);
  }

  #day(day: number): readonly BankTransaction[] {
    return keep(this.#made, day, DAYS_KEPT, () => this.#make(this.#dayAt(day)));
  }

  #make(day: Day): BankTransaction[] {
    const all: Entry[] = [];
    this.#patterns.onDay(day, (e) => all.push(e));
    const told = byAccount(all);
    const own: Entry[] = [];
    const emit = (e: Entry): void => void own.push(e);
    for (const c of this.#alive) {
      this.#life.liveDay(c, day, emit);
      for (const e of own) all.push(e);
      const more = told.get(c.account);
      if (more !== undefined) own.push(...more);
      if (own.length > 0) settle(own, this.#life.balanceMinor(c, day.day), c);
      own.length = 0;
    }
    const keys = new Float64Array(all.length);
    for (let i = 0; i < keys.length; i++) keys[i] = (all[i] as Entry).msOfDay * PLACES + i;
    keys.sort();
    const ordered: BankTransaction[] = [];
    for (let i = 0; i < keys.length; i++) {
      const entry = all[(keys[i] as number) % PLACES] as Entry;
      entry.fields.eventTimeMs = day.startMs + entry.msOfDay;
      ordered.push(entry);
    }
    return ordered;
  }
}

/** Entries by the accounts on both sides. Accounts are one object for the life of a bank. */
function byAccount(entries: readonly Entry[]): Map<PartyFields, Entry[]> {
  const found = new Map<PartyFields, Entry[]>();
  for (const e of entries) {
    for (const account of [e.fields.debtor, e.fields.creditor]) {
      const list = found.get(account);
      if (list === undefined) found.set(account, [e]);
      else list.push(e);
    }
  }
  return found;
}

const RECEIPT_MINOR_MAX = 9_000_00;
const CARD = { account: 'CARD-0', kind: 'technical' as const };
/** Card holders of other banks: counterparties only. */
const CARD_HOLDERS = Array.from({ length: 4_000 }, (_, i) => ({ ...CARD, account: `CARD-${i}` }));

const timeOf = (row: BankTransaction): number => row.fields.eventTimeMs as number;

/** First row at or after a moment. */
function firstAt(rows: readonly BankTransaction[], fromMs: number): number {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (timeOf(rows[middle] as BankTransaction) < fromMs) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The kept value, or a new one in place of the one that was not asked for longest. */
function keep<V>(map: Map<number, V>, key: number, max: number, make: (key: number) => V): V {
  const kept = map.get(key);
  if (kept !== undefined) map.delete(key);
  else if (map.size >= max) map.delete(map.keys().next().value as number);
  const value = kept ?? make(key);
  map.set(key, value);
  return value;
}

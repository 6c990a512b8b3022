/**
 * Planted stories: what the sample lacks, one function a family. Amounts and pauses vary by seed;
 * the figures stay on the side of each line that the story needs (domain.md of the bank, values in
 * scoring/catalogue/rules).
 */
import type { PartyFields, TransactionFields } from '../../schemas/transaction-codec.js';
import { DEMO_BANK, type DemoPerson, type Part, peopleOf } from './people.js';
import type { Random } from './random.js';

/** A transaction without id and time: `afterMs` counts from the start of the story. */
export interface Planted {
  afterMs: number;
  fields: Omit<TransactionFields, 'id' | 'eventTimeMs'>;
}

const yuan = (amount: number): number => Math.round(amount * 100);

const ours = (p: DemoPerson): PartyFields => ({
  account: p.account,
  bank: DEMO_BANK,
  country: 'CN',
});

function stranger(random: Random, country = 'CN', kind: 'external' | 'company' = 'external') {
  const account = `99${String(random.between(0, 999_999_999)).padStart(10, '0')}`;
  return { account, bank: 'elsewhere', country, kind } satisfies PartyFields;
}

const hall: PartyFields = { account: 'CASH-DESK', kind: 'technical' };

/** Three remittances abroad, each above 50,000, together above 200,000. */
export function remittances(p: DemoPerson, random: Random): Planted[] {
  return [60_000, 70_000, 80_000].map((base, i) => ({
    afterMs: i * 1_500,
    fields: {
      debtor: ours(p),
      creditor: stranger(random, random.pick(['US', 'SG', 'AU', 'CA'])),
      amountMinor: yuan(base + random.between(0, 9_999)),
      currency: 'CNY',
      type: 'transfer',
      channel: 'mobile',
    },
  }));
}

/** Deposits just under the line of 50,000. */
export function structuredCash(p: DemoPerson, random: Random): Planted[] {
  return [0, 1, 2].map((i) => ({
    afterMs: i * 1_500,
    fields: {
      debtor: hall,
      creditor: ours(p),
      amountMinor: yuan(random.between(45_000, 49_900)),
      currency: 'CNY',
      type: 'cash-in',
      channel: random.pick(['counter', 'atm'] as const),
    },
  }));
}

/** Two payments within the single limit of 5,000, then one a cent above it. */
export function overLimit(p: DemoPerson, random: Random): Planted[] {
  return [2_000, 3_000, 5_000.01].map((amount, i) => ({
    afterMs: i * 1_500,
    fields: {
      debtor: ours(p),
      creditor: stranger(random),
      amountMinor: yuan(amount),
      currency: 'CNY',
      type: 'transfer',
      channel: 'online',
    },
  }));
}

/** The first movement after a long silence. */
export function awakening(p: DemoPerson, random: Random): Planted[] {
  const fields: Planted['fields'] = {
    debtor: ours(p),
    creditor: stranger(random),
    amountMinor: yuan(random.between(60_000, 180_000)),
    currency: 'CNY',
    type: 'transfer',
    channel: 'counter',
  };
  return [{ afterMs: 0, fields }];
}

/** About a third of the balance to a new payee, dozens of times the usual payment. */
export function outflow(p: DemoPerson, random: Random): Planted[] {
  const scale = p.part === 'key' ? 40 : 1;
  const amount = random.between(62_000, 90_000) * scale;
  const fields: Planted['fields'] = {
    debtor: ours(p),
    creditor: stranger(random, 'CN', 'company'),
    amountMinor: yuan(amount),
    currency: 'CNY',
    type: 'transfer',
    channel: 'online',
    debtorBalanceAfterMinor: yuan(200_000 * scale - amount),
  };
  return [{ afterMs: 0, fields }];
}

export interface Story {
  part: Part;
  tell(p: DemoPerson, random: Random): Planted[];
}

/** What may be planted again and again. */
export const trickleStories: readonly Story[] = [
  { part: 'remitter', tell: remittances },
  { part: 'cash', tell: structuredCash },
  { part: 'listed', tell: overLimit },
  { part: 'care', tell: outflow },
  { part: 'key', tell: outflow },
  { part: 'dormant', tell: awakening },
];

/** Past of the demo's customers, in order of time: rows with `daysAgo` before the demo's start. */
export function plantedPast(random: Random): { daysAgo: number; fields: Planted['fields'] }[] {
  const rows: { daysAgo: number; fields: Planted['fields'] }[] = [];
  const pay = (p: DemoPerson, daysAgo: number, amount: number, shop: string): void => {
    const creditor: PartyFields = { account: shop, kind: 'technical' };
    const fields = { debtor: ours(p), creditor, amountMinor: yuan(amount), currency: 'CNY' };
    rows.push({ daysAgo, fields: { ...fields, type: 'card', channel: 'pos' } });
  };
  for (const p of peopleOf('dormant')) pay(p, random.between(200, 360), 88, 'SHOP-1');
  for (const p of [...peopleOf('care'), ...peopleOf('key')]) {
    const scale = p.part === 'key' ? 40 : 1;
    for (let day = 120; day > 7; day -= 3) {
      pay(p, day + random.next() / 2, random.between(1_200, 1_800) * scale, 'SHOP-2');
    }
  }
  for (const p of peopleOf('fading')) {
    // About one a day, then one every third day: the drop lies far beyond chance.
    for (let day = 125; day > 7; day -= day > 37 ? 1 : 3) {
      pay(p, day + random.next() / 2, random.between(40, 600), 'SHOP-3');
    }
  }
  return rows.sort((a, b) => b.daysAgo - a.daysAgo);
}

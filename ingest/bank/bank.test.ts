/** The synthetic bank: the same for ever, alive but calm, and labelled. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CASE_KINDS } from '../../schemas/demo.js';
import { DAY_MS } from '../../schemas/time.js';
import { encodeTransaction, type TransactionFields } from '../../schemas/transaction-codec.js';
import { loadReference } from '../reference/load.js';
import { createBank } from './bank.js';
import type { Bank, BankTransaction } from './types.js';

const SEED = 20_260_320;
const anchorMs = Date.parse('2026-03-20T00:00:00+08:00');
const small = { customers: 150, merchants: 5, anchorMs };
const msOf = (t: BankTransaction): number => t.fields.eventTimeMs as number;
const all = (bank: Bank, fromMs: number, toMs: number): BankTransaction[] => [
  ...bank.customerTransactions(fromMs, toMs),
];

/** Accounts of customers with their party, as the reference data says. */
function referenceOf(bank: Bank) {
  const folder = mkdtempSync(join(tmpdir(), 'weir-bank-'));
  try {
    bank.writeReference(folder);
    return {
      data: loadReference(folder),
      parties: readFileSync(join(folder, 'parties.csv'), 'utf8'),
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe('accounts', () => {
  it('were opened long before the history, on the same days at every start', () => {
    const { accounts } = referenceOf(createBank(small)).data;
    const opened = accounts.map((each) => each.opened ?? '');
    expect(opened.every((day) => day > '2005-01-01' && day < '2025-09-01')).toBe(true);
    expect(new Set(opened).size).toBeGreaterThan(opened.length / 2);
    const again = referenceOf(createBank({ ...small, anchorMs: anchorMs + 40 * DAY_MS })).data;
    expect(again.accounts).toEqual(accounts);
  });
});

describe('customerTransactions', () => {
  it(`gives the same for any cut of a span, in order of time (seed ${SEED})`, () => {
    const fromMs = anchorMs - 3 * DAY_MS;
    const whole = all(createBank(small), fromMs, anchorMs + 2 * DAY_MS);
    const cut = fc.integer({ min: fromMs, max: anchorMs + 2 * DAY_MS });
    const property = fc.property(fc.array(cut, { maxLength: 6 }), (cuts) => {
      const at = [fromMs, ...cuts.sort((a, b) => a - b), anchorMs + 2 * DAY_MS];
      const bank = createBank(small);
      const parts = at.slice(1).map((toMs, i) => all(bank, at[i] as number, toMs));
      expect(parts.flat()).toEqual(whole);
    });
    fc.assert(property, { seed: SEED, numRuns: 10 });
    for (let i = 1; i < whole.length; i++) {
      expect(msOf(whole[i] as BankTransaction)).toBeGreaterThanOrEqual(
        msOf(whole[i - 1] as BankTransaction),
      );
    }
    expect(new Set(whole.map((t) => t.fields.id)).size).toBe(whole.length);
    const other = all(createBank({ ...small, seed: 2 }), fromMs, anchorMs);
    expect(other).not.toEqual(whole.slice(0, other.length));
  });

  it('refuses a bank too small for its pools', () => {
    expect(() => createBank({ anchorMs, customers: 20 })).toThrow(/customers: at least 100/);
  });
});

/** What rules count as done by the customer: ARCHITECTURE.md, "Activity". */
const madeByDebtor = [
  'transfer',
  'card',
  'cash-out',
  'loan-repayment',
  'investment-buy',
  'insurance',
];
const madeByCreditor = ['cash-in', 'investment-redeem'];

function actorOf({ type = 'unknown', debtor, creditor }: TransactionFields): string | undefined {
  if (madeByDebtor.includes(type)) return debtor.account;
  return madeByCreditor.includes(type) ? creditor.account : undefined;
}

describe('130 days of 5,000 customers', () => {
  const historyDays = 130;
  const bank = createBank({ anchorMs });
  const { data } = referenceOf(bank);
  const partyOf = new Map(data.accounts.map((a) => [a.account, a.party]));
  const made = new Map<string, Uint16Array>();
  const fading = new Set<string>();
  const ids = new Set<string>();
  let lowestMinor = 0;
  for (const row of bank.customerTransactions(anchorMs - historyDays * DAY_MS, anchorMs)) {
    const { fields } = row;
    ids.add(fields.id);
    const { debtorBalanceAfterMinor = 0, creditorBalanceAfterMinor = 0 } = fields;
    lowestMinor = Math.min(lowestMinor, debtorBalanceAfterMinor, creditorBalanceAfterMinor);
    if (row.pattern.startsWith('activity-drop')) fading.add(row.pattern.split(':')[1] as string);
    const party = partyOf.get(actorOf(fields) ?? '');
    if (party === undefined) continue;
    let days = made.get(party);
    if (days === undefined) made.set(party, (days = new Uint16Array(historyDays)));
    const day = historyDays - Math.ceil((anchorMs - msOf(row)) / DAY_MS);
    days[day] = (days[day] as number) + 1;
  }
  /** Customers whose activity is down by 30 % when a day closes. */
  const dropsAt = (day: number): string[] =>
    [...made].flatMap(([party, days]) => {
      const recent = days.subarray(day - 29, day + 1).reduce((a, b) => a + b, 0);
      const before = days.subarray(Math.max(0, day - 119), day - 29).reduce((a, b) => a + b, 0);
      return before >= 8 && recent / 30 <= (0.7 * before) / 90 ? [party] : [];
    });

  it('are 750,000 to 900,000 transactions with ids of their own and no debts', () => {
    expect(ids.size).toBeGreaterThan(750_000);
    expect(ids.size).toBeLessThan(900_000);
    expect(lowestMinor).toBeGreaterThanOrEqual(0);
    expect(data.parties.length).toBe(7_000);
  });

  it('bring hardly a drop of activity that was not meant, spring festival or not', () => {
    for (let day = 119; day < historyDays; day++) {
      expect(dropsAt(day).filter((party) => !fading.has(party)).length).toBeLessThan(10);
    }
    const meant = dropsAt(historyDays - 1).filter((party) => fading.has(party)).length;
    expect(meant).toBeGreaterThanOrEqual(4);
    expect(meant).toBeLessThanOrEqual(9);
  });
});

describe('receipts', () => {
  it('are card payments of strangers to merchants, spread over their span', () => {
    const bank = createBank(small);
    const { data } = referenceOf(bank);
    const merchants = new Set(
      data.accounts.filter((a) => a.party.startsWith('M')).map((a) => a.account),
    );
    const rows = [0, 1].flatMap((s) => [
      ...bank.receipts(anchorMs + s * 1_000, anchorMs + (s + 1) * 1_000, 200),
    ]);
    expect(new Set(rows.map((r) => r.fields.id)).size).toBe(400);
    for (const [i, { fields }] of rows.entries()) {
      expect(fields.eventTimeMs).toBe(anchorMs + i * 5);
      expect(fields).toMatchObject({ type: 'card', debtor: { kind: 'technical' } });
      expect(merchants).toContain(fields.creditor.account);
      expect(fields.amountMinor).toBeLessThan(50_000_00);
      expect(encodeTransaction(fields).length).toBeGreaterThan(0);
    }
    const again = [...bank.receipts(anchorMs + 1_000, anchorMs + 2_000, 200)];
    expect(again).toEqual(rows.slice(200));
  });
});

describe('labels', () => {
  it('name every kind, and ids that exist', () => {
    const bank = createBank({ anchorMs, customers: 1_000, merchants: 5 });
    const fromMs = anchorMs - 40 * DAY_MS;
    const labels = bank.labels(fromMs, anchorMs);
    const kinds = new Map(labels.map((l) => [l.kind, l.suspicious]));
    const harmless = ['payroll', 'rent-collector', 'collection-account', 'merchant', 'tuition'];
    const suspicious = [
      ...['structuring', 'fan-in', 'fan-out', 'pass-through', 'cycle', 'scatter-gather'],
      ...['gather-scatter', 'bipartite', 'stack', 'remittances', 'over-limit', 'outflow'],
      ...['dormant', 'activity-drop'],
    ];
    for (const kind of suspicious) expect(kinds.get(kind), kind).toBe(true);
    for (const kind of harmless) expect(kinds.get(kind), kind).toBe(false);
    const autumnMs = Date.parse('2025-10-20T00:00:00+08:00');
    const harvest = bank.labels(autumnMs, autumnMs + DAY_MS).filter((l) => l.kind === 'harvest');
    expect(harvest.length).toBeGreaterThan(0);
    expect(harvest.every((l) => !l.suspicious)).toBe(true);
    const { data } = referenceOf(bank);
    const parties = new Set(data.parties.map((p) => p.party));
    const written = new Set(
      all(bank, fromMs - 46 * DAY_MS, anchorMs + 46 * DAY_MS).map((t) => t.fields.id),
    );
    for (const label of labels) {
      expect(label.firstMs).toBeLessThan(anchorMs);
      expect(label.lastMs).toBeGreaterThanOrEqual(fromMs);
      expect(label.transactionIds.filter((id) => !written.has(id))).toEqual([]);
      expect(label.subjects.filter((party) => !parties.has(party))).toEqual([]);
    }
  });
});

describe('plan', () => {
  it('has 60 fresh customers of each kind, none of another, then begins again', () => {
    const bank = createBank({ anchorMs });
    const taken = new Set<string>();
    for (const kind of CASE_KINDS) {
      for (let n = 0; n < 60; n++) taken.add(bank.plan(kind, n, anchorMs).subject);
    }
    expect(taken.size).toBe(60 * CASE_KINDS.length);
    const [first, again] = [0, 60].map((n) => bank.plan('remittances', n, anchorMs));
    expect(again?.subject).toBe(first?.subject);
    expect(again?.live).not.toEqual(first?.live);
    expect(bank.plan('cycle', 3, anchorMs)).toEqual(bank.plan('cycle', 3, anchorMs));
  });

  it('tells the past only where a case needs one, and never of today', () => {
    const bank = createBank({ anchorMs });
    const nowMs = anchorMs + 14 * 3_600_000;
    for (const kind of CASE_KINDS) {
      const { past } = bank.plan(kind, 5, nowMs);
      expect(past.length > 0, kind).toBe(kind === 'dormant' || kind === 'activity-drop');
      for (const row of past) expect(row.eventTimeMs).toBeLessThan(anchorMs);
    }
  });
});

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ClassBit, packProfile, RecordFlag } from '../schemas/classes.js';
import { hashText, hashWords } from '../schemas/identity.js';
import type { ReferenceData } from '../schemas/reference.js';
import type { TransactionFields } from '../schemas/transaction-codec.js';
import { createRouter } from './router.js';
import {
  type Harness,
  type LegRead,
  readLeg,
  reference,
  startAdmission,
  temporaryFolder,
  transaction,
} from './testing.js';

const SHARDS = 16;
let folder: ReturnType<typeof temporaryFolder>;
let harness: Harness | undefined;
beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(async () => {
  await harness?.stop();
  harness = undefined;
  folder.remove();
});

/** Legs of one transaction, routed from a copy of its record (as after a restart). */
async function legsOf(
  changes: Partial<TransactionFields>,
  data: Partial<ReferenceData> = {},
): Promise<LegRead[]> {
  const tables = reference(data);
  harness = await startAdmission(folder.path, { reference: tables });
  const result = harness.offer([transaction(changes)]);
  if (result.full || result.outcomes[0].ack !== 'accepted') throw new Error('not accepted');
  const { position } = result.outcomes[0];
  const router = createRouter({ shards: SHARDS });
  router.setReference(tables);
  const legs: LegRead[] = [];
  const record = harness.admitted[position].record;
  router.route(position, record, (shard, leg, length) => legs.push(readLeg(shard, leg, length)));
  return legs;
}

function shardOf(subject: string): number {
  hashText(subject);
  return hashWords[0] & (SHARDS - 1);
}
const party = (id: string, changes = {}) => ({
  party: id,
  name: 'n',
  kind: 'person' as const,
  tier: 'base' as const,
  riskClass: 0,
  watch: [],
  manager: '',
  branch: '',
  ...changes,
});

describe('router', () => {
  it('sends the debit leg to the debtor, the credit leg to the creditor, by subject', async () => {
    const legs = await legsOf(
      { debtor: { account: 'A-1' }, creditor: { account: 'B-1', party: 'PB' } },
      { parties: [party('PA')], accounts: [{ account: 'A-1', party: 'PA' }] },
    );
    expect(legs).toMatchObject([
      {
        side: 'debit',
        shard: shardOf('PA'),
        subject: 'PA',
        account: 'A-1',
        counterparty: 'PB',
        country: 'CN',
        amountBaseMinor: 123_456,
        id: 't-1',
        reversed: '',
      },
      { side: 'credit', shard: shardOf('PB'), subject: 'PB', account: 'B-1', counterparty: 'PA' },
    ]);
  });

  it('gives external parties no leg, and keeps them as counterparties', async () => {
    const legs = await legsOf(
      { creditor: { account: 'X', bank: 'THEIRS', country: 'US' } },
      { ourBanks: ['OURS'] },
    );
    expect(legs).toHaveLength(1);
    expect(legs[0]).toMatchObject({ side: 'debit', counterparty: 'X', country: 'US' });
    expect(legs[0].flags).toBe(RecordFlag.creditorExternal);
    const bits = ClassBit.crossBorder | ClassBit.otherBank | ClassBit.counterpartyExternal;
    expect(legs[0].classBits & bits).toBe(bits);
  });

  it.each([
    ['2026-03-02T00:00:00+08:00', true],
    ['2026-03-02T04:59:59.999+08:00', true],
    ['2026-03-02T05:00:00+08:00', false],
    ['2026-03-01T23:59:59.999+08:00', false],
  ])('says by the clock of the bank whether %s is at night', async (text, isAtNight) => {
    const zoneTable = [{ fromMs: 0, offsetMs: 8 * 3_600_000 }];
    const legs = await legsOf({ eventTimeMs: Date.parse(text) }, { zoneTable });
    for (const leg of legs) expect((leg.classBits & ClassBit.offHours) !== 0).toBe(isAtNight);
  });

  it.each([
    [{ currency: 'USD', purpose: 'RENT' }, ClassBit.foreignCurrency | ClassBit.household],
    [{ currency: 'CNY', purpose: 'HREC' }, 0],
  ])('tells foreign money and what households pay, on both legs: %o', async (changes, expected) => {
    const legs = await legsOf(changes, { fx: { version: 3, rates: { USD: 7.1 } } });
    const bits = ClassBit.foreignCurrency | ClassBit.household;
    expect(legs.map((leg) => leg.classBits & bits)).toEqual([expected, expected]);
  });

  it('converts balances after at the rate of the record, and leaves unknown ones NaN', async () => {
    const legs = await legsOf(
      { currency: 'JPY', amountMinor: 1, debtorBalanceAfterMinor: 200_000 },
      { fx: { version: 3, rates: { JPY: 4.7 } } },
    );
    expect(legs[0]).toMatchObject({ amountBaseMinor: 5, balanceAfterMinor: 940_000 });
    expect(legs[1].balanceAfterMinor).toBeNaN();
  });

  it('names the reversed transaction', async () => {
    const legs = await legsOf({ type: 'reversal', reversedTransaction: 't-0' });
    expect(legs.map((l) => l.reversed)).toEqual(['t-0', 't-0']);
    expect(legs[0].flags & RecordFlag.reversal).toBe(RecordFlag.reversal);
  });

  it('puts the lowest limits of a listed subject, over its accounts, behind the leg', async () => {
    const legs = await legsOf(
      {},
      {
        parties: [party('PA')],
        accounts: [
          { account: 'A-1', party: 'PA' },
          { account: 'A-2', party: 'PA' },
        ],
        lists: [
          { list: 'fraud', key: 'PA', single: '5000.00', day: '20000' },
          { list: 'gambling', key: 'A-2', single: '4000.00' },
        ],
      },
    );
    expect(legs[0].limits).toEqual([400_000, 2_000_000, Infinity]);
    expect(legs[0].profile).toBe(
      packProfile({
        kind: 'person',
        tier: 'base',
        riskClass: 0,
        watch: [],
        lists: ['gambling', 'fraud'],
      }),
    );
    expect(legs[0].classBits & ClassBit.listed).toBe(ClassBit.listed);
    expect(legs[1].limits).toBeUndefined();
    expect(legs[1].classBits & ClassBit.counterpartyListed).toBe(ClassBit.counterpartyListed);
  });

  it('routes the same from admission as from the stored record', async () => {
    const tables = reference();
    const router = createRouter({ shards: SHARDS });
    router.setReference(tables);
    const fresh: Uint8Array[] = [];
    const copied: Uint8Array[] = [];
    const stored: Uint8Array[] = [];
    const into = (to: Uint8Array[]) => (_: number, leg: Uint8Array, length: number) => {
      to.push(leg.slice(0, length));
    };
    harness = await startAdmission(folder.path, {
      reference: tables,
      onRecord: (position, record) => router.route(position, record, into(fresh)),
    });
    harness.offer([
      transaction({ channel: 'mobile', purpose: 'HSPC', creditorBalanceAfterMinor: 77 }),
    ]);
    const { position, record } = harness.admitted[1];
    router.route(position, record, into(copied));
    await harness.admission.flush();
    router.route(position, harness.journal.read(position, 1)[0].bytes, into(stored));
    expect(fresh).toHaveLength(2);
    expect(copied).toEqual(fresh);
    expect(stored).toEqual(fresh);
  });
});

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { DeadLetterReason } from '../../schemas/reasons.js';
import {
  decodeTransaction,
  encodeTransaction,
  type TransactionFields,
} from '../../schemas/transaction-codec.js';
import {
  controlOf,
  type Harness,
  NOW_MS,
  payloadOf,
  reference,
  startAdmission,
  temporaryFolder,
  transaction,
} from '../testing.js';
import { listDeadLetters, showDeadLetter } from './dead-letters.js';

let folder: ReturnType<typeof temporaryFolder>;
let running: Harness[] = [];
beforeEach(() => {
  folder = temporaryFolder();
  running = [];
});
afterEach(async () => {
  for (const harness of running) await harness.stop();
  folder.remove();
});

async function start(options?: Parameters<typeof startAdmission>[1]): Promise<Harness> {
  const harness = await startAdmission(folder.path, options);
  running.push(harness);
  return harness;
}
async function restart(
  harness: Harness,
  options?: Parameters<typeof startAdmission>[1],
): Promise<Harness> {
  await harness.stop();
  running = running.filter((h) => h !== harness);
  return start(options);
}
function taken(result: ReturnType<Harness['offer']>) {
  if (result.full) throw new Error('full');
  return result;
}
const transactionsOf = (harness: Harness) =>
  harness.admitted.filter(({ record }) => controlOf(record) === undefined);
const lettersOf = (harness: Harness) => listDeadLetters(harness.journal.table('dead-letters'));

describe('admission into a real journal', () => {
  it('acknowledges what is in the journal, and hands it to scoring at once', async () => {
    const h = await start();
    const result = taken(h.offer([transaction()]));
    expect(result.outcomes).toEqual([
      { ack: 'accepted', position: 1, transactionId: 't-1' }, // 0 is the source's number
    ]);
    expect(transactionsOf(h)).toHaveLength(1);
    expect(h.journal.end()).toBe(0);
    await result.flushed;
    expect(h.journal.end()).toBeGreaterThanOrEqual(2);
    const stored = h.journal.read(1, 1)[0];
    expect(decodeTransaction(payloadOf(stored.bytes))).toEqual(
      decodeTransaction(encodeTransaction(transaction())),
    );
    expect(stored.bytes).toEqual(h.admitted.find((a) => a.position === 1)?.record);
  });

  it('gives every record its position in order, control records among them', async () => {
    const h = await start();
    for (let i = 0; i < 50; i++) h.offer([transaction({ id: `t-${i}` })]);
    await h.admission.flush();
    expect(h.admitted.map((a) => a.position)).toEqual(h.admitted.map((_, i) => i));
    const stored = h.journal.read(0, 1000);
    expect(stored.map((r) => r.position)).toEqual(h.admitted.map((a) => a.position));
    expect(stored.map((r) => r.bytes)).toEqual(h.admitted.map((a) => a.record));
  });

  it('counts a repeated transaction as duplicate, also after a restart', async () => {
    const h = await start();
    taken(h.offer([transaction(), transaction()]));
    expect(transactionsOf(h)).toHaveLength(1);
    const again = await restart(h);
    const result = taken(again.offer([transaction()]));
    expect(result.outcomes).toEqual([{ ack: 'duplicate', transactionId: 't-1' }]);
    expect(transactionsOf(again)).toHaveLength(0);
    expect(again.admission.counters.duplicates).toBe(1);
    expect(lettersOf(again)).toEqual([]);
  });

  it('finds a conflicting duplicate in the dead letters, also after a restart', async () => {
    const h = await start();
    taken(h.offer([transaction()]));
    const again = await restart(h);
    const other = transaction({ amountMinor: 123_457 });
    const result = taken(again.offer([other]));
    await result.flushed;
    expect(result.outcomes[0]).toMatchObject({
      ack: 'rejected',
      reason: 'conflicting_duplicate',
    });
    const [letter] = lettersOf(again);
    expect(letter).toMatchObject({ reason: 'conflicting_duplicate', source: 'http' });
    expect(letter.raw).toEqual(encodeTransaction(other));
  });

  it('refuses each kind of bad transaction with its reason, keeps its bytes, goes on', async () => {
    const refused: [DeadLetterReason, Partial<TransactionFields>][] = [
      ['bad_amount', { amountMinor: 0 }],
      ['bad_amount', { amountMinor: -5 }],
      ['amount_too_large', { amountMinor: 2 ** 43 + 1 }],
      ['unknown_currency', { currency: 'XXQ' }],
      ['unknown_currency', { currency: 'cny' }],
      ['no_fx_rate', { currency: 'SEK' }],
      ['bad_identifier', { id: 'x'.repeat(65) }],
      ['bad_identifier', { id: ' x' }],
      ['bad_identifier', { debtor: { account: 'a\u0000b' } }],
      ['bad_identifier', { debtor: { account: 'e\u0301' } }],
      ['bad_identifier', { creditor: { account: 'B-1', party: 'p\n' } }],
      ['missing_field', { id: '' }],
      ['bad_country', { creditor: { account: 'B-1', country: 'xx' } }],
      ['same_account', { creditor: { account: 'A-1' } }],
      ['too_old', { eventTimeMs: NOW_MS - 7 * 86_400_000 - 1 }],
      ['in_the_future', { eventTimeMs: NOW_MS + 5 * 60_000 + 1 }],
      ['bad_event_time', { eventTimeMs: -1 }],
      ['bad_enum', { productRiskClass: 6 }],
      [
        'no_subject_of_ours',
        {
          debtor: { account: 'A-1', kind: 'external' },
          creditor: { account: 'B-1', kind: 'technical' },
        },
      ],
    ];
    const h = await start();
    const all = refused.map(([, changes], i) => transaction({ id: `bad-${i}`, ...changes }));
    const result = taken(h.offer([...all, transaction({ id: 'good' })]));
    await result.flushed;
    expect(result.outcomes.map((o) => (o.ack === 'rejected' ? o.reason : o.ack))).toEqual([
      ...refused.map(([reason]) => reason),
      'accepted',
    ]);
    expect(transactionsOf(h)).toHaveLength(1);
    const letters = lettersOf(h);
    expect(letters.map((l) => l.reason)).toEqual(refused.map(([reason]) => reason));
    letters.forEach((letter, i) => {
      expect(letter.raw).toEqual(encodeTransaction(all[i]));
      expect(letter.detail).not.toMatch(/A-1|B-1/);
    });
  });

  it('admits at the very limits of time, and history at any time', async () => {
    const h = await start();
    const result = taken(
      h.offer([
        transaction({ id: 'old', eventTimeMs: NOW_MS - 7 * 86_400_000 }),
        transaction({ id: 'ahead', eventTimeMs: NOW_MS + 5 * 60_000 }),
      ]),
    );
    expect(result.outcomes.map((o) => o.ack)).toEqual(['accepted', 'accepted']);
    const past = taken(
      h.offer([transaction({ id: 'past', eventTimeMs: 86_400_000 })], {
        source: 'file',
        history: true,
      }),
    );
    expect(past.outcomes[0].ack).toBe('accepted');
  });

  it('refuses what is oversized or no message, whole or cut anywhere', async () => {
    const h = await start({ settings: { messageBytesMax: 400 } });
    const good = encodeTransaction(transaction());
    const cuts = Array.from({ length: good.length }, (_, i) => good.subarray(0, i));
    const long = encodeTransaction(transaction({ recordingReference: 'r'.repeat(300) }));
    expect(long.length).toBeGreaterThan(400);
    const result = taken(h.offer([long, ...cuts]));
    await result.flushed;
    expect(result.outcomes[0]).toMatchObject({ ack: 'rejected', reason: 'oversized' });
    expect(result.outcomes.every((o) => o.ack === 'rejected')).toBe(true);
    expect(transactionsOf(h)).toHaveLength(0);
    expect(lettersOf(h).length).toBe(100); // the first page
    const { rejected } = h.admission.counters;
    expect(rejected.oversized).toBe(1);
    expect(rejected.bad_structure + rejected.missing_field + rejected.bad_enum).toBe(cuts.length);
  });

  it('drops the oldest dead letters beyond the limit, also after a restart', async () => {
    let h = await start({ deadLettersMax: 3 });
    const bad = (i: number) => transaction({ id: `b${i}`, amountMinor: 0 });
    taken(h.offer([bad(1), bad(2), bad(3), bad(4)]));
    h = await restart(h, { deadLettersMax: 3 });
    await taken(h.offer([bad(5)])).flushed;
    expect(lettersOf(h).map((l) => l.key)).toEqual([3, 4, 5]);
    expect(h.admission.counters.deadLettersDropped).toBe(1);
    const table = h.journal.table('dead-letters');
    expect(showDeadLetter(table, 1)).toBeUndefined();
    expect(showDeadLetter(table, 5)?.raw).toEqual(encodeTransaction(bad(5)));
    expect(listDeadLetters(table, { reason: 'too_old' })).toEqual([]);
    expect(listDeadLetters(table, { reason: 'bad_amount', from: 4, limit: 1 })).toHaveLength(1);
  });

  it('keeps dead letters within their eighth of the journal, also after a restart', async () => {
    const settings = { journalBytesMax: 16 * 1024 * 1024, messageBytesMax: 1024 * 1024 };
    let h = await start({ settings });
    const raw = (fill: number) => new Uint8Array(1_000_000).fill(fill);
    await taken(h.offer([raw(1), raw(2)])).flushed;
    expect(lettersOf(h)).toHaveLength(2);
    h = await restart(h, { settings });
    await taken(h.offer([raw(3)])).flushed;
    expect(lettersOf(h).map((l) => l.key)).toEqual([2, 3]);
    expect(h.admission.counters.deadLettersDropped).toBe(1);
  });

  it('pauses sources when too much is pending and says when there is room', async () => {
    const h = await start({ settings: { pendingBytesMax: 20_000 }, keepConsumed: true });
    let accepted = 0;
    for (; accepted < 1000; accepted++) {
      if (h.offer([transaction({ id: `t-${accepted}` })]).full) break;
    }
    expect(accepted).toBeGreaterThan(10);
    expect(accepted).toBeLessThan(100);
    let room = 0;
    h.admission.onRoom(() => room++);
    await h.admission.flush();
    expect(h.offer([transaction({ id: 'more' })]).full).toBe(true);
    h.admission.consumed(h.admission.nextPosition);
    expect(room).toBe(1);
    expect(h.offer([transaction({ id: 'more' })]).full).toBe(false);
  });

  it('pauses sources while the disk is nearly full, whoever fills it', async () => {
    let diskHasRoom = true;
    const h = await start({ diskHasRoom: () => diskHasRoom });
    let room = 0;
    h.admission.onRoom(() => room++);
    taken(h.offer([transaction({ id: 'before' })]));
    h.admission.consumed(h.admission.nextPosition);
    diskHasRoom = false;
    h.admission.tick();
    expect(h.offer([transaction({ id: 'meanwhile' })]).full).toBe(true);
    await h.admission.flush();
    h.admission.tick();
    expect(room).toBe(0);
    diskHasRoom = true;
    h.admission.tick();
    expect(room).toBe(1);
    taken(h.offer([transaction({ id: 'meanwhile' })]));
  });

  it('numbers sources for ever and keeps their offsets with the records', async () => {
    let h = await start();
    h.offer([transaction({ id: 'a' })], { source: 'one', nextOffset: 7 });
    h.offer([transaction({ id: 'b' })], { source: 'two', nextOffset: 9 });
    h = await restart(h);
    expect(h.admission.sourceOffset('one', 0)).toBe(7);
    expect(h.admission.sourceOffset('two', 0)).toBe(9);
    expect(h.admission.sourceOffset('none', 0)).toBe(0);
    h.offer([transaction({ id: 'c' })], { source: 'three' });
    const controls = h.admitted.map(({ record }) => controlOf(record));
    expect(controls).toContainEqual({ type: 'source', name: 'three', number: 3 });
  });

  it('tells the shards whose profile changed when reference data is switched', async () => {
    const party = { party: 'P', name: 'n', kind: 'person', tier: 'base', riskClass: 0 } as const;
    const rest = { watch: [], manager: '', branch: '' };
    const account = { account: 'A-1', party: 'P' };
    const before = reference({ parties: [{ ...party, ...rest }], accounts: [account] });
    const h = await start({ reference: before });
    h.offer([transaction()]);
    const after = reference({
      version: 2,
      parties: [{ ...party, ...rest, tier: 'growth' }],
      accounts: [account],
    });
    h.admission.switchReference(after, '0'.repeat(64));
    expect(h.admitted.slice(-2).map(({ record }) => controlOf(record))).toEqual([
      { type: 'reference', version: 2, sha256: '0'.repeat(64) },
      { type: 'profile', subject: 'P', profile: 1 | (1 << 4) },
    ]);
  });
});

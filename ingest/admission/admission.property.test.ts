/** What must hold whatever is sent, in whatever order, with restarts in between. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { configurationSchema } from '../../schemas/configuration.js';
import { EnvelopeKind, unwrapEnvelope, wrapEnvelope } from '../../schemas/envelope.js';
import { AMOUNT_MINOR_MAX } from '../../schemas/money.js';
import { decodeTransaction, encodeTransaction } from '../../schemas/transaction-codec.js';
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
import { createAdmission } from './admission.js';
import { listDeadLetters } from './dead-letters.js';
import { createNullJournal, type Journal } from './journal.js';

const DEEP = process.env['WEIR_DEEP'] === '1';

function stored(h: Harness) {
  return h.journal
    .read(h.journal.first(), 1_000_000, 1 << 30)
    .filter(({ bytes }) => controlOf(bytes) === undefined)
    .map(({ bytes }) => decodeTransaction(payloadOf(bytes)));
}

const step = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      id: fc.integer({ min: 0, max: 25 }),
      amount: fc.integer({ min: 0, max: 2 }),
    }),
  },
  { weight: 1, arbitrary: fc.constant('restart' as const) },
);

describe('admission, whatever comes', () => {
  it('stores each id once with its first content, across restarts', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const folder = temporaryFolder();
        let h = await startAdmission(folder.path);
        try {
          const first = new Map<string, number>();
          let conflicts = 0;
          let bad = 0;
          for (const s of steps) {
            if (s === 'restart') {
              await h.stop();
              h = await startAdmission(folder.path);
              continue;
            }
            const t = transaction({ id: `t${s.id}`, amountMinor: s.amount });
            const known = first.get(t.id);
            const result = h.offer([t]);
            if (result.full) throw new Error('full');
            const { ack } = result.outcomes[0];
            if (s.amount === 0) bad++;
            else if (known === undefined) first.set(t.id, s.amount);
            else if (known !== s.amount) conflicts++;
            const expected =
              s.amount === 0 || (known !== undefined && known !== s.amount)
                ? 'rejected'
                : known === undefined
                  ? 'accepted'
                  : 'duplicate';
            expect(ack).toBe(expected);
          }
          await h.admission.flush();
          expect(stored(h).map((t) => [t.id, t.amountMinor])).toEqual([...first]);
          const letters = listDeadLetters(h.journal.table('dead-letters'), { limit: 1000 });
          expect(letters.map((l) => l.reason).sort()).toEqual([
            ...Array.from({ length: bad }, () => 'bad_amount'),
            ...Array.from({ length: conflicts }, () => 'conflicting_duplicate'),
          ]);
        } finally {
          await h.stop();
          folder.remove();
        }
      }),
      { numRuns: DEEP ? 300 : 15 },
    );
  });

  it('admits of damaged messages only what is a sound transaction, and never stops', async () => {
    const journal = createNullJournal();
    const admitted: Uint8Array[] = [];
    const admission = await createAdmission({
      journal,
      configuration: configurationSchema.parse({ dedupeIdsMax: 200_000 }),
      clock: { nowMs: () => NOW_MS },
      reference: reference(),
      onAdmitted: (position, record) => {
        if (controlOf(record) === undefined) admitted.push(payloadOf(record).slice());
        admission?.consumed(position + 1);
      },
      onFailed: (error) => {
        throw error;
      },
      deadLettersMax: 10,
    });
    let offset = 0;
    const offer = (bytes: Uint8Array) => {
      const items = [{ offset: offset++, index: 0, bytes }];
      const result = admission.offer({ source: 's', partition: 0, history: false, items });
      if (result.full) throw new Error('full');
      return result.outcomes[0].ack;
    };
    const full = encodeTransaction(
      transaction({
        debtor: { account: 'A-1', party: 'P', bank: 'OURS', country: 'CN', kind: 'person' },
        creditor: { account: 'B-1', bank: 'THEIRS', country: 'US', kind: 'external' },
        purpose: 'HSPC',
        debtorBalanceAfterMinor: 5,
        reversedTransaction: 't-0',
      }),
    );
    let good = 0;
    const flips = fc.array(fc.tuple(fc.nat(full.length - 1), fc.integer({ min: 1, max: 255 })), {
      minLength: 1,
      maxLength: 4,
    });
    fc.assert(
      fc.property(flips, (changes) => {
        const bytes = full.slice();
        for (const [at, mask] of changes) bytes[at] ^= mask;
        const before = admitted.length;
        if (offer(bytes) === 'accepted') {
          // It says something else now, but something sound; a checksum is the envelope's part.
          const t = decodeTransaction(bytes);
          expect(admitted.length).toBe(before + 1);
          expect(decodeTransaction(admitted[before])).toEqual(t);
          expect(t.amountMinor).toBeGreaterThan(0);
          expect(t.amountMinor).toBeLessThanOrEqual(AMOUNT_MINOR_MAX);
          expect(Math.abs((t.eventTimeMs ?? 0) - NOW_MS)).toBeLessThanOrEqual(7 * 86_400_000);
        } else expect(admitted.length).toBe(before);
        const enveloped = wrapEnvelope(EnvelopeKind.transaction, full);
        for (const [at, mask] of changes) enveloped[at + 16] ^= mask;
        if (!enveloped.subarray(16).every((byte, i) => byte === full[i])) {
          expect(unwrapEnvelope(enveloped).ok).toBe(false);
        }
        expect(offer(encodeTransaction(transaction({ id: `good-${good++}` })))).toBe('accepted');
      }),
      { numRuns: DEEP ? 200_000 : 3_000 },
    );
    const { accepted, rejected, duplicates } = admission.counters;
    const sum = Object.values(rejected).reduce((a, b) => a + b, 0);
    expect(accepted + sum + duplicates).toBe(offset);
    await admission.close();
  });

  it('acknowledges nothing that a failed journal did not take, and stops', async () => {
    const failing: Journal = {
      ...createNullJournal(),
      nextPosition: 0,
      append: () => Promise.reject(new Error('disk full')),
    };
    const failures: unknown[] = [];
    const admission = await createAdmission({
      journal: failing,
      configuration: configurationSchema.parse({ dedupeIdsMax: 10 }),
      clock: { nowMs: () => NOW_MS },
      reference: reference(),
      onAdmitted: () => undefined,
      onFailed: (error) => failures.push(error),
    });
    const batch = {
      source: 's',
      partition: 0,
      history: false,
      items: [{ offset: 0, index: 0, bytes: encodeTransaction(transaction()) }],
    };
    const result = admission.offer(batch);
    if (result.full) throw new Error('full');
    await expect(result.flushed).rejects.toThrow('disk full');
    expect(failures).toHaveLength(1);
    expect(admission.offer(batch).full).toBe(true);
    await admission.close().catch(() => undefined);
  });
});

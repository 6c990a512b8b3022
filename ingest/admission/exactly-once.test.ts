/** What admission owes the promise: what is acknowledged is scored once, whatever comes twice. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { configurationSchema } from '../../schemas/configuration.js';
import {
  RECORD_HEADER_KIND,
  RECORD_HEADER_ORIGIN_OFFSET,
} from '../../schemas/generated/records.js';
import { decodeTransaction, encodeTransaction } from '../../schemas/transaction-codec.js';
import {
  controlOf,
  type Harness,
  NOW_MS,
  reference,
  startAdmission,
  temporaryFolder,
  transaction,
} from '../testing.js';
import { createAdmission } from './admission.js';
import { listDeadLetters } from './dead-letters.js';
import { createNullJournal, type Journal } from './journal.js';
import { readControls } from './restore.js';

let folder: ReturnType<typeof temporaryFolder>;
let h: Harness;
beforeEach(async () => {
  folder = temporaryFolder();
  h = await startAdmission(folder.path);
});
afterEach(async () => {
  await h.stop();
  folder.remove();
});
async function restart(): Promise<void> {
  await h.stop();
  h = await startAdmission(folder.path);
}

const letters = () => listDeadLetters(h.journal.table('dead-letters'));
const controls = (type: string) =>
  h.admitted.filter(({ record }) => controlOf(record)?.type === type);

function offerAt(offset: number, index: number, id: string) {
  const bytes = encodeTransaction(transaction({ id }));
  const items = [{ offset, index, bytes }];
  const result = h.admission.offer({ source: 's', partition: 3, history: false, items });
  if (result.full) throw new Error('full');
  return result.outcomes[0];
}

describe('a batch and its offset', () => {
  it('are one commit, however large the turn', async () => {
    const appends: { offsets: number[]; next: number }[] = [];
    const inner = createNullJournal();
    const journal: Journal = {
      ...inner,
      get nextPosition() {
        return inner.nextPosition;
      },
      append: (records, also) => {
        const offsets = records
          .filter((r) => r[RECORD_HEADER_KIND] === 1)
          .map((r) => new DataView(r.buffer, r.byteOffset).getFloat64(8, true));
        appends.push({ offsets, next: Number(also?.meta?.['offset:1:0'] ?? -1) });
        return inner.append(records, also);
      },
    };
    expect(RECORD_HEADER_ORIGIN_OFFSET).toBe(8);
    const admission = await createAdmission({
      journal,
      clock: { nowMs: () => NOW_MS },
      configuration: configurationSchema.parse({ dedupeIdsMax: 1_000 }),
      reference: reference(),
      onAdmitted: () => undefined,
      onFailed: (error) => {
        throw error;
      },
    });
    // 3 MiB a batch in batches of one turn: the second one crosses the size of a commit.
    const note = 'n'.repeat(60);
    const items = (offset: number) =>
      Array.from({ length: 12_000 }, (_, index) => ({
        offset,
        index,
        bytes: encodeTransaction(transaction({ id: `${offset}-${index}-${note.slice(0, 40)}` })),
      }));
    for (let offset = 0; offset < 3; offset++) {
      const batch = { source: 's', partition: 0, history: false, quiet: true };
      admission.offer({ ...batch, items: items(offset), nextOffset: offset + 1 });
    }
    await admission.close();
    expect(appends.length).toBeGreaterThan(1);
    for (const { offsets, next } of appends) {
      expect(Math.max(-1, ...new Set(offsets))).toBeLessThan(next);
    }
  });

  it('keep the offset when something fails in the middle of it', async () => {
    await h.stop();
    let fail = false;
    h = await startAdmission(folder.path, {
      onRecord: () => {
        if (fail) throw new Error('a defect');
      },
    });
    h.offer([transaction({ id: 'a' })], { source: 's', nextOffset: 1 });
    fail = true;
    expect(() => h.offer([transaction({ id: 'b' })], { source: 's', nextOffset: 2 })).toThrow();
    expect(h.admission.sourceOffset('s', 0)).toBe(2);
  });
});

describe('an origin', () => {
  it('that was passed is a dead letter, never an acknowledged transaction', async () => {
    expect(offerAt(5, 1, 'a')?.ack).toBe('accepted');
    expect(offerAt(5, 2, 'b')?.ack).toBe('accepted');
    expect(offerAt(5, 2, 'c')).toMatchObject({ ack: 'rejected', reason: 'conflicting_duplicate' });
    expect(offerAt(4, 9, 'd')).toMatchObject({ ack: 'rejected' });
    expect(offerAt(6, 0, 'e')?.ack).toBe('accepted');
    await restart();
    expect(offerAt(6, 0, 'f')?.ack).toBe('rejected');
    expect(offerAt(6, 0, 'e')?.ack).toBe('duplicate');
    expect(h.admission.sourceOffset('s', 3)).toBe(7);
    expect(offerAt(7, 0, 'f')?.ack).toBe('accepted');
    await h.admission.flush();
    expect(letters().map((l) => l.detail)).toEqual(
      new Array(3).fill('origin: at or below what this source has brought before'),
    );
  });

  it('is refused for a source too many, whose legs no shard could tell apart', () => {
    let taken = 0;
    for (let i = 0; i < 200 && h.admission.canTake(`s-${i}`); i++, taken++) {
      h.offer([transaction({ id: `t-${i}` })], { source: `s-${i}` });
    }
    expect(taken).toBe(120);
    expect(h.admission.canTake('s-0')).toBe(true);
    expect(() => h.offer([transaction({ id: 'x' })], { source: 'other' })).toThrow(/120 sources/);
  });
});

describe('the end of a history', () => {
  it('is told once, also when it is told again after a restart', async () => {
    h.offer([transaction()], { source: 'past', history: true });
    h.admission.ended('past');
    h.admission.ended('past');
    expect(controls('history-end')).toHaveLength(1);
    await restart();
    h.admission.ended('past');
    expect(controls('history-end')).toHaveLength(0);
    h.offer([transaction({ id: 't-2' })], { source: 'past', history: true });
    h.admission.ended('past');
    expect(controls('history-end')).toHaveLength(1);
  });
});

describe('a quarantined record', () => {
  it('is found among the dead letters with its bytes, and in the index for recovery', async () => {
    h.offer([transaction({ id: 'poison' })], { source: 'feed' });
    await h.admission.flush();
    h.admission.quarantine(1);
    await h.admission.flush();
    const [letter] = letters();
    expect(letter).toMatchObject({
      reason: 'quarantined',
      source: 'feed',
      origin: { source: 1, partition: 0, offset: 0, index: 0 },
      ingestMs: NOW_MS,
    });
    expect(letter?.detail).toMatch(/^record 1: /);
    expect(decodeTransaction(letter?.raw ?? new Uint8Array(0)).id).toBe('poison');
    expect(h.admission.counters.rejected.quarantined).toBe(1);
    const found = [...readControls(h.journal)].map(({ record }) => record);
    expect(found).toContainEqual({ type: 'quarantine', position: 1 });
  });
});

describe('the index of control records', () => {
  it('holds no profiles: it is read whole, and there may be millions', async () => {
    const party = { party: 'P', name: 'n', kind: 'person', tier: 'base', riskClass: 0 } as const;
    const rest = { watch: [], manager: '', branch: '' };
    h.offer([transaction()]);
    h.admission.switchReference(reference({ parties: [{ ...party, ...rest }] }), '0'.repeat(64));
    await h.admission.flush();
    expect(controls('profile')).toHaveLength(1);
    const types = [...readControls(h.journal)].map(({ record }) => record.type);
    expect(types).toEqual(['source', 'reference']);
  });
});

describe('dead letters', () => {
  it('wait for the disk like records do: a flood of them pauses the source', () => {
    const junk = new Uint8Array(60_000).fill(7);
    let taken = 0;
    while (taken < 5_000 && !h.offer([junk]).full) taken++;
    expect(taken).toBeLessThan(1_000);
  });
});

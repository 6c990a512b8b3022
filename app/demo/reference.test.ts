import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  createAdmission,
  createNullJournal,
  loadReference,
  ReferenceTables,
} from '../../ingest/index.js';
import { configurationSchema } from '../../schemas/configuration.js';
import { encodeTransaction, type TransactionFields } from '../../schemas/transaction-codec.js';
import { buildPast } from './past.js';
import { demoPeople, peopleOf } from './people.js';
import { LIVE_DAYS } from './player.js';
import { seededRandom } from './random.js';
import { demoReferenceDir, demoReferenceFiles } from './reference.js';
import { loadSample } from './sample.js';
import { trickleStories } from './scenarios.js';

describe('reference data of the demo', () => {
  it('is what its script makes', () => {
    for (const { name, text } of demoReferenceFiles()) {
      const file = readFileSync(join(demoReferenceDir(), name), 'utf8');
      expect(file === text, `${name} is old: run app/demo/make-reference.ts`).toBe(true);
    }
  });

  it('loads, and knows every customer', () => {
    const data = loadReference(demoReferenceDir());
    expect(data.parties).toHaveLength(2_000 + demoPeople.length);
    expect(data.lists).toHaveLength(peopleOf('listed').length);
    expect(data.fx.rates['SEK']).toBe(0.7);
    expect(new Set(data.parties.map((p) => p.party)).size).toBe(data.parties.length);
  });
});

describe('everything that the demo sends', () => {
  it('is admitted: nothing of it becomes a dead letter', async () => {
    const endMs = Date.parse('2026-03-02T12:00:00+08:00');
    const reasons: string[] = [];
    const admission = await createAdmission({
      journal: createNullJournal(),
      configuration: configurationSchema.parse({}),
      clock: { nowMs: () => endMs },
      reference: new ReferenceTables(loadReference(demoReferenceDir())),
      onAdmitted: (position) => admission.consumed(position + 1),
      onFailed: (error) => reasons.push(String(error)),
    });
    const offer = async (source: string, history: boolean, rows: TransactionFields[]) => {
      const items = rows.map((t, offset) => ({ offset, index: 0, bytes: encodeTransaction(t) }));
      const result = admission.offer({ source, partition: 0, history, items });
      if (result.full) throw new Error('full');
      await result.flushed;
      for (const o of result.outcomes) if (o.ack !== 'accepted') reasons.push(JSON.stringify(o));
    };
    const sample = await loadSample(endMs);
    const past = buildPast(sample, endMs, LIVE_DAYS);
    // Every 40th row, and all planted ones.
    const rows = Array.from({ length: past.count }, (_, i) => i).map((i) => past.transaction(i));
    await offer(
      'past',
      true,
      rows.filter((t, i) => i % 40 === 0 || t.id.startsWith('demo')),
    );
    await offer('live', false, [sample.transaction(sample.count - 1)]);
    const random = seededRandom(3);
    const stories = trickleStories.flatMap((s) =>
      peopleOf(s.part).flatMap((p) => s.tell(p, random)),
    );
    const planted = stories.map((s, i) => ({ ...s.fields, id: `p${i}`, eventTimeMs: endMs }));
    await offer('planted', false, planted);
    expect(reasons).toEqual([]);
    await admission.close();
  });
});

/** A start from checkpoints knows what a process that never stopped knows. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { configurationSchema } from '../../schemas/configuration.js';
import { encodeTransaction } from '../../schemas/transaction-codec.js';
import { NOW_MS, reference, transaction } from '../testing.js';
import { type Admission, createAdmission } from './admission.js';
import { createNullJournal, type Journal } from './journal.js';

const SEGMENT_IDS = 4;
const tables = reference();
let dir = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'weir-checkpoint-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** Keeps records and meta in memory; counts what is read. */
function memoryJournal() {
  const inner = createNullJournal();
  const records: Uint8Array[] = [];
  const meta = new Map<string, string | number | Uint8Array | null>();
  const counts = { read: 0 };
  const journal: Journal = {
    ...inner,
    get nextPosition() {
      return inner.nextPosition;
    },
    first: () => 0,
    end: () => records.length,
    read: (from, limit) => {
      const found = records.slice(from, from + limit);
      counts.read += found.length;
      return found.map((bytes, i) => ({ position: from + i, bytes }));
    },
    append: (added, also) => {
      records.push(...added.map((bytes) => bytes.slice()));
      for (const [key, value] of Object.entries(also?.meta ?? {})) meta.set(key, value);
      return inner.append(added, also);
    },
    getMeta: (key) => meta.get(key) ?? undefined,
  };
  return { journal, counts };
}

class World {
  readonly #memory = memoryJournal();
  readonly #idsMax: number;
  readonly #checkpoints: boolean;
  #admission!: Admission;
  #nowMs = NOW_MS;

  constructor(idsMax: number, checkpoints: boolean) {
    this.#idsMax = idsMax;
    this.#checkpoints = checkpoints;
  }

  get read(): number {
    return this.#memory.counts.read;
  }

  async start(): Promise<void> {
    this.#memory.counts.read = 0;
    this.#admission = await createAdmission({
      journal: this.#memory.journal,
      clock: { nowMs: () => this.#nowMs },
      configuration: configurationSchema.parse({ dedupeIdsMax: this.#idsMax }),
      reference: tables,
      onAdmitted: () => undefined,
      onFailed: (error) => {
        throw error;
      },
      ...(this.#checkpoints && {
        checkpoint: { dir, identity: 'j', segmentIds: SEGMENT_IDS },
      }),
    });
  }

  stop(): Promise<void> {
    return this.#admission.close();
  }

  /** What it answers, and what it knows of the stream afterwards. */
  async offer(ids: readonly [id: number, content: number][], offset: number): Promise<unknown> {
    // A watermark is due at every step, also behind a start, which begins the interval anew.
    this.#nowMs += 1_500;
    const items = ids.map(([id, content], index) => {
      const fields = transaction({ id: `t-${id}`, amountMinor: 100 + content });
      return { offset, index, bytes: encodeTransaction({ ...fields, eventTimeMs: this.#nowMs }) };
    });
    const result = this.#admission.offer({ source: 's', partition: 0, history: false, items });
    if (result.full) throw new Error('full');
    await result.flushed;
    this.#admission.tick();
    return [result.outcomes, this.#admission.watermarkMs, this.#admission.sourceOffset('s', 0)];
  }
}

const batches = fc.array(
  fc.array(fc.tuple(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 0, max: 1 })), {
    minLength: 1,
    maxLength: 6,
  }),
  { minLength: 4, maxLength: 12 },
);

/** Runs both worlds; `between` happens to the checkpoints at the one's restarts. */
async function compare(
  idsMax: number,
  steps: readonly (readonly [id: number, content: number][])[],
  between: (restart: number) => void,
): Promise<void> {
  const restarting = new World(idsMax, true);
  const steady = new World(idsMax, false);
  await restarting.start();
  await steady.start();
  for (const [i, step] of steps.entries()) {
    expect(await restarting.offer(step, i)).toEqual(await steady.offer(step, i));
    if (i % 2 === 0) continue;
    await restarting.stop();
    between(i);
    await restarting.start();
  }
  await restarting.stop();
  await steady.stop();
  rmSync(dir, { recursive: true });
}

describe('checkpoints', () => {
  it('lose and invent nothing, also when the memory is full', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: SEGMENT_IDS, max: 30 }), batches, (idsMax, steps) =>
        compare(idsMax, steps, () => undefined),
      ),
      { numRuns: process.env.WEIR_DEEP === '1' ? 500 : 25 },
    );
  });

  it('are made anew when one is damaged, cut short, lost or of another journal', async () => {
    const harm = fc.tuple(fc.constantFrom('flip', 'cut', 'remove', 'foreign'), fc.nat());
    await fc.assert(
      fc.asyncProperty(batches, fc.array(harm, { minLength: 1 }), (steps, harms) =>
        compare(1_000, steps, (restart) => {
          const [what, where] = harms[restart % harms.length] as [string, number];
          const names = readdirSync(dir);
          const name = names[where % Math.max(1, names.length)];
          if (name === undefined) return;
          const path = join(dir, name);
          const bytes = readFileSync(path);
          if (what === 'remove') return rmSync(path);
          if (what === 'cut') return writeFileSync(path, bytes.subarray(0, where % bytes.length));
          const at = what === 'flip' ? where % bytes.length : bytes.indexOf('"j"') + 1;
          bytes[at] = (bytes[at] as number) ^ 1;
          writeFileSync(path, bytes);
        }),
      ),
      { numRuns: process.env.WEIR_DEEP === '1' ? 500 : 25 },
    );
  });

  it('spare the start what they know: only the journal behind the newest is read', async () => {
    const world = new World(1_000, true);
    await world.start();
    for (let i = 0; i < 10; i++)
      await world.offer(
        [
          [2 * i, 0],
          [2 * i + 1, 0],
        ],
        i,
      );
    await world.stop();
    await world.start();
    const few = world.read;
    await world.stop();
    for (const name of readdirSync(dir)) writeFileSync(join(dir, name), 'damaged');
    await world.start();
    expect(few).toBeLessThan(8);
    expect(world.read).toBeGreaterThan(20);
    await world.stop();
  });
});

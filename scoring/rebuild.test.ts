/**
 * State written by a former version: `region-format-1.json.gz` holds the bytes of a shard that had
 * been fed the first half of `formerLog`, with its description and its catalogue.
 */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { ClassBit } from '../schemas/classes.js';
import type { Hit } from '../schemas/hit.js';
import { catalogueFromJson } from './catalogue/load.js';
import { legAt, listCount, NOTABLE, RECENT } from './lists.js';
import type { RegionDescription } from './rebuild.js';
import { BLOCKS_KEPT, ROW } from './row.js';
import { eachSubject } from './tables.js';
import { canonicalLines, Feeder } from './testing/feeder.js';
import { formerLog } from './testing/former-log.js';

interface Former {
  fed: number;
  described: RegionDescription;
  catalogue: { rules: unknown[] };
  body: string;
}
const file = new URL('./testing/region-format-1.json.gz', import.meta.url);
const former = JSON.parse(gunzipSync(readFileSync(file)).toString('utf8')) as Former;
const catalogue = catalogueFromJson(JSON.stringify(former.catalogue.rules));
const log = formerLog();

function restored(): Feeder {
  const feeder = new Feeder({ catalogue, shardsTotal: 1 });
  feeder.operators[0]?.restore(0, Buffer.from(former.body, 'base64'), former.described);
  return feeder;
}

/** Of each subject: what rows keep of the past, and how many kept legs are first payments. */
function statesOf(feeder: Feeder) {
  const states = new Map<string, { words: number[]; firstPayments: number }>();
  const region = feeder.operators[0]?.shards[0]?.region;
  if (region === undefined) throw new Error('no shard');
  const { f64, u32 } = region;
  eachSubject(region, (row) => {
    let firstPayments = 0;
    for (let i = 0; i < listCount(region, row, NOTABLE); i++) {
      const classBits = u32[(legAt(region, row, NOTABLE, i) + 3) * 2] as number;
      if ((classBits & ClassBit.firstPayment) !== 0) firstPayments++;
    }
    const id = region.text(u32[row * 2 + ROW.idAddress] as number, 2);
    const words = [
      ...f64.subarray(row + ROW.lastMs, row + ROW.day + 1),
      ...f64.subarray(row + ROW.balances, row + ROW.maxima + BLOCKS_KEPT),
    ];
    states.set(id, { words, firstPayments });
  });
  return states;
}

describe('a region of format 1', () => {
  it('goes on as if it had been ours from the start', () => {
    expect(former.described.format).toBe(1);
    const whole = new Feeder({ catalogue, shardsTotal: 1 });
    whole.feed(log.slice(0, former.fed));
    const before = new Set(whole.hits.keys());
    whole.feed(log.slice(former.fed));
    const after = restored();
    // A little again: what the shard has seen, it drops.
    after.feed(log.slice(former.fed - 20));
    const late = (hits: Iterable<Hit>) => [...hits].filter((h) => !before.has(h.id));
    const lines = canonicalLines(late(after.hits.values()));
    expect(lines.length).toBeGreaterThan(100);
    expect(lines).toEqual(canonicalLines(late(whole.hits.values())));
  });

  it('has in its rows and legs what ours would have', () => {
    const whole = new Feeder({ catalogue, shardsTotal: 1 });
    whole.feed(log.slice(0, former.fed));
    const ours = statesOf(whole);
    expect([...ours.values()].some((s) => s.firstPayments > 0)).toBe(true);
    expect(statesOf(restored())).toEqual(ours);
  });

  it('takes for the age of an account the oldest leg that it has kept', () => {
    const [operator] = restored().operators;
    const region = operator?.shards[0]?.region;
    if (region === undefined) throw new Error('no shard');
    let rows = 0;
    eachSubject(region, (row) => {
      rows++;
      const kept = [RECENT, NOTABLE].filter((list) => listCount(region, row, list) > 0);
      const oldest = kept.map((list) => region.f64[legAt(region, row, list, 0)]);
      expect(region.f64[row + ROW.firstMs]).toBe(
        Math.min(region.f64[row + ROW.lastMs] as number, ...(oldest as number[])),
      );
    });
    expect(rows).toBe(10);
  });
});

/**
 * The kernel against the oracle on random logs: late and equal times, reversals, own accounts,
 * silence, boundaries. Not one hit may differ in rule, subject, side, place, band, value or count.
 * A disagreement prints its seed.
 */
import { describe, expect, it } from 'vitest';
import type { Hit } from '../../schemas/hit.js';
import { hashText, hashWords } from '../../schemas/identity.js';
import { recordEvidence } from '../../schemas/testing/evidence.js';
import { Feeder, shippedCatalogue } from '../testing/feeder.js';
import { fixedOffsetSettings, type OracleHit, runOracle, sortHits } from './oracle.js';
import { randomLog } from './random-log.js';

const catalogue = shippedCatalogue();
const deep = process.env['WEIR_DEEP'] === '1';
/** The oracle asks about every customer at every watermark; a busy machine takes its time. */
const LARGE_TIMEOUT_MS = 1_800_000;

/** Found once a subject: the oracle asks at every watermark. */
const spreads = new Map<string, number>();
const settings = {
  ...fixedOffsetSettings(8 * 3_600_000),
  spreadMs(subject: string) {
    let spread = spreads.get(subject);
    if (spread === undefined) {
      hashText(subject);
      spread = (hashWords[0] % 3600) * 1000;
      spreads.set(subject, spread);
    }
    return spread;
  },
};

function asOracleHit(hit: Hit): OracleHit {
  return {
    rule: hit.rule,
    subject: hit.subject,
    side: hit.side,
    at: hit.side === 'timer' ? hit.eventTime : hit.origin.offset,
    evaluatedEventMs: hit.eventTime,
    band: hit.band,
    observed: hit.observed.value,
    count: hit.transactionCount,
    score: hit.score,
    history: hit.history,
  };
}

/** Hits of both, sorted; the numbers that say how hard the log was. */
function compare(options: Parameters<typeof randomLog>[0]) {
  const log = randomLog(options);
  const feeder = new Feeder({ catalogue, regionBytes: 32 << 20 });
  feeder.feed(log);
  const oracle = runOracle(log, catalogue, settings);
  const kernel = sortHits([...feeder.hits.values()].map(asOracleHit));
  // A mean that was added up in another order may differ in its last digits.
  const told = (h: OracleHit): string =>
    JSON.stringify({ ...h, count: undefined, observed: Number(h.observed.toPrecision(12)) });
  const said = new Set(kernel.map(told));
  const expected = sortHits(oracle.hits);
  const wanted = new Set(expected.map(told));
  return {
    missing: [...wanted].filter((h) => !said.has(h)).slice(0, 5),
    surplus: [...said].filter((h) => !wanted.has(h)).slice(0, 5),
    hits: expected.length,
  };
}

const small = { transactions: 2_500, subjects: 25 };
const seeds = Array.from({ length: deep ? 240 : 16 }, (_, i) => i + 1);

describe('the kernel agrees with the oracle', () => {
  it.each(seeds)('seed %i, few customers, watermarks lagging by hours', (seed) => {
    const { missing, surplus, hits } = compare({ ...small, seed });
    expect({ missing, surplus }).toEqual({ missing: [], surplus: [] });
    expect(hits).toBeGreaterThan(100);
  });

  const large = { transactions: deep ? 100_000 : 30_000, subjects: deep ? 500 : 300 };
  for (const seed of deep ? [1001, 1002, 1003, 1004] : [1001]) {
    it(`seed ${seed}, many customers`, { timeout: LARGE_TIMEOUT_MS }, ({ task }) => {
      const { missing, surplus, hits } = compare({ ...large, seed });
      expect({ missing, surplus }).toEqual({ missing: [], surplus: [] });
      expect(hits).toBeGreaterThan(2_000);
      recordEvidence(task, { transactions: large.transactions, hits, differences: 0 });
    });
  }
});

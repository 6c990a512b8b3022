/**
 * The promise: the sorted set of hits is the same bytes for any number of operators, from a
 * snapshot half way, and when what a snapshot holds must be moved to other columns.
 */
import { describe, expect, it } from 'vitest';
import type { Catalogue } from '../schemas/catalogue.js';
import { catalogueFromJson, catalogueText } from './catalogue/load.js';
import { randomLog } from './oracle/random-log.js';
import { canonicalLines, Feeder, sha256, shippedCatalogue } from './testing/feeder.js';

const deep = process.env['WEIR_DEEP'] === '1';
const shardsTotal = 8;
const catalogue = shippedCatalogue();
const log = randomLog({ seed: 11, transactions: deep ? 8_000 : 2_500, subjects: deep ? 60 : 30 });
const half = Math.floor(log.length / 2);

function whole(operators: number): string[] {
  const feeder = new Feeder({ catalogue, operators, shardsTotal });
  feeder.feed(log);
  return feeder.canonical();
}

/** The shipped rules and one more with a window of its own over legs that are kept anyway. */
function wider(): Catalogue {
  const { rules, typologies } = JSON.parse(catalogueText(catalogue)) as Catalogue;
  const model = rules.find((r) => r.id === 'structuring-cash-deposits');
  if (model === undefined) throw new Error('the model rule is gone');
  const text = JSON.stringify(model)
    .replaceAll('"24h"', '"13h"')
    .replace('"structuring-cash-deposits"', '"a-first-rule"');
  const more = [...rules, { ...JSON.parse(text), cooldown: '5d' }];
  return catalogueFromJson(JSON.stringify({ rules: more, typologies }));
}

/** First half under one catalogue, the rest from its snapshots under another. */
function handedOver(first: Catalogue, second: Catalogue, operators: number) {
  const before = new Feeder({ catalogue: first, operators: 2, shardsTotal });
  before.feed(log.slice(0, half));
  const after = new Feeder({ catalogue: second, operators, shardsTotal });
  before.handTo(after);
  // The host feeds again from a little before: what a shard has seen, it drops.
  after.feed(log.slice(half - 50));
  const rules = new Set([...catalogue.rules, ...catalogue.typologies].map((r) => r.id));
  const hits = [...new Map([...before.hits, ...after.hits]).values()];
  return {
    before: before.hits.size,
    after: after.hits.size,
    hits: hits.filter((h) => rules.has(h.rule)),
  };
}

/** Without the words that name the catalogue. */
function unversioned(lines: readonly string[]): string[] {
  return lines.map((line) => line.replace(/"catalogueVersion":"[0-9a-f]{12}"/, ''));
}

describe('the set of hits', () => {
  const lines = whole(1);

  it('is the same bytes with 1, 2 and 4 operators', () => {
    expect(lines.length).toBeGreaterThan(500);
    expect(sha256(whole(2))).toBe(sha256(lines));
    expect(sha256(whole(4))).toBe(sha256(lines));
  });

  it('before a snapshot and after a restore from it are all, under the same catalogue', () => {
    const { before, after, hits } = handedOver(catalogue, catalogue, 4);
    expect(Math.min(before, after)).toBeGreaterThan(100);
    expect(sha256(canonicalLines(hits))).toBe(sha256(lines));
  });

  it.each([
    ['from more columns to fewer', wider(), catalogue],
    ['from fewer columns to more', catalogue, wider()],
  ])('survives the move of every row %s', (_, first, second) => {
    const { hits } = handedOver(first, second, 1);
    expect(unversioned(canonicalLines(hits))).toEqual(unversioned(lines));
  });

  it('does not change when the catalogue is switched there and back while it runs', () => {
    const feeder = new Feeder({ catalogue, operators: 2, shardsTotal });
    feeder.feed(log.slice(0, half));
    for (const next of [wider(), catalogue]) {
      for (const operator of feeder.operators) {
        operator.applyCommand({ type: 'catalogue', position: half, catalogue: next });
      }
    }
    feeder.feed(log.slice(half));
    expect(sha256(feeder.canonical())).toBe(sha256(lines));
  });
});

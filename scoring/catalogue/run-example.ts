/**
 * An example of a rule or typology through the operator that runs live, alone: what it expects and
 * does not get. Other rules cannot change that, so they are left out.
 */
import type { Catalogue, Example, Rule, Typology } from '../../schemas/catalogue.js';
import { recordsOfExample, withDailyWatermarks } from '../testing/example-log.js';
import { Feeder } from '../testing/feeder.js';
import { featureUnit, thresholdNumber } from './units.js';

export interface Difference {
  /** What of `expect`. */
  of: 'hits' | 'band' | 'observed';
  expected: string | number;
  got: string | number;
}

const REGION_BYTES = 1 << 20;

/** Drafts and paused rules are scored too: this is how they are tried. */
function alone(catalogue: Catalogue, of: Rule | Typology): Catalogue {
  const state = 'active' as const;
  if ('features' in of) return { ...catalogue, rules: [{ ...of, state }], typologies: [] };
  const members = new Set(of.members.map((m) => m.rule));
  const isShadow = of.state === 'shadow';
  const rules = catalogue.rules.filter((r) => members.has(r.id));
  return {
    ...catalogue,
    // A member in shadow counts for a typology in shadow only.
    rules: isShadow ? rules : rules.map((r) => (r.state === 'shadow' ? r : { ...r, state })),
    typologies: [{ ...of, state: isShadow ? 'shadow' : state }],
  };
}

/** Empty when the example says what happens. */
export function runExample(
  catalogue: Catalogue,
  of: Rule | Typology,
  example: Example,
): Difference[] {
  const feeder = new Feeder({
    catalogue: alone(catalogue, of),
    shardsTotal: 1,
    regionBytes: REGION_BYTES,
    rates: example.rates,
  });
  feeder.feed(withDailyWatermarks(recordsOfExample(example)));
  const hits = [...feeder.hits.values()].filter((h) => h.rule === of.id);
  const { expect } = example;
  const last = hits.at(-1);
  const differences: Difference[] = [];
  if (hits.length !== expect.hits) {
    differences.push({ of: 'hits', expected: expect.hits, got: hits.length });
  }
  // Without a hit there is nothing more to compare.
  if (last === undefined) return differences;
  if (expect.band !== undefined && last.band !== expect.band) {
    differences.push({ of: 'band', expected: expect.band, got: last.band });
  }
  if (expect.observed !== undefined) {
    const kind = 'features' in of ? of.features[of.observed]?.kind : undefined;
    const unit = kind === undefined ? 'number' : featureUnit(kind);
    const got = last.observed.value;
    if (got !== thresholdNumber(unit, expect.observed)) {
      const shown = unit === 'money' ? (got / 100).toFixed(2) : got;
      differences.push({ of: 'observed', expected: expect.observed, got: shown });
    }
  }
  return differences;
}

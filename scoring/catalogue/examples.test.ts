/** Every example of every shipped rule, through the operator that runs live. */
import { describe, expect, it } from 'vitest';
import { recordsOfExample, withDailyWatermarks } from '../oracle/example.js';
import { Feeder, shippedCatalogue } from '../testing/feeder.js';
import { featureUnit, thresholdNumber } from './units.js';

const catalogue = shippedCatalogue();
describe('examples of the rules, scored', () => {
  for (const rule of catalogue.rules) {
    it.each(rule.examples.map((e) => [e.name, e] as const))(`${rule.id}: %s`, (_, example) => {
      const feeder = new Feeder({ catalogue, regionBytes: 1 << 20 });
      feeder.feed(withDailyWatermarks(recordsOfExample(example)));
      const hits = [...feeder.hits.values()].filter((h) => h.rule === rule.id);
      expect(hits.length).toBe(example.expect.hits);
      const last = hits.at(-1);
      if (example.expect.band !== undefined) expect(last?.band).toBe(example.expect.band);
      if (example.expect.observed === undefined) return;
      const unit = featureUnit(rule.features[rule.observed].kind);
      expect(last?.observed.value).toBe(thresholdNumber(unit, example.expect.observed));
    });
  }
});

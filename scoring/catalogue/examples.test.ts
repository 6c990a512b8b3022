/** Every example of every shipped rule and typology, through the operator that runs live. */
import { describe, expect, it } from 'vitest';
import { shippedCatalogue } from '../testing/feeder.js';
import { runExample } from './run-example.js';

const catalogue = shippedCatalogue();

describe('examples, scored', () => {
  for (const of of [...catalogue.rules, ...catalogue.typologies]) {
    it.each(of.examples.map((e) => [e.name, e] as const))(`${of.id}: %s`, (_, example) => {
      expect(runExample(catalogue, of, example)).toEqual([]);
    });
  }
});

/** Small rules for tests that are not about the shipped ones. */
import type { Catalogue } from '../../schemas/catalogue.js';
import { catalogueFromJson } from '../catalogue/load.js';

const names = { zh: '测试', en: 'test' };

export function band(outcome: string, from: string | number, score: number) {
  const sentence = { zh: '测试', en: 'test' };
  return { outcome, from, severity: 'low', score, sentence };
}

/** What a rule and a typology have in common. */
const common = {
  version: 1,
  names,
  family: 'operations',
  formula: 'of a test',
  action: 'notify',
  riskType: 'operational',
  state: 'active',
  owner: 'tests',
  // The loader wants both; these tests bring logs of their own.
  examples: [
    { name: 'one', transactions: [], expect: { hits: 1 } },
    { name: 'none', transactions: [], expect: { hits: 0 } },
  ],
};

/** Hits at every payment out unless told otherwise. */
export function testRule(id: string, more: object = {}): object {
  return {
    ...{ id, ...common },
    on: { all: ['debit'] },
    features: { amount: { kind: 'amount' } },
    observed: 'amount',
    bands: [band('paid', '0.00', 10)],
    ...more,
  };
}

export function testTypology(id: string, members: [string, number][], more: object = {}): object {
  return {
    ...{ id, ...common },
    members: members.map(([rule, weight]) => ({ rule, weight })),
    bands: [band('some', 1, 10)],
    ...more,
  };
}

export function testCatalogue(rules: object[], typologies: object[] = []): Catalogue {
  return catalogueFromJson(JSON.stringify({ rules, typologies }));
}

/** Every feature of the shipped rules has a name in both languages, and says which in its unit. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { FEATURE_UNITS } from '../../../schemas/features.js';
import enFeatures from './en/features.json';
import zhFeatures from './zh/features.json';

interface RuleFile {
  id: string;
  /** A typology has none. */
  features?: Record<string, { kind: keyof typeof FEATURE_UNITS }>;
}
const folder = new URL('../../../scoring/catalogue/rules/', import.meta.url);
const rules = readdirSync(folder).flatMap((file) =>
  parseAllDocuments(readFileSync(new URL(file, folder), 'utf8')).map(
    (document) => document.toJS() as RuleFile,
  ),
);
/** `rule feature unit`. */
const shown = rules.flatMap(({ id, features }) =>
  Object.entries(features ?? {}).map(
    ([name, { kind }]) => [id, name, FEATURE_UNITS[kind]] as const,
  ),
);
const nameOf = (group: Record<string, string>, feature: string, unit: string) =>
  group[`${feature}:${unit}`] ?? group[feature];

describe('names of features', () => {
  it('are asked for', () => {
    expect(rules.length).toBeGreaterThanOrEqual(11);
    expect(shown.length).toBeGreaterThan(rules.length);
  });

  it.each(shown)('%s: %s (%s) has a name in both languages', (_, feature, unit) => {
    expect(nameOf(zhFeatures, feature, unit)).toMatch(/\p{Script=Han}/u);
    expect(nameOf(enFeatures, feature, unit)).toMatch(/^[a-z0-9 ]+$/);
  });

  it('tell two units of one name apart', () => {
    for (const [rule, feature, unit] of shown) {
      const twin = shown.find(([, name, other]) => name === feature && other !== unit);
      if (twin === undefined) continue;
      const words = [unit, twin[2]].map((u) => nameOf(enFeatures, feature, u));
      expect(words[0], `${rule} ${feature} ${unit}/${twin[2]}`).not.toBe(words[1]);
    }
  });
});

/** Numbers of the catalogue and the text that its hash is made of. */
import { describe, expect, it } from 'vitest';
import { canonicalJson } from './load.js';
import { featureUnit, parseDurationMs, parseMoney, thresholdNumber } from './units.js';

describe('units', () => {
  it('parses durations, money and thresholds', () => {
    expect(['30m', '24h', '7d'].map(parseDurationMs)).toEqual([1_800_000, 86_400_000, 604_800_000]);
    expect(() => parseDurationMs('7w')).toThrow(/not a duration/);
    expect(['50000', '0.5', '19.99', '5000.01'].map(parseMoney)).toEqual([
      5_000_000, 50, 1999, 500_001,
    ]);
    expect(['', '-1', '1.234', '1e3', '１'].map(parseMoney)).toEqual([
      null,
      null,
      null,
      null,
      null,
    ]);
    expect(thresholdNumber('money', '1.00')).toBe(100);
    expect(thresholdNumber('percent', '1.00')).toBeNull();
    expect(featureUnit('limit-use')).toBe('percent');
  });

  it('writes canonical JSON', () => {
    expect(canonicalJson({ b: [1, { d: null, c: 'x' }], a: undefined })).toBe(
      '{"b":[1,{"c":"x","d":null}]}',
    );
  });
});

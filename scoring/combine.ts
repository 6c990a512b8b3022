/** Features that are made of other features: each by its formula in schemas/features.ts. */
import type { CompiledFeature } from './plan.js';
import { surprise } from './surprise.js';

/** `input(n)` is the value of the n-th feature that this one is made of. */
export function combined(
  feature: CompiledFeature,
  input: (n: number) => number,
  rates: Readonly<Record<string, number>>,
): number {
  const { spec } = feature;
  switch (spec.kind) {
    case 'drop': {
      const recent = input(0) * spec.baselineDays;
      const baseline = input(1) * spec.recentDays;
      // One division at the end: exact whenever the percentage is a whole number.
      return baseline > 0 ? ((baseline - recent) * 100) / baseline : Number.NaN;
    }
    case 'rate-ratio': {
      const baseline = input(1) * spec.recentDays;
      return baseline > 0 ? (input(0) * spec.baselineDays) / baseline : Number.NaN;
    }
    case 'percent':
    case 'ratio': {
      const of = input(0);
      const to = input(1);
      if (!(to > 0)) return Number.NaN;
      return spec.kind === 'percent' ? (of * 100) / to : of / to;
    }
    case 'money-difference':
    case 'count-difference':
      return input(0) - input(1);
    case 'larger-of': {
      let largest = Number.NaN;
      for (let n = 0; n < feature.inputs.length; n++) {
        const value = input(n);
        if (!(value <= largest) && !Number.isNaN(value)) largest = value;
      }
      return largest;
    }
    case 'share-of-line': {
      const { line } = feature;
      if (spec.currency === undefined) return (input(0) * 100) / line;
      const rate = rates[spec.currency];
      return rate === undefined ? Number.NaN : (input(0) * 100) / Math.round(line * rate);
    }
    case 'surprise': {
      const mean = ((input(1) + spec.prior) * spec.ofDays) / spec.expectedDays;
      return surprise(input(0), mean, spec.shape, spec.tail);
    }
    default:
      throw new Error(`${spec.kind} is not made of other features`);
  }
}

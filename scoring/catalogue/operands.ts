/** Which features a feature is computed from. */
import type { Feature } from '../../schemas/features.js';

/** Names of the features that this one is made from, each with the keys that lead to the name. */
export function operandsOf(feature: Feature): [key: (string | number)[], name: string][] {
  switch (feature.kind) {
    case 'drop':
    case 'rate-ratio':
      return [
        [['recent'], feature.recent],
        [['baseline'], feature.baseline],
      ];
    case 'surprise':
      return [
        [['of'], feature.of],
        [['expected'], feature.expected],
      ];
    case 'percent':
    case 'ratio':
      return [
        [['of'], feature.of],
        [['to'], feature.to],
      ];
    case 'money-difference':
    case 'count-difference':
      return [
        [['of'], feature.of],
        [['less'], feature.less],
      ];
    case 'larger-of':
      return feature.among.map((name, i) => [['among', i], name]);
    case 'share-of-line':
      return [[['of'], feature.of]];
    case 'balance-before-outflow':
      return [[['outflow'], feature.outflow]];
    default:
      return [];
  }
}

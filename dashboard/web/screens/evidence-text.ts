/** Texts that the proof alone needs: names of features, verdicts; apart from the first load. */
import { computed } from '@preact/signals';
import type { ClassName } from '../../../schemas/classes.js';
import type { Missing } from '../../../schemas/explanation.js';
import { language } from '../state/preferences.js';
import enExplain from '../text/en/explain.json';
import enFeatures from '../text/en/features.json';
import zhExplain from '../text/zh/explain.json';
import zhFeatures from '../text/zh/features.json';

/** Every class and every reason has a text in both languages, or this does not compile. */
type ExplainTexts = typeof zhExplain & {
  classes: Record<ClassName, string>;
  missing: Record<Missing, string>;
};
const explain: Record<'zh' | 'en', ExplainTexts> = { zh: zhExplain, en: enExplain };
export const explainText = computed(() => explain[language.value]);

const features: Record<'zh' | 'en', Record<string, string>> = { zh: zhFeatures, en: enFeatures };

/** A feature's name in the reader's language; unknown ones are spelt out from their own name. */
export function featureName(feature: string, unit: string): string {
  const group = features[language.value];
  const known = group[`${feature}:${unit}`] ?? group[feature];
  if (known !== undefined) return known;
  return feature.replace(/([a-z0-9])([A-Z])|([a-z])([0-9])/g, '$1$3 $2$4').toLowerCase();
}

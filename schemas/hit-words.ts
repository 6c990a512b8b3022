/** The closed sets of words in a hit. Without schema code, so that the page may use them too. */

export const FAMILIES = [
  'aml',
  'activity-drop',
  'outflow',
  'credit',
  'care',
  'suitability',
  'operations',
] as const;
/** Mildest first. */
export const SEVERITIES = ['info', 'low', 'medium', 'high', 'critical'] as const;
export const ACTIONS = [
  'notify',
  'due-diligence',
  'manual-review',
  'limit',
  'reject',
  'payment-check',
  'notify-and-verify',
  'retention',
  'loan-use-check',
  'remind',
  'suspected-critical-care',
] as const;
export type Family = (typeof FAMILIES)[number];
export type Severity = (typeof SEVERITIES)[number];
export type Action = (typeof ACTIONS)[number];

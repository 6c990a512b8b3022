/** Why an alert was closed, in the order in which officers use it. Without schema code. */
export const CLOSE_REASONS = [
  'false-positive',
  'confirmed',
  'inconclusive',
  'valuable',
  'customer-confirmed',
  'customer-denied',
  'not-reached',
] as const;
export type CloseReason = (typeof CLOSE_REASONS)[number];

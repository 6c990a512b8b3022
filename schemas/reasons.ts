/** Why something went to the dead letters. Closed set: also the metric's label. */
export const DEAD_LETTER_REASONS = [
  'malformed', // not JSON, not FlatBuffers, not a row that the mapping can read
  'bad_envelope',
  'bad_checksum',
  'bad_structure',
  'oversized',
  'missing_field',
  'bad_identifier',
  'bad_amount',
  'amount_too_large',
  'unknown_currency',
  'no_fx_rate',
  'bad_event_time',
  'too_old',
  'in_the_future',
  'bad_enum',
  'bad_country',
  'same_account',
  'no_subject_of_ours',
  'conflicting_duplicate',
  'quarantined',
] as const;
export type DeadLetterReason = (typeof DEAD_LETTER_REASONS)[number];

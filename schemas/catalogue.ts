/**
 * The rule catalogue: one YAML document a rule, strict. `loadCatalogue` (scoring/catalogue) reads
 * the files, checks what a schema alone cannot, and returns a `Catalogue`; its canonical JSON is
 * what a control record names by SHA-256.
 */
import { z } from 'zod';
import {
  ClassBit,
  type ClassName,
  LIST_KINDS,
  SUBJECT_KINDS,
  TIERS,
  WATCH_CLASSES,
} from './classes.js';
import { featureName, featureSchema, filterSchema, money } from './features.js';
import { ACTIONS, DECISIONS, FAMILIES, SEVERITIES } from './hit.js';
import { CHANNELS, PARTY_KINDS, TRANSACTION_TYPES } from './json-transaction.js';

const bilingual = z.strictObject({ zh: z.string().min(1), en: z.string().min(1) });
const identifier = z.string().regex(/^[a-z][a-z0-9-]*$/);

/** A threshold in the unit of the feature: money as a decimal string, everything else a number. */
const threshold = z.union([money, z.number()]);

export const gateSchema = z.strictObject({
  feature: featureName,
  op: z.enum(['atLeast', 'above', 'atMost', 'below', 'equals']),
  value: threshold,
});

export const bandSchema = z.strictObject({
  outcome: identifier,
  /** Exactly one of the two: reached when observed >= from, or > above. */
  from: threshold.optional(),
  above: threshold.optional(),
  severity: z.enum(SEVERITIES),
  score: z.number().min(0).max(100),
  /** Overrides the rule's action. */
  action: z.enum(ACTIONS).optional(),
  /** Recommendation answered to the sender and published. */
  decision: z.enum(DECISIONS).default('none'),
  /** Officer's sentence; {name} takes an observed value, gate, fact, or one of the built-ins. */
  sentence: bilingual,
});

const exampleSchema = z.strictObject({
  name: z.string().min(1),
  subject: z
    .strictObject({
      kind: z.enum(SUBJECT_KINDS).default('person'),
      tier: z.enum(TIERS).default('base'),
      riskClass: z.number().int().min(0).max(5).default(0),
      watch: z.array(z.enum(WATCH_CLASSES)).default([]),
      lists: z.array(z.enum(LIST_KINDS)).default([]),
      limits: z
        .strictObject({ single: money.optional(), day: money.optional(), month: money.optional() })
        .optional(),
    })
    .prefault({}),
  transactions: z.array(
    z.strictObject({
      /** ISO 8601 with offset. */
      at: z.string(),
      /** Repeats this row once a day, `repeat` times, ending at `at`. */
      repeat: z.number().int().min(1).max(400).optional(),
      side: z.enum(['debit', 'credit']).default('debit'),
      amount: money,
      account: z.string().default('own-1'),
      counterparty: z.string().default('other-1'),
      counterpartyKind: z.enum(PARTY_KINDS).default('unknown'),
      country: z.string().length(2).default('CN'),
      type: z.enum(TRANSACTION_TYPES).default('transfer'),
      channel: z.enum(CHANNELS).default('online'),
      purpose: z.string().optional(),
      balanceAfter: money.optional(),
      /**
       * More class bits of the customer's leg, which admission takes from reference data or from
       * fields that a row does not have: foreignCurrency (the amount stays in base currency),
       * otherBank, highRiskCountry, counterpartyListed, household. An own account with `otherBank`
       * is one elsewhere.
       */
      classes: z.array(z.enum(Object.keys(ClassBit) as [ClassName, ...ClassName[]])).default([]),
    }),
  ),
  /** Base units for one unit of a currency, in force from the start. */
  rates: z.record(z.string().length(3), z.number().positive()).default({}),
  /** Watermark after the last transaction, ISO 8601: lets days close. */
  until: z.string().optional(),
  expect: z.strictObject({
    hits: z.number().int().min(0),
    /** Of the last hit. */
    band: z.string().optional(),
    observed: threshold.optional(),
  }),
});

/**
 * Event time in which the same subject is not hit again unless a higher band is reached;
 * `bank-day`: until the bank day of the last hit is over.
 */
const cooldown = z
  .string()
  .regex(/^(\d+[mhd]|bank-day)$/)
  .optional();
const due = z
  .union([
    z.strictObject({ workingDays: z.number().int().positive() }),
    z.strictObject({ hours: z.number().positive() }),
  ])
  .optional();
const RISK_TYPES = ['aml', 'credit', 'operational', 'legal', 'market', 'reputation'] as const;
const RULE_STATES = ['draft', 'shadow', 'active', 'paused'] as const;
export type RuleState = (typeof RULE_STATES)[number];

export const ruleSchema = z.strictObject({
  id: identifier,
  version: z.number().int().min(1),
  names: bilingual,
  family: z.enum(FAMILIES),
  formula: z.string().min(1),
  /** Who: empty list = everybody. */
  scope: z
    .strictObject({
      kinds: z.array(z.enum(SUBJECT_KINDS)).default([]),
      watch: z.array(z.enum(WATCH_CLASSES)).default([]),
      lists: z.array(z.enum(LIST_KINDS)).default([]),
    })
    .prefault({}),
  /**
   * When: a leg that passes the filter, or the close of every bank day from the customer's first
   * own doing (`customerMade`) to 119 days behind its newest.
   */
  on: z.union([z.literal('day-close'), filterSchema]),
  features: z.record(featureName, featureSchema),
  gates: z.array(gateSchema).default([]),
  observed: featureName,
  bands: z.array(bandSchema).min(1),
  /** Features computed only for the evidence. */
  facts: z.array(featureName).default([]),
  /** gate or observed feature -> feature that is this customer's normal for it. */
  normals: z.record(featureName, featureName).default({}),
  /**
   * The hit's score, 0 to 100, by how rare the value is for such a subject: straight lines between
   * points (value of `by`, score), flat outside, rounded to an integer (halves up); with
   * s = (v - v0) / (v1 - v0): Math.round(score0 + s * (score1 - score0)). `by` missing = the
   * observed feature; else its value stands among the facts. Where `by` is not available, or no
   * points are given, the score is the band's. Where the points come from: docs/detection.md,
   * "Scores".
   */
  score: z
    .strictObject({
      by: featureName.optional(),
      points: z.array(z.tuple([threshold, z.number().min(0).max(100)])).min(2),
    })
    .optional(),
  cooldown,
  requires: z.array(z.enum(['balance'])).default([]),
  action: z.enum(ACTIONS),
  /** When the action is due, from the event time. */
  due,
  riskType: z.enum(RISK_TYPES),
  /** draft: only checked; shadow: scored and stored, opens no alert; paused: not scored. */
  state: z.enum(RULE_STATES),
  owner: z.string().min(1),
  references: z.array(z.string()).default([]),
  examples: z.array(exampleSchema).min(1),
});
export type Rule = z.infer<typeof ruleSchema>;
export type Band = z.infer<typeof bandSchema>;
export type Example = z.infer<typeof exampleSchema>;

/**
 * Rules that say more together: score = min(100, sum over members of weight x highest outcome), an
 * outcome being the `score` of the band that the member reached for the same subject, cooldown or
 * not, history or not, at an event time in (t - window, t]. The sum is taken in the order of the
 * members and rounded to a millionth, so that 0.7 x 65 reaches 45.5. Evaluated whenever a member
 * reaches a band: once a moment, behind all rules of it. Members in shadow count only for a
 * typology in shadow.
 *
 * Of each band only the newest time at which it was reached is kept. So order matters at a late
 * leg, and at the legs behind it that are evaluated again: a band whose newest time is after that
 * moment counts only if the moment itself reaches it.
 *
 * Its hits are hits like any other: rule = the typology's id, observed = the score (feature
 * `score`, unit number), hit.score = the score rounded to an integer, one fact a member that counts
 * (its rule's id) = weight x outcome, parts highest first (of a member's equal outcomes the newest
 * time), window = (t - window, t], no gates. Account, transaction and contributing transactions are
 * those of the member that reached a band at this moment; of several the one with the largest
 * weight x `score`, of equal ones the first member. The first band is the alert threshold; one
 * whose decision is hold or reject is the interdiction threshold.
 */
export const typologySchema = z.strictObject({
  id: identifier,
  version: z.number().int().min(1),
  names: bilingual,
  family: z.enum(FAMILIES),
  formula: z.string().min(1),
  members: z
    .array(z.strictObject({ rule: identifier, weight: z.number().positive().max(1) }))
    .min(2),
  window: z
    .string()
    .regex(/^\d+[hd]$/)
    .default('24h'),
  bands: z.array(bandSchema).min(1),
  cooldown,
  action: z.enum(ACTIONS),
  due,
  riskType: z.enum(RISK_TYPES),
  state: z.enum(RULE_STATES),
  owner: z.string().min(1),
  references: z.array(z.string()).default([]),
  examples: z.array(exampleSchema).min(1),
});
export type Typology = z.infer<typeof typologySchema>;

export interface Catalogue {
  /** SHA-256 of the canonical JSON of rules and typologies. */
  sha256: string;
  rules: Rule[];
  typologies: Typology[];
}

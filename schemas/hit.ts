/**
 * A hit: what scoring found, with everything that an officer needs to see why. Its canonical form
 * is the JSON of this object with keys in the order written here (schemas/canonical order is what
 * `JSON.stringify` gives for objects built in this order), UTF-8, no spaces. No clock is in it.
 */
import { z } from 'zod';
import { ACTIONS, FAMILIES, SEVERITIES } from './hit-words.js';

export {
  ACTIONS,
  type Action,
  FAMILIES,
  type Family,
  SEVERITIES,
  type Severity,
} from './hit-words.js';

/**
 * Units of a feature's value. `money`: base-currency minor units; `percent`: 30 means 30 %;
 * `number`: without a unit (z, chi-square, powers of ten, score).
 */
export const UNITS = [
  'money',
  'count',
  'percent',
  'days',
  'ratio',
  'flag',
  'seconds',
  'number',
] as const;
export type Unit = (typeof UNITS)[number];

const gateSchema = z.strictObject({
  /** Feature name as in the catalogue. */
  feature: z.string(),
  unit: z.enum(UNITS),
  /** null = not available (see `why`). */
  value: z.number().nullable(),
  op: z.enum(['atLeast', 'above', 'atMost', 'below', 'equals']),
  threshold: z.number(),
  /** This customer's own normal for the same feature, where one is kept. */
  normal: z.number().optional(),
});
export type GateEvidence = z.infer<typeof gateSchema>;

const contributionSchema = z.strictObject({
  id: z.string(),
  eventTime: z.number(),
  side: z.enum(['debit', 'credit']),
  amountBaseMinor: z.number(),
  counterparty: z.string(),
});
export type Contribution = z.infer<typeof contributionSchema>;

export const hitSchema = z.strictObject({
  /** 32 hex digits, see schemas/identity.ts. */
  id: z.string(),
  rule: z.string(),
  ruleVersion: z.number().int(),
  /** First 12 hex digits of the catalogue's SHA-256. */
  catalogueVersion: z.string(),
  family: z.enum(FAMILIES),
  subject: z.string(),
  /** Account of the leg, or '' for a hit of a timer. */
  account: z.string(),
  /** Epoch ms: of the leg, or the deadline of a timer. */
  eventTime: z.number(),
  severity: z.enum(SEVERITIES),
  /** 0 .. 100. */
  score: z.number(),
  action: z.enum(ACTIONS),
  observed: z.strictObject({ feature: z.string(), unit: z.enum(UNITS), value: z.number() }),
  /** Lower edge of the band that was reached. */
  threshold: z.number(),
  /** Outcome name of the band. */
  band: z.string(),
  gates: z.array(gateSchema),
  /** (from, to] in epoch ms. */
  window: z.strictObject({ from: z.number(), to: z.number() }),
  /** Named numbers for the sentence and the drawer; own normals among them. */
  facts: z.record(z.string(), z.number()),
  /** Newest 100 by default, newest last. */
  transactions: z.array(contributionSchema),
  transactionIds: z.array(z.string()),
  transactionCount: z.number().int(),
  /** A list cap was hit: counts and sums are lower bounds. */
  atLeast: z.boolean(),
  counterparties: z.array(z.string()),
  /** Transaction that was evaluated, '' for a timer. */
  transactionId: z.string(),
  amountBaseMinor: z.number(),
  /** Packed profile at the time, schemas/classes.ts. */
  profile: z.number(),
  referenceVersion: z.number(),
  origin: z.strictObject({
    source: z.number(),
    partition: z.number(),
    offset: z.number(),
    index: z.number(),
  }),
  side: z.enum(['debit', 'credit', 'timer']),
  history: z.boolean(),
  /** Written only when true. The rule is in shadow: stored, opens no alert. */
  shadow: z.boolean().optional(),
  /** Written only when true. The rule's breaker is open: all such hits join one alert. */
  flood: z.boolean().optional(),
  /** Written only when above. The rule's windows have seen legs only since: lower bounds until. */
  warmingUntil: z.number().optional(),
  /** Of a typology: what each member brought, highest first. */
  parts: z
    .array(
      z.strictObject({
        rule: z.string(),
        weight: z.number(),
        /** `score` of the band reached, 0 .. 100. */
        outcome: z.number(),
        band: z.string(),
        eventTime: z.number(),
      }),
    )
    .optional(),
});
/** The canonical hit as the engine writes it. */
export type Hit = z.infer<typeof hitSchema>;

/** HitHeader.flags of schemas/records.fbs: what of a hit a reader must know before its JSON. */
export const HitFlag = { history: 1, shadow: 2, flood: 4 } as const;
export function hitFlags(hit: Pick<Hit, 'history' | 'shadow' | 'flood'>): number {
  return (
    (hit.history ? HitFlag.history : 0) |
    (hit.shadow === true ? HitFlag.shadow : 0) |
    (hit.flood === true ? HitFlag.flood : 0)
  );
}

/**
 * What is recommended to the sender of a payment, mildest first. Weir recommends, the core
 * enforces.
 */
export const DECISIONS = ['none', 'review', 'hold', 'reject'] as const;
export type Decision = (typeof DECISIONS)[number];

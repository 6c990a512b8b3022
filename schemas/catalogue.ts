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
import { ACTIONS, DECISIONS, FAMILIES, SEVERITIES, type Unit } from './hit.js';
import { CHANNELS, PARTY_KINDS, TRANSACTION_TYPES } from './json-transaction.js';

const classNames = Object.keys(ClassBit) as [ClassName, ...ClassName[]];
const bilingual = z.strictObject({ zh: z.string().min(1), en: z.string().min(1) });
const identifier = z.string().regex(/^[a-z][a-z0-9-]*$/);
const featureName = z.string().regex(/^[a-z][a-zA-Z0-9]*$/);
/** Money in YAML is a decimal string in major units of the base currency, "50000.00". */
const money = z.string().regex(/^\d+(\.\d{1,2})?$/);
/**
 * `24h`, `7d`, `30m`: a sliding window (t - W, t]; `bank-day`, `bank-month`: from its start to t.
 */
const windowSpec = z.string().regex(/^(\d+[mhd]|bank-day|bank-month)$/);

/** Which legs: all of these class bits, none of those, base amount in [min, below) or <= max. */
export const filterSchema = z.strictObject({
  all: z.array(z.enum(classNames)).default([]),
  none: z.array(z.enum(classNames)).default([]),
  amount: z
    .strictObject({ min: money.optional(), below: money.optional(), max: money.optional() })
    .optional(),
});
export type Filter = z.infer<typeof filterSchema>;

/** `of` missing = the rule's own trigger filter. */
export const featureSchema = z.discriminatedUnion('kind', [
  /** Base amount of this leg (money). */
  z.strictObject({ kind: z.literal('amount') }),
  /**
   * Count (count), sum or maximum (money), or distinct counterparties (count) of legs in the
   * window, this one included.
   */
  z.strictObject({
    kind: z.enum(['count', 'sum', 'max', 'distinct-counterparties']),
    window: windowSpec,
    of: filterSchema.optional(),
  }),
  /**
   * Days (fraction) since the subject's previous leg that was not bank-made; not available for its
   * first.
   */
  z.strictObject({ kind: z.literal('silence') }),
  /**
   * Customer-made transactions of `days` bank days ending `before` days before the evaluated
   * moment's last closed day.
   */
  z.strictObject({
    kind: z.literal('customer-made'),
    days: z.number().int().min(1).max(120),
    before: z.number().int().min(0).max(119).default(0),
  }),
  /**
   * 100 x (1 - (recent / recentDays) / (baseline / baselineDays)), computed as
   * 100 x (baseline x recentDays - recent x baselineDays) / (baseline x recentDays): one rounding,
   * so that 60 in 90 d, then 14 in 30 d is 30 and not 29.999999999999993. Not available when
   * baseline is 0.
   */
  z.strictObject({
    kind: z.literal('drop'),
    recent: featureName,
    recentDays: z.number().int().positive(),
    baseline: featureName,
    baselineDays: z.number().int().positive(),
  }),
  /** of x 100 / to (percent), of / to (ratio); not available unless `to` is above 0. */
  z.strictObject({ kind: z.enum(['percent', 'ratio']), of: featureName, to: featureName }),
  /**
   * Balance of this leg's account before the payments of the bank day counted by `outflow`: balance
   * before this leg plus the day's earlier outflow.
   */
  z.strictObject({ kind: z.literal('balance-before-day'), outflow: featureName }),
  /** Balance of this leg's account just before this leg. */
  z.strictObject({ kind: z.literal('balance-before') }),
  /**
   * Mean amount of the subject's customer-made debits up to yesterday: day k days back weighs
   * (1 - 1/days)^k; sum of weighted amounts / sum of weighted counts. Not available without any.
   * For legs more than a bank day late see docs/rules.md, "What holds at the edges".
   */
  z.strictObject({
    kind: z.literal('mean-payment'),
    days: z.union([z.literal(30), z.literal(90), z.literal(180)]),
  }),
  /**
   * Mean customer-made outflow a day over the days/5 whole five-day panes (pane = floor(bank
   * day / 5)) before the pane of today: their sum / days.
   */
  z.strictObject({
    kind: z.literal('mean-daily-outflow'),
    days: z.number().int().min(5).max(120).multipleOf(5),
  }),
  /**
   * 1 when no leg between the two stands earlier in the log within 400 bank days, else 0. A
   * merchant's card receipts do not count: neither as earlier legs nor as first ones.
   */
  z.strictObject({ kind: z.literal('new-counterparty') }),
  /**
   * Percent of the subject's list limits in use: the day's and month's sums, and the single limit
   * once it is exceeded; the largest.
   */
  z.strictObject({ kind: z.literal('limit-use'), of: filterSchema.optional() }),
  /** Money above the limit that `limit-use` names; not available while none is exceeded. */
  z.strictObject({ kind: z.literal('limit-excess'), of: filterSchema.optional() }),
]);
export type Feature = z.infer<typeof featureSchema>;

/** What a feature of each kind measures. */
export const FEATURE_UNITS: Record<Feature['kind'], Unit> = {
  amount: 'money',
  count: 'count',
  sum: 'money',
  max: 'money',
  'distinct-counterparties': 'count',
  silence: 'days',
  'customer-made': 'count',
  drop: 'percent',
  percent: 'percent',
  ratio: 'ratio',
  'balance-before-day': 'money',
  'balance-before': 'money',
  'mean-payment': 'money',
  'mean-daily-outflow': 'money',
  'new-counterparty': 'flag',
  'limit-use': 'percent',
  'limit-excess': 'money',
};

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
    }),
  ),
  /** Watermark after the last transaction, ISO 8601: lets days close. */
  until: z.string().optional(),
  expect: z.strictObject({
    hits: z.number().int().min(0),
    /** Of the last hit. */
    band: z.string().optional(),
    observed: threshold.optional(),
  }),
});

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
  /** When: a leg that passes the filter, or the close of every bank day. */
  on: z.union([z.literal('day-close'), filterSchema]),
  features: z.record(featureName, featureSchema),
  gates: z.array(gateSchema).default([]),
  observed: featureName,
  bands: z.array(bandSchema).min(1),
  /** Features computed only for the evidence. */
  facts: z.array(featureName).default([]),
  /** gate or observed feature -> feature that is this customer's normal for it. */
  normals: z.record(featureName, featureName).default({}),
  /** Event time in which the same subject is not hit again unless a higher band is reached. */
  cooldown: z
    .string()
    .regex(/^\d+[mhd]$/)
    .optional(),
  requires: z.array(z.enum(['balance'])).default([]),
  action: z.enum(ACTIONS),
  /** When the action is due, from the event time. */
  due: z
    .union([
      z.strictObject({ workingDays: z.number().int().positive() }),
      z.strictObject({ hours: z.number().positive() }),
    ])
    .optional(),
  riskType: z.enum(['aml', 'credit', 'operational', 'legal', 'market', 'reputation']),
  state: z.enum(['draft', 'shadow', 'active', 'paused']),
  owner: z.string().min(1),
  references: z.array(z.string()).default([]),
  examples: z.array(exampleSchema).min(1),
});
export type Rule = z.infer<typeof ruleSchema>;
export type Band = z.infer<typeof bandSchema>;
export type Example = z.infer<typeof exampleSchema>;

export interface Catalogue {
  /** SHA-256 of the canonical JSON of `rules`. */
  sha256: string;
  rules: Rule[];
}

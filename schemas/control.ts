/**
 * Control records: everything besides transactions that can change an outcome. JSON in a journal
 * record of kind 2.
 */
import { z } from 'zod';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

export const controlSchema = z.discriminatedUnion('type', [
  /** First record of a journal. */
  z.strictObject({
    type: z.literal('created'),
    identity: z.string(),
    shards: z.number().int(),
    zone: z.string(),
    baseCurrency: z.string().length(3),
    latenessMs: z.number(),
  }),
  /** A source gets its number. Numbers are never reused. */
  z.strictObject({ type: z.literal('source'), name: z.string(), number: z.number().int() }),
  /**
   * `breakerHits`: hits of a rule in one shard in ten minutes of event time above which its breaker
   * opens; 1,000 in older records.
   */
  z.strictObject({
    type: z.literal('catalogue'),
    sha256,
    breakerHits: z.number().int().min(1).optional(),
  }),
  z.strictObject({ type: z.literal('reference'), version: z.number().int(), sha256 }),
  /** About once a second, and when a source falls idle or ends. */
  z.strictObject({
    type: z.literal('watermark'),
    watermarkMs: z.number(),
    sources: z.array(
      z.strictObject({
        source: z.number().int(),
        partition: z.number().int(),
        maxEventMs: z.number(),
        state: z.enum(['active', 'idle', 'ended']),
      }),
    ),
    /** Sources whose volume is too low for absence rules to be believed (bank day just closed). */
    silentSources: z.array(z.number().int()),
  }),
  /**
   * A source marked `history` has ended: daily rules are evaluated once more, live, as of `asOfMs`.
   */
  z.strictObject({ type: z.literal('history-end'), source: z.number().int(), asOfMs: z.number() }),
  /** The record at `position` killed its scoring thread three times: it is scored no more. */
  z.strictObject({ type: z.literal('quarantine'), position: z.number().int() }),
  /**
   * A subject's profile changed with reference data; only subjects that the shard knows take it.
   */
  z.strictObject({
    type: z.literal('profile'),
    subject: z.string(),
    profile: z.number().int(),
  }),
]);
export type ControlRecord = z.infer<typeof controlSchema>;

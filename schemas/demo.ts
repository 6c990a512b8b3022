/**
 * Commands to the demonstration bank: records of the log `demo.mdb`, appended by the dashboard on
 * behalf of a signed-in user, followed by the engine's demo player. JSON, UTF-8.
 */
import { z } from 'zod';

/** What can be planted, each by one click. Those without a rule yet show in labels and history. */
export const CASE_KINDS = [
  'remittances',
  'structuring',
  'dormant',
  'listed',
  'activity-drop',
  'care-outflow',
  'corporate-outflow',
  'fan-in',
  'fan-out',
  'pass-through',
  'cycle',
  'scatter-gather',
] as const;
export type CaseKind = (typeof CASE_KINDS)[number];

export const DEMO_RATE_MAX = 5_000;

export const demoCommandSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('pause') }),
  z.strictObject({ type: z.literal('resume') }),
  z.strictObject({
    type: z.literal('rate'),
    ratePerSecond: z.number().int().min(1).max(DEMO_RATE_MAX),
  }),
  z.strictObject({ type: z.literal('plant'), kind: z.enum(CASE_KINDS) }),
]);
export type DemoCommand = z.infer<typeof demoCommandSchema>;

/** A record of `demo.mdb`. */
export const demoRecordSchema = z.strictObject({
  atMs: z.number(),
  user: z.string(),
  command: demoCommandSchema,
});
export type DemoRecord = z.infer<typeof demoRecordSchema>;

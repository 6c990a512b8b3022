/**
 * The work log: what happened to alerts, appended by its one writer (the dashboard role). JSON
 * records. An alert groups the open hits of (rule, subject); its id is its first hit's.
 */
import { z } from 'zod';
import { CLOSE_REASONS } from './close-reasons.js';

const base = {
  /** Epoch ms of the platform clock. */
  atMs: z.number(),
  alertId: z.string(),
};
const byUser = {
  ...base,
  user: z.string(),
  /** Idempotency key of the command. */ command: z.string(),
};

export const workRecordSchema = z.discriminatedUnion('type', [
  z.strictObject({
    ...base,
    type: z.literal('open'),
    hitPosition: z.number(),
    rule: z.string(),
    subject: z.string(),
    /** Due time of the action, epoch ms; absent when the rule sets none. */
    dueMs: z.number().optional(),
    /** The closed alert of the same rule and subject that this one follows. */
    follows: z.string().optional(),
  }),
  z.strictObject({
    ...base,
    type: z.literal('append'),
    hitId: z.string(),
    hitPosition: z.number(),
  }),
  z.strictObject({ ...byUser, type: z.literal('take') }),
  z.strictObject({ ...byUser, type: z.literal('release') }),
  z.strictObject({
    ...byUser,
    type: z.literal('close'),
    reason: z.enum(CLOSE_REASONS),
    note: z.string().max(4000),
  }),
  z.strictObject({ ...byUser, type: z.literal('undo-close') }),
]);
export type WorkRecord = z.infer<typeof workRecordSchema>;

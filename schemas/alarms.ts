/**
 * What somebody should look at now, as codes: the dashboard's server decides, the page has a text
 * for each in both languages.
 */
import type { Severity } from './hit.js';

/** Each with its severity. */
export const ALARMS = {
  'engine-away': 'critical',
  'engine-starting': 'low',
  'thread-dead': 'critical',
  'thread-silent': 'high',
  'state-nearly-full': 'high',
  'ring-full': 'medium',
  'sources-paused': 'high',
  'journal-nearly-full': 'high',
  'snapshots-failing': 'high',
  'snapshots-old': 'high',
  'watermark-behind': 'medium',
  'rule-floods': 'high',
  'dead-letters-rising': 'medium',
  'dashboard-behind': 'high',
  'latency-over-target': 'medium',
  'history-away': 'medium',
  'history-absent': 'low',
  'history-behind': 'low',
  'database-nearly-full': 'medium',
  'disk-nearly-full': 'critical',
} as const satisfies Record<string, Severity>;
export type AlarmCode = keyof typeof ALARMS;

export interface Alarm {
  code: AlarmCode;
  severity: Severity;
  /** Numbers and names of parts, English; never of a customer. */
  detail: string;
}

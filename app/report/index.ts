/**
 * Reports on hits: how many alerts a rule makes, which rules say the same, what labelled patterns
 * were found and how late, what another catalogue changes. Pure functions on plain hits.
 */
export { alertsOf, rateOf } from './alerts.js';
export { Census } from './census.js';
export {
  curveOf,
  type Judged,
  judge,
  readPatterns,
  sharesTransaction,
  typeFigures,
} from './labels.js';
export { makeReport, type ReportOptions } from './report.js';
export { reportText } from './text.js';
export type {
  Alert,
  CurvePoint,
  Pattern,
  Population,
  Report,
  ReportHit,
  RuleFigures,
  Shows,
  TypeFigures,
} from './types.js';

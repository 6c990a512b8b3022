/** The door of ingest: sources, admission, dead letters, reference data, watermarks, router. */
export { Admission, createAdmission } from './admission/admission.js';
export type {
  AdmissionCounters,
  AdmissionOptions,
  AdmissionSettings,
} from './admission/admission-options.js';
export {
  DEAD_LETTERS_TABLE,
  type DeadLetter,
  listDeadLetters,
  showDeadLetter,
} from './admission/dead-letters.js';
export { createNullJournal, JOURNAL_TABLES, type Journal } from './admission/journal.js';
export { readControls } from './admission/restore.js';
export { CUSTOMERS_MIN, createBank } from './bank/bank.js';
export { Dice } from './bank/dice.js';
export { personName } from './bank/names.js';
export { prcCalendarYaml } from './bank/reference.js';
export type {
  Bank,
  BankOptions,
  BankTransaction,
  PatternLabel,
  PlannedCase,
} from './bank/types.js';
export { referenceJson } from './reference/canonical.js';
export { defaultReference } from './reference/defaults.js';
export { loadReference } from './reference/load.js';
export { ReferenceTables } from './reference/tables.js';
export { createRouter, type EmitLeg, type Router } from './router.js';
export { createFileSource, type FileProgress, type FileSourceOptions } from './sources/file.js';
export {
  createHttpSource,
  type Decision,
  type DecisionPort,
  type DecisionReply,
  type HttpSource,
  type HttpSourceOptions,
  type TransactionReply,
} from './sources/http.js';
export { loadMapping, type Mapping } from './sources/mapping.js';
export { shippedMappingPath } from './sources/shipped.js';

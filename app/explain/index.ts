/** Why rules did or did not hit: for the command, and for a server that has the journal open. */
export { explainSubject } from './explain.js';
export { explainFromJournal, type JournalOptions } from './journal.js';
export { SubjectRecords } from './subject-records.js';
export { explanationText } from './text.js';

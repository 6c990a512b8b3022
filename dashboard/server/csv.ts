/** Alerts as a table for spreadsheets, which must never run what a cell says. */

import { formatAmount } from '../../schemas/money.js';
import type { AlertRow } from '../../schemas/protocol.js';

export type Language = 'zh' | 'en';

/** Without it, spreadsheets read the text as another encoding. */
const BOM = '\ufeff';
/** What begins a formula, also in full width and behind blanks; and a tab or line break itself. */
const FORMULA = /^[\s\0]*[=+\-@|%\uff1d\uff0b\uff0d\uff20]|^[\t\r\n]/;

const COLUMNS: [string, (row: AlertRow, language: Language) => string][] = [
  ['id', (row) => row.id],
  ['opened (UTC)', (row) => iso(row.openedMs)],
  ['event time (UTC)', (row) => iso(row.eventTime)],
  ['changed (UTC)', (row) => iso(row.updatedMs)],
  ['due (UTC)', (row) => (row.dueMs === null ? '' : iso(row.dueMs))],
  ['severity', (row) => row.severity],
  ['score', (row) => String(row.score)],
  ['family', (row) => row.family],
  ['rule', (row) => row.rule],
  ['rule name', (row, language) => row.ruleName[language]],
  ['customer', (row) => row.subject],
  ['customer name', (row) => row.subjectName],
  ['tier', (row) => row.tier],
  ['watch', (row) => row.watch.join(' ')],
  ['amount', (row) => formatAmount(row.amountBaseMinor, 2)],
  ['hits', (row) => String(row.hitCount)],
  ['reason', (row, language) => row.sentence[language]],
  ['state', (row) => row.state],
  ['owner', (row) => row.owner ?? ''],
  ['close reason', (row) => row.closeReason ?? ''],
  ['close note', (row) => row.closeNote ?? ''],
  ['follows', (row) => row.follows ?? ''],
];

export function alertsCsv(rows: readonly AlertRow[], language: Language): string {
  const lines = [COLUMNS.map(([title]) => cell(title)).join(',')];
  for (const row of rows) {
    lines.push(COLUMNS.map(([, text]) => cell(text(row, language))).join(','));
  }
  return `${BOM}${lines.join('\r\n')}\r\n`;
}

/** Quoted; an apostrophe before what a spreadsheet could run. */
export function cell(text: string): string {
  const harmless = FORMULA.test(text) ? `'${text}` : text;
  return `"${harmless.replaceAll('"', '""')}"`;
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}

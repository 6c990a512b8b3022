/** `weir rules check`: problems as a compiler prints them, each with the line that it is about. */
import { type CatalogueFile, checkCatalogue, type Problem } from '../scoring/index.js';
import { readCatalogueFiles } from './catalogue-files.js';
import { widthOf } from './columns.js';
import { ExitCode } from './exit-codes.js';

export interface CheckFlags {
  json?: boolean;
}

interface Printed {
  text: string;
  exitCode: number;
}

/** No path = the shipped rules. Throws UsageError where there is no such file. */
export function checkRules(paths: readonly string[], flags: CheckFlags, colours: boolean): Printed {
  const files = paths.length === 0 ? readCatalogueFiles() : paths.flatMap(readCatalogueFiles);
  const { catalogue, problems, examples } = checkCatalogue(files);
  const exitCode = problems.length === 0 ? ExitCode.ok : ExitCode.failure;
  const counted = {
    files: files.length,
    rules: catalogue?.rules.length ?? 0,
    typologies: catalogue?.typologies.length ?? 0,
    examples,
  };
  if (flags.json === true) {
    return { text: `${JSON.stringify({ ...counted, problems })}\n`, exitCode };
  }
  const shown = problems.map((p) => problemText(p, files, colours)).join('\n');
  if (problems.length > 0) {
    return { text: `${shown}\n${count(problems.length, 'problem')}\n`, exitCode };
  }
  const { rules, typologies } = counted;
  const what = [
    count(files.length, 'file'),
    count(rules, 'rule'),
    `${typologies} ${typologies === 1 ? 'typology' : 'typologies'}`,
    count(examples, 'example'),
  ];
  return { text: `${what.join(', ')}: no problem\n`, exitCode };
}

const count = (n: number, what: string): string => `${n} ${what}${n === 1 ? '' : 's'}`;

function problemText(p: Problem, files: readonly CatalogueFile[], colours: boolean): string {
  const paint = (code: number, text: string): string =>
    colours ? `\u001b[${code}m${text}\u001b[0m` : text;
  const head = `${p.path}:${p.line}:${p.column}: ${paint(31, 'error')}: ${p.what}`;
  const source = files.find((f) => f.path === p.path)?.text.split(/\r?\n/)[p.line - 1] ?? '';
  const line = printable(source);
  const number = String(p.line).padStart(5);
  const before = ' '.repeat(widthOf(line.slice(0, p.column - 1)));
  const gutter = `${' '.repeat(number.length)} | `;
  return [
    head,
    `${number} | ${line}`,
    `${gutter}${before}${paint(31, '^')}`,
    `${gutter}${paint(36, 'mend')}: ${p.mend}`,
    '',
  ].join('\n');
}

/** What a file has in it does not reach the terminal as a command. */
function printable(text: string): string {
  return text.replaceAll('\t', ' ').replace(/\p{C}/gu, '\ufffd');
}

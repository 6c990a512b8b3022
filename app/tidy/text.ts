/** Checks of plain text: sizes, marks of unfinished work, machine paths, links, purity. */
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, posix } from 'node:path';
import { packageRoot } from '../package.js';
import { isCode, isGenerated, isTestOnly, type RepositoryFile } from './files.js';
import { importsOf } from './imports.js';

const LINES_MAX = 400;
const COLUMNS_MAX = 100;

export function checkSizes(file: RepositoryFile): string[] {
  if (!isCode(file) || isGenerated(file)) return [];
  const problems: string[] = [];
  const count = file.lines.length - 1;
  if (count > LINES_MAX) {
    problems.push(`${file.path}:${count}: error: ${count} lines, at most ${LINES_MAX}; split it`);
  }
  file.lines.forEach((line, i) => {
    // Some long text cannot be broken: an import, an address.
    if (line.length <= COLUMNS_MAX || /^(import|export) .* from '|https?:\/\/\S{60}/.test(line))
      return;
    problems.push(`${file.path}:${i + 1}: error: ${line.length} columns, at most ${COLUMNS_MAX}`);
  });
  return problems;
}

/** Written apart, so that this file does not find itself. */
const marks = new RegExp(`\\b(${['TO' + 'DO', 'FIX' + 'ME', 'HA' + 'CK'].join('|')})\\b`);
const here = [packageRoot(), homedir()]
  .filter((path) => path.length > 1)
  .map((path) => `(?<![\\w.)}])${`${path}/`.replace(/[^\w/-]/g, '\\$&')}`);
const machinePaths = new RegExp(['/home/[a-z]', '/Users/[A-Za-z]', ...here].join('|'));

export function checkMarks(file: RepositoryFile): string[] {
  if (file.path === 'package-lock.json' || file.path === 'LICENSE') return [];
  if (file.path.startsWith('app/tidy/')) return [];
  return file.lines.flatMap((line, i) => {
    const where = `${file.path}:${i + 1}: error:`;
    if (marks.test(line)) return [`${where} a mark of unfinished work; finish it or open an issue`];
    if (machinePaths.test(line)) return [`${where} a path of somebody's machine`];
    return [];
  });
}

export function checkLinks(file: RepositoryFile): string[] {
  if (!file.path.endsWith('.md')) return [];
  return file.lines.flatMap((line, i) =>
    [...line.matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, link = '']) => {
      if (/^([a-z]+:|#)/.test(link)) return [];
      const target = posix.join(posix.dirname(file.path), link.split('#')[0] ?? '');
      if (existsSync(join(packageRoot(), target))) return [];
      return [`${file.path}:${i + 1}: error: link to ${target}, which does not exist`];
    }),
  );
}

/** The same code must give the same hits anywhere: no clock, no dice, no inexact functions. */
const impure: readonly [RegExp, string][] = [
  [/\bDate\.now\b|\bnew Date\b|\bperformance\b/, 'reads a clock'],
  [/\bMath\.random\b|\bcrypto\.random|\brandomUUID\b/, 'rolls dice'],
  [/\bMath\.(exp|expm1|log|log2|log10|log1p|pow)\b/, 'is not specified bit for bit'],
  [/\b(setTimeout|setInterval|setImmediate|queueMicrotask|fetch)\s*\(/, 'acts in time'],
  [/\bprocess\.|\bconsole\./, 'touches the process'],
];

export function checkPurity(file: RepositoryFile): string[] {
  if (!file.path.startsWith('scoring/') || !isCode(file) || isTestOnly(file)) return [];
  const problems: string[] = [];
  file.lines.forEach((line, i) => {
    if (/^\s*(\*|\/\*|\/\/)/.test(line)) return;
    const code = line.replace(/\/\/.*$/, '').replace(/'[^']*'|`[^`]*`/g, "''");
    for (const [found, why] of impure) {
      if (found.test(code)) problems.push(`${file.path}:${i + 1}: error: scoring is pure: ${why}`);
    }
  });
  for (const { from, line } of importsOf(file)) {
    if (!from.startsWith('node:')) continue;
    // The loader hashes catalogues; it runs before scoring, never in it.
    if (file.path === 'scoring/catalogue/load.ts' && from === 'node:crypto') continue;
    problems.push(`${file.path}:${line}: error: scoring is pure: it may not import ${from}`);
  }
  return problems;
}

/** Names of metrics in the documents against those that the code makes. */
export function checkMetricNames(files: readonly RepositoryFile[]): string[] {
  const code = files.filter((f) => isCode(f) && !isTestOnly(f));
  const made = new Set(
    // `name: 'x'`, or the first argument of a local helper: `perThread('x', 'Help.', ...)`.
    code.flatMap((f) =>
      [...f.text.matchAll(/(?:\bname: |\b(?:perThread|gauge)\(\s*)'([a-z][a-z0-9_]*)'/g)].map(
        (m) => m[1],
      ),
    ),
  );
  const documents = files.filter((f) => /^(README|ARCHITECTURE)\.md$|^(docs|ops)\//.test(f.path));
  return documents.flatMap((f) =>
    f.lines.flatMap((line, i) =>
      [...line.matchAll(/\bweir_([a-z][a-z0-9_]*)/g)].flatMap(([, name = '']) => {
        const base = name.replace(/_(bucket|sum|count)$/, '');
        if (made.has(name) || made.has(base)) return [];
        return [`${f.path}:${i + 1}: error: metric weir_${name} is made nowhere in the code`];
      }),
    ),
  );
}

/** Answers as Markdown: the same text on the terminal and in docs/evidence. */
import { arch, cpus, loadavg, platform, release, totalmem } from 'node:os';
import type { BenchAnswer } from './question.js';

/** The machine that the figures belong to; nothing that names it or its user. */
export function machineText(): string {
  const [cpu] = cpus();
  const gib = Math.round(totalmem() / 2 ** 30);
  const load = loadavg()[0].toFixed(2);
  return (
    `${cpus().length} x ${cpu?.model.trim() ?? 'unknown'}, ${gib} GiB, ${platform()} ` +
    `${release()} ${arch()}, Node ${process.versions.node}; load average at the start ${load}`
  );
}

export function answerText(name: string, answer: BenchAnswer, machine: string): string {
  const { question, load, n, method, notes = [] } = answer;
  const facts = [
    ['Question', question],
    ['Load', load],
    ['N', n],
    ['Method', method],
    ['Machine', machine],
  ];
  return [
    `## ${name}`,
    '',
    ...facts.map(([title, text]) => `- **${title}:** ${text}`),
    '',
    ...table(answer),
    '',
    ...notes.flatMap((note) => [note, '']),
  ].join('\n');
}

/** First column to the left, figures to the right, padded so that a terminal shows columns too. */
function table({ columns, rows }: BenchAnswer): string[] {
  const widths = columns.map((title, c) =>
    Math.max(4, title.length, ...rows.map((row) => (row[c] ?? '').length)),
  );
  const line = (cells: readonly string[]): string =>
    `| ${widths.map((w, c) => pad(cells[c] ?? '', w, c)).join(' | ')} |`;
  const rule = widths.map((w, c) => (c === 0 ? '-'.repeat(w) : `${'-'.repeat(w - 1)}:`));
  return [line(columns), `| ${rule.join(' | ')} |`, ...rows.map(line)];
}

function pad(text: string, width: number, column: number): string {
  return column === 0 ? text.padEnd(width) : text.padStart(width);
}

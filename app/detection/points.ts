/** Writes a rule's `score` into its YAML, and touches nothing else in the file. */

import type { Unit } from '../../schemas/hit.js';
import { formatAmount } from '../../schemas/money.js';

const MONEY_DIGITS = 2;

/** `by` as the rule has it; values in the feature's unit, so money in minor units. */
export interface ScoreBlock {
  rule: string;
  unit: Unit;
  by?: string;
  points: readonly (readonly [value: number, score: number])[];
}

/**
 * The text with the block in place of the one that the rule has, else before its `cooldown`,
 * `requires` or `action`. Throws an Error when the text has no such rule.
 */
export function withScore(text: string, block: ScoreBlock): string {
  const lines = text.split('\n');
  const start = lines.indexOf(`id: ${block.rule}`);
  if (start < 0) throw new Error(`rule ${block.rule}: not in this file`);
  const after = lines.indexOf('---', start);
  const end = after < 0 ? lines.length : after;
  const top = (i: number): boolean => /^[a-z]/.test(lines[i] ?? '') && i > start && i < end;
  const places = lines.map((_, i) => i).filter(top);
  const old = places.find((i) => (lines[i] as string).startsWith('score:'));
  const from = old ?? places.find((i) => /^(cooldown|requires|action):/.test(lines[i] as string));
  if (from === undefined) throw new Error(`rule ${block.rule}: no action in it`);
  const to = old === undefined ? from : (places.find((i) => i > old) ?? end);
  lines.splice(from, to - from, ...blockLines(block));
  return lines.join('\n');
}

function blockLines({ unit, by, points }: ScoreBlock): string[] {
  const shown = points.map(([value, score]) => `[${valueText(value, unit)}, ${score}]`);
  return [
    'score: # by app/detection/calibrate.ts; docs/detection.md, "Scores"',
    ...(by === undefined ? [] : [`  by: ${by}`]),
    ...wrapped(shown),
  ];
}

/** Under 100 columns, as many points a line as there is room for. */
function wrapped(points: readonly string[]): string[] {
  const head = '  points: [';
  const lines: string[] = [];
  let line = head;
  points.forEach((p, i) => {
    const piece = `${p}${i === points.length - 1 ? ']' : ','}`;
    if (line.length + piece.length + 1 > 98) {
      lines.push(line);
      line = '    ';
    }
    line += line === head || line === '    ' ? piece : ` ${piece}`;
  });
  return [...lines, line];
}

/** Money as decimals in quotes; other numbers with the digits that tell values apart. */
function valueText(value: number, unit: Unit): string {
  if (unit === 'money') return `'${formatAmount(Math.round(value), MONEY_DIGITS)}'`;
  return String(Number(value.toPrecision(6)));
}

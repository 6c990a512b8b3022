/** docs/evidence/mutations.md: which wrong rules and kernels the tests notice. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Judged, VERDICTS, type Verdict } from './rule-check.js';
import type { SourceMutant } from './source-mutants.js';

const page = fileURLToPath(new URL('../../docs/evidence/mutations.md', import.meta.url));
const HEAD = `# Mutations

Written by \`WEIR_DEEP=1 npx vitest run scoring/oracle/mutation.test.ts\`: what the tests would
notice if a rule or the kernel were wrong by the least that can be.
`;

/** Puts the part of that title into the page; the others stay. */
export function writePart(title: string, lines: readonly string[]): void {
  const text = existsSync(page) ? readFileSync(page, 'utf8') : HEAD;
  const others = text.split(/\n(?=## )/).filter((part) => !part.startsWith(`## ${title}`));
  const parts = [...others.slice(1), [`## ${title}`, '', ...lines, ''].join('\n')].sort();
  writeFileSync(page, [HEAD, ...parts].join('\n'));
}

export function ruleLines(judged: ReadonlyMap<string, readonly Judged[]>): string[] {
  const all = [...judged.values()].flat();
  const of = (list: readonly Judged[], verdict: Verdict) =>
    list.filter((j) => j.verdict === verdict);
  const row = (name: string, list: readonly Judged[]) =>
    `| ${[name, list.length, ...VERDICTS.map((v) => of(list, v).length)].join(' | ')} |`;
  const reasons = new Map<string, number>();
  for (const { reason = '' } of of(all, 'equivalent')) {
    reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
  }
  const survivors = [...judged].flatMap(([id, list]) => {
    const alive = list.filter((j) => j.verdict !== 'examples' && j.verdict !== 'equivalent');
    return alive.length === 0 ? [] : [`- ${id}: ${alive.map(shown).join('; ')}`];
  });
  return [
    'Every line, window, number, class, direction, currency, scope and cooldown of every rule,',
    "moved by the least that can be written. `examples`: the rule's own examples fail, so the",
    'mistake would be noticed. `equivalent`: nobody can tell the two. The rest survives:',
    '`neighbours` and `random` are customers who were tried and would be told otherwise, so an',
    'example is missing; `unseen` ones were told by nobody who was tried.',
    '',
    `| rule | mutants | ${VERDICTS.join(' | ')} |`,
    '| --- | ---: | ---: | ---: | ---: | ---: | ---: |',
    row('all', all),
    ...[...judged].map(([id, list]) => row(id, list)),
    '',
    '### Why some are equivalent',
    '',
    '| reason | mutants |',
    '| --- | ---: |',
    ...[...reasons].sort((a, b) => b[1] - a[1]).map(([reason, n]) => `| ${reason} | ${n} |`),
    '',
    '### Survivors',
    '',
    'Those in brackets were seen by the customers named.',
    '',
    ...survivors,
  ];
}

export function shown({ mutant, verdict }: Judged): string {
  return verdict === 'unseen' ? mutant.what : `${mutant.what} (${verdict})`;
}

export function sourceLines(found: ReadonlyMap<SourceMutant, string>): string[] {
  const of = (answer: string) => [...found].filter(([, a]) => a === answer).map(([m]) => m);
  return [
    `${found.size} bugs: ${of('differs').length} show in the hits, ${of('threw').length} stop the`,
    `kernel, ${of('endless').length} never end, ${of('same').length} survive.`,
    '',
    ...of('same').map(({ file, what }) => `- survives in ${file}: \`${what}\``),
    ...of('endless').map(({ file, what }) => `- endless in ${file}: \`${what}\``),
  ];
}

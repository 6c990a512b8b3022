/**
 * Would the tests notice? Wrong rules must be noticed by the rule's examples; bugs planted in the
 * kernel must show in its comparison with the oracle. A sample of both here. With WEIR_DEEP=1 all of
 * the rules', all planted bugs and every so many of those made by turning operators, which writes
 * docs/evidence/mutations.md.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { recordEvidence } from '../../schemas/testing/evidence.js';
import { shippedCatalogue } from '../testing/feeder.js';
import { PLANTED_BUGS } from './planted-bugs.js';
import { type Judged, judgeMutants, type Verdict } from './rule-check.js';
import { type RuleMutant, ruleMutants } from './rule-mutants.js';
import { ProgramCopy, planted, type SourceMutant, turnedSources } from './source-mutants.js';

const deep = process.env['WEIR_DEEP'] === '1';
const TIMEOUT_MS = 7_200_000;
const RULES_EVERY = deep ? 1 : 61;
const NEIGHBOURS_MAX = deep ? 600 : 40;
/** Of the operators turned; a run takes a second. */
const TURNED_EVERY = Number(process.env['WEIR_TURNED_EVERY'] ?? 10);
/** Planted bugs that every test run looks for. */
const SAMPLE: readonly string[] = [
  'window closed at its start when scanned',
  'cooldown ignored',
  'reversal leaves sums',
];
/** Of what is not equivalent; the page says what is not noticed. */
const NOTICED_SHARE_MIN = 0.6;
const VERDICTS: readonly Verdict[] = ['examples', 'equivalent', 'neighbours', 'random', 'unseen'];

const catalogue = shippedCatalogue();
const page = fileURLToPath(new URL('../../docs/evidence/mutations.md', import.meta.url));
const HEAD = `# Mutations

Written by \`WEIR_DEEP=1 npx vitest run scoring/oracle/mutation.test.ts\`: what the tests would
notice if a rule or the kernel were wrong by the least that can be.
`;

/** Puts the part of that title into the page; the others stay. */
function writePart(title: string, lines: readonly string[]): void {
  if (!deep) return;
  const text = existsSync(page) ? readFileSync(page, 'utf8') : HEAD;
  const others = text.split(/\n(?=## )/).filter((part) => !part.startsWith(`## ${title}`));
  const parts = [...others.slice(1), [`## ${title}`, '', ...lines, ''].join('\n')].sort();
  writeFileSync(page, [HEAD, ...parts].join('\n'));
}

function ruleLines(judged: ReadonlyMap<string, readonly Judged[]>): string[] {
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
    'Every line, window, number, class, direction, currency, scope and cooldown of every rule, moved',
    "by the least that can be written. `examples`: the rule's own examples fail, so the mistake would",
    'be noticed. `equivalent`: nobody can tell the two. The rest survives: `neighbours` and `random`',
    'are customers who were tried and would be told otherwise, so an example is missing; `unseen`',
    'ones were told by nobody who was tried.',
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

function shown({ mutant, verdict }: Judged): string {
  return verdict === 'unseen' ? mutant.what : `${mutant.what} (${verdict})`;
}

describe('wrong rules', () => {
  it('are noticed by their examples', { timeout: TIMEOUT_MS }, ({ task }) => {
    const judged = new Map<string, Judged[]>();
    let n = 0;
    for (const rule of catalogue.rules) {
      const mutants = ruleMutants(rule).filter(() => n++ % RULES_EVERY === 0);
      judged.set(rule.id, judgeMutants(catalogue, rule, mutants, NEIGHBOURS_MAX));
    }
    const all = [...judged.values()].flat();
    const count = (verdict: Verdict) => all.filter((j) => j.verdict === verdict).length;
    recordEvidence(task, {
      mutants: all.length,
      ...Object.fromEntries(VERDICTS.map((v) => [v, count(v)])),
    });
    writePart('Wrong rules', ruleLines(judged));
    // What is said to be equivalent is told by nobody.
    const wrong = all.filter((j) => j.reason !== undefined && j.verdict !== 'equivalent');
    expect(wrong.map((j) => `${j.mutant.rule.id}: ${shown(j)}: ${j.reason}`)).toEqual([]);
    const share = count('examples') / (all.length - count('equivalent'));
    expect(share).toBeGreaterThan(NOTICED_SHARE_MIN);
  });

  it('are told from a rule that only looks other', ({ task }) => {
    const rule = catalogue.rules.find((r) => r.gates.length > 0);
    if (rule === undefined) throw new Error('no rule has a gate');
    const twice = { ...rule, gates: [...rule.gates, ...rule.gates] };
    const mutant: RuleMutant = { what: 'gates twice', rule: twice };
    const [judged] = judgeMutants(catalogue, rule, [mutant], NEIGHBOURS_MAX);
    expect(judged?.verdict).toBe('unseen');
    recordEvidence(task, { rule: rule.id });
  });
});

async function answers(mutants: readonly SourceMutant[]): Promise<Map<SourceMutant, string>> {
  const found = new Map<SourceMutant, string>();
  const copy = new ProgramCopy();
  try {
    await copy.build();
    for (const mutant of mutants) found.set(mutant, await copy.answer(mutant));
  } finally {
    copy.remove();
  }
  return found;
}

function sourceLines(found: ReadonlyMap<SourceMutant, string>): string[] {
  const of = (answer: string) => [...found].filter(([, a]) => a === answer).map(([m]) => m);
  return [
    `${found.size} bugs: ${of('differs').length} show in the hits, ${of('threw').length} stop the`,
    `kernel, ${of('endless').length} never end, ${of('same').length} survive.`,
    '',
    ...of('same').map(({ file, what }) => `- survives in ${file}: \`${what}\``),
    ...of('endless').map(({ file, what }) => `- endless in ${file}: \`${what}\``),
  ];
}

describe('bugs in the kernel', () => {
  it('planted by hand, show in the hits', { timeout: TIMEOUT_MS }, async ({ task }) => {
    const bugs = PLANTED_BUGS.filter((b) => deep || SAMPLE.includes(b.what));
    // All of them still have their place, also those that are not run.
    const mutants = PLANTED_BUGS.map(planted).filter((_, i) =>
      bugs.includes(PLANTED_BUGS[i] as (typeof PLANTED_BUGS)[number]),
    );
    expect(mutants.length).toBe(deep ? PLANTED_BUGS.length : SAMPLE.length);
    const found = await answers(mutants);
    const all = [...found].map(([{ file, what }, a]) => `| ${what} | ${file} | ${a} |`);
    const table = ['| bug | file | answer |', '| --- | --- | --- |', ...all];
    writePart('Bugs planted by hand', [...sourceLines(found), '', ...table]);
    recordEvidence(task, { bugs: mutants.length });
    const alive = [...found].filter(([, a]) => a !== 'differs' && a !== 'threw');
    expect(alive.map(([m, a]) => `${m.what}: ${a}`)).toEqual([]);
  });

  it.runIf(deep)('made by turning operators', { timeout: TIMEOUT_MS }, async ({ task }) => {
    const all = turnedSources();
    const found = await answers(all.filter((_, i) => i % TURNED_EVERY === 0));
    const lines = sourceLines(found);
    writePart('Operators turned', [`Of ${all.length} every ${TURNED_EVERY}th.`, '', ...lines]);
    const survive = [...found.values()].filter((a) => a === 'same').length;
    recordEvidence(task, { mutants: found.size, survive });
    expect(survive).toBeLessThan(found.size / 2);
  });
});

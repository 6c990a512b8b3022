/**
 * Would the tests notice? Wrong rules must be noticed by the rule's examples; bugs planted in the
 * kernel must show in its comparison with the oracle. A sample of both here. With WEIR_DEEP=1 all
 * of the rules', all planted bugs and every so many of those made by turning operators: that
 * writes docs/evidence/mutations.md.
 */
import { describe, expect, it } from 'vitest';
import { recordEvidence } from '../../schemas/testing/evidence.js';
import { shippedCatalogue } from '../testing/feeder.js';
import { ruleLines, shown, sourceLines, writePart as write } from './mutation-page.js';
import { PLANTED_BUGS } from './planted-bugs.js';
import { type Judged, judgeMutants, VERDICTS, type Verdict } from './rule-check.js';
import { type RuleMutant, ruleMutants } from './rule-mutants.js';
import { ProgramCopy, planted, type SourceMutant, turnedSources } from './source-mutants.js';

const deep = process.env['WEIR_DEEP'] === '1';
const TIMEOUT_MS = 7_200_000;
const RULES_EVERY = deep ? 1 : 97;
const NEIGHBOURS_MAX = deep ? 600 : 40;
/** Of the operators turned; a run takes a second. */
const TURNED_EVERY = Number(process.env['WEIR_TURNED_EVERY'] ?? 10);
/** Planted bugs that every test run looks for. */
const SAMPLE: readonly string[] = ['window closed at its start when scanned', 'cooldown ignored'];
/** Of what is not equivalent; the page says what is not noticed. */
const NOTICED_SHARE_MIN = 0.6;

const catalogue = shippedCatalogue();

function writePart(title: string, lines: readonly string[]): void {
  if (deep) write(title, lines);
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
    const known = bugs.filter((b) => b.survives !== undefined);
    expect(alive.map(([m, a]) => `${m.what}: ${a}`)).toEqual(known.map((b) => `${b.what}: same`));
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

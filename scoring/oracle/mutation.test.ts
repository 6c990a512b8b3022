/**
 * Would the tests notice? Wrong rules (every line, window and filter moved by the least) must be
 * told from the right ones by their examples or by the logs on which kernel and oracle are compared;
 * bugs planted in the kernel's source must show in that comparison. A few here; all of the rules'
 * and every fifth of the source's with WEIR_DEEP=1, which writes docs/evidence/mutations.md.
 */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import type { Rule } from '../../schemas/catalogue.js';
import { recordEvidence } from '../../schemas/testing/evidence.js';
import { featureUnit, thresholdNumber } from '../catalogue/units.js';
import { recordsOfExample, withDailyWatermarks } from '../testing/example-log.js';
import { SHANGHAI, shippedCatalogue } from '../testing/feeder.js';
import { neighbourLog } from './neighbours.js';
import { type OracleRecord, runOracle, zoneSettings } from './oracle.js';
import { randomLog } from './random-log.js';
import { ruleMutants } from './rule-mutants.js';
import { ProgramCopy, type SourceMutant, sourceMutants } from './source-mutants.js';
import { RATES } from './synthetic.js';

const deep = process.env['WEIR_DEEP'] === '1';
const RULES_EVERY = deep ? 1 : 400;
const SOURCE_EVERY = 5;
const NEIGHBOURS = deep ? 600 : 200;
const TIMEOUT_MS = 7_200_000;
const catalogue = shippedCatalogue();
const lines: string[] = [];

function hitsOf(rule: Rule, log: Iterable<OracleRecord>, rates = RATES) {
  const settings = zoneSettings(SHANGHAI, {
    spreadMs: () => 3_599_000,
    rate: (currency) => rates[currency],
  });
  return runOracle(log, { rules: [{ ...rule, state: 'active' }], typologies: [] }, settings).hits;
}

function examplesHold(rule: Rule): boolean {
  const unit = featureUnit((rule.features[rule.observed] as { kind: 'count' }).kind);
  return rule.examples.every(({ expect: wanted, ...example }) => {
    const log = recordsOfExample({ ...example, expect: wanted });
    const hits = hitsOf(rule, withDailyWatermarks(log), example.rates);
    const { band, observed } = wanted;
    return (
      hits.length === wanted.hits &&
      (band === undefined || hits.at(-1)?.band === band) &&
      (observed === undefined || hits.at(-1)?.observed === thresholdNumber(unit, observed))
    );
  });
}

/** What a rule says on the logs that kernel and oracle are compared on, found when first asked. */
function tellerOf(rule: Rule): (mutant: Rule) => boolean {
  const logs = [
    () => neighbourLog([rule], NEIGHBOURS),
    () => randomLog({ seed: 1, transactions: 2_500, subjects: 25 }),
    () => randomLog({ seed: 1, transactions: 2_500, subjects: 8, days: 40, historyEvery: 15 }),
  ];
  const known: { log: OracleRecord[]; told: string }[] = [];
  return (mutant) =>
    logs.some((make, i) => {
      if (known[i] === undefined) {
        const log = make();
        known[i] = { log, told: JSON.stringify(hitsOf(rule, log)) };
      }
      const { log, told } = known[i];
      return JSON.stringify(hitsOf(mutant, log)) !== told;
    });
}

describe('wrong rules', () => {
  it('are told from the right ones', { timeout: TIMEOUT_MS }, ({ task }) => {
    const killed = { byExamples: 0, byLogs: 0 };
    const survivors: string[] = [];
    let n = 0;
    for (const rule of catalogue.rules) {
      const isTold = tellerOf(rule);
      for (const mutant of ruleMutants(rule)) {
        if (n++ % RULES_EVERY !== 0) continue;
        if (!examplesHold(mutant.rule)) killed.byExamples++;
        else if (isTold(mutant.rule)) killed.byLogs++;
        else survivors.push(`- ${rule.id}: ${mutant.what}`);
      }
    }
    const dead = killed.byExamples + killed.byLogs;
    lines.push('## Wrong rules', '');
    lines.push(`Mutants ${dead + survivors.length}: ${killed.byExamples} killed by the examples,`);
    lines.push(`${killed.byLogs} by the logs, ${survivors.length} survive.`, '', ...survivors, '');
    recordEvidence(task, { ...killed, survivors: survivors.length });
    expect(dead).toBeGreaterThan(2 * survivors.length);
  });
});

/** The window closed on the left: the one that runs with every test. */
const isWindowEnd = ({ file, from }: SourceMutant): boolean =>
  file === 'scoring/scan.ts' && from.includes('ms <= cutoff');

describe('bugs planted in the kernel', () => {
  it('show in the comparison with the oracle', { timeout: TIMEOUT_MS }, async ({ task }) => {
    const copy = new ProgramCopy();
    try {
      await copy.build();
      expect(copy.run()).toBe(0);
      const mutants = sourceMutants().filter((m, i) =>
        deep ? i % SOURCE_EVERY === 0 : isWindowEnd(m),
      );
      expect(mutants.length).toBeGreaterThan(0);
      const survivors: string[] = [];
      for (const mutant of mutants) {
        if (await copy.kills(mutant)) continue;
        const { file, line, from, to } = mutant;
        survivors.push(`- ${file}:${line}`, '', `      ${from}`, `      ${to}`, '');
      }
      const survive = survivors.length / 5;
      lines.push('## Bugs planted in the kernel', '');
      lines.push(`Mutants ${mutants.length}, ${survive} survive.`, '', ...survivors);
      recordEvidence(task, { mutants: mutants.length, survive });
      expect(survive).toBeLessThan(deep ? mutants.length / 2 : 1);
    } finally {
      copy.remove();
    }
  });
});

afterAll(() => {
  if (!deep) return;
  const path = fileURLToPath(new URL('../../docs/evidence/mutations.md', import.meta.url));
  const head = ['# Mutations', '', 'Written by `scoring/oracle/mutation.test.ts` (deep).', ''];
  writeFileSync(path, [...head, ...lines].join('\n'));
});

/**
 * `node dist/app/detection/main.js measure [--catalogue PATH] [--out FILE]`: what the rules find, at
 * what price, on both samples. `calibrate [--catalogue FOLDER] [--write]`: score points of every
 * rule from the tuning half of the labelled sample and from the synthetic bank; --write puts them
 * into the YAML entries.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Catalogue } from '../../schemas/catalogue.js';
import { FEATURE_UNITS } from '../../schemas/features.js';
import { loadCatalogueFrom } from '../catalogue-files.js';
import { packageRoot } from '../package.js';
import { pointsOf, reached, unheld } from './calibrate.js';
import { half, measure, score } from './measure.js';
import { type ScoreBlock, withScore } from './points.js';
import { bankSample, labelledSample } from './sample.js';
import { worthText } from './text.js';

const RULES = join(packageRoot(), 'scoring', 'catalogue', 'rules');

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    options: {
      catalogue: { type: 'string' },
      out: { type: 'string' },
      write: { type: 'boolean', default: false },
    },
    allowPositionals: true,
  });
  const [what] = positionals;
  if (what !== 'measure' && what !== 'calibrate') {
    throw new Error('give measure or calibrate; the head of this file tells the flags');
  }
  const folder = mkdtempSync(join(tmpdir(), 'weir-detection-'));
  try {
    const catalogue = loadCatalogueFrom(values.catalogue);
    if (what === 'calibrate') {
      const blocks = await calibrate(catalogue, join(folder, 'bank'));
      if (values.write) writeBlocks(values.catalogue ?? RULES, blocks);
      else process.stdout.write(`${blocks.map((b) => JSON.stringify(b)).join('\n')}\n`);
      return;
    }
    const text = (await figures(catalogue, join(folder, 'bank'))).join('\n');
    if (values.out === undefined) process.stdout.write(text);
    else writeFileSync(values.out, text);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function calibrate(catalogue: Catalogue, folder: string): Promise<ScoreBlock[]> {
  const free = unheld(catalogue);
  const labelled = labelledSample();
  const bank = bankSample(folder);
  const tuning = (subject: string): boolean => half(subject) === 'tuning';
  const customers = labelled.population.customers / 2;
  const parts = [
    { sample: { ...labelled, population: { ...labelled.population, customers } }, of: tuning },
    { sample: { ...bank, population: bank.warm }, of: () => true },
  ];
  const scored = await Promise.all([score(labelled, free), score(bank, free)]);
  return catalogue.rules.flatMap((rule) => {
    const points = pointsOf(
      parts.map(({ sample, of }, i) => reached(rule, scored[i]?.hits ?? [], sample, of)),
    );
    const by = rule.score?.by;
    const spec = rule.features[by ?? rule.observed];
    if (points === undefined || spec === undefined) return [];
    const block = { rule: rule.id, unit: FEATURE_UNITS[spec.kind], points };
    return [by === undefined ? block : { ...block, by }];
  });
}

function writeBlocks(folder: string, blocks: readonly ScoreBlock[]): void {
  for (const name of readdirSync(folder).filter((n) => n.endsWith('.yaml'))) {
    const path = join(folder, name);
    const before = readFileSync(path, 'utf8');
    const ids = new Set(before.split('\n').filter((line) => line.startsWith('id: ')));
    const after = blocks
      .filter((b) => ids.has(`id: ${b.rule}`))
      .reduce((text, block) => withScore(text, block), before);
    if (after !== before) writeFileSync(path, after);
  }
}

async function figures(catalogue: Catalogue, folder: string): Promise<string[]> {
  const labelled = labelledSample();
  const { hits } = await score(labelled, catalogue);
  const { patterns, hubs, population } = labelled;
  const whole = { hits, patterns, hubs, population };
  const halves = (['tuning', 'held-out'] as const).map((name) => {
    const customers = population.customers / 2;
    const of = (subject: string): boolean => half(subject) === name;
    return worthText(
      `Labelled sample, ${name} half of the accounts`,
      measure({ ...whole, population: { ...population, customers }, of }),
    );
  });
  const aml = new Set(catalogue.rules.filter((r) => r.family === 'aml').map((r) => r.id));
  const ofAml = hits.filter((h) => h.family === 'aml' || aml.has(h.rule));
  const bank = bankSample(folder);
  const inBank = await score(bank, catalogue);
  return [
    '# Detection, measured',
    '',
    'Written by `node dist/app/detection/main.js measure`; docs/detection.md says what it means.',
    'False alerts are per 1,000 customers in 30 days, over all rules of the part together.',
    '',
    ...worthText('Labelled sample, all rules', measure(whole)),
    ...worthText('Labelled sample, family aml', measure({ ...whole, hits: ofAml })),
    ...halves.flat(),
    ...worthText(
      'Synthetic bank, all rules',
      measure({
        hits: inBank.hits,
        patterns: bank.patterns,
        hubs: bank.hubs,
        population: bank.warm,
      }),
    ),
  ];
}

await main();

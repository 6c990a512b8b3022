/**
 * `node dist/app/detection/main.js measure [--catalogue PATH] [--out FILE]`: what the rules find,
 * at what price, on both samples. `calibrate [--catalogue FOLDER] [--write]`: score points of every
 * rule from the tuning half of the labelled sample and from ordinary life in the synthetic bank;
 * --write puts them into the YAML entries.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Catalogue } from '../../schemas/catalogue.js';
import { FEATURE_UNITS } from '../../schemas/features.js';
import { loadCatalogueFrom } from '../catalogue-files.js';
import { packageRoot } from '../package.js';
import { isCalibrated, pointsOf, reached, unheld } from './calibrate.js';
import { figures } from './figures.js';
import { half, score } from './measure.js';
import { type ScoreBlock, withScore } from './points.js';
import { bankSample, labelledSample, ordinaryLife } from './sample.js';

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
  const bank = ordinaryLife(bankSample(folder), folder);
  const tuning = (subject: string): boolean => half(subject) === 'tuning';
  const customers = labelled.population.customers / 2;
  const parts = [
    { sample: { ...labelled, population: { ...labelled.population, customers } }, of: tuning },
    { sample: { ...bank, population: bank.warm }, of: () => true },
  ];
  const scored = [await score(labelled, free), await score(bank, free)];
  return catalogue.rules.filter(isCalibrated).flatMap((rule) => {
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

await main();

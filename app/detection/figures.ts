/** The figures of docs/evidence/detection.md: both samples, measured through the real replay. */
import type { Catalogue } from '../../schemas/catalogue.js';
import { half, measure, score } from './measure.js';
import { bankSample, labelledSample } from './sample.js';
import { worthText } from './text.js';

/** `folder` must not exist yet: the synthetic bank is written into it. */
export async function figures(catalogue: Catalogue, folder: string): Promise<string[]> {
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
  const aml = (h: { family: string }): boolean => h.family === 'aml';
  const bank = bankSample(folder);
  const ofBank = { ...bank, population: bank.warm, hits: (await score(bank, catalogue)).hits };
  return [
    '# Detection, measured',
    '',
    'Written by `node dist/app/detection/main.js measure`; docs/detection.md says what it means.',
    'False alerts are per 1,000 customers in 30 days, over all rules of the part together.',
    '',
    ...worthText('Labelled sample, all rules', measure(whole)),
    ...worthText('Labelled sample, family aml', measure({ ...whole, hits: hits.filter(aml) })),
    ...halves.flat(),
    ...worthText('Synthetic bank, all rules', measure(ofBank)),
    ...worthText(
      'Synthetic bank, family aml',
      measure({ ...ofBank, hits: ofBank.hits.filter(aml) }),
    ),
  ];
}

/** Sentences and examples: the same in both languages, about numbers that are there. */
import type { Band, Example } from '../../schemas/catalogue.js';
import { UNITS, type Unit } from '../../schemas/hit.js';
import { BUILT_INS, placeholdersOf } from '../../schemas/sentence.js';
import { numberIn } from './check-bands.js';
import type { Path, Report } from './check-features.js';

/** What a sentence or an example of a rule or a typology can speak of. */
export interface Speaking {
  bands: readonly Band[];
  examples: readonly Example[];
  observed: string;
  /** Unit of the observed number; undefined = there is no such feature. */
  unit: Unit | undefined;
  /** Names of the gates. */
  gates: readonly string[];
  facts: ReadonlyMap<string, Unit>;
  /** False for the close of a day. */
  onLegs: boolean;
}

function checkPlaceholder(of: Speaking, raw: string, path: Path, report: Report): void {
  const [name = '', unit] = raw.split(':');
  const inEvidence = name === of.observed || of.gates.includes(name);
  if (unit !== undefined && !(UNITS as readonly string[]).includes(unit)) {
    report(path, `{${raw}}: no unit ${unit}`, `use one of ${UNITS.join(', ')}`);
    return;
  }
  if (BUILT_INS.includes(name) || inEvidence) {
    if (name === 'amount' && !inEvidence && !of.onLegs) {
      report(path, '{amount} names nothing: the close of a day has no leg', 'take it out');
    }
    return;
  }
  const factUnit = of.facts.get(name);
  if (factUnit === undefined) {
    report(
      path,
      `{${raw}} names nothing`,
      `use the observed feature, a gate, a fact or one of ${BUILT_INS.join(', ')}`,
    );
  } else if (unit !== factUnit) {
    report(path, `fact {${raw}} needs its unit`, `write {${name}:${factUnit}}`);
  }
}

function checkSentences(of: Speaking, report: Report): void {
  of.bands.forEach((band, i) => {
    const found = { zh: placeholdersOf(band.sentence.zh), en: placeholdersOf(band.sentence.en) };
    for (const lang of ['zh', 'en'] as const) {
      const path = ['bands', i, 'sentence', lang];
      if (/[{}]/.test(band.sentence[lang].replace(/\{[A-Za-z0-9:]+\}/g, ''))) {
        report(path, 'a brace without its partner', 'write placeholders as {name}');
      }
      const other = lang === 'zh' ? 'en' : 'zh';
      for (const raw of new Set(found[lang])) {
        checkPlaceholder(of, raw, path, report);
        if (found[other].includes(raw)) continue;
        report(
          ['bands', i, 'sentence', other],
          `{${raw}} is missing in ${other}`,
          'name the same numbers in both languages',
        );
      }
    }
  });
}

/** Offset required: a bare local time would mean another moment on another machine. */
const ISO = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2})$/;

function checkExamples(of: Speaking, report: Report): void {
  const time = (text: string, path: Path): void => {
    if (ISO.test(text) && !Number.isNaN(Date.parse(text))) return;
    report(path, `not a time with offset: ${text}`, 'write 2026-03-02T09:10:00+08:00');
  };
  of.examples.forEach((example, i) => {
    const at: Path = ['examples', i];
    example.transactions.forEach((t, j) => {
      time(t.at, [...at, 'transactions', j, 'at']);
    });
    if (example.until !== undefined) time(example.until, [...at, 'until']);
    const expect = example.expect;
    if (expect.band !== undefined && !of.bands.some((b) => b.outcome === expect.band)) {
      report([...at, 'expect', 'band'], `no band ${expect.band}`, 'name an outcome of this rule');
    }
    if (expect.observed !== undefined && of.unit !== undefined) {
      numberIn(of.unit, of.observed, expect.observed, [...at, 'expect', 'observed'], report);
    }
  });
  for (const [hit, what] of [
    [true, 'hits'],
    [false, 'does not hit'],
  ] as const) {
    if (of.examples.some((e) => e.expect.hits > 0 === hit)) continue;
    report(['examples'], `no example that ${what}`, 'add one, best at the boundary');
  }
}

export function checkTexts(of: Speaking, report: Report): void {
  checkSentences(of, report);
  checkExamples(of, report);
}

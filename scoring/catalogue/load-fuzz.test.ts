/** Whatever stands in a file, the loader answers with a catalogue or with a list of problems. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CatalogueError, catalogueFromJson, catalogueText, loadCatalogue } from './load.js';

const path = fileURLToPath(new URL('./rules/watched-outflow.yaml', import.meta.url));
const text = readFileSync(path, 'utf8');
const lines = text.split('\n');
const junk = fc.constantFrom(
  '',
  '{',
  '- ',
  ': x',
  '&a',
  '*a',
  '!!js/function x',
  '"',
  '99',
  '\t',
  '…',
);

/** True when it loaded; anything thrown besides a CatalogueError fails the test. */
function loads(given: string): boolean {
  try {
    const catalogue = loadCatalogue([{ path: 'f.yaml', text: given }]);
    expect(catalogueFromJson(catalogueText(catalogue))).toEqual(catalogue);
    return true;
  } catch (error) {
    if (!(error instanceof CatalogueError)) throw error;
    expect(error.problems.length).toBeGreaterThan(0);
    for (const problem of error.problems) {
      expect([problem.path, problem.what !== '', problem.mend !== '']).toEqual([
        'f.yaml',
        true,
        true,
      ]);
      expect(problem.line * problem.column).toBeGreaterThan(0);
    }
    return false;
  }
}

describe('the loader', () => {
  it('survives lines taken out, doubled, swapped and cut', () => {
    const index = fc.nat(lines.length - 1);
    const edit = fc.record({ at: index, other: index, kind: fc.nat(4), junk, cut: fc.nat(20) });
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 4 }), (edits) => {
        const changed = [...lines];
        for (const e of edits) {
          const line = changed[e.at] ?? '';
          if (e.kind === 0) changed.splice(e.at, 1);
          if (e.kind === 1) changed.splice(e.at, 0, line);
          if (e.kind === 2) changed[e.at] = changed[e.other] ?? '';
          if (e.kind === 3) changed[e.at] = line.slice(0, e.cut);
          if (e.kind === 4) changed[e.at] = line.slice(0, e.cut) + e.junk + line.slice(e.cut);
        }
        loads(changed.join('\n'));
      }),
      { numRuns: 150 },
    );
  });

  it.each([
    '',
    'null',
    '[]',
    '42',
    '"text"',
    '__proto__: {}',
    '- a\n- b',
    '\u0000',
    '%YAML 9.9\n---\n',
  ])('refuses %j', (given) => {
    expect(loads(given)).toBe(false);
  });

  it('refuses a key that would reach a prototype', () => {
    expect(loads(text.replace('  amount: { kind: amount }', '  __proto__: { kind: amount }'))).toBe(
      false,
    );
    expect(({} as { kind?: string }).kind).toBeUndefined();
  });

  it('takes the untouched file', () => {
    expect(loads(text)).toBe(true);
  });
});

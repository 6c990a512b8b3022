/** `weir rules` as text: what a rule's author sees. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packageRoot } from './package.js';
import { checkRules } from './rules-check.js';
import { listRules, showRule } from './rules-text.js';

const rules = join(packageRoot(), 'scoring', 'catalogue', 'rules');
/** The first rule of a file. */
const firstOf = (name: string): string =>
  readFileSync(join(rules, name), 'utf8').split(/^---$/m)[0] ?? '';
const cash = firstOf('structuring-cash.yaml');
const drop = firstOf('activity-drop.yaml');
const typology = `id: cash-and-more
version: 1
names: { zh: 现金与其他, en: Cash and more }
family: aml
formula: cash and drop
members:
  - { rule: activity-drop, weight: 0.5 }
  - { rule: structuring-cash-deposits, weight: 1 }
bands:
  - outcome: alert
    from: 60
    severity: high
    score: 70
    sentence: { zh: '得分 {score}', en: 'score {score}' }
action: due-diligence
riskType: aml
state: active
owner: compliance
references: [A book]
examples:
  - { name: hits, transactions: [], expect: { hits: 1 } }
  - { name: does not, transactions: [], expect: { hits: 0 } }
`;

let dir = '';
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'weir-rules-'));
});
afterAll(() => rmSync(dir, { recursive: true }));

function written(name: string, text: string): string {
  const path = join(dir, name);
  writeFileSync(path, text);
  return path;
}

describe('weir rules check', () => {
  it('says nothing against good rules', () => {
    const { text, exitCode } = checkRules([join(rules, 'structuring-cash.yaml')], {}, false);
    expect(text).toMatch(/^1 file, \d+ rules, 0 typologies, \d+ examples: no problem\n$/);
    expect(exitCode).toBe(0);
  });

  it('points at the place, past wide characters, and says how to mend it', () => {
    const names = cash.replace(/names:\n.*\n.*\n/, "names: { zh: '拆分', es: x }\n");
    const path = written('broken.yaml', names);
    const printed = checkRules([path], {}, false);
    expect(printed.exitCode).toBe(1);
    const line = names.split('\n').findIndex((l) => l.startsWith('names:')) + 1;
    const source = names.split('\n')[line - 1] ?? '';
    const column = source.indexOf(', es:') + 3;
    const [head, shown, caret, mend] = (
      printed.text.split('\n\n').find((t) => t.includes('key es')) ?? ''
    ).split('\n');
    expect(head).toBe(`${path}:${line}:${column}: error: unknown key es in names`);
    expect(shown).toBe(`${String(line).padStart(5)} | ${source}`);
    // Two characters before it take two places each.
    expect(caret?.indexOf('^')).toBe((shown?.indexOf(', es:') ?? 0) + 4);
    expect(mend).toContain('mend: correct its name or take it out');
    expect(printed.text).toMatch(/\n2 problems\n$/);
    expect(checkRules([path], {}, true).text).toContain('\u001b[31merror\u001b[0m');
  });

  it('runs the examples, and tells what they get', () => {
    const text = cash
      .replace('expect: { hits: 1, band: repeated, observed: 3 }', 'expect: { hits: 2 }')
      .replace('expect: { hits: 0 }', 'expect: { hits: 1, band: persistent }');
    const path = written('wrong.yaml', text);
    const printed = checkRules([path], { json: true }, false);
    const { problems, examples } = JSON.parse(printed.text);
    expect(printed.exitCode).toBe(1);
    expect(examples).toBeGreaterThan(2);
    const lines = text.split('\n');
    expect(problems).toEqual([
      {
        path,
        line: lines.findIndex((l) => l.includes('{ hits: 2 }')) + 1,
        column: 15,
        id: 'structuring-cash-deposits',
        what: expect.stringMatching(/^example "three, from exactly .*": expected hits 2, got 1$/),
        mend: 'correct the rule, or what the example expects',
      },
      expect.objectContaining({ what: expect.stringMatching(/expected hits 1, got 0$/) }),
    ]);
  });

  it('tells which band and value an example got', () => {
    const text = cash.replace('band: repeated, observed: 3', 'band: persistent, observed: 5');
    const { problems } = JSON.parse(
      checkRules([written('b.yaml', text)], { json: true }, false).text,
    );
    expect(problems.map((p: { what: string }) => p.what.split(': ')[1])).toEqual([
      'expected band persistent, got repeated',
      'expected observed 5, got 3',
    ]);
  });
});

describe('docs/rules-guide.md', () => {
  it('shows a rule that does what it says, and a mistake as it is printed', () => {
    const guide = readFileSync(join(packageRoot(), 'docs', 'rules-guide.md'), 'utf8');
    const text = /```yaml\n([\s\S]*?)```/.exec(guide)?.[1] ?? '';
    expect(checkRules([written('guide.yaml', text)], {}, false).text).toBe(
      '1 file, 1 rule, 0 typologies, 2 examples: no problem\n',
    );
    const wrong = written('collection.yaml', text.replace("'10000.00'", '10000'));
    const printed = checkRules([wrong], {}, false).text.replaceAll(dir, 'my-rules');
    expect(guide).toContain(printed.split('\n').slice(0, 4).join('\n'));
  });
});

describe('weir rules show', () => {
  const catalogue = () => {
    return { catalogue: written('all.yaml', [cash, drop, typology].join('\n---\n')) };
  };

  it('tells all of a rule, in either language', () => {
    const en = showRule('structuring-cash-deposits', catalogue());
    for (const part of [
      /state +active/,
      /due +workingDays 5/,
      /on +credit \+ cash, not bankMade, not reversal, amount >= 40000.00, amount < 50000.00/,
      /features\n +sum +money +sum +window 24h\n +times +count +count +window 24h\n/,
      /gates\n +sum +>= +¥50,000\n/,
      /bands\n +repeated +>= 3 +high 65 +none +due-diligence +\{times\} cash/,
      /references +PBoC Order/,
      /examples +three, from/,
    ]) {
      expect(en).toMatch(part);
    }
    const zh = showRule('structuring-cash-deposits', { ...catalogue(), lang: 'zh' });
    expect(zh).toMatch(/前提\n +sum +>= +5 万元/);
    expect(zh).toContain('{window}存现');
  });

  it('tells all of a typology', () => {
    const text = showRule('cash-and-more', catalogue());
    expect(text).toMatch(/members\n +activity-drop +x 0.5\n +structuring-cash-deposits +x 1\n/);
    expect(text).toMatch(/window +24h/);
    expect(text).toMatch(/alert +>= 60 +high 70 +none/);
    expect(JSON.parse(showRule('cash-and-more', { ...catalogue(), json: true })).id).toBe(
      'cash-and-more',
    );
  });

  it('lists rules and typologies', () => {
    expect(listRules(catalogue())).toMatch(/cash-and-more +v1 +active +typology +aml/);
    expect(listRules(catalogue())).toMatch(/catalogue [0-9a-f]{12}, 2 rules, 1 typologies\n$/);
    expect(() => showRule('nothing', catalogue())).toThrow(/no rule "nothing"; known are: act/);
  });
});

import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../testing.js';
import { FileError } from '../yaml-file.js';
import { parseReference, referenceJson, referenceSha256 } from './canonical.js';
import { loadReference } from './load.js';
import { changedProfiles, ReferenceTables } from './tables.js';

let folder: ReturnType<typeof temporaryFolder>;
beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(() => folder.remove());

const GOOD: Record<string, string> = {
  'reference.yaml': `ourBanks: [OURS]
homeCountry: CN
baseCurrency: CNY
zone: Asia/Shanghai
closeOfBusiness: '17:30'
holidays: ['2026-10-01']
workdays: ['2026-10-10']
highRiskCountries: [KP]
fx: {USD: 7.1, JPY: 0.047}
`,
  'parties.csv': `party,name,kind,tier,riskClass,watch,manager,branch
P1,"王, 敏",person,growth,3,elderly loan,Li,North
P2,Co,company,base,,,,
P3,Lo,person,base,1,,,
P4,Mo,person,base,1,,,
`,
  'accounts.csv': 'account,party\nA1,P1\nA2,P1\nB1,P2\nC1,P3\n',
  'lists.csv': 'list,key,single,day,month\nfraud,A2,5000,20000.00,\ngambling,X9,,,\n',
};

function write(files: Record<string, string | null>): string {
  rmSync(folder.path, { recursive: true });
  mkdirSync(folder.path);
  for (const [name, text] of Object.entries(files)) {
    if (text !== null) writeFileSync(join(folder.path, name), text);
  }
  return folder.path;
}
function problemsOf(
  files: Record<string, string | null>,
  previous?: Parameters<typeof loadReference>[1],
) {
  try {
    loadReference(write(files), previous);
  } catch (error) {
    if (error instanceof FileError) {
      return error.problems.map((p) => p.replace(`${folder.path}/`, ''));
    }
    throw error;
  }
  return [];
}

describe('loadReference', () => {
  it('reads settings and tables, with rates in minor units', () => {
    const data = loadReference(write(GOOD));
    expect(data).toMatchObject({
      version: 1,
      ourBanks: ['OURS'],
      closeOfBusinessMinutes: 1050,
      fx: { version: 1, rates: { USD: 7.1, JPY: 4.7 } },
    });
    expect(data.parties[0]).toEqual({
      party: 'P1',
      name: '王, 敏',
      kind: 'person',
      tier: 'growth',
      riskClass: 3,
      watch: ['elderly', 'loan'],
      manager: 'Li',
      branch: 'North',
    });
    expect(data.lists[0]).toEqual({ list: 'fraud', key: 'A2', single: '5000', day: '20000.00' });
  });

  it('answers lookups by subject: profile, list bits over all accounts, limits', () => {
    const tables = new ReferenceTables(loadReference(write(GOOD)));
    expect(tables.subjectOfAccount('A2')).toBe('P1');
    expect(tables.subjectOfAccount('X9')).toBeUndefined();
    const limits = new Float64Array(3);
    tables.limitsInto(tables.subjects.findText('P1'), tables.accounts.findText('A1'), limits);
    expect([...limits]).toEqual([500_000, 2_000_000, Infinity]);
    tables.limitsInto(-1, -1, limits);
    expect([...limits]).toEqual([Infinity, Infinity, Infinity]);
    expect(tables.profileOf('P1') >>> 17).toBe(0b10); // fraud
    expect(tables.profileOf('X9') >>> 17).toBe(0b01); // gambling
    expect(tables.profileOf('P2') >>> 17).toBe(0);
  });

  it('has one canonical text whatever the order of rows and keys, and reads it back', () => {
    const one = loadReference(write(GOOD));
    const lines = GOOD['accounts.csv'].trim().split('\n');
    const shuffled = [lines[0], ...lines.slice(1).reverse()].join('\n');
    const two = loadReference(write({ ...GOOD, 'accounts.csv': shuffled }));
    expect(referenceSha256(two)).toBe(referenceSha256(one));
    expect(referenceJson(parseReference(Buffer.from(referenceJson(one))))).toBe(referenceJson(one));
  });

  it('counts versions only when the content changes', () => {
    const one = loadReference(write(GOOD));
    expect(loadReference(write(GOOD), one)).toBe(one);
    const usd = GOOD['reference.yaml'].replace('7.1', '7.2');
    const two = loadReference(write({ ...GOOD, 'reference.yaml': usd }), one);
    expect([two.version, two.fx.version]).toEqual([2, 2]);
    const parties = `${GOOD['parties.csv']}P5,New,person,base,1,,,\n`;
    const three = loadReference(
      write({ ...GOOD, 'reference.yaml': usd, 'parties.csv': parties }),
      two,
    );
    expect([three.version, three.fx.version]).toEqual([3, 2]);
  });

  it('takes the settings from several files, but no setting twice', () => {
    const split = { ...GOOD, 'calendar.yaml': "holidays: ['2026-10-02']\n" };
    expect(problemsOf(split)).toEqual([
      'calendar.yaml:1: holidays: given in reference.yaml too; keep one',
    ]);
    const bank = GOOD['reference.yaml'].replace(/holidays.*\n/, '');
    const data = loadReference(write({ ...split, 'reference.yaml': null, 'bank.yaml': bank }));
    expect(data.holidays).toEqual(['2026-10-02']);
  });

  it('refuses what is broken, with file and line', () => {
    const edit = (name: string, from: string, to: string) => ({
      ...GOOD,
      [name]: GOOD[name].replace(from, to),
    });
    const cases: [Record<string, string>, RegExp][] = [
      [edit('parties.csv', 'company', 'firm'), /^parties\.csv:3: kind: /],
      [edit('parties.csv', 'elderly loan', 'old'), /^parties\.csv:2: watch/],
      [edit('parties.csv', 'party,name', 'party,nom'), /^parties\.csv:1: unknown column "nom"/],
      [edit('parties.csv', 'P2,', 'P1,'), /^parties\.csv:3: the same party as line 2/],
      [edit('parties.csv', ',North', ',North,x'), /^parties\.csv:2: 9 cells; the header has 8/],
      [edit('parties.csv', 'Lo', 'L\u0007'), /^parties\.csv:4: name: control characters/],
      [edit('parties.csv', 'Lo', 'x\u202ey'), /^parties\.csv:4: name: .* turn the direction/],
      [edit('parties.csv', 'North', 'n'.repeat(201)), /^parties\.csv:2: branch: longer than 200/],
      [edit('accounts.csv', 'B1,P2', 'B1,P9'), /^accounts\.csv:4: party: not in the table/],
      [edit('accounts.csv', 'B1', `B${'1'.repeat(64)}`), /^accounts\.csv:4: account: not an ident/],
      [edit('lists.csv', '20000.00', '20000.001'), /^lists\.csv:2: day: not an amount of CNY/],
      [edit('lists.csv', 'fraud', 'frauds'), /^lists\.csv:2: list: /],
      [edit('reference.yaml', 'KP', 'kp'), /^reference\.yaml:8: highRiskCountries\.0: /],
      [edit('reference.yaml', '2026-10-10', '2026-02-30'), /^reference\.yaml:7: workdays\.0: /],
      [edit('reference.yaml', "'17:30'", "'25:30'"), /^reference\.yaml:5: closeOfBusiness: /],
      [edit('reference.yaml', 'USD: 7.1', 'USD: 0'), /^reference\.yaml:9: fx/],
      [edit('reference.yaml', 'ourBanks', 'banks'), /^reference\.yaml:1: Unrecognized key/],
      [edit('reference.yaml', 'Asia/Shanghai', 'Asia/Nowhere'), /zone: "Asia\/Nowhere" is not/],
      [edit('reference.yaml', '[OURS]', '[OURS'), /^reference\.yaml:\d+: not YAML/],
      [{ ...GOOD, 'partys.csv': 'a' }, /^partys\.csv:1: not a file of reference data/],
      [{ 'README.md': 'x' }, /holds no reference data/],
    ];
    for (const [files, expected] of cases) {
      expect(problemsOf(files).join('\n')).toMatch(expected);
    }
  });

  it('refuses a version that lost more than half, unless the files say that it is right', () => {
    const before = loadReference(write(GOOD));
    const small = {
      ...GOOD,
      'parties.csv': `party,name,kind\nP1,a,person\n`,
      'accounts.csv': 'account,party\nA1,P1\n',
    };
    const problems = problemsOf(small, before);
    expect(problems).toHaveLength(2);
    expect(problems[0]).toMatch(/parties: 1 rows, the version in force has 4; .*"shrinksFrom: 1"/);
    expect(problems[1]).toMatch(/accounts: 1 rows, the version in force has 4/);
    const said = { ...small, 'reference.yaml': `${GOOD['reference.yaml']}shrinksFrom: 1\n` };
    const after = loadReference(write(said), before);
    expect([after.version, after.parties.length]).toEqual([2, 1]);
    // Said once, it holds once: the same words do not let the next version shrink.
    expect(loadReference(write(said), after)).toBe(after);
    const larger = { ...after, parties: [...after.parties, ...after.parties, ...after.parties] };
    expect(problemsOf(said, larger)).toHaveLength(1);
    const half = { ...GOOD, 'accounts.csv': 'account,party\nA1,P1\nA2,P1\n' };
    expect(problemsOf(half, before)).toEqual([]);
  });

  it('lists the subjects whose profile changed, also those that went', () => {
    const before = new ReferenceTables(loadReference(write(GOOD)));
    const lists = GOOD['lists.csv'].replace('gambling,X9', 'gambling,P2');
    const after = new ReferenceTables(loadReference(write({ ...GOOD, 'lists.csv': lists })));
    const changed = changedProfiles(before, after);
    expect(changed.map((c) => c.subject).sort()).toEqual(['P2', 'X9']);
    expect(changed.find((c) => c.subject === 'X9')?.profile).toBe(0);
    expect(changedProfiles(after, after)).toEqual([]);
  });
});

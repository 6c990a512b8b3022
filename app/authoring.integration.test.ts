/** The commands of a rule's author, as a user runs them: check, report, explain. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { packageRoot } from './package.js';
import { cleanUp, startWeir, temporaryFolder } from './testing/program.js';

const rules = join(packageRoot(), 'scoring', 'catalogue', 'rules');
const RULE = 'cross-border-remittances-person';

let dir = '';
let day = '';
beforeEach(() => {
  dir = temporaryFolder();
  day = join(dir, 'day.ndjson');
  writeFileSync(day, a1());
});
afterEach(() => cleanUp(dir));

/** Three remittances of scenario A1. */
function a1(): string {
  const times = ['09:10', '13:40', '20:05'];
  const rows = times.map((time, i) =>
    JSON.stringify({
      id: `T-${i}`,
      eventTime: `2026-03-02T${time}:00+08:00`,
      debtor: { account: '622202-1', kind: 'person' },
      creditor: { account: `US-${i}`, country: 'US', kind: 'external' },
      amount: ['60000', '70000', '80000'][i],
      currency: 'CNY',
      type: 'transfer',
    }),
  );
  return `${rows.join('\n')}\n`;
}

async function weir(...args: string[]) {
  const program = startWeir(args);
  const code = await program.ended;
  return { code, out: program.out(), err: program.err() };
}

describe('weir rules check', () => {
  it('ends with 1, and points at the line', async () => {
    const path = join(dir, 'mine.yaml');
    writeFileSync(path, 'id: mine\nversion: one\n');
    const { code, out } = await weir('rules', 'check', path);
    expect(code).toBe(1);
    expect(out).toMatch(
      /mine\.yaml:2:1: error: version: .*\n +2 \| version: one\n +\| \^\n +\| mend: /,
    );
    // No terminal, no colours.
    expect(out).not.toContain('\u001b');
  });
});

describe('weir replay --report', () => {
  it('counts, measures patterns, and compares with another catalogue', async () => {
    const labels = join(dir, 'labels.csv');
    writeFileSync(
      labels,
      'pattern_id,pattern_type,first_date,accounts,tx_ids\n' +
        '1,smurfing,2026-03-02,622202-1,T-0 T-1\n2,smurfing,2026-03-02,x,T-9\n',
    );
    const catalogue = join(rules, 'cross-border-remittances.yaml');
    const against = join(rules, 'activity-drop.yaml');
    const flags = ['--catalogue', catalogue, '--labels', labels, '--against', against, '--json'];
    const { code, out } = await weir('replay', day, '--report', ...flags);
    expect(code).toBe(0);
    const report = JSON.parse(out);
    expect(report.population).toMatchObject({ customers: 1, legs: 3 });
    const rule = report.rules.find((r: { rule: string }) => r.rule === RULE);
    expect(rule).toMatchObject({ hits: 1, alerts: 1, trueAlerts: 1, precision: 1 });
    expect(report.labels.types).toEqual([
      expect.objectContaining({ type: 'smurfing', patterns: 2, found: 1, missed: ['2'] }),
    ]);
    const found = report.against.fresh.find((c: { rule: string }) => c.rule === RULE);
    expect(found.examples[0]).toMatchObject({ subject: '622202-1', transactionId: 'T-2' });
    expect(report.against.gone).toEqual([]);
  });
});

describe('weir explain', () => {
  it('tells why a rule did not hit yet', async () => {
    const at = '2026-03-02T20:04:00+08:00';
    const catalogue = join(rules, 'cross-border-remittances.yaml');
    const flags = ['--subject', '622202-1', '--at', at, '--file', day, '--catalogue', catalogue];
    const { code, out } = await weir('explain', ...flags);
    expect(out).toMatch(new RegExp(`${RULE}: a gate does not hold`));
    expect(out).toMatch(/remittances +2 +>= 3 +does not hold\n/);
    expect(code).toBe(0);
  });
});

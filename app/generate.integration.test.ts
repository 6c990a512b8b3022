/** `weir generate`, `weir replay`, and the cases of the synthetic bank, under the shipped rules. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type BankTransaction, createBank } from '../ingest/index.js';
import { CASE_KINDS } from '../schemas/demo.js';
import { unwrapEnvelope } from '../schemas/envelope.js';
import { DAY_MS } from '../schemas/time.js';
import {
  decodeTransaction,
  type TransactionFields,
  transactionToJson,
} from '../schemas/transaction-codec.js';
import { cleanUp, startWeir, temporaryFolder } from './testing/program.js';

let dir = '';
beforeEach(() => {
  dir = temporaryFolder();
});
afterEach(() => cleanUp(dir));

async function weir(...args: string[]) {
  const program = startWeir(args);
  const code = await program.ended;
  return { code, out: program.out(), err: program.err() };
}

interface FoundHit {
  rule: string;
  subject: string;
  transactionIds: string[];
}
const hitsOf = (out: string): FoundHit[] =>
  out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as FoundHit);

describe('planted cases', () => {
  it('raise the rule that each names, for the first and the last of a pool', async () => {
    const nowMs = Date.parse('2026-03-18T14:00:00+08:00');
    const bank = createBank({ anchorMs: nowMs, customers: 1_000, merchants: 10, seed: 3 });
    const cases = CASE_KINDS.flatMap((kind) => [0, 1, 7, 24].map((n) => bank.plan(kind, n, nowMs)));
    const subjects = new Set(cases.map((c) => c.subject));
    expect(subjects.size).toBe(cases.length);
    const accounts = accountsOf(bank, subjects);
    const life = [...bank.customerTransactions(nowMs - 60 * DAY_MS, nowMs)].filter((t) =>
      accounts.has(t.fields.debtor.account),
    );
    const live = cases.flatMap((c, i) =>
      c.live.map((step, s) => ({
        ...step.fields,
        id: `live-${i}-${s}`,
        eventTimeMs: nowMs + step.afterMs,
      })),
    );
    const rows = [...cases.flatMap((c) => c.past), ...life.map((t) => t.fields), ...live].sort(
      (a, b) => (a.eventTimeMs as number) - (b.eventTimeMs as number),
    );
    const file = join(dir, 'cases.ndjson');
    writeFileSync(file, rows.map((t) => `${JSON.stringify(transactionToJson(t))}\n`).join(''));
    const { code, out, err } = await weir('replay', file, '--reference', join(dir, 'reference'));
    expect(err).toContain('dead letters 0');
    expect(code).toBe(0);
    const hits = hitsOf(out);
    for (const c of cases) {
      const rules = hits.filter((h) => h.subject === c.subject).map((h) => h.rule);
      if (c.rule !== undefined) expect(rules, `${c.kind} ${c.subject}`).toContain(c.rule);
    }
  });

  /** Reference data says whose account is whose. */
  function accountsOf(bank: ReturnType<typeof createBank>, subjects: ReadonlySet<string>) {
    const folder = join(dir, 'reference');
    bank.writeReference(folder);
    const rows = readFileSync(join(folder, 'accounts.csv'), 'utf8').trim().split('\n');
    return new Set(
      rows.map((r) => r.split(',')).flatMap(([a = '', p = '']) => (subjects.has(p) ? [a] : [])),
    );
  }
});

describe('weir generate', () => {
  const small = ['--days', '1', '--customers', '200', '--merchants', '20', '--until', '2026-03-19'];
  const more = ['--receipts-per-day', '50', '--labels'];

  it('writes files that replay: labelled cases are found, ordinary life hardly ever', async () => {
    const out = join(dir, 'bank');
    const days = ['--days', '20', '--customers', '1500', '--merchants', '20'];
    const made = await weir('generate', '--out', out, ...days, '--until', '2026-03-19', ...more);
    expect(made.code, made.err).toBe(0);
    const file = join(out, 'transactions.ndjson');
    const { err, out: text } = await weir('replay', file, '--reference', join(out, 'reference'));
    expect(err).toContain('dead letters 0');
    const suspicious = new Set(
      readFileSync(join(out, 'labels.csv'), 'utf8')
        .split('\n')
        .map((row) => row.split(','))
        .filter(([, , kind, flag]) => flag === 'true' || kind === 'tuition')
        .map(([id = '']) => id),
    );
    const hits = hitsOf(text);
    const found = hits.filter((h) => h.transactionIds.some((id) => suspicious.has(id)));
    const rules = new Set(found.map((h) => h.rule));
    for (const rule of ['structuring-cash-deposits', 'watched-outflow', 'listed-customer-limits']) {
      expect([...rules], rule).toContain(rule);
    }
    // In a bank of 20 days every payee is new: who counts first payments needs a longer past.
    const others = hits.filter((h) => !found.includes(h) && !/fan|hub|gather|mule/.test(h.rule));
    expect(others.length).toBeLessThan(found.length / 5);
  });

  it('writes the same transactions in every format', async () => {
    const read = async (format: string): Promise<string> => {
      const out = join(dir, format);
      const { code, err } = await weir(
        'generate',
        '--out',
        out,
        '--format',
        format,
        ...small,
        ...more,
      );
      expect(code, err).toBe(0);
      return out;
    };
    const json = readFileSync(join(await read('ndjson'), 'transactions.ndjson'), 'utf8');
    const messages = readMessages(
      readFileSync(join(await read('flatbuffers'), 'transactions.bin')),
    );
    const rows = json.trim().split('\n');
    expect(messages.map(transactionToJson)).toEqual(rows.map((row) => JSON.parse(row)));
    const csv = await read('csv');
    const flags = ['--mapping', 'generated', '--reference', join(csv, 'reference')];
    const { err } = await weir('replay', join(csv, 'transactions.csv'), ...flags);
    expect(err).toMatch(new RegExp(`^${messages.length} transactions `));
    expect(err).toContain('dead letters 0');
    for (const name of ['transactions.csv', 'reference/parties.csv']) {
      expect(readFileSync(join(csv, name), 'utf8')).not.toMatch(/(^|,)["=+\-@\t]/m);
    }
  });

  it('refuses a folder that holds something, and a date that is none', async () => {
    mkdirSync(join(dir, 'full', 'x'), { recursive: true });
    const full = await weir('generate', '--out', join(dir, 'full'));
    expect(full).toMatchObject({ code: 2 });
    expect(full.err).toContain('not empty');
    writeFileSync(join(dir, 'file'), '');
    const inside = await weir('generate', '--out', join(dir, 'file'));
    expect(inside).toMatchObject({ code: 2 });
    expect(inside.err).toContain('cannot be written (ENOTDIR)');
    const date = await weir('generate', '--out', join(dir, 'new'), '--until', 'tomorrow');
    expect(date).toMatchObject({ code: 2 });
    expect(date.err).toContain('--until "tomorrow"');
  });
});

function readMessages(bytes: Buffer): TransactionFields[] {
  const rows: BankTransaction['fields'][] = [];
  const HEADER_BYTES = 16;
  for (let at = 0; at < bytes.length; ) {
    const length = HEADER_BYTES + bytes.readUInt32LE(at + 8);
    const message = unwrapEnvelope(bytes.subarray(at, at + length));
    if (!message.ok) throw new Error(message.detail);
    rows.push(decodeTransaction(message.payload));
    at += length;
  }
  return rows;
}

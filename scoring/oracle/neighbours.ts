/**
 * One log of many customers, each of whom does what an example of a rule does, but for one change
 * that brings it onto a line or a hair beside it: an amount that makes a sum or a share what a gate
 * or band asks, a time a millisecond off a window, a payment more or less.
 */
import type { Example, Rule } from '../../schemas/catalogue.js';
import { recordsOfExample, withDailyWatermarks } from '../testing/example-log.js';
import { durationMs, moneyMinor } from './legs.js';
import { type Dice, dice } from './random-customers.js';
import type { OracleRecord, OracleSide, OracleTransaction } from './types.js';

type Row = Example['transactions'][number];

const DAY_MS = 86_400_000;
const ROWS_MAX = 130;
/** Beside a window's edge: a millisecond, and within the minute that a window can be wrong by. */
const BESIDE_MS: readonly number[] = [-60_000, -30_000, -1, 0, 1, 30_000, 60_000];

const minor = (row: Row): number => Math.round(Number(row.amount) * 100);
const major = (amount: number): string =>
  `${Math.floor(amount / 100)}.${String(amount % 100).padStart(2, '0')}`;
const msOf = (row: Row): number => Date.parse(row.at);
const at = (ms: number): string => new Date(ms).toISOString();

/** Each row for itself, in the order of time. */
function flat(rows: readonly Row[]): Row[] {
  const single = rows.flatMap((row) => {
    const times = row.repeat ?? 1;
    return Array.from({ length: times }, (_, i) => ({
      ...row,
      repeat: undefined,
      at: at(msOf(row) - (times - 1 - i) * DAY_MS),
    }));
  });
  return single.sort((a, b) => msOf(a) - msOf(b)) as Row[];
}

/** Every line of the rule: in minor units, or as the number that it is. */
function linesOf(rule: Rule): { money: number[]; numbers: number[]; windowsMs: number[] } {
  const edges = [
    ...rule.gates.map((g) => g.value),
    ...rule.bands.map((b) => b.from ?? b.above ?? 0),
  ];
  const features = Object.values(rule.features);
  const filters = [rule.on, ...features.map((f) => ('of' in f ? f.of : undefined))];
  for (const filter of filters) {
    if (typeof filter !== 'object') continue;
    for (const edge of Object.values(filter.amount ?? {})) if (edge) edges.push(edge);
  }
  for (const f of features) if (f.kind === 'share-of-line') edges.push(f.line);
  const windows = features.flatMap((f) => ('window' in f ? [f.window] : []));
  return {
    money: edges.flatMap((e) => (typeof e === 'string' ? [moneyMinor(e)] : [])),
    numbers: edges.flatMap((e) => (typeof e === 'number' ? [e] : [])),
    windowsMs: windows.flatMap((w) => (/^\d+[mhd]$/.test(w) ? [durationMs(w)] : [])),
  };
}

/** Amounts for row `i` that put something onto a line. */
function amounts(rule: Rule, rows: readonly Row[], i: number): number[] {
  const { money, numbers } = linesOf(rule);
  const sumOf = (list: readonly Row[]) => list.reduce((sum, row) => sum + minor(row), 0);
  const others = rows.filter((_, k) => k !== i);
  const like = sumOf(others.filter((row) => row.side === rows[i]?.side));
  const unlike = sumOf(others.filter((row) => row.side !== rows[i]?.side));
  const before = minor(others.at(-1) ?? (rows[i] as Row));
  const onLines = [
    ...money.flatMap((line) => [line, line - like]),
    ...numbers.flatMap((n) => [
      (before * n) / 100,
      (unlike * n) / 100 - like,
      before * n,
      (unlike * 100) / n,
    ]),
  ];
  const near = onLines.flatMap((v) => [Math.floor(v) - 1, Math.floor(v), Math.floor(v) + 1]);
  return [...new Set(near)].filter((v) => v > 0 && v < 2 ** 40);
}

function* changed(rule: Rule, rows: readonly Row[]): Generator<Row[]> {
  const last = rows.length - 1;
  for (const i of new Set([last, 0])) {
    for (const amount of amounts(rule, rows, i)) {
      yield rows.map((row, k) => (k === i ? { ...row, amount: major(amount) } : row));
    }
  }
  for (const windowMs of linesOf(rule).windowsMs) {
    for (const i of new Set([0, 1, last - 1])) {
      if (i < 0 || i >= last) continue;
      const edgeMs = msOf(rows[last] as Row) - windowMs;
      for (const ms of BESIDE_MS) {
        yield rows.map((row, k) => (k === i ? { ...row, at: at(edgeMs + ms) } : row));
      }
    }
  }
  for (const i of new Set([0, 1, last])) yield rows.filter((_, k) => k !== i);
  const model = rows[last] as Row;
  for (const more of [1, 2, 5]) {
    for (const isNew of [true, false]) {
      const added = Array.from({ length: more }, (_, k) => ({
        ...model,
        at: at(msOf(model) + (k + 1) * 60_000),
        counterparty: isNew ? `${model.counterparty}-${k}` : model.counterparty,
      }));
      yield [...rows, ...added];
    }
  }
}

/** Changed examples of a rule, at most `max` of them, drawn by the dice. */
function examplesNear(rule: Rule, max: number, roll: Dice): Example[] {
  const found = rule.examples.flatMap((example) => {
    const rows = flat(example.transactions);
    if (rows.length === 0 || rows.length > ROWS_MAX) return [];
    return [...changed(rule, rows)].map((transactions) => ({ ...example, transactions }));
  });
  // Drawn without putting back: a shuffle of the first `max`.
  for (let i = 0; i < Math.min(max, found.length); i++) {
    const other = i + roll(found.length - i);
    [found[i], found[other]] = [found[other] as Example, found[i] as Example];
  }
  return found.slice(0, max);
}

/** The records of one customer of that name. */
function renamed(records: readonly OracleRecord[], name: string): OracleTransaction[] {
  const side = (s: OracleSide): OracleSide =>
    s.subject === 'customer' ? { ...s, subject: name, account: `${name}-${s.account}` } : s;
  return records.flatMap((r) =>
    r.kind === 'transaction'
      ? [{ ...r, id: `${name}-${r.id}`, debtor: side(r.debtor), creditor: side(r.creditor) }]
      : [],
  );
}

export function neighbourLog(rules: readonly Rule[], max: number, seed = 1): OracleRecord[] {
  const roll = dice(seed);
  const all = rules.flatMap((rule, r) =>
    examplesNear(rule, max, roll).flatMap((example, i) =>
      renamed(recordsOfExample(example), `N${r}-${i}`),
    ),
  );
  all.sort((a, b) => a.eventMs - b.eventMs);
  const untilMs = (all.at(-1)?.eventMs ?? 0) + 2 * DAY_MS;
  const end: OracleRecord = { kind: 'watermark', position: 0, watermarkMs: untilMs };
  return [...withDailyWatermarks([...all, end])];
}

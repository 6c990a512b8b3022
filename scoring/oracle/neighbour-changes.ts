/**
 * An example of a rule, changed by the least that brings it onto a line or beside it: an amount
 * that makes a sum or a share what a gate or band asks, a time a millisecond off a window, a
 * payment more or less, one of another class, another customer. Each change says in words what it
 * is.
 */
import type { Example, Rule } from '../../schemas/catalogue.js';
import { LIST_KINDS, SUBJECT_KINDS, WATCH_CLASSES } from '../../schemas/classes.js';
import { CHANNELS, TRANSACTION_TYPES } from '../../schemas/json-transaction.js';
import { durationMs, moneyMinor } from './legs.js';

export type Row = Example['transactions'][number];
/** What of the example is other, and what to call it. */
export interface Change {
  what: string;
  rows?: Row[];
  subject?: Partial<Example['subject']>;
}

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
const ZONE_MS = 8 * 3_600_000;
const AMOUNT_MINOR_MAX = 2 ** 40;
/** Beside an edge: a millisecond, and within the minute that a window can be wrong by. */
const BESIDE_MS: readonly number[] = [-60_000, -30_000, -1, 0, 1, 30_000, 60_000];
const CLASSES = ['foreignCurrency', 'otherBank', 'highRiskCountry', 'household'] as const;
const LISTED = 'counterpartyListed' as const;

const minor = (row: Row): number => Math.round(Number(row.amount) * 100) * (row.repeat ?? 1);
const major = (amount: number): string =>
  `${Math.floor(amount / 100)}.${String(amount % 100).padStart(2, '0')}`;
const msOf = (row: Row): number => Date.parse(row.at);
/** As the bank's clock shows it. */
const at = (ms: number): string => `${new Date(ms + ZONE_MS).toISOString().slice(0, -1)}+08:00`;
const put = (rows: readonly Row[], i: number, to: Partial<Row>): Row[] =>
  rows.map((row, k) => (k === i ? { ...row, ...to } : row));
const named = (i: number, rows: readonly Row[]): string =>
  i === rows.length - 1 ? 'the last' : `no. ${i + 1}`;

/** Every line of the rule: in minor units, or as the number that it is; and its spans of time. */
function linesOf(rule: Rule) {
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
  const lines = features.flatMap((f) => (f.kind === 'share-of-line' ? [moneyMinor(f.line)] : []));
  const rates = rule.examples.flatMap((e) => Object.values(e.rates));
  const windows = features.flatMap((f) => ('window' in f ? [f.window] : []));
  const spans = [...windows, ...(rule.cooldown === undefined ? [] : [rule.cooldown])];
  return {
    money: [
      ...edges.flatMap((e) => (typeof e === 'string' ? [moneyMinor(e)] : [])),
      ...lines.flatMap((line) => [line, ...rates.map((rate) => Math.round(line * rate))]),
    ],
    numbers: edges.flatMap((e) => (typeof e === 'number' ? [e] : [])),
    spansMs: [...new Set(spans.flatMap((w) => (/^\d+[mhd]$/.test(w) ? [durationMs(w)] : [])))],
    isByDays: spans.some((w) => /bd$|^bank-/.test(w)),
  };
}

type Lines = ReturnType<typeof linesOf>;

/** Amounts for row `i` that put something onto a line. */
function amounts({ money, numbers }: Lines, rows: readonly Row[], i: number): number[] {
  const sumOf = (list: readonly Row[]) => list.reduce((sum, row) => sum + minor(row), 0);
  const others = rows.filter((_, k) => k !== i);
  const like = sumOf(others.filter((row) => row.side === rows[i]?.side));
  const unlike = sumOf(others.filter((row) => row.side !== rows[i]?.side));
  const before = minor(others.at(-1) ?? (rows[i] as Row));
  const own = minor(rows[i] as Row);
  const onLines = [
    ...money.flatMap((line) => [line, line - like]),
    ...numbers.flatMap((n) => [
      (before * n) / 100,
      (unlike * n) / 100 - like,
      (like * n) / (100 - n),
      (like * (100 - n)) / n,
      before * n,
      own * n,
      (unlike * 100) / n,
      (like * 100) / n,
    ]),
    own,
  ];
  // Two beside it as well: a hundredth of a percent of a share is a little more than one unit.
  const near = onLines.flatMap((v) => [-1, 0, 1].map((by) => Math.floor(v) + by));
  const shares = numbers.flatMap((n) => [n - 0.005, n + 0.005, n - 0.01, n + 0.01]);
  const hairs = shares.map((n) => Math.round((unlike * n) / 100 - like));
  return [...new Set([...near, ...hairs])].filter((v) => v > 0 && v < AMOUNT_MINOR_MAX);
}

function* amountChanges(lines: Lines, rows: readonly Row[]): Generator<Change> {
  const last = rows.length - 1;
  for (const i of new Set([last, last - 1, 0])) {
    const row = rows[i];
    if (row === undefined || row.repeat !== undefined) continue;
    for (const amount of amounts(lines, rows, i)) {
      const to = major(amount);
      yield { what: `${named(i, rows)} is ${to}`, rows: put(rows, i, { amount: to }) };
    }
  }
}

function* timeChanges(lines: Lines, rows: readonly Row[]): Generator<Change> {
  const last = rows.length - 1;
  const lastMs = msOf(rows[last] as Row);
  const dayMs = lastMs - ((lastMs + ZONE_MS) % DAY_MS);
  const days = lines.isByDays ? [0, 1, 2, 3, 4, 7, 11, 13, 14, 15, 16, 30] : [0];
  const edges = [...lines.spansMs.map((ms) => lastMs - ms), ...days.map((n) => dayMs - n * DAY_MS)];
  for (const edgeMs of edges) {
    for (const i of new Set([0, 1, last - 1])) {
      if (i < 0 || i >= last) continue;
      for (const ms of BESIDE_MS) {
        const to = at(edgeMs + ms);
        yield {
          what: `${named(i, rows)} comes ${to.slice(0, 23)}`,
          rows: put(rows, i, { at: to }),
        };
      }
    }
  }
  // Told again, or not: the same once more when the cooldown is over, or nearly.
  for (const span of [...lines.spansMs, DAY_MS]) {
    for (const ms of BESIDE_MS) {
      const again = { ...(rows[last] as Row), at: at(lastMs + span + ms) };
      const what = `the last once more ${again.at.slice(0, 23)}`;
      yield { what, rows: [...rows, again] };
      const shifted = rows.map((r) => ({ ...r, at: at(msOf(r) + span + ms) }));
      yield {
        what: `all once more, the last ${again.at.slice(0, 23)}`,
        rows: [...rows, ...shifted],
      };
    }
  }
}

/** One row of another class. */
function* otherRows(row: Row): Generator<[string, Partial<Row>]> {
  const side = row.side === 'debit' ? 'credit' : 'debit';
  yield [`a ${side}`, { side }];
  for (const type of TRANSACTION_TYPES) yield [`of type ${type}`, { type }];
  for (const channel of CHANNELS) yield [`by channel ${channel}`, { channel }];
  for (const country of ['CN', 'US', 'IR']) yield [`with country ${country}`, { country }];
  for (const name of [...CLASSES, LISTED]) {
    const classes = row.classes.includes(name)
      ? row.classes.filter((n) => n !== name)
      : [...row.classes, name];
    yield [row.classes.includes(name) ? `not ${name}` : `with ${name}`, { classes }];
  }
  yield ['to an own account', { counterparty: 'own-2', classes: [] }];
  yield ['to an own account elsewhere', { counterparty: 'own-2', classes: ['otherBank'] }];
  yield ['for the hospital', { purpose: 'HSPC' }];
  yield ['from another account', { account: 'own-3' }];
  yield ['with a stranger', { counterparty: 'stranger' }];
  yield ['at night', { at: `${row.at.slice(0, 11)}04:59:59.999+08:00` }];
  yield ['at five', { at: `${row.at.slice(0, 11)}05:00:00+08:00` }];
}

function* classChanges(rows: readonly Row[]): Generator<Change> {
  const last = rows.length - 1;
  const lastRow = rows[last] as Row;
  for (const i of new Set([last, 0, 1, Math.max(0, last - 1)])) {
    const row = rows[i];
    if (row === undefined) continue;
    for (const [what, to] of otherRows(row)) {
      yield { what: `${named(i, rows)} ${what}`, rows: put(rows, i, to) };
    }
  }
  for (const [what, to] of otherRows(lastRow)) {
    const isLike = (r: Row) => r.side === lastRow.side && r.type === lastRow.type;
    yield { what: `all like the last ${what}`, rows: rows.map((r) => ({ ...r, ...to, at: r.at })) };
    yield {
      what: `all of the last's side ${what}`,
      rows: rows.map((r) => (isLike(r) ? { ...r, ...to, at: r.at } : r)),
    };
  }
  for (const model of new Set([rows[0] as Row, lastRow])) {
    const more = { ...model, repeat: undefined, at: at(msOf(lastRow) - MINUTE_MS) } as Row;
    for (const [what, to] of otherRows(more)) {
      const added = { ...more, ...to, at: more.at };
      yield { what: `before the last one ${what}`, rows: [...rows.slice(0, last), added, lastRow] };
    }
  }
}

function* countChanges(rows: readonly Row[]): Generator<Change> {
  const last = rows.length - 1;
  const model = rows[last] as Row;
  for (const i of new Set([0, 1, last])) {
    if (rows.length > 1 && i <= last) {
      yield { what: `without ${named(i, rows)}`, rows: rows.filter((_, k) => k !== i) };
    }
  }
  for (const more of [1, 2, 3, 5]) {
    for (const isNew of [true, false]) {
      const added = Array.from({ length: more }, (_, k) => ({
        ...model,
        at: at(msOf(model) + (k + 1) * MINUTE_MS),
        counterparty: isNew ? `${model.counterparty}-${k}` : model.counterparty,
      }));
      const what = `${more} more ${isNew ? 'with strangers' : 'of the same'}`;
      yield { what, rows: [...rows, ...added] };
    }
  }
  for (const [i, row] of rows.entries()) {
    if (row.repeat === undefined) continue;
    for (const repeat of [row.repeat - 1, row.repeat + 1]) {
      const what = `${named(i, rows)} ${repeat} times`;
      if (repeat > 0) yield { what, rows: put(rows, i, { repeat }) };
    }
  }
}

function* customerChanges({ subject }: Example): Generator<Change> {
  for (const kind of SUBJECT_KINDS) yield { what: `the customer a ${kind}`, subject: { kind } };
  for (const watch of WATCH_CLASSES) {
    yield { what: `the customer watched as ${watch}`, subject: { watch: [watch] } };
  }
  for (const list of LIST_KINDS) {
    yield { what: `the customer on the list ${list}`, subject: { lists: [list] } };
  }
  if (subject.watch.length > 0) yield { what: 'the customer not watched', subject: { watch: [] } };
  if (subject.lists.length > 0) yield { what: 'the customer not listed', subject: { lists: [] } };
}

/** All changes of one example. */
export function* changesOf(rule: Rule, example: Example): Generator<Change> {
  const rows = [...example.transactions].sort((a, b) => msOf(a) - msOf(b));
  if (rows.length > 0) {
    const lines = linesOf(rule);
    yield* amountChanges(lines, rows);
    yield* timeChanges(lines, rows);
    yield* classChanges(rows);
    yield* countChanges(rows);
  }
  yield* customerChanges(example);
}

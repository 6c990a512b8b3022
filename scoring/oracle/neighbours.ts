/**
 * One log of many customers, each of whom does what an example of a rule does, but for a change
 * that brings it onto a line or a hair beside it (neighbour-changes.ts).
 */
import type { Example, Rule } from '../../schemas/catalogue.js';
import { recordsOfExample, withDailyWatermarks } from '../testing/example-log.js';
import { changesOf } from './neighbour-changes.js';
import { type Dice, dice } from './random-customers.js';
import type { OracleRecord, OracleSide, OracleTransaction } from './types.js';

const DAY_MS = 86_400_000;
const LEGS_MAX = 130;

export interface Neighbour {
  /** The example's name and what was changed. */
  name: string;
  example: Example;
}

const legsOf = (example: Example): number =>
  example.transactions.reduce((n, row) => n + (row.repeat ?? 1), 0);

/** Changed examples of a rule, at most `max` of them, drawn by the dice. */
export function neighboursOf(rule: Rule, max: number, roll: Dice = dice(1)): Neighbour[] {
  const found = rule.examples.flatMap((example) => {
    if (legsOf(example) > LEGS_MAX) return [];
    return [...changesOf(rule, example)].map(({ what, rows, subject }) => ({
      name: `${example.name}; ${what}`,
      example: {
        ...example,
        transactions: rows ?? example.transactions,
        subject: { ...example.subject, ...subject },
      },
    }));
  });
  // Drawn without putting back: a shuffle of the first `max`.
  for (let i = 0; i < Math.min(max, found.length); i++) {
    const other = i + roll(found.length - i);
    [found[i], found[other]] = [found[other] as Neighbour, found[i] as Neighbour];
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

/** Every example by a customer of its own, `prefix` and its place. */
export function logOf(examples: readonly Example[], prefix = 'N'): OracleRecord[] {
  const all = examples.flatMap((e, i) => renamed(recordsOfExample(e), `${prefix}${i}`));
  all.sort((a, b) => a.eventMs - b.eventMs);
  const untilMs = (all.at(-1)?.eventMs ?? 0) + 2 * DAY_MS;
  const end: OracleRecord = { kind: 'watermark', position: 0, watermarkMs: untilMs };
  return [...withDailyWatermarks([...all, end])];
}

/** Of each rule at most `max`. */
export function neighbourLog(rules: readonly Rule[], max: number, seed = 1): OracleRecord[] {
  const roll = dice(seed);
  return logOf(rules.flatMap((rule) => neighboursOf(rule, max, roll).map((n) => n.example)));
}

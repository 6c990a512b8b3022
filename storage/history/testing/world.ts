/**
 * A random history: the rows that must be found, and the same rows as a writer under retries would
 * bring them: more than once, in any order, sums in older versions before and after the newest.
 */

import { CLOSE_REASONS, type CloseReason } from '../../../schemas/close-reasons.js';
import type { CustomerDay, StoredAlert } from '../../../schemas/history.js';
import { FAMILIES } from '../../../schemas/hit.js';
import type { RowWriter } from '../../client/row-binary.js';
import type { Tables } from '../../writer/tables.js';

type RowOfTable<T> = T extends RowWriter<infer C> ? Parameters<RowWriter<C>['add']>[0] : never;
export type LegRow = RowOfTable<Tables['legs']>;
export type DayRow = RowOfTable<Tables['account_days']>;
export type HitRow = RowOfTable<Tables['hits']>;
export type EventRow = RowOfTable<Tables['alert_events']>;

export const HOSTILE = [
  `O'Brien "x"`,
  `\\'; DROP TABLE legs; --`,
  '\\',
  'nul\0byte',
  'line\nbreak\r\ttab',
  `{subject:String}') OR 1=1 --`,
  '账户 🏦 \u2028 ‮',
  '\\N',
  'NULL',
  '<script>alert(1)</script>',
  `long ${'x'.repeat(10_000)}'`,
];

export const DAY_MS = 86_400_000;
export const START_MS = 1_760_000_000_000;
const START_DAY = Math.floor(START_MS / DAY_MS);
const DAYS = 40;
const AMOUNT_MAX = 2 ** 43;

export interface World {
  random: Random;
  subjects: string[];
  rules: string[];
  legs: LegRow[];
  days: DayRow[];
  /** Versions of `days` that a newer one replaced. */
  olderDays: DayRow[];
  hits: HitRow[];
  events: EventRow[];
}

export class Random {
  constructor(private state: number) {}
  /** [0, 1), mulberry32. */
  next(): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    t ^= t + Math.imul(t ^ (t >>> 7), 61 | t);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }
  /** [0, end), an integer. */
  below(end: number): number {
    return Math.floor(this.next() * end);
  }
  chance(ratio: number): boolean {
    return this.next() < ratio;
  }
  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }
  shuffle<T>(list: readonly T[]): T[] {
    const keyed = list.map((value) => ({ value, key: this.next() }));
    return keyed.sort((a, b) => a.key - b.key).map(({ value }) => value);
  }
}

export const idOf = (n: number): string => n.toString(16).padStart(32, '0');

export function makeWorld(seed: number, size: number): World {
  const random = new Random(seed);
  const names = (prefix: string, count: number) =>
    Array.from({ length: count }, (_, i) =>
      random.chance(0.4) ? `${random.pick(HOSTILE)}${prefix}${i}` : `${prefix}${i}`,
    );
  const subjects = [...names('C', 3), random.pick(HOSTILE), 'plain'];
  const rules = names('rule', 4);
  return {
    random,
    subjects,
    rules,
    legs: makeLegs(random, subjects, names, size),
    ...makeDays(random, subjects, names('A', 4), size),
    hits: makeHits(random, subjects, rules, size),
    events: makeEvents(random, subjects, rules, Math.ceil(size / 10)),
  };
}

type Names = (prefix: string, count: number) => string[];

function makeLegs(random: Random, subjects: string[], names: Names, size: number): LegRow[] {
  const accounts = names('A', 5);
  const others = names('P', 12);
  const codes = [...HOSTILE.slice(0, 5), 'CN', 'transfer', ''];
  const rows = new Map<string, LegRow>();
  for (let i = 0; i < size; i++) {
    // Few positions and times, so that ties are common.
    const position = random.below(size);
    const side = random.below(2);
    const subject = random.pick(subjects);
    const event_ms = START_MS + random.below(DAYS) * DAY_MS + random.below(20);
    rows.set(`${subject}|${event_ms}|${position}|${side}`, {
      subject,
      event_ms,
      position,
      side,
      ingest_ms: START_MS + (position % 3) * DAY_MS,
      transaction_id: `${random.pick(HOSTILE)}${i}`,
      account: random.pick(accounts),
      counterparty: random.pick(others),
      country: random.pick(codes),
      amount_base_minor: random.below(AMOUNT_MAX),
      amount_minor: random.below(AMOUNT_MAX),
      currency: random.pick(codes),
      type: random.pick(codes),
      channel: random.pick(codes),
      class_bits: random.below(2 ** 32),
      balance_after_minor: random.chance(0.6) ? null : random.below(AMOUNT_MAX) - 2 ** 40,
    });
  }
  return [...rows.values()];
}

function makeDays(
  random: Random,
  subjects: string[],
  accounts: string[],
  size: number,
): Pick<World, 'days' | 'olderDays'> {
  const days = new Map<string, DayRow>();
  const olderDays: DayRow[] = [];
  for (let i = 0; i < size / 4; i++) {
    const key = {
      subject: random.pick(subjects),
      account: random.pick(accounts),
      day: START_DAY + random.below(DAYS),
      block: random.below(3) * 65_536,
    };
    const counts = {
      in_count: random.below(5),
      in_minor: random.below(AMOUNT_MAX),
      out_count: random.below(5),
      out_minor: random.below(AMOUNT_MAX),
      customer_made: random.below(5),
    };
    const upto = key.block + 1 + random.below(60_000);
    const name = JSON.stringify(key);
    const known = days.get(name);
    if (known !== undefined && known.upto >= upto) continue;
    if (known !== undefined) olderDays.push(known);
    days.set(name, { ...key, ...counts, upto });
  }
  return { days: [...days.values()], olderDays };
}

function makeHits(random: Random, subjects: string[], rules: string[], size: number): HitRow[] {
  return Array.from({ length: Math.ceil(size / 5) }, (_, i) => ({
    id: idOf(i + 1),
    position: i,
    ...hitFields(random, subjects, rules),
    rule_version: 1,
    catalogue_version: random.pick(HOSTILE),
    band: random.pick(HOSTILE),
    detected_ms: START_MS + random.below(DAYS) * DAY_MS,
    history: random.chance(0.3),
    shadow: random.chance(0.2),
    flood: random.chance(0.1),
    body: random.pick(HOSTILE),
  }));
}

function hitFields(random: Random, subjects: string[], rules: string[]) {
  return {
    rule: random.pick(rules),
    family: random.pick(FAMILIES) as string,
    subject: random.pick(subjects),
    severity: random.below(5),
    score: random.below(400) / 4,
    amount_base_minor: random.below(AMOUNT_MAX),
    event_ms: START_MS + random.below(DAYS) * DAY_MS,
  };
}

const NO_HIT = { rule: '', family: '', subject: '', severity: 0, score: 0 };

/** Alerts as officers leave them: every act is one that the dashboard would have allowed. */
function makeEvents(random: Random, subjects: string[], rules: string[], alerts: number) {
  const events: EventRow[] = [];
  const users = [`o'${HOSTILE[1]}`, 'officer', '审查员'];
  for (let alert = 0; alert < alerts; alert++) {
    const { rule, subject } = hitFields(random, subjects, rules);
    let at_ms = START_MS + random.below(DAYS) * DAY_MS;
    const add = (what: string, user = '', reason: CloseReason | '' = '') => {
      const isHit = what === 'open' || what === 'append';
      const known = isHit && random.chance(0.85);
      const unknown = { ...NO_HIT, amount_base_minor: 0, event_ms: 0 };
      events.push({
        ...(known ? { ...hitFields(random, subjects, rules), rule, subject } : unknown),
        ...(what === 'open' && { rule, subject }),
        alert_id: idOf(alert * 7 + 1),
        position: events.length,
        at_ms,
        what,
        user,
        reason,
        hit_id: isHit ? idOf(alert) : '',
      });
      at_ms += random.below(3) * 1000;
    };
    add('open');
    let state = 'open' as StoredAlert['state'];
    let before = state;
    for (let acts = random.below(9); acts > 0; acts--) {
      if (state === 'closed') {
        if (random.chance(0.5)) break;
        add('undo-close', random.pick(users));
        state = before;
      } else if (random.chance(0.3)) {
        add('append');
      } else if (random.chance(0.4)) {
        add('close', random.pick(users), random.pick(CLOSE_REASONS));
        [before, state] = [state, 'closed'];
      } else if (state === 'open') {
        add('take', random.pick(users));
        state = 'taken';
      } else {
        add('release', random.pick(users));
        state = 'open';
      }
    }
  }
  return events;
}

/** YYYY-MM-DD of days since the epoch. */
export const dateOf = (day: number): CustomerDay['day'] =>
  new Date(day * DAY_MS).toISOString().slice(0, 10);

/** Each row one to three times, in any order, in batches of any size. */
export function asRetried<Row>(random: Random, rows: readonly Row[]): Row[][] {
  const many = random.shuffle(rows.flatMap((row) => Array(1 + random.below(3)).fill(row) as Row[]));
  const batches: Row[][] = [];
  while (many.length > 0) batches.push(many.splice(0, 1 + random.below(many.length + 1)));
  return batches;
}

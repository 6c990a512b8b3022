/** Runs one log through the kernel and the oracle and tells where their hits differ. */
import type { Catalogue } from '../../schemas/catalogue.js';
import type { Hit } from '../../schemas/hit.js';
import { hashText, hashWords } from '../../schemas/identity.js';
import { parseDay, type ZoneTable } from '../../schemas/time.js';
import { Feeder, SHANGHAI } from '../testing/feeder.js';
import {
  type OracleHit,
  type OracleRecord,
  type OracleSettings,
  runOracle,
  zoneSettings,
} from './oracle.js';

const REGION_BYTES = 32 << 20;
/** Doubles that were not computed in the same order agree to this; whole numbers must be equal. */
const RELATIVE_ERROR_MAX = 1e-9;

export interface Compared {
  hits: number;
  /** Hits of the oracle by rule. */
  byRule: Map<string, number>;
  /** In words, one a hit that only one of the two found or that they tell differently. */
  differences: string[];
}

/** Spread of each subject, found once: the oracle asks at every watermark. */
const spreads = new Map<string, number>();
function spreadMs(subject: string): number {
  let spread = spreads.get(subject);
  if (spread === undefined) {
    hashText(subject);
    spread = (hashWords[0] % 3600) * 1000;
    spreads.set(subject, spread);
  }
  return spread;
}

function asOracleHit(hit: Hit): OracleHit {
  return {
    rule: hit.rule,
    subject: hit.subject,
    side: hit.side,
    at: hit.side === 'timer' ? hit.eventTime : hit.origin.offset,
    evaluatedEventMs: hit.eventTime,
    band: hit.band,
    observed: hit.observed.value,
    count: hit.transactionCount,
    score: hit.score,
    history: hit.history,
    ...(hit.shadow === true ? { shadow: true } : {}),
    ...(hit.parts === undefined ? {} : { parts: hit.parts }),
  };
}

const keyOf = (h: OracleHit): string => `${h.rule} ${h.subject} ${h.side} ${h.at}`;

function isSame(a: unknown, b: unknown): boolean {
  if (typeof a !== 'number' || typeof b !== 'number') {
    return JSON.stringify(a) === JSON.stringify(b);
  }
  if (a === b || (Number.isInteger(a) && Number.isInteger(b))) return a === b;
  return Math.abs(a - b) <= RELATIVE_ERROR_MAX * Math.max(Math.abs(a), Math.abs(b));
}

function difference(expected: OracleHit, said: OracleHit | undefined): string | undefined {
  const place = keyOf(expected);
  if (said === undefined) return `missing: ${place} ${JSON.stringify(expected)}`;
  const names = [...new Set([...Object.keys(expected), ...Object.keys(said)])];
  const wrong = names.filter(
    (name) =>
      !(name === 'count' && expected.count === null) &&
      !isSame(expected[name as keyof OracleHit], said[name as keyof OracleHit]),
  );
  if (wrong.length === 0) return undefined;
  const told = wrong.map((name) => {
    const of = (h: OracleHit) => JSON.stringify(h[name as keyof OracleHit]);
    return `${name} is ${of(said)}, should be ${of(expected)}`;
  });
  return `${place}: ${told.join('; ')}`;
}

/** The bank that the log is of. */
export interface Bank {
  zoneTable: ZoneTable;
  /** Dates that are free, and weekend days that are worked. */
  holidays?: readonly string[];
  workdays?: readonly string[];
  rates?: Record<string, number>;
}

function settingsOf({ zoneTable, holidays = [], workdays = [], rates }: Bank): OracleSettings {
  const free = new Set(holidays.map(parseDay));
  const worked = new Set(workdays.map(parseDay));
  return zoneSettings(zoneTable, {
    spreadMs,
    rate: (currency) => rates?.[currency],
    // Day 0 was a Thursday.
    isBusinessDay: (day) => !free.has(day) && ((day + 3) % 7 < 5 || worked.has(day)),
  });
}

/** What there must be: by the oracle. */
export function expectedHits(
  log: readonly OracleRecord[],
  catalogue: Catalogue,
  bank: Bank,
): OracleHit[] {
  return runOracle(log, catalogue, settingsOf(bank)).hits;
}

export function compare(
  log: readonly OracleRecord[],
  catalogue: Catalogue,
  bank: Bank = { zoneTable: SHANGHAI },
  expected: readonly OracleHit[] = expectedHits(log, catalogue, bank),
): Compared {
  const { zoneTable, holidays = [], workdays = [], rates = {} } = bank;
  const feeder = new Feeder({
    catalogue,
    regionBytes: REGION_BYTES,
    evidenceMax: 0,
    zoneTable,
    calendar: { holidays, workdays },
    rates,
  });
  feeder.feed(log);
  const said = new Map([...feeder.hits.values()].map(asOracleHit).map((h) => [keyOf(h), h]));
  const differences = expected.flatMap((h) => difference(h, said.get(keyOf(h))) ?? []);
  const byRule = new Map<string, number>();
  for (const hit of expected) {
    said.delete(keyOf(hit));
    byRule.set(hit.rule, (byRule.get(hit.rule) ?? 0) + 1);
  }
  for (const [key, hit] of said) differences.push(`surplus: ${key} ${JSON.stringify(hit)}`);
  return { hits: expected.length, byRule, differences };
}

/**
 * A log as tables of ClickHouse: what came in, as it came. Nothing is worked out here but numbers
 * for names, the watermarks, and a table of bank days that ClickHouse makes by its own time zones.
 */

import { ClassBit } from '../../schemas/classes.js';
import { hashText, hashWords } from '../../schemas/identity.js';
import { CHANNELS, TRANSACTION_TYPES } from '../../schemas/json-transaction.js';
import type { OracleRecord, OracleSide, OracleTransaction } from '../../scoring/oracle/types.js';
import type { DatabaseClient } from '../../storage/testing/database.js';

/** Reference data as the oracle wants it: ClickHouse has zones of its own. */
export interface SqlReference {
  /** IANA zone of the bank day. */
  zone: string;
  /** "2026-10-01" */
  holidays: readonly string[];
  workdays: readonly string[];
  /** Base minor units for one minor unit of a currency. */
  rates: Readonly<Record<string, number>>;
}

/** Behind every position: a leg that nothing took out. */
export const NEVER = 4_294_967_295;
const DAYS_BEFORE = 100;
const DAYS_BEHIND = 10;

const LEGS = `CREATE TABLE weir.incoming (position UInt32, side Int8, ord UInt32, subject UInt32,
  account UInt32, counterparty UInt32, id UInt32, undoes UInt32, event Int64, ingest Int64,
  amount Int64, reported Nullable(Float64), bits UInt32, profile UInt32, channel UInt8, type UInt8,
  country UInt32, has_limits UInt8, limit_single Nullable(Float64), limit_day Nullable(Float64),
  limit_month Nullable(Float64), history UInt8) ENGINE = Memory`;
const MARKS =
  'CREATE TABLE weir.told (position UInt32, mark Int64, ingest Int64, k UInt8) ENGINE = Memory';
const SUBJECTS =
  'CREATE TABLE weir.subjects (subject UInt32, name String, spread Int64) ENGINE = Memory';

/** Numbers for texts, from 1; 0 = none. */
class Names {
  readonly #numbers = new Map<string, number>([['', 0]]);
  of(text: string): number {
    let number = this.#numbers.get(text);
    if (number === undefined) {
      number = this.#numbers.size;
      this.#numbers.set(text, number);
    }
    return number;
  }
  entries(): [string, number][] {
    return [...this.#numbers];
  }
}

const known = (value: number | undefined): number | null =>
  value === undefined || Number.isNaN(value) ? null : value;

function legRow(t: OracleTransaction, credit: boolean, names: { who: Names; what: Names }) {
  const own: OracleSide = credit ? t.creditor : t.debtor;
  const other: OracleSide = credit ? t.debtor : t.creditor;
  return {
    position: t.position,
    side: credit ? 1 : 0,
    ord: t.position * 2 + (credit ? 1 : 0),
    subject: names.who.of(own.subject),
    account: names.what.of(own.account),
    counterparty: names.who.of(other.subject),
    id: names.what.of(t.id),
    undoes: names.what.of(t.reversedId),
    event: t.eventMs,
    ingest: t.ingestMs,
    amount: t.amountBaseMinor,
    reported: known(own.balanceAfterMinor),
    bits: own.classBits >>> 0,
    profile: own.profile >>> 0,
    channel: CHANNELS.indexOf(t.channel ?? 'unknown'),
    type: TRANSACTION_TYPES.indexOf(t.type ?? 'unknown'),
    country: names.what.of(other.country === undefined ? '' : other.country),
    has_limits: own.limits === undefined ? 0 : 1,
    limit_single: known(own.limits?.single),
    limit_day: known(own.limits?.day),
    limit_month: known(own.limits?.month),
    history: t.history ? 1 : 0,
  };
}

async function insert(client: DatabaseClient, table: string, rows: object[]): Promise<void> {
  const text = rows.map((row) => JSON.stringify(row)).join('\n');
  await client.insert(`INSERT INTO weir.${table} FORMAT JSONEachRow`, Buffer.from(text));
}

/** Replaces what another log has left in the database. Subjects come back as text. */
export async function loadLog(
  client: DatabaseClient,
  records: readonly OracleRecord[],
  reference: SqlReference,
): Promise<Map<number, string>> {
  await client.command('DROP DATABASE IF EXISTS weir');
  await client.command('CREATE DATABASE weir ENGINE = Atomic');
  for (const table of [LEGS, MARKS, SUBJECTS]) await client.command(table);
  const names = { who: new Names(), what: new Names() };
  const legs: object[] = [];
  const marks: object[] = [];
  for (const r of records) {
    if (r.kind === 'watermark') {
      const { position, watermarkMs: mark, ingestMs: ingest = mark } = r;
      marks.push({ position, mark, ingest, k: 0 });
      continue;
    }
    if (r.kind !== 'transaction') continue;
    if (!r.debtor.external) legs.push(legRow(r, false, names));
    if (!r.creditor.external) legs.push(legRow(r, true, names));
  }
  await insert(client, 'incoming', legs);
  await insert(client, 'told', marks);
  const subjects = names.who.entries().map(([name, subject]) => {
    hashText(name);
    return { subject, name, spread: (hashWords[0] % 3600) * 1000 };
  });
  await insert(client, 'subjects', subjects);
  await client.command(daysSql(reference));
  return new Map(subjects.map(({ subject, name }) => [subject, name]));
}

function daysSql({ zone, holidays, workdays }: SqlReference): string {
  const among = (dates: readonly string[]) =>
    dates.length === 0 ? '0' : `date IN (${dates.map((d) => `toDate('${d}')`).join(', ')})`;
  return `CREATE TABLE weir.days ENGINE = Memory AS
    SELECT toInt32(number) AS day, toDate(number) AS date, toUInt8(0) AS k,
      toInt64(toUnixTimestamp(toDateTime(date, '${zone}'))) * 1000 AS start,
      toInt64(toUnixTimestamp(toDateTime(date + 1, '${zone}'))) * 1000 AS end,
      toInt64(toUnixTimestamp(toDateTime(toStartOfMonth(date), '${zone}'))) * 1000 AS month,
      ${among(workdays)} OR (toDayOfWeek(date) <= 5 AND NOT ${among(holidays)}) AS business,
      sum(business) OVER (ORDER BY day) AS businesses
    FROM (SELECT arrayJoin(range(
      toUInt32(intDiv(min(event), 86400000) - ${DAYS_BEFORE}),
      toUInt32(intDiv(max(event), 86400000) + ${DAYS_BEHIND}))) AS number FROM weir.incoming)`;
}

/** SQL: whether the leg `alias` has any of these class bits. */
export function has(alias: string, ...names: (keyof typeof ClassBit)[]): string {
  let mask = 0;
  for (const name of names) mask |= ClassBit[name];
  return `(bitAnd(${alias}.bits, ${mask >>> 0}) != 0)`;
}

/**
 * The second oracle: a catalogue as queries of ClickHouse over a log's tables. It is written from
 * schemas/features.ts, schemas/catalogue.ts and docs/rules.md, knows nothing of the kernel, and
 * keeps no state: every value is asked of the whole log anew. Cooldowns are left out.
 */
import type { Catalogue, Rule } from '../../schemas/catalogue.js';
import {
  LIST_KINDS,
  PROFILE_LIST_SHIFT,
  PROFILE_WATCH_SHIFT,
  SUBJECT_KINDS,
  WATCH_CLASSES,
} from '../../schemas/classes.js';
import { FEATURE_UNITS, type Feature, type Filter } from '../../schemas/features.js';
import type { OracleRecord } from '../../scoring/oracle/types.js';
import type { DatabaseClient } from '../../storage/testing/database.js';
import { featureSql } from './combinators.js';
import {
  businessDays,
  type Compiled,
  filterSql,
  lengthMs,
  minor,
  SHORT_MS_MAX,
} from './features.js';
import { legStatements } from './leg-tables.js';
import { loadLog, type SqlReference } from './log-tables.js';

export interface SqlHit {
  rule: string;
  subject: string;
  side: 'debit' | 'credit' | 'timer';
  /** Position of the leg; the day's end in epoch ms for a timer. */
  at: number;
  band: string;
  observed: number;
  history: boolean;
  /** In the order of the rule's `facts`. */
  facts: (number | null)[];
}

const ANY_LEG: Filter = { all: [], none: [] };
const OPERATORS = { atLeast: '>=', above: '>', atMost: '<=', below: '<', equals: '=' } as const;

/** All rules' features, each once, with the column of its value. */
class Columns {
  readonly compiled: Compiled[] = [];
  readonly #columns = new Map<string, string>();

  constructor(readonly rates: SqlReference['rates']) {}

  /** Column of a rule's feature; those that it is made of come first. */
  of(rule: Rule, name: string): string {
    const feature = rule.features[name] as Feature;
    const made = featureSql(
      feature,
      filterOf(rule, feature),
      (other) => this.of(rule, other),
      this.rates,
    );
    const key = JSON.stringify(made);
    let column = this.#columns.get(key);
    if (column === undefined) {
      column = `f${this.compiled.push(made) - 1}`;
      this.#columns.set(key, column);
    }
    return column;
  }
}

function scopeSql(rule: Rule): string {
  const { kinds, watch, lists } = rule.scope;
  const parts: string[] = [];
  const flags = (shift: number, all: readonly string[], given: readonly string[]) => {
    const mask = given.reduce((bits, name) => bits | (1 << (shift + all.indexOf(name))), 0);
    if (given.length > 0) parts.push(`bitAnd(e.profile, ${mask >>> 0}) != 0`);
  };
  if (kinds.length > 0) {
    const numbers = kinds.map((kind) => SUBJECT_KINDS.indexOf(kind));
    parts.push(`bitAnd(e.profile, 15) IN (${numbers.join(', ')})`);
  }
  flags(PROFILE_WATCH_SHIFT, WATCH_CLASSES, watch);
  flags(PROFILE_LIST_SHIFT, LIST_KINDS, lists);
  parts.push(rule.on === 'day-close' ? 'e.side = 2' : `e.side != 2 AND ${filterSql('e', rule.on)}`);
  return parts.join(' AND ');
}

/** A threshold in the unit of the feature that it is for. */
function lineOf(rule: Rule, feature: string, value: string | number): number {
  const unit = FEATURE_UNITS[(rule.features[feature] as Feature).kind];
  return unit === 'money' ? minor(String(value)) : Number(value);
}

/** Number from 1 of the highest band that is reached, 0 = none. */
function bandSql(rule: Rule, observed: string): string {
  const cases = rule.bands.map((band, i) => {
    const [op, edge] = band.from === undefined ? ['>', band.above] : ['>=', band.from];
    return `${observed} ${op} ${lineOf(rule, rule.observed, edge as string | number)}, ${i + 1}`;
  });
  return `multiIf(${cases.reverse().join(', ')}, 0)`;
}

/** Each leg (or day) once, as first found. */
function ruleSql(rule: Rule, columns: Columns): string {
  const value = (name: string) => `toFloat64(${columns.of(rule, name)})`;
  const observed = value(rule.observed);
  const gates = rule.gates.map(
    (g) => `${value(g.feature)} ${OPERATORS[g.op]} ${lineOf(rule, g.feature, g.value)}`,
  );
  const where = [scopeSql(rule), ...gates, 'band > 0'].map((part) => `ifNull(${part}, 0)`);
  const facts = rule.facts.map(value).join(', ');
  return `SELECT e.subject AS subject, e.side AS side,
      if(e.side = 2, e.event, toInt64(e.position)) AS moment, ${bandSql(rule, observed)} AS band,
      ${observed} AS observed, e.history AS history, [${facts || 'NULL'}] AS facts
    FROM weir.valued AS e WHERE ${where.join(' AND ')}
    ORDER BY e.at LIMIT 1 BY subject, side, moment`;
}

/** One table of values for each group of joined rows, then one with all of them. */
function valueStatements(compiled: readonly Compiled[], kept: Kept): string[] {
  const groups = new Map<string, number[]>();
  compiled.forEach(({ group }, i) => {
    if (group !== undefined) groups.set(group, [...(groups.get(group) ?? []), i]);
  });
  const statements = [...groups].map(([group, members], g) => {
    const [table, condition] = group.startsWith('held: ')
      ? ['held', group.slice('held: '.length)]
      : ['legs', group];
    const aggregates = members.map((i) => `${compiled[i]?.aggregate} AS a${i}`);
    return `CREATE TABLE weir.group_${g} ENGINE = Memory AS SELECT e.eid AS evaluation,
      ${aggregates.join(',\n')} FROM weir.evaluations AS e
      JOIN weir.${table} AS l ON e.subject = l.subject
      WHERE ${condition.replace('@short', `${kept.shortMs}`).replace('@long', `${kept.longMs}`)}
        GROUP BY evaluation`;
  });
  const joins = [...groups.keys()].map(
    (_, g) => `LEFT JOIN weir.group_${g} AS g${g} ON e.eid = g${g}.evaluation`,
  );
  const values = compiled.map((c, i) => `${c.value.replaceAll('@', `a${i}`)} AS f${i}`);
  statements.push(`CREATE TABLE weir.valued ENGINE = Memory AS SELECT e.*, ${values.join(',\n')}
    FROM weir.evaluations AS e ${joins.join('\n')} SETTINGS join_use_nulls = 1`);
  return statements;
}

const DAY_MS = 86_400_000;
const LONG_KEPT_MS_MIN = 35 * DAY_MS;

/** Window that a feature reads, if it reads legs of one. */
function windowOf(f: Feature): string | undefined {
  if (f.kind === 'since-previous') return '48h';
  if (f.kind === 'limit-use' || f.kind === 'limit-excess') return 'bank-month';
  return 'window' in f ? f.window : undefined;
}

interface Kept {
  shortMs: number;
  longMs: number;
  /** SQL: how long the leg `alias` is kept, 0 = not at all. */
  legMs: (alias: string) => string;
}

/**
 * docs/rules.md, "Kept": the legs that a window up to 48 h reads for the longest such window and a
 * day, at least 48 h; those that a longer one reads for that and a day, at least 35 d.
 */
function keptOf(rules: readonly Rule[]): Kept {
  const short = { filters: [] as string[], ms: SHORT_MS_MAX };
  const long = { filters: [] as string[], ms: LONG_KEPT_MS_MIN };
  for (const rule of rules) {
    for (const f of Object.values(rule.features)) {
      const window = windowOf(f);
      if (window === undefined) continue;
      const list = lengthMs(window) <= SHORT_MS_MAX ? short : long;
      list.ms = Math.max(list.ms, lengthMs(window) + DAY_MS);
      list.filters.push(filterSql('@', filterOf(rule, f)));
    }
  }
  const passes = (filters: readonly string[]) => [...new Set(filters)].join(' OR ') || '0';
  const sql = `multiIf(${passes(long.filters)}, ${long.ms}, ${passes(short.filters)},
    ${short.ms}, 0)`;
  return {
    shortMs: short.ms,
    longMs: long.ms,
    legMs: (alias) => sql.replaceAll('@', alias),
  };
}

/** The rule's own trigger where the feature has no filter. */
function filterOf(rule: Rule, f: Feature): Filter {
  const trigger = rule.on === 'day-close' ? ANY_LEG : rule.on;
  return ('of' in f && typeof f.of === 'object' && f.of) || trigger;
}

/** Every hit of the catalogue without its cooldowns over this log. */
export async function runSqlOracle(
  client: DatabaseClient,
  records: readonly OracleRecord[],
  catalogue: Catalogue,
  reference: SqlReference,
): Promise<SqlHit[]> {
  const names = await loadLog(client, records, reference);
  const columns = new Columns(reference.rates);
  const rules = catalogue.rules.filter(({ state }) => state === 'active' || state === 'shadow');
  const queries = rules.map((rule) => ruleSql(rule, columns));
  const windows = rules.flatMap((rule) =>
    Object.values(rule.features).map((f) => ('window' in f ? businessDays(f.window) : undefined)),
  );
  const businessWindows = [...new Set(windows.filter((n) => n !== undefined))];
  const kept = keptOf(rules);
  const statements = legStatements({ keptMs: kept.legMs, businessWindows });
  for (const sql of [...statements, ...valueStatements(columns.compiled, kept)]) {
    await client.command(sql);
  }
  const hits: SqlHit[] = [];
  for (const [i, rule] of rules.entries()) {
    for (const row of await client.query<Row>(queries[i] as string)) {
      hits.push({
        rule: rule.id,
        subject: names.get(row.subject) as string,
        side: (['debit', 'credit', 'timer'] as const)[row.side] as SqlHit['side'],
        at: Number(row.moment),
        band: rule.bands[row.band - 1]?.outcome as string,
        observed: row.observed,
        history: row.history !== 0,
        facts: rule.facts.length === 0 ? [] : row.facts,
      });
    }
  }
  return hits;
}

interface Row {
  subject: number;
  side: number;
  moment: string;
  band: number;
  observed: number;
  history: number;
  facts: (number | null)[];
}

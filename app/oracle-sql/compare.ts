/** The engine's hits beside the oracle's: what only one of them has, and values that differ. */
import type { Catalogue } from '../../schemas/catalogue.js';
import type { Hit } from '../../schemas/hit.js';
import type { OracleRecord } from '../../scoring/oracle/types.js';
import { Feeder, type FeederOptions } from '../../scoring/testing/feeder.js';
import type { SqlHit } from './oracle.js';

/** Sums in another order, and gamma functions: digits behind these may differ. */
const RELATIVE_MAX = 1e-9;
const REGION_BYTES = 16 << 20;

type EngineReference = Required<Pick<FeederOptions, 'zoneTable' | 'calendar' | 'rates'>>;

export function engineHits(
  records: readonly OracleRecord[],
  catalogue: Catalogue,
  { zoneTable, calendar, rates }: EngineReference,
): Hit[] {
  const options = { catalogue, zoneTable, calendar, rates };
  const feeder = new Feeder({ ...options, regionBytes: REGION_BYTES, evidenceMax: 1 });
  feeder.feed(records);
  return [...feeder.hits.values()];
}

export interface Comparison {
  /** A line for each difference, the first in the log first. */
  lines: string[];
  /** Values compared that are available, by kind of feature. */
  compared: Map<string, number>;
  /** That both have. */
  hits: number;
}

function same(a: number | null | undefined, b: number | null | undefined): boolean {
  if (typeof a !== 'number' || typeof b !== 'number') return (a ?? null) === (b ?? null);
  return Math.abs(a - b) <= RELATIVE_MAX * Math.max(1, Math.abs(a), Math.abs(b));
}

export function compare(
  catalogue: Catalogue,
  told: readonly Hit[],
  asked: readonly SqlHit[],
): Comparison {
  const lines: [at: number, line: string][] = [];
  const compared = new Map<string, number>();
  const rules = new Map(catalogue.rules.map((rule) => [rule.id, rule]));
  const ours = new Map<string, Hit>();
  const keyOf = (rule: string, subject: string, side: string, at: number) =>
    `${rule} ${subject} ${side} ${at}`;
  for (const hit of told) {
    const at = hit.side === 'timer' ? hit.eventTime : hit.origin.offset;
    ours.set(keyOf(hit.rule, hit.subject, hit.side, at), hit);
  }
  for (const hit of asked) {
    const key = keyOf(hit.rule, hit.subject, hit.side, hit.at);
    const other = ours.get(key);
    ours.delete(key);
    const differ = (what: string, engine: unknown, sql: unknown) =>
      lines.push([hit.at, `${key}: ${what}: engine ${engine}, SQL ${sql}`]);
    if (other === undefined) {
      differ('hit', 'none', `${hit.band} ${hit.observed}`);
      continue;
    }
    if (other.band !== hit.band) differ('band', other.band, hit.band);
    if (other.history !== hit.history) differ('history', other.history, hit.history);
    const rule = rules.get(hit.rule);
    const values = [rule?.observed ?? '', ...(rule?.facts ?? [])].map((name, i) => ({
      name,
      kind: rule?.features[name]?.kind ?? '',
      engine: i === 0 ? other.observed.value : other.facts[name],
      sql: i === 0 ? hit.observed : hit.facts[i - 1],
    }));
    for (const { name, kind, engine, sql } of values) {
      if (typeof engine === 'number') compared.set(kind, (compared.get(kind) ?? 0) + 1);
      if (!same(engine, sql)) differ(`${name} (${kind})`, engine, sql);
    }
  }
  for (const [key, hit] of ours) {
    const at = hit.side === 'timer' ? hit.eventTime : hit.origin.offset;
    lines.push([at, `${key}: hit: engine ${hit.band} ${hit.observed.value}, SQL none`]);
  }
  lines.sort(([a], [b]) => a - b);
  return { lines: lines.map(([, line]) => line), compared, hits: told.length - ours.size };
}

/**
 * Feeds a ScoringOperator from the oracle's plain transactions: each becomes the legs that the
 * router would write, byte by byte as in schemas/records.fbs. The origin's offset is the log
 * position, so that a hit tells which leg it was evaluated at. For tests, benches and examples.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import type { Catalogue } from '../../schemas/catalogue.js';
import { LegFlag, RecordFlag } from '../../schemas/classes.js';
import * as L from '../../schemas/generated/records.js';
import type { Hit } from '../../schemas/hit.js';
import { hashText, hashWords, subjectShard } from '../../schemas/identity.js';
import { CHANNELS, TRANSACTION_TYPES } from '../../schemas/json-transaction.js';
import { packCountry } from '../../schemas/money.js';
import type { ZoneTable } from '../../schemas/time.js';
import { loadCatalogue } from '../catalogue/load.js';
import { type ReferenceFacts, ScoringOperator } from '../operator.js';
import type { OracleRecord, OracleSide, OracleTransaction } from '../oracle/types.js';

const encoder = new TextEncoder();
export const LEG_BYTES_MAX = L.LEG_BYTES + 5 * 64 + 8 + 24;
export const SHANGHAI: ZoneTable = [{ fromMs: 0, offsetMs: 8 * 3_600_000 }];
export const LATENESS_MS = 600_000;

/** Writes one leg at byte `at`; returns the byte behind it. */
export function writeLeg(
  bytes: Uint8Array,
  view: DataView,
  at: number,
  t: OracleTransaction,
  credit: boolean,
  shards: number,
): number {
  const own = credit ? t.creditor : t.debtor;
  const other = credit ? t.debtor : t.creditor;
  bytes.fill(0, at, at + L.LEG_BYTES);
  bytes[at + L.LEG_KIND] = 1;
  bytes[at + L.LEG_SIDE] = credit ? 1 : 0;
  view.setFloat64(at + L.LEG_POSITION, t.position, true);
  view.setFloat64(at + L.LEG_EVENT_MS, t.eventMs, true);
  view.setFloat64(at + L.LEG_INGEST_MS, t.ingestMs, true);
  view.setFloat64(at + L.LEG_AMOUNT_MINOR, t.amountBaseMinor, true);
  view.setFloat64(at + L.LEG_AMOUNT_BASE_MINOR, t.amountBaseMinor, true);
  view.setFloat64(at + L.LEG_BALANCE_AFTER_MINOR, own.balanceAfterMinor, true);
  view.setFloat64(at + L.LEG_ORIGIN_OFFSET, t.position, true);
  view.setUint32(at + L.LEG_CLASS_BITS, own.classBits, true);
  view.setUint32(at + L.LEG_PROFILE, own.profile, true);
  hashText(other.subject);
  view.setUint32(at + L.LEG_COUNTERPARTY_HASH_LOW, hashWords[0], true);
  view.setUint32(at + L.LEG_COUNTERPARTY_HASH_HIGH, hashWords[1], true);
  hashText(own.subject);
  view.setUint32(at + L.LEG_SUBJECT_HASH_LOW, hashWords[0], true);
  view.setUint32(at + L.LEG_SUBJECT_HASH_HIGH, hashWords[1], true);
  view.setUint16(at + L.LEG_SHARD, subjectShard(hashWords[0], shards), true);
  view.setUint16(at + L.LEG_COUNTRY, packCountry(other.country ?? ''), true);
  bytes[at + L.LEG_CHANNEL] = CHANNELS.indexOf(t.channel ?? 'unknown');
  bytes[at + L.LEG_TYPE] = TRANSACTION_TYPES.indexOf(t.type ?? 'unknown');
  const texts: [number, string][] = [
    [L.LEG_TRANSACTION_ID_LENGTH, t.id],
    [L.LEG_SUBJECT_LENGTH, own.subject],
    [L.LEG_ACCOUNT_LENGTH, own.account],
    [L.LEG_COUNTERPARTY_LENGTH, other.subject],
    [L.LEG_REVERSED_LENGTH, t.reversedId],
  ];
  let end = at + L.LEG_BYTES;
  for (const [field, text] of texts) {
    const { written } = encoder.encodeInto(text, bytes.subarray(end));
    view.setUint16(at + field, written, true);
    end += written;
  }
  while ((end & 7) !== 0) bytes[end++] = 0;
  const flags = t.history ? RecordFlag.history : 0;
  end = writeLimits(view, at, end, own, flags);
  view.setUint32(at + L.LEG_LENGTH, end - at, true);
  return end;
}

function writeLimits(
  view: DataView,
  at: number,
  end: number,
  own: OracleSide,
  flags: number,
): number {
  if (own.limits === undefined) {
    view.setUint32(at + L.LEG_FLAGS, flags, true);
    return end;
  }
  view.setUint32(at + L.LEG_FLAGS, flags | LegFlag.limits, true);
  view.setFloat64(end, own.limits.single, true);
  view.setFloat64(end + 8, own.limits.day, true);
  view.setFloat64(end + 16, own.limits.month, true);
  return end + 24;
}

/** Writes a watermark as the ring carries it. */
export function writeWatermark(
  bytes: Uint8Array,
  view: DataView,
  at: number,
  record: { position: number; watermarkMs: number; ingestMs: number },
): number {
  bytes.fill(0, at, at + 32);
  bytes[at + L.LEG_KIND] = 3;
  view.setUint32(at + L.LEG_LENGTH, 32, true);
  view.setFloat64(at + L.LEG_POSITION, record.position, true);
  view.setFloat64(at + L.LEG_EVENT_MS, record.watermarkMs, true);
  view.setFloat64(at + L.LEG_INGEST_MS, record.ingestMs, true);
  return at + 32;
}

/** The shipped rules, read from their files. */
export function shippedCatalogue(): Catalogue {
  const folder = new URL('../catalogue/rules/', import.meta.url);
  const names = readdirSync(folder).sort();
  return loadCatalogue(
    names.map((path) => ({ path, text: readFileSync(new URL(path, folder), 'utf8') })),
  );
}

export interface FeederOptions {
  catalogue: Catalogue;
  shardsTotal?: number;
  /** How many operators share the shards (index mod n). */
  operators?: number;
  regionBytes?: number;
  zoneTable?: ZoneTable;
  calendar?: ReferenceFacts['calendar'];
  rates?: ReferenceFacts['rates'];
  evidenceMax?: number;
}

/** Operators that own all shards between them, and the hits that they gave, first of each id. */
export class Feeder {
  readonly operators: ScoringOperator[];
  readonly hits = new Map<string, Hit>();
  readonly #shardsTotal: number;
  readonly #bytes = new Uint8Array(LEG_BYTES_MAX);
  readonly #view = new DataView(this.#bytes.buffer);
  readonly #starts = new Int32Array(128);

  constructor(options: FeederOptions) {
    const { operators = 1, shardsTotal = 4, regionBytes = 4 << 20 } = options;
    this.#shardsTotal = shardsTotal;
    this.operators = Array.from({ length: operators }, (_, n) => {
      const shards = Array.from({ length: shardsTotal }, (_, s) => s).filter(
        (s) => s % operators === n,
      );
      return new ScoringOperator({
        buffer: new SharedArrayBuffer(regionBytes * shards.length),
        regionBytes,
        shards,
        catalogue: options.catalogue,
        zoneTable: options.zoneTable ?? SHANGHAI,
        ...(options.calendar && { calendar: options.calendar }),
        ...(options.rates && { rates: options.rates }),
        latenessMs: LATENESS_MS,
        evidenceMax: options.evidenceMax ?? 100,
        emit: (hit) => {
          if (!this.hits.has(hit.id)) this.hits.set(hit.id, hit);
        },
      });
    });
  }

  feed(records: Iterable<OracleRecord>): void {
    for (const record of records) {
      if (record.kind === 'watermark') this.#watermark(record);
      else {
        if (!record.debtor.external) this.#leg(record, false);
        if (!record.creditor.external) this.#leg(record, true);
      }
    }
  }

  #watermark(record: { position: number; watermarkMs: number; ingestMs?: number }): void {
    const ingestMs = record.ingestMs ?? record.watermarkMs;
    writeWatermark(this.#bytes, this.#view, 0, { ...record, ingestMs });
    for (const operator of this.operators) operator.apply(this.#bytes, this.#view, 0);
  }

  #leg(t: OracleTransaction, credit: boolean): void {
    writeLeg(this.#bytes, this.#view, 0, t, credit, this.#shardsTotal);
    const shard = this.#view.getUint16(L.LEG_SHARD, true);
    const operator = this.operators[shard % this.operators.length];
    this.#starts[0] = 0;
    operator.touchAhead(this.#bytes, this.#view, this.#starts, 1);
    operator.apply(this.#bytes, this.#view, 0);
  }

  /** Gives the state of every shard to another feeder with as many, as a snapshot would. */
  handTo(other: Feeder): void {
    const { operators } = other;
    for (const { region, description } of this.operators.flatMap((o) => o.shards)) {
      const body = region.u8.slice(0, region.usedBytes);
      operators[region.shard % operators.length]?.restore(region.shard, body, description);
    }
  }

  /** Canonical bytes of the hits in the order of the promise. */
  canonical(): string[] {
    return canonicalLines(this.hits.values());
  }
}

/** Sorted by (origin or deadline, subject, side, rule), one canonical JSON a line. */
export function canonicalLines(hits: Iterable<Hit>): string[] {
  const key = (h: Hit): string => {
    const at = h.side === 'timer' ? h.eventTime : h.origin.offset;
    return [String(at).padStart(16, '0'), h.subject, h.side, h.rule].join('\u0000');
  };
  return [...hits]
    .map((h): [string, string] => [key(h), JSON.stringify(h)])
    .sort((a, b) => (a[0] < b[0] ? -1 : 1))
    .map(([, line]) => line);
}

export function sha256(lines: readonly string[]): string {
  return createHash('sha256').update(lines.join('\n'), 'utf8').digest('hex');
}

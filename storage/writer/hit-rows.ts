/** Rows of the hits log and of the work log. */
import {
  HIT_HEADER_BODY_LENGTH,
  HIT_HEADER_BYTES,
  HIT_HEADER_DETECTED_MS,
  HIT_HEADER_FLAGS,
  HIT_HEADER_KIND,
} from '../../schemas/generated/records.js';
import { type Hit, HitFlag, SEVERITIES } from '../../schemas/hit.js';
import type { LogReader, LogRecord } from '../../schemas/ports.js';
import { type WorkRecord, workRecordSchema } from '../../schemas/work-log.js';
import { bounded } from './sums.js';
import type { Tables } from './tables.js';

const KIND_HIT = 1;
const decoder = new TextDecoder();

interface ReadHit {
  hit: Hit;
  body: string;
  detectedMs: number;
  /** HitFlag. */
  flags: number;
}

/** Null for what is no hit: a report of a thread, or a form that this version does not know. */
function readHit({ bytes }: LogRecord): ReadHit | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.byteLength < HIT_HEADER_BYTES || view.getUint8(HIT_HEADER_KIND) !== KIND_HIT) {
    return null;
  }
  const length = view.getUint32(HIT_HEADER_BODY_LENGTH, true);
  const body = decoder.decode(bytes.subarray(HIT_HEADER_BYTES, HIT_HEADER_BYTES + length));
  // The engine is the only writer and the chunk's checksum was verified: no schema pass here.
  const hit = JSON.parse(body) as Hit;
  return {
    hit,
    body,
    detectedMs: Math.trunc(view.getFloat64(HIT_HEADER_DETECTED_MS, true)),
    flags: view.getUint16(HIT_HEADER_FLAGS, true),
  };
}

/** False when the record is no hit. Throws for one that cannot be read. */
export function takeHit(record: LogRecord, tables: Pick<Tables, 'hits'>): boolean {
  const read = readHit(record);
  if (read === null) return false;
  const { hit, body, detectedMs, flags } = read;
  tables.hits.add({
    ...fieldsOf(hit),
    id: hit.id,
    position: record.position,
    rule_version: hit.ruleVersion,
    catalogue_version: hit.catalogueVersion,
    band: hit.band,
    detected_ms: detectedMs,
    history: (flags & HitFlag.history) !== 0,
    shadow: (flags & HitFlag.shadow) !== 0,
    flood: (flags & HitFlag.flood) !== 0,
    body,
  });
  return true;
}

interface HitFields {
  rule: string;
  family: string;
  subject: string;
  severity: number;
  score: number;
  amount_base_minor: number;
  event_ms: number;
}

/** What hits and alert events have in common. */
function fieldsOf(hit: Hit): HitFields {
  return {
    rule: hit.rule,
    family: hit.family,
    subject: hit.subject,
    severity: Math.max(0, SEVERITIES.indexOf(hit.severity)),
    score: hit.score,
    amount_base_minor: bounded(hit.amountBaseMinor),
    event_ms: Math.trunc(hit.eventTime),
  };
}

const NO_HIT: HitFields = {
  rule: '',
  family: '',
  subject: '',
  severity: 0,
  score: 0,
  amount_base_minor: 0,
  event_ms: 0,
};

/**
 * An alert's event, with what its hit says. Returns the hit's position, which the event still
 * needed; undefined when it names none. Throws for a record that cannot be read.
 */
export function takeWork(
  record: LogRecord,
  hits: LogReader,
  tables: Pick<Tables, 'alert_events'>,
): number | undefined {
  const work = workRecordSchema.parse(JSON.parse(decoder.decode(record.bytes)));
  const named = 'hitPosition' in work ? work.hitPosition : undefined;
  const hit = named === undefined ? undefined : hitAt(named, hits);
  tables.alert_events.add({
    ...(hit === undefined ? NO_HIT : fieldsOf(hit)),
    // An open record has these two itself, also when its hit is gone.
    ...(work.type === 'open' && { rule: work.rule, subject: work.subject }),
    alert_id: work.alertId,
    position: record.position,
    at_ms: Math.trunc(work.atMs),
    what: work.type,
    user: 'user' in work ? work.user : '',
    reason: work.type === 'close' ? work.reason : '',
    hit_id: hitIdOf(work),
  });
  return named;
}

/** An alert's id is its first hit's. */
function hitIdOf(work: WorkRecord): string {
  if (work.type === 'open') return work.alertId;
  return work.type === 'append' ? work.hitId : '';
}

function hitAt(position: number, hits: LogReader): Hit | undefined {
  if (position < hits.first() || position >= hits.end()) return undefined;
  const [record] = hits.read(position, 1);
  return record === undefined ? undefined : readHit(record)?.hit;
}

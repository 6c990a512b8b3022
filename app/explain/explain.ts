/**
 * What every rule said of one subject at a moment: its own legs, and nobody else's, go once more
 * through the router and the operator, under the versions that were in force. First to find the
 * moment, then to stop there and ask. Names and numbers of accounts go into the answer alone.
 */
import { createRouter, type ReferenceTables } from '../../ingest/index.js';
import type { Catalogue } from '../../schemas/catalogue.js';
import { configurationSchema } from '../../schemas/configuration.js';
import type {
  Explained,
  ExplainedLeg,
  ExplainRequest,
  ExplainResult,
} from '../../schemas/explanation.js';
import * as R from '../../schemas/generated/records.js';
import { hashText, hashWords } from '../../schemas/identity.js';
import { decodeTransaction } from '../../schemas/transaction-codec.js';
import { explainMoment, ScoringOperator, type ShardContext } from '../../scoring/index.js';
import { readControl, referenceFacts } from '../engine/ring-records.js';
import type { KeptRecord, SubjectRecords } from './subject-records.js';

export interface ExplainVersions {
  catalogue(sha256: string): Catalogue;
  reference(sha256: string): ReferenceTables;
  /** What was in force just before a position. */
  at(position: number): { catalogue: Catalogue; reference: ReferenceTables };
}

export interface ExplainOptions extends ExplainRequest {
  records: SubjectRecords;
  versions: ExplainVersions;
  /** First position that is kept. */
  first: number;
  /** Asked instead of the catalogues that were in force. */
  catalogue?: Catalogue;
}

/** A limit, not a use: pages that nothing touches cost nothing. */
const REGION_BYTES = 64 << 20;

type Listener = NonNullable<ShardContext['onMoment']>;
type Shard = Parameters<Listener>[0];
type Moment = Parameters<Listener>[1];

/** Where rules were asked. */
interface Place {
  atMs: number;
  /** Journal position of the record that was being scored. */
  position: number;
  side: number;
  isTimer: boolean;
}

export function explainSubject(options: ExplainOptions): ExplainResult {
  const { records, atMs, subject } = options;
  const own = records.records.filter((r) => !r.isControl);
  const firstMs = Math.min(...eventTimes(own));
  if (own.length === 0) return { ok: false, reason: 'unknown-subject' };
  if (firstMs > atMs) return { ok: false, reason: 'before-first-leg', firstMs };
  const { leg, dayClose } = findPlaces(options);
  const last = later(leg, dayClose);
  if (last === undefined) return { ok: false, reason: 'never-scored' };
  let ofLeg: Explained[] = [];
  let ofClose: Explained[] = [];
  let legFacts: ExplainedLeg | undefined;
  let catalogueVersion = '';
  run(options, last.position, (shard, m, position) => {
    const at = placeOf(m, position);
    if (!isSame(at, leg) && !isSame(at, dayClose)) return;
    catalogueVersion = shard.context.plan.catalogueVersion;
    const explained = explainMoment(shard, m);
    if (m.isTimer) ofClose = explained;
    else {
      ofLeg = explained;
      legFacts = factsOf(own, m, position);
    }
  });
  const catalogue = options.catalogue ?? options.versions.at(last.position + 1).catalogue;
  const notScored = [...catalogue.rules, ...catalogue.typologies]
    .filter((r) => r.state === 'paused' || r.state === 'draft')
    .map(({ id, state }) => ({ id, state }));
  const isCut = options.first > 0 || records.isCut;
  return {
    ok: true,
    explanation: {
      subject,
      atMs,
      catalogueVersion,
      ...(legFacts !== undefined && { leg: legFacts }),
      ...(dayClose !== undefined && { dayCloseMs: dayClose.atMs }),
      rules: merged(ofLeg, ofClose, last.isTimer),
      notScored,
      ...(isCut && { keptSince: { position: own[0]?.position ?? options.first } }),
      legs: own.length,
    },
  };
}

function eventTimes(records: readonly KeptRecord[]): number[] {
  return records.map(({ bytes }) =>
    new DataView(bytes.buffer, bytes.byteOffset).getFloat64(R.RECORD_HEADER_EVENT_MS, true),
  );
}

function placeOf(m: Moment, position: number): Place {
  return { atMs: m.atMs, position, side: m.side, isTimer: m.isTimer };
}

const sideOf = (m: Moment): 'debit' | 'credit' => (m.side === 0 ? 'debit' : 'credit');

function isSame(a: Place, b: Place | undefined): boolean {
  return (
    b !== undefined &&
    a.position === b.position &&
    a.atMs === b.atMs &&
    a.isTimer === b.isTimer &&
    a.side === b.side
  );
}

/** By event time, then log position, then debit before credit. */
function isAfter(a: Place, b: Place): boolean {
  return a.atMs !== b.atMs
    ? a.atMs > b.atMs
    : a.position !== b.position
      ? a.position > b.position
      : a.side > b.side;
}

/** The place in the log that both have passed. */
function later(a: Place | undefined, b: Place | undefined): Place | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return a.position > b.position ? a : b;
}

/** The newest leg and the newest close of a day at or before the time asked for. */
function findPlaces(options: ExplainOptions): { leg?: Place; dayClose?: Place } {
  const found: { leg?: Place; dayClose?: Place } = {};
  run(options, Number.POSITIVE_INFINITY, (_, m, position) => {
    if (m.atMs > options.atMs) return;
    if (!m.isTimer && options.side !== undefined && options.side !== sideOf(m)) return;
    const place = placeOf(m, position);
    const key = m.isTimer ? 'dayClose' : 'leg';
    const before = found[key];
    if (before === undefined || isAfter(place, before)) found[key] = place;
  });
  return found;
}

/** Rules on legs as of the leg, day-close rules as of the close, typologies as of the later. */
function merged(ofLeg: Explained[], ofClose: Explained[], closeIsLast: boolean): Explained[] {
  if (ofLeg.length === 0 || ofClose.length === 0) return ofLeg.length > 0 ? ofLeg : ofClose;
  const closing = new Map(ofClose.map((e) => [e.id, e]));
  return ofLeg.map((e) => {
    const other = closing.get(e.id);
    const isCloses = e.kind === 'typology' ? closeIsLast : e.unmet?.moment === true;
    return isCloses && other !== undefined ? other : e;
  });
}

function factsOf(own: readonly KeptRecord[], m: Moment, position: number): ExplainedLeg {
  const bytes = own.find((r) => r.position === position)?.bytes as Uint8Array;
  const head = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const from = head.getUint32(R.RECORD_HEADER_PAYLOAD_OFFSET, true);
  const to = from + head.getUint32(R.RECORD_HEADER_PAYLOAD_LENGTH, true);
  const t = decodeTransaction(bytes.slice(from, to));
  const party = m.side === 0 ? t.debtor : t.creditor;
  return {
    transactionId: t.id ?? '',
    account: party?.account ?? '',
    side: sideOf(m),
    eventMs: m.atMs,
    amountBaseMinor: m.amount,
    position,
  };
}

/** Scores the records up to and with `last`, telling of each moment that rules are asked at. */
function run(
  options: ExplainOptions,
  last: number,
  onMoment: (shard: Shard, m: Moment, position: number) => void,
): void {
  const { records, versions } = options;
  const kept = records.records;
  const from = kept[0]?.position ?? 0;
  const start = versions.at(from + 1);
  const catalogue = options.catalogue ?? start.catalogue;
  let position = 0;
  const operator = new ScoringOperator({
    buffer: new SharedArrayBuffer(REGION_BYTES),
    regionBytes: REGION_BYTES,
    shards: [0],
    catalogue,
    ...referenceFacts(start.reference.data),
    latenessMs: latenessOf(kept) ?? configurationSchema.parse({}).latenessMs,
    // Nobody reads the evidence of hits here.
    evidenceMax: 1,
    emit: () => undefined,
    onMoment: (shard, m) => onMoment(shard, m, position),
  });
  const router = createRouter({ shards: 1 });
  router.setReference(start.reference);
  const quarantined = quarantinedIn(kept);
  for (const record of kept) {
    if (record.position > last) return;
    position = record.position;
    if (record.isControl) control(operator, router, options, record);
    else if (!quarantined.has(position)) {
      router.route(position, record.bytes, (_shard, leg) => {
        const view = new DataView(leg.buffer, leg.byteOffset);
        if (records.isOwn(view)) operator.apply(leg, view, 0);
      });
    }
  }
}

function latenessOf(kept: readonly KeptRecord[]): number | undefined {
  for (const record of kept) {
    if (!record.isControl) continue;
    const { control: c } = readControl(record.bytes);
    if (c.type === 'created') return c.latenessMs;
  }
  return undefined;
}

function quarantinedIn(kept: readonly KeptRecord[]): Set<number> {
  const positions = new Set<number>();
  for (const record of kept) {
    if (!record.isControl) continue;
    const { control: c } = readControl(record.bytes);
    if (c.type === 'quarantine') positions.add(c.position);
  }
  return positions;
}

/** As the pipeline hands them to its threads. */
function control(
  operator: ScoringOperator,
  router: ReturnType<typeof createRouter>,
  { versions, catalogue, records }: ExplainOptions,
  { position, bytes }: KeptRecord,
): void {
  const { control: c, ingestMs } = readControl(bytes);
  switch (c.type) {
    case 'watermark': {
      const { type, watermarkMs, silentSources } = c;
      operator.applyCommand({ type, position, watermarkMs, ingestMs, silentSources });
      return;
    }
    case 'history-end':
      operator.applyCommand({ type: c.type, position, asOfMs: c.asOfMs, ingestMs });
      return;
    case 'catalogue':
      if (catalogue !== undefined) return;
      operator.applyCommand({
        type: c.type,
        position,
        catalogue: versions.catalogue(c.sha256),
        ...(c.breakerHits !== undefined && { breakerHits: c.breakerHits }),
      });
      return;
    case 'reference': {
      const tables = versions.reference(c.sha256);
      router.setReference(tables);
      const facts = referenceFacts(tables.data);
      operator.applyCommand({ type: c.type, position, version: c.version, ...facts });
      return;
    }
    case 'profile':
      if (c.subject === records.subject) profile(operator, position, c.subject, c.profile);
      return;
    default:
      return;
  }
}

function profile(
  operator: ScoringOperator,
  position: number,
  subject: string,
  packed: number,
): void {
  hashText(subject);
  const [hashLow, hashHigh] = hashWords;
  const shard = 0;
  operator.applyCommand({
    type: 'profile',
    position,
    shard,
    hashLow,
    hashHigh,
    subject,
    profile: packed,
  });
}

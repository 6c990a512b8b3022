/** Control records and commands as the rings carry them (kinds 2 and 3 of schemas/records.fbs). */
import type { Band, Catalogue } from '../../schemas/catalogue.js';
import type { ControlRecord } from '../../schemas/control.js';
import * as R from '../../schemas/generated/records.js';
import { hashWords, murmur3x64, subjectShard } from '../../schemas/identity.js';
import type { ReferenceData } from '../../schemas/reference.js';
import type { ReferenceFacts, RingCommand } from '../../scoring/index.js';

/** A command as a ring record (kind 2). */
export function encodeCommand(command: RingCommand): Uint8Array {
  const json = Buffer.from(JSON.stringify(command));
  // Spaces up to the multiple of 8: JSON does not mind them.
  const length = Math.ceil((16 + json.byteLength) / 8) * 8;
  const record = Buffer.alloc(length, 0x20);
  record.fill(0, 0, 16);
  record.writeUInt32LE(length, 0);
  record[R.LEG_KIND] = 2;
  if ('position' in command) record.writeDoubleLE(command.position, R.LEG_POSITION);
  record.set(json, 16);
  return record;
}

export function encodeCatalogue(
  catalogue: Catalogue,
  position: number,
  breakerHits: number | undefined,
): Uint8Array {
  const breaker = breakerHits === undefined ? {} : { breakerHits };
  return encodeCommand({ type: 'catalogue', position, catalogue: scored(catalogue), ...breaker });
}

/** Without what is only for people, which is nine parts in ten: a ring has room for a while. */
function scored({ sha256, rules, typologies }: Catalogue): Catalogue {
  const silent = { examples: [], references: [], formula: '', names: { zh: '', en: '' } };
  const bands = (of: readonly Band[]): Band[] =>
    of.map((band) => ({ ...band, sentence: { zh: '', en: '' } }));
  return {
    sha256,
    rules: rules.map((rule) => ({ ...rule, ...silent, bands: bands(rule.bands) })),
    typologies: typologies.map((one) => ({ ...one, ...silent, bands: bands(one.bands) })),
  };
}

/** What scoring takes from reference data. */
export function referenceFacts(data: ReferenceData): ReferenceFacts {
  const { zoneTable, holidays, workdays } = data;
  const rates = { ...data.fx.rates, [data.baseCurrency]: 1 };
  return { zoneTable, calendar: { holidays, workdays }, rates };
}

export function encodeReference(
  data: ReferenceData,
  position: number,
  version: number,
): Uint8Array {
  return encodeCommand({ type: 'reference', position, version, ...referenceFacts(data) });
}

/** The JSON of a control record of the journal, with its ingest time. */
export function readControl(record: Uint8Array): { control: ControlRecord; ingestMs: number } {
  const view = new DataView(record.buffer, record.byteOffset, record.byteLength);
  const from = view.getUint32(R.RECORD_HEADER_PAYLOAD_OFFSET, true);
  const to = from + view.getUint32(R.RECORD_HEADER_PAYLOAD_LENGTH, true);
  const text = Buffer.from(record.subarray(from, to)).toString('utf8');
  return {
    control: JSON.parse(text) as ControlRecord,
    ingestMs: view.getFloat64(R.RECORD_HEADER_INGEST_MS, true),
  };
}

type Of<T extends ControlRecord['type']> = Extract<ControlRecord, { type: T }>;

/** The usual watermark is a record of numbers (kind 3); one with silent sources is a command. */
export function encodeWatermark(
  { watermarkMs, silentSources }: Of<'watermark'>,
  ingestMs: number,
  position: number,
): Uint8Array {
  if (silentSources.length > 0) {
    return encodeCommand({ type: 'watermark', position, watermarkMs, ingestMs, silentSources });
  }
  const record = Buffer.alloc(R.LEG_BYTES);
  record.writeUInt32LE(R.LEG_BYTES, 0);
  record[R.LEG_KIND] = 3;
  record.writeDoubleLE(position, R.LEG_POSITION);
  record.writeDoubleLE(watermarkMs, R.LEG_EVENT_MS);
  record.writeDoubleLE(ingestMs, R.LEG_INGEST_MS);
  return record;
}

/** A changed profile goes to the one shard of its subject. */
export function encodeProfile(
  { subject, profile }: Of<'profile'>,
  position: number,
  shards: number,
): { shard: number; record: Uint8Array } {
  const bytes = Buffer.from(subject, 'utf8');
  murmur3x64(bytes, 0, bytes.byteLength);
  const [hashLow, hashHigh] = hashWords;
  const shard = subjectShard(hashLow, shards);
  const type = 'profile';
  const record = encodeCommand({ type, position, shard, hashLow, hashHigh, subject, profile });
  return { shard, record };
}

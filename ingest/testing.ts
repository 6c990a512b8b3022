/** What the tests of ingest share: transactions, a journal of its own, legs read back. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openLmdbLog } from '../platform/index.js';
import { configurationSchema } from '../schemas/configuration.js';
import type { ControlRecord } from '../schemas/control.js';
import {
  LEG_ACCOUNT_LENGTH,
  LEG_AMOUNT_BASE_MINOR,
  LEG_BALANCE_AFTER_MINOR,
  LEG_BYTES,
  LEG_CLASS_BITS,
  LEG_COUNTERPARTY_LENGTH,
  LEG_COUNTRY,
  LEG_FLAGS,
  LEG_POSITION,
  LEG_PROFILE,
  LEG_REVERSED_LENGTH,
  LEG_SIDE,
  LEG_SUBJECT_LENGTH,
  LEG_TRANSACTION_ID_LENGTH,
  RECORD_HEADER_KIND,
  RECORD_HEADER_PAYLOAD_LENGTH,
  RECORD_HEADER_PAYLOAD_OFFSET,
} from '../schemas/generated/records.js';
import { unpackCountry } from '../schemas/money.js';
import type { ReferenceData } from '../schemas/reference.js';
import { encodeTransaction, type TransactionFields } from '../schemas/transaction-codec.js';
import { type Admission, createAdmission } from './admission/admission.js';
import { JOURNAL_TABLES, type Journal } from './admission/journal.js';
import { defaultReference } from './reference/defaults.js';
import { ReferenceTables } from './reference/tables.js';

export const NOW_MS = Date.parse('2026-03-02T12:00:00+08:00');

export function transaction(changes: Partial<TransactionFields> = {}): TransactionFields {
  return {
    id: 't-1',
    eventTimeMs: NOW_MS,
    debtor: { account: 'A-1' },
    creditor: { account: 'B-1' },
    amountMinor: 123_456,
    currency: 'CNY',
    type: 'transfer',
    ...changes,
  };
}

export function reference(changes: Partial<ReferenceData> = {}): ReferenceTables {
  const configuration = configurationSchema.parse({});
  return new ReferenceTables({ ...defaultReference(configuration), ...changes });
}

export interface Harness {
  admission: Admission;
  journal: Journal & { close(): Promise<void> };
  /** Handed over by `onAdmitted`, copied. */
  admitted: { position: number; record: Uint8Array }[];
  clock: { nowMs(): number; set(ms: number): void };
  offer(
    transactions: readonly (TransactionFields | Uint8Array)[],
    batch?: { source?: string; history?: boolean; partition?: number; nextOffset?: number },
  ): ReturnType<Admission['offer']>;
  /** Closes admission and journal; the folder stays. */
  stop(): Promise<void>;
}

export function temporaryFolder(): { path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'weir-ingest-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

export async function startAdmission(
  folder: string,
  options: {
    reference?: ReferenceTables;
    settings?: Record<string, number>;
    nowMs?: number;
    deadLettersMax?: number;
    diskHasRoom?: () => boolean;
    keepConsumed?: boolean;
    /** Sees the record itself, before it is copied. */
    onRecord?: (position: number, record: Uint8Array) => void;
  } = {},
): Promise<Harness> {
  const journal = openLmdbLog(join(folder, 'journal.mdb'), {
    name: 'journal',
    tables: JOURNAL_TABLES,
    mapBytesMax: 256 * 1024 * 1024,
  });
  let nowMs = options.nowMs ?? NOW_MS;
  const clock = {
    nowMs: () => nowMs,
    set: (ms: number) => {
      nowMs = ms;
    },
  };
  const admitted: Harness['admitted'] = [];
  const admission = await createAdmission({
    journal,
    ...(options.diskHasRoom && { diskHasRoom: options.diskHasRoom }),
    clock,
    configuration: configurationSchema.parse({
      dedupeIdsMax: 100_000,
      journalBytesMax: 256 * 1024 * 1024,
      ...options.settings,
    }),
    reference: options.reference ?? reference(),
    onAdmitted: (position, record) => {
      options.onRecord?.(position, record);
      admitted.push({ position, record: record.slice() });
      if (options.keepConsumed !== true) admission?.consumed(position + 1);
    },
    onFailed: (error) => {
      throw error;
    },
    ...(options.deadLettersMax !== undefined && { deadLettersMax: options.deadLettersMax }),
  });
  let offset = 0;
  return {
    admission,
    journal,
    admitted,
    clock,
    offer: (transactions, batch = {}) => {
      const { source = 'http', partition = 0 } = batch;
      offset = Math.max(offset, admission.sourceOffset(source, partition));
      return admission.offer({
        source,
        partition,
        history: batch.history ?? false,
        items: transactions.map((t) => ({
          offset: offset++,
          index: 0,
          bytes: t instanceof Uint8Array ? t : encodeTransaction(t),
        })),
        ...(batch.nextOffset !== undefined && { nextOffset: batch.nextOffset }),
      });
    },
    stop: async () => {
      await admission.close();
      await journal.close();
    },
  };
}

const decoder = new TextDecoder();

/** The control record in a journal record, or undefined for a transaction. */
export function controlOf(record: Uint8Array): ControlRecord | undefined {
  const view = new DataView(record.buffer, record.byteOffset, record.byteLength);
  if (view.getUint8(RECORD_HEADER_KIND) !== 2) return undefined;
  return JSON.parse(decoder.decode(payloadOf(record)));
}

export function payloadOf(record: Uint8Array): Uint8Array {
  const view = new DataView(record.buffer, record.byteOffset, record.byteLength);
  const start = view.getUint32(RECORD_HEADER_PAYLOAD_OFFSET, true);
  return record.subarray(start, start + view.getUint32(RECORD_HEADER_PAYLOAD_LENGTH, true));
}

export interface LegRead {
  shard: number;
  side: 'debit' | 'credit';
  position: number;
  id: string;
  subject: string;
  account: string;
  counterparty: string;
  reversed: string;
  country: string;
  amountBaseMinor: number;
  balanceAfterMinor: number;
  classBits: number;
  profile: number;
  flags: number;
  limits: number[] | undefined;
}

export function readLeg(shard: number, bytes: Uint8Array, length: number): LegRead {
  const view = new DataView(bytes.buffer, bytes.byteOffset, length);
  let at = LEG_BYTES;
  const text = (lengthAt: number) => {
    const end = at + view.getUint16(lengthAt, true);
    const read = decoder.decode(bytes.subarray(at, end));
    at = end;
    return read;
  };
  const flags = view.getUint32(LEG_FLAGS, true);
  const leg = {
    shard,
    side: view.getUint8(LEG_SIDE) === 0 ? ('debit' as const) : ('credit' as const),
    position: view.getFloat64(LEG_POSITION, true),
    id: text(LEG_TRANSACTION_ID_LENGTH),
    subject: text(LEG_SUBJECT_LENGTH),
    account: text(LEG_ACCOUNT_LENGTH),
    counterparty: text(LEG_COUNTERPARTY_LENGTH),
    reversed: text(LEG_REVERSED_LENGTH),
    country: unpackCountry(view.getUint16(LEG_COUNTRY, true)),
    amountBaseMinor: view.getFloat64(LEG_AMOUNT_BASE_MINOR, true),
    balanceAfterMinor: view.getFloat64(LEG_BALANCE_AFTER_MINOR, true),
    classBits: view.getUint32(LEG_CLASS_BITS, true),
    profile: view.getUint32(LEG_PROFILE, true),
    flags,
  };
  at = Math.ceil(at / 8) * 8;
  const limits =
    (flags & (1 << 16)) === 0 ? undefined : [0, 8, 16].map((k) => view.getFloat64(at + k, true));
  return { ...leg, limits };
}

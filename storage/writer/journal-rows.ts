/**
 * Rows of a journal record: its transaction, and a leg for each side that is ours, with the same
 * meaning as the legs that are scored (external parties have no leg of their own).
 */
import { ClassBit, RecordFlag } from '../../schemas/classes.js';
import {
  RECORD_HEADER_AMOUNT_BASE_MINOR,
  RECORD_HEADER_ANNEX_LENGTH,
  RECORD_HEADER_CREDITOR_CLASS,
  RECORD_HEADER_CREDITOR_SUBJECT_LENGTH,
  RECORD_HEADER_DEBTOR_CLASS,
  RECORD_HEADER_DEBTOR_SUBJECT_LENGTH,
  RECORD_HEADER_EVENT_MS,
  RECORD_HEADER_FLAGS,
  RECORD_HEADER_INGEST_MS,
  RECORD_HEADER_KIND,
  RECORD_HEADER_ORIGIN_INDEX,
  RECORD_HEADER_ORIGIN_OFFSET,
  RECORD_HEADER_ORIGIN_PARTITION,
  RECORD_HEADER_ORIGIN_SOURCE,
  RECORD_HEADER_PAYLOAD_LENGTH,
  RECORD_HEADER_PAYLOAD_OFFSET,
} from '../../schemas/generated/records.js';
import { CHANNEL_NAMES, TRANSACTION_TYPE_NAMES } from '../../schemas/generated/transaction.js';
import type { LogRecord } from '../../schemas/ports.js';
import { bankDay, buildZoneTable, type ZoneTable } from '../../schemas/time.js';
import {
  readAmountMinor,
  readChannel,
  readCreditorBalanceAfterMinor,
  readDebtorBalanceAfterMinor,
  readText,
  readType,
  Text,
  verifyTransaction,
} from '../../schemas/transaction-reader.js';
import { type BlockSums, bounded, type SummedLeg } from './sums.js';
import type { Tables } from './tables.js';

const KIND_TRANSACTION = 1;
const HOUR_MS = 3_600_000;
/** The last day of ClickHouse's Date. */
const DAY_MAX = 65_535;
const ZONE_YEAR_FIRST = 1980;
const ZONE_YEAR_LAST = 2060;

export interface JournalRowsOptions {
  /** The bank's; a name that the platform knows. */
  zone: string;
  homeCountry: string;
  sums: BlockSums;
}

/** A transaction with what both of its legs take from it. */
interface Transaction {
  position: number;
  id: string;
  eventMs: number;
  ingestMs: number;
  flags: number;
  amountMinor: number;
  amountBaseMinor: number;
  currency: string;
  type: string;
  channel: string;
}

interface Side {
  subject: string;
  account: string;
  country: string;
  external: boolean;
  classBits: number;
  balanceMinor: number;
}

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

export class JournalRows {
  private readonly zoneTable: ZoneTable;

  constructor(private readonly options: JournalRowsOptions) {
    this.zoneTable = buildZoneTable(options.zone, ZONE_YEAR_FIRST, ZONE_YEAR_LAST);
  }

  /**
   * Takes a record into the sums, and its rows into `tables` unless they are stored already
   * (undefined). Returns the ingest time. Throws for a damaged record.
   */
  take(record: LogRecord, tables: Tables | undefined): number {
    const { bytes, position } = record;
    const head = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const ingestMs = Math.trunc(head.getFloat64(RECORD_HEADER_INGEST_MS, true));
    if (head.getUint8(RECORD_HEADER_KIND) !== KIND_TRANSACTION) return ingestMs;
    const start = head.getUint32(RECORD_HEADER_PAYLOAD_OFFSET, true);
    const end = start + head.getUint32(RECORD_HEADER_PAYLOAD_LENGTH, true);
    const fault = verifyTransaction(bytes, start, end);
    if (fault !== null) {
      throw new Error(`journal: record ${position} is damaged (${fault}); restore it`);
    }
    const transaction = readTransaction(position, ingestMs, bytes, head);
    const [debtor, creditor] = readSides(bytes, head);
    if (tables !== undefined) addTransaction(tables, transaction, debtor, creditor, bytes, head);
    this.takeLeg(transaction, debtor, creditor, false, tables);
    this.takeLeg(transaction, creditor, debtor, true, tables);
    return ingestMs;
  }

  /** The same bank day in SQL, for an expression in epoch ms. */
  daySql(eventMs: string): string {
    const { zone } = this.options;
    return `toDate(fromUnixTimestamp64Milli(${eventMs}, '${zone}'), '${zone}')`;
  }

  /** How many legs count as activity, in SQL. */
  customerMadeSql(condition: string): string {
    return `countIf(bitAnd(class_bits, ${ClassBit.customerMade}) != 0 AND ${condition})`;
  }

  private takeLeg(
    transaction: Transaction,
    own: Side,
    other: Side,
    credit: boolean,
    tables: Tables | undefined,
  ): void {
    if (own.external) return;
    const { homeCountry, sums } = this.options;
    const { eventMs, amountBaseMinor, amountMinor } = transaction;
    const leg: SummedLeg = {
      subject: own.subject,
      account: own.account,
      hour: Math.floor(eventMs / HOUR_MS),
      day: Math.min(DAY_MAX, Math.max(0, bankDay(eventMs, this.zoneTable))),
      credit,
      amountBaseMinor,
      customerMade: (own.classBits & ClassBit.customerMade) !== 0,
    };
    sums.add(leg);
    const country = other.country || (other.external ? '' : homeCountry);
    tables?.legs.add({
      subject: own.subject,
      event_ms: eventMs,
      position: transaction.position,
      side: credit ? 1 : 0,
      ingest_ms: transaction.ingestMs,
      transaction_id: transaction.id,
      account: own.account,
      counterparty: other.subject,
      country,
      amount_base_minor: amountBaseMinor,
      amount_minor: amountMinor,
      currency: transaction.currency,
      type: transaction.type,
      channel: transaction.channel,
      class_bits: own.classBits,
      // The base amount is rounded, so it only stands in for the rate.
      balance_after_minor: integerOrNull((own.balanceMinor * amountBaseMinor) / amountMinor),
    });
  }
}

/** NaN, and what a number cannot hold exactly, is unknown. */
function integerOrNull(value: number): number | null {
  const rounded = Math.round(value);
  return Number.isSafeInteger(rounded) ? rounded : null;
}

function readTransaction(
  position: number,
  ingestMs: number,
  bytes: Uint8Array,
  head: DataView,
): Transaction {
  return {
    position,
    id: readText(bytes, Text.id),
    eventMs: Math.trunc(head.getFloat64(RECORD_HEADER_EVENT_MS, true)),
    ingestMs,
    flags: head.getUint32(RECORD_HEADER_FLAGS, true),
    amountMinor: readAmountMinor(bytes),
    amountBaseMinor: bounded(head.getFloat64(RECORD_HEADER_AMOUNT_BASE_MINOR, true)),
    currency: readText(bytes, Text.currency),
    type: TRANSACTION_TYPE_NAMES[readType(bytes)] ?? 'unknown',
    channel: CHANNEL_NAMES[readChannel(bytes)] ?? 'unknown',
  };
}

function readSides(bytes: Uint8Array, head: DataView): [Side, Side] {
  const flags = head.getUint32(RECORD_HEADER_FLAGS, true);
  const debtorKey = head.getUint16(RECORD_HEADER_ANNEX_LENGTH, true);
  const creditorKey = debtorKey + head.getUint16(RECORD_HEADER_DEBTOR_SUBJECT_LENGTH, true);
  const keysEnd = creditorKey + head.getUint16(RECORD_HEADER_CREDITOR_SUBJECT_LENGTH, true);
  return [
    {
      subject: decoder.decode(bytes.subarray(debtorKey, creditorKey)),
      account: readText(bytes, Text.debtorAccount),
      country: readText(bytes, Text.debtorCountry),
      external: (flags & RecordFlag.debtorExternal) !== 0,
      classBits: head.getUint32(RECORD_HEADER_DEBTOR_CLASS, true),
      balanceMinor: readDebtorBalanceAfterMinor(bytes),
    },
    {
      subject: decoder.decode(bytes.subarray(creditorKey, keysEnd)),
      account: readText(bytes, Text.creditorAccount),
      country: readText(bytes, Text.creditorCountry),
      external: (flags & RecordFlag.creditorExternal) !== 0,
      classBits: head.getUint32(RECORD_HEADER_CREDITOR_CLASS, true),
      balanceMinor: readCreditorBalanceAfterMinor(bytes),
    },
  ];
}

function addTransaction(
  tables: Tables,
  transaction: Transaction,
  debtor: Side,
  creditor: Side,
  bytes: Uint8Array,
  head: DataView,
): void {
  tables.transactions.add({
    position: transaction.position,
    id: transaction.id,
    event_ms: transaction.eventMs,
    ingest_ms: transaction.ingestMs,
    source: head.getUint16(RECORD_HEADER_ORIGIN_SOURCE, true),
    origin_partition: head.getUint16(RECORD_HEADER_ORIGIN_PARTITION, true),
    origin_offset: head.getFloat64(RECORD_HEADER_ORIGIN_OFFSET, true),
    origin_index: head.getUint32(RECORD_HEADER_ORIGIN_INDEX, true),
    debtor_subject: debtor.subject,
    debtor_account: debtor.account,
    creditor_subject: creditor.subject,
    creditor_account: creditor.account,
    amount_minor: transaction.amountMinor,
    currency: transaction.currency,
    amount_base_minor: transaction.amountBaseMinor,
    type: transaction.type,
    channel: transaction.channel,
    history: (transaction.flags & RecordFlag.history) !== 0,
    reversed_transaction: readText(bytes, Text.reversedTransaction),
    receipt: debtor.external && (creditor.classBits & ClassBit.merchantReceipt) !== 0,
  });
}

/**
 * What `weir generate` does. Memory stays bounded: transactions are written as they are made, day
 * by day; only the ids of labelled ones are kept, and only for --labels.
 */
import { closeSync, existsSync, mkdirSync, openSync, readdirSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { type Bank, type BankTransaction, CUSTOMERS_MIN, createBank } from '../ingest/index.js';
import { EnvelopeKind, wrapEnvelope } from '../schemas/envelope.js';
import { formatAmount } from '../schemas/money.js';
import { DAY_MS, parseEventTime } from '../schemas/time.js';
import {
  encodeTransaction,
  type TransactionFields,
  transactionToJson,
} from '../schemas/transaction-codec.js';
import type { GenerateFlags } from './commands/generate.js';
import { ExitCode, UsageError } from './exit-codes.js';

const CHUNK_BYTES = 1024 * 1024;
const PROGRESS_EVERY_MS = 1_000;
/** The bank's zone is fixed: Asia/Shanghai, no daylight saving. */
const ZONE = '+08:00';
const ZONE_MS = 8 * 3_600_000;
const FILES = {
  ndjson: 'transactions.ndjson',
  csv: 'transactions.csv',
  flatbuffers: 'transactions.bin',
};

/** Throws UsageError on a wrong call, and when the folder cannot be written. */
export function generate(flags: GenerateFlags): number {
  try {
    return write(flags);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    const mend = 'check the path, its rights and the room on the disk';
    throw new UsageError(`${flags.out}: cannot be written (${code}); ${mend}`);
  }
}

function write(flags: GenerateFlags): number {
  const untilMs = untilOf(flags.until, Date.now());
  checkFlags(flags);
  const { seed, customers, merchants, days, out } = flags;
  const bank = createBank({ seed, customers, merchants, anchorMs: untilMs, historyDays: days });
  const fromMs = untilMs - days * DAY_MS;
  bank.writeReference(join(out, 'reference'));
  const { count, labelled } = writeTransactions(bank, flags, fromMs, untilMs);
  if (flags.labels === true) writeLabels(bank, out, fromMs, untilMs, labelled);
  process.stderr.write(`${count} transactions of ${days} days in ${out}\n`);
  return ExitCode.ok;
}

/** A date begins at midnight of the bank; without one, today does. */
function untilOf(text: string | undefined, nowMs: number): number {
  if (text === undefined) return nowMs - ((nowMs + ZONE_MS) % DAY_MS);
  const ms = parseEventTime(/^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00:00${ZONE}` : text);
  if (ms !== null) return ms;
  throw new UsageError(`--until "${text}": write a date such as 2026-03-02, or a time with offset`);
}

function checkFlags({ customers, merchants, receiptsPerDay, out }: GenerateFlags): void {
  if (customers < CUSTOMERS_MIN) throw new UsageError(`--customers: at least ${CUSTOMERS_MIN}`);
  if (merchants < 0) throw new UsageError('--merchants: 0 or more');
  if (receiptsPerDay < 0) throw new UsageError('--receipts-per-day: 0 or more');
  if (existsSync(out) && readdirSync(out).length > 0) {
    throw new UsageError(`${out}: not empty; name a new folder, nothing is overwritten`);
  }
  mkdirSync(out, { recursive: true });
}

function writeTransactions(bank: Bank, flags: GenerateFlags, fromMs: number, untilMs: number) {
  const file = new ChunkedFile(join(flags.out, FILES[flags.format]));
  const write = writerOf(flags.format, file);
  const labelled = new Set<string>();
  let count = 0;
  let saidAt = performance.now();
  for (let dayMs = fromMs; dayMs < untilMs; dayMs += DAY_MS) {
    const toMs = Math.min(dayMs + DAY_MS, untilMs);
    const lives = bank.customerTransactions(dayMs, toMs);
    const receipts = bank.receipts(dayMs, toMs, flags.receiptsPerDay);
    for (const { fields, pattern } of merged(lives, receipts)) {
      write(fields);
      count++;
      if (pattern !== '' && flags.labels === true) labelled.add(fields.id);
    }
    if (performance.now() - saidAt < PROGRESS_EVERY_MS) continue;
    saidAt = performance.now();
    const share = Math.floor((100 * (toMs - fromMs)) / (untilMs - fromMs));
    process.stderr.write(`${count} transactions, ${share} %\n`);
  }
  file.close();
  return { count, labelled };
}

/** Two streams in order of time become one. */
function* merged(
  a: Iterable<BankTransaction>,
  b: Iterable<BankTransaction>,
): Iterable<BankTransaction> {
  const second = b[Symbol.iterator]();
  let waiting = second.next();
  for (const row of a) {
    const ms = row.fields.eventTimeMs as number;
    while (waiting.done !== true && (waiting.value.fields.eventTimeMs as number) < ms) {
      yield waiting.value;
      waiting = second.next();
    }
    yield row;
  }
  for (; waiting.done !== true; waiting = second.next()) yield waiting.value;
}

function writerOf(format: GenerateFlags['format'], file: ChunkedFile) {
  if (format === 'flatbuffers') {
    return (t: TransactionFields) =>
      file.write(wrapEnvelope(EnvelopeKind.transaction, encodeTransaction(t)));
  }
  if (format === 'ndjson') {
    return (t: TransactionFields) => file.write(`${JSON.stringify(transactionToJson(t))}\n`);
  }
  file.write(`${COLUMNS.map(([name]) => name).join(',')}\n`);
  return (t: TransactionFields) =>
    file.write(`${COLUMNS.map(([, cell]) => safe(cell(t))).join()}\n`);
}

const EXPONENT = 2; // every amount of this bank is in yuan
const amount = (minor: number | undefined): string =>
  minor === undefined ? '' : formatAmount(minor, EXPONENT);

/** Columns of the CSV; ingest/mappings/generated.yaml reads them. */
const COLUMNS: readonly [name: string, cell: (t: TransactionFields) => string][] = [
  ['id', (t) => t.id],
  ['event_time', (t) => new Date(t.eventTimeMs as number).toISOString()],
  ['debtor_account', (t) => t.debtor.account],
  ['debtor_bank', (t) => t.debtor.bank ?? ''],
  ['debtor_country', (t) => t.debtor.country ?? ''],
  ['debtor_kind', (t) => t.debtor.kind ?? ''],
  ['creditor_account', (t) => t.creditor.account],
  ['creditor_bank', (t) => t.creditor.bank ?? ''],
  ['creditor_country', (t) => t.creditor.country ?? ''],
  ['creditor_kind', (t) => t.creditor.kind ?? ''],
  ['amount', (t) => amount(t.amountMinor)],
  ['currency', (t) => t.currency],
  ['type', (t) => t.type ?? ''],
  ['channel', (t) => t.channel ?? ''],
  ['purpose', (t) => t.purpose ?? ''],
  ['debtor_balance_after', (t) => amount(t.debtorBalanceAfterMinor)],
  ['creditor_balance_after', (t) => amount(t.creditorBalanceAfterMinor)],
  ['product_risk_class', (t) => (t.productRiskClass === undefined ? '' : `${t.productRiskClass}`)],
  ['loan_id', (t) => t.loanId ?? ''],
];

/** The bank invents its words, and none of them is a formula or needs quotes: that is kept so. */
function safe(cell: string): string {
  if (/^[=+\-@\t\r]|[",\n]/.test(cell)) throw new Error('a cell that a spreadsheet would run');
  return cell;
}

function writeLabels(
  bank: Bank,
  out: string,
  fromMs: number,
  untilMs: number,
  written: ReadonlySet<string>,
): void {
  const lines = new ChunkedFile(join(out, 'labels.ndjson'));
  const rows = new ChunkedFile(join(out, 'labels.csv'));
  rows.write('transaction,label,kind,suspicious\n');
  for (const label of bank.labels(fromMs, untilMs)) {
    const transactionIds = label.transactionIds.filter((id) => written.has(id));
    lines.write(`${JSON.stringify({ ...label, transactionIds })}\n`);
    for (const id of transactionIds) {
      rows.write(`${[id, label.id, label.kind, `${label.suspicious}`].map(safe).join()}\n`);
    }
  }
  lines.close();
  rows.close();
}

/** Gathers what is written and hands it to the disk in large pieces. */
class ChunkedFile {
  readonly #descriptor: number;
  #parts: Buffer[] = [];
  #bytes = 0;

  constructor(path: string) {
    this.#descriptor = openSync(path, 'wx');
  }

  write(piece: string | Uint8Array): void {
    const bytes = Buffer.from(piece as string);
    this.#parts.push(bytes);
    this.#bytes += bytes.length;
    if (this.#bytes >= CHUNK_BYTES) this.#flush();
  }

  close(): void {
    this.#flush();
    closeSync(this.#descriptor);
  }

  #flush(): void {
    const all = Buffer.concat(this.#parts);
    for (let at = 0; at < all.length; ) at += writeSync(this.#descriptor, all, at);
    this.#parts = [];
    this.#bytes = 0;
  }
}

/**
 * From a row's cells to a transaction. A mapping is compiled once against the file's columns to
 * plain arrays of places, so that a row costs lookups by index and one encoding.
 */

import { CHANNELS, PARTY_KINDS, TRANSACTION_TYPES } from '../../schemas/json-transaction.js';
import { currencyExponent, parseAmount } from '../../schemas/money.js';
import type { DeadLetterReason } from '../../schemas/reasons.js';
import type {
  Channel,
  PartyFields,
  PartyKind,
  TransactionFields,
  TransactionType,
} from '../../schemas/transaction-codec.js';
import { FIELDS, type Field, type Mapping, type When } from './mapping.js';
import { type CellTime, createTimeReader, type TimeReader } from './time-format.js';

export interface RowRefusal {
  reason: DeadLetterReason;
  detail: string;
}
export type RowResult = { ok: true; value: TransactionFields } | ({ ok: false } & RowRefusal);

const place = Object.fromEntries(FIELDS.map((name, i) => [name, i])) as Record<Field, number>;

interface Test {
  column: number;
  values: readonly string[];
}

/** Columns of the file that the mapping names and the header lacks. */
export function missingColumns(mapping: Mapping, header: readonly string[]): string[] {
  const named = new Set([
    ...Object.keys(mapping.columns),
    ...mapping.skip.flatMap((w) => Object.keys(w)),
    ...mapping.conditions.flatMap((c) => Object.keys(c.when)),
  ]);
  return [...named].filter((name) => !header.includes(name));
}

/** All columns that the mapping names: the header of a file without one (NDJSON). */
export function namedColumns(mapping: Mapping): string[] {
  return [...new Set(missingColumns(mapping, []))];
}

export class RowReader {
  readonly #mapping: Mapping;
  readonly #time: TimeReader;
  readonly #copies: { column: number; field: number; table: Record<string, string> | undefined }[];
  readonly #skips: Test[][];
  readonly #conditions: { tests: Test[]; set: [number, string][] }[];
  readonly #constants: [number, string][];
  readonly #values: string[] = FIELDS.map(() => '');
  readonly #timeColumn: number;
  readonly #ourBanks: ReadonlySet<string>;

  constructor(mapping: Mapping, header: readonly string[]) {
    this.#mapping = mapping;
    this.#time = createTimeReader(mapping.time.format);
    const column = (name: string) => header.indexOf(name);
    const tests = (w: When): Test[] =>
      Object.entries(w).map(([name, values]) => ({
        column: column(name),
        values: typeof values === 'string' ? [values] : values,
      }));
    const places = (set: Partial<Record<Field, string>>): [number, string][] =>
      Object.entries(set).map(([name, value]) => [place[name as Field], value]);
    this.#copies = Object.entries(mapping.columns).map(([name, field]) => ({
      column: column(name),
      field: place[field],
      table: mapping.translate[field],
    }));
    this.#skips = mapping.skip.map(tests);
    this.#conditions = mapping.conditions.map((c) => ({
      tests: tests(c.when),
      set: places(c.set),
    }));
    this.#constants = places(mapping.constants);
    const timeColumn = Object.entries(mapping.columns).find(([, f]) => f === 'eventTime')?.[0];
    this.#timeColumn = timeColumn === undefined ? -1 : column(timeColumn);
    this.#ourBanks = new Set(mapping.ourBanks);
  }

  skips(cells: readonly string[]): boolean {
    return this.#skips.some((tests) => holds(tests, cells));
  }

  time(cells: readonly string[]): CellTime | null {
    return this.#time(cells[this.#timeColumn] ?? '');
  }

  /** `eventTimeMs` was worked out by the caller, who knows the day's rows and the shift. */
  read(cells: readonly string[], eventTimeMs: number): RowResult {
    const values = this.#values;
    values.fill('');
    for (const { column, field, table } of this.#copies) {
      const cell = cells[column] ?? '';
      values[field] = table === undefined ? cell : (table[cell] ?? cell);
    }
    for (const [field, value] of this.#constants) {
      if (values[field] === '') values[field] = value;
    }
    for (const { tests, set } of this.#conditions) {
      if (holds(tests, cells)) for (const [field, value] of set) values[field] = value;
    }
    return this.#convert(eventTimeMs);
  }

  #convert(eventTimeMs: number): RowResult {
    const values = this.#values;
    const currency = values[place.currency];
    const exponent = currencyExponent(currency);
    if (exponent === undefined) return refuse('unknown_currency', 'currency: not an ISO 4217 code');
    const amountMinor = parseAmount(this.#plain(values[place.amount]), exponent);
    if (amountMinor === null) return refuse('bad_amount', 'amount: not an amount of this currency');
    const debtor = this.#party(place['debtor.account']);
    const creditor = this.#party(place['creditor.account']);
    const type = values[place.type];
    const channel = values[place.channel];
    if (type !== '' && !TRANSACTION_TYPES.includes(type as TransactionType)) {
      return refuse('bad_enum', 'type: not one of the types; translate it in the mapping');
    }
    if (channel !== '' && !CHANNELS.includes(channel as Channel)) {
      return refuse('bad_enum', 'channel: not one of the channels; translate it in the mapping');
    }
    if (debtor === null || creditor === null) {
      return refuse('bad_enum', 'debtor.kind, creditor.kind: not one of the kinds of parties');
    }
    const value: TransactionFields = {
      id: values[place.id],
      eventTimeMs,
      debtor,
      creditor,
      amountMinor,
      currency,
    };
    if (type !== '') value.type = type as TransactionType;
    if (channel !== '') value.channel = channel as Channel;
    return this.#balances(value, exponent) ?? this.#rest(value);
  }

  #party(at: number): PartyFields | null {
    const values = this.#values;
    const party: PartyFields = { account: values[at] };
    const bank = values[at + 2];
    if (values[at + 1] !== '') party.party = values[at + 1];
    if (bank !== '') party.bank = bank;
    if (values[at + 3] !== '') party.country = values[at + 3];
    const kind = values[at + 4];
    if (kind !== '') {
      if (!PARTY_KINDS.includes(kind as PartyKind)) return null;
      party.kind = kind as PartyKind;
    } else if (bank !== '' && this.#ourBanks.size > 0 && !this.#ourBanks.has(bank)) {
      party.kind = 'external';
    }
    return party;
  }

  #balances(value: TransactionFields, exponent: number): RowResult | null {
    const debtor = this.#balance(this.#values[place.debtorBalanceAfter], exponent);
    const creditor = this.#balance(this.#values[place.creditorBalanceAfter], exponent);
    if (debtor === null || creditor === null) {
      return refuse('bad_amount', 'balance after: not an amount of this currency');
    }
    if (debtor !== undefined) value.debtorBalanceAfterMinor = debtor;
    if (creditor !== undefined) value.creditorBalanceAfterMinor = creditor;
    return null;
  }

  /** A balance may be below 0; undefined when the cell is empty. */
  #balance(cell: string, exponent: number): number | null | undefined {
    if (cell === '') return undefined;
    const negative = cell.startsWith('-');
    const minor = parseAmount(this.#plain(negative ? cell.slice(1) : cell), exponent);
    return minor === null ? null : negative ? -minor : minor;
  }

  #rest(value: TransactionFields): RowResult {
    const values = this.#values;
    const risk = values[place.productRiskClass];
    if (values[place.purpose] !== '') value.purpose = values[place.purpose];
    if (values[place.loanId] !== '') value.loanId = values[place.loanId];
    if (values[place.reversedTransaction] !== '') {
      value.reversedTransaction = values[place.reversedTransaction];
    }
    if (values[place.recordingReference] !== '') {
      value.recordingReference = values[place.recordingReference];
    }
    if (risk !== '') {
      if (!/^[0-5]$/.test(risk)) return refuse('bad_enum', 'productRiskClass: not 0 to 5');
      if (risk !== '0') value.productRiskClass = Number(risk);
    }
    return { ok: true, value };
  }

  /** The amount with a point and without separators of thousands. */
  #plain(cell: string): string {
    const { decimal, thousands } = this.#mapping.amount;
    let plain = cell.trim();
    if (thousands !== '') plain = plain.replaceAll(thousands, '');
    return decimal === '.' ? plain : plain.replace(decimal, '.');
  }
}

function holds(tests: readonly Test[], cells: readonly string[]): boolean {
  for (const { column, values } of tests) {
    if (!values.includes(cells[column] ?? '')) return false;
  }
  return true;
}

function refuse(reason: DeadLetterReason, detail: string): RowResult {
  return { ok: false, reason, detail };
}

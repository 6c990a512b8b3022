/**
 * The rows of a file as FlatBuffers transactions, in batches as the file is read. What a row cannot
 * give is that row's own failure, with its line; what the file as a whole lacks is a FileError.
 */
import type { SourceItem } from '../../schemas/ports.js';
import { bankDayStartMs, DAY_MS, type ZoneTable } from '../../schemas/time.js';
import { encodeTransaction, transactionFromJson } from '../../schemas/transaction-codec.js';
import { FileError } from '../yaml-file.js';
import { CsvRows } from './csv.js';
import { readLines } from './lines.js';
import type { Mapping } from './mapping.js';
import { missingColumns, namedColumns, RowReader, type RowResult } from './rows.js';
import { type CellTime, instantOf } from './time-format.js';

/** undefined: a row that the mapping skips. */
export type FileRow = Pick<SourceItem, 'bytes' | 'reject'> | undefined;
export interface RowBatch {
  rows: FileRow[];
  bytesRead: number;
}

const LINE_CHARACTERS_MAX = 256 * 1024;
const DAYS_MAX = 100_000;
const encoder = new TextEncoder();

/** What a first pass over the file found out. */
export interface FilePlan {
  /** Rows of each local day, where they are to be spread. */
  rowsOfDay: ReadonlyMap<number, number>;
  shiftDays: number;
}
const NO_PLAN: FilePlan = { rowsOfDay: new Map(), shiftDays: 0 };

/** One line that is a row, with its cells; or why it is none. */
interface Parsed {
  line: number;
  text: string;
  /** Cells by the mapping's columns, or the JSON value of a row in Weir's own form. */
  cells: string[] | undefined;
  json: unknown;
  fault: string | undefined;
}

export class FileRows {
  readonly #path: string;
  readonly #mapping: Mapping | undefined;
  readonly #zone: ZoneTable;
  #reader: RowReader | undefined;
  #header: string[] = [];

  constructor(path: string, mapping: Mapping | undefined, zone: ZoneTable) {
    this.#path = path;
    this.#mapping = mapping;
    this.#zone = zone;
  }

  /** Counts rows per day and finds the last time, only where that is needed. */
  async plan(endAtMs: number | undefined): Promise<FilePlan> {
    const spread = this.#mapping?.time.spread === true;
    if (!spread && endAtMs === undefined) return NO_PLAN;
    const rowsOfDay = new Map<number, number>();
    let lastMs = Number.NEGATIVE_INFINITY;
    for await (const { parsed } of this.#parse()) {
      for (const row of parsed) {
        if (this.#skips(row)) continue;
        const time = this.#time(row);
        if (time === null) continue;
        lastMs = Math.max(lastMs, this.#latest(time, spread));
        if (spread) rowsOfDay.set(time.day, (rowsOfDay.get(time.day) ?? 0) + 1);
        if (rowsOfDay.size > DAYS_MAX) {
          throw new FileError([`${this.#path}: more than ${DAYS_MAX} days; split the file`]);
        }
      }
    }
    const aheadMs = endAtMs === undefined || lastMs < 0 ? 0 : endAtMs - lastMs;
    return { rowsOfDay, shiftDays: Math.floor(aheadMs / DAY_MS) };
  }

  async *rows(plan: FilePlan): AsyncGenerator<RowBatch> {
    const placeOnDay = new Map<number, number>();
    for await (const { parsed, bytesRead } of this.#parse()) {
      yield { bytesRead, rows: parsed.map((row) => this.#row(row, plan, placeOnDay)) };
    }
  }

  async *#parse(): AsyncGenerator<{ parsed: Parsed[]; bytesRead: number }> {
    const mapping = this.#mapping;
    const csv =
      mapping?.format === 'csv' ? new CsvRows(mapping.delimiter, LINE_CHARACTERS_MAX) : undefined;
    this.#reader = undefined;
    if (mapping !== undefined && csv === undefined) this.#open(mapping, namedColumns(mapping));
    let lastBytes = 0;
    for await (const batch of readLines(this.#path, LINE_CHARACTERS_MAX)) {
      const cut = new Set(batch.cut);
      const parsed: Parsed[] = [];
      for (let i = 0; i < batch.lines.length; i++) {
        const line = batch.firstLine + i;
        const text = batch.lines[i];
        if (cut.has(i)) parsed.push(faulty(line, text, 'the line is too long'));
        else if (csv === undefined) this.#jsonLine(line, text, parsed);
        else this.#csvLine(csv, line, text, parsed);
      }
      lastBytes = batch.bytesRead;
      yield { parsed, bytesRead: lastBytes };
    }
    const open = csv?.openLine();
    if (open !== undefined) {
      yield { parsed: [faulty(open, '', 'a quote is never closed')], bytesRead: lastBytes };
    }
    if (csv !== undefined && this.#reader === undefined) {
      throw new FileError([`${this.#path}:1: the file is empty; it needs a header line`]);
    }
  }

  #open(mapping: Mapping, header: string[]): void {
    const missing = missingColumns(mapping, header);
    if (missing.length > 0) {
      throw new FileError([
        `${this.#path}:1: no column ${missing.join(', ')}; ` +
          `the file has ${header.join(', ')}: mend the mapping`,
      ]);
    }
    this.#header = header;
    this.#reader = new RowReader(mapping, header);
  }

  #csvLine(csv: CsvRows, line: number, text: string, parsed: Parsed[]): void {
    if (text === '' && csv.openLine() === undefined) return;
    const cells = csv.take(text, line);
    if (cells === undefined) return;
    if (this.#reader === undefined) {
      this.#open(
        this.#mapping as Mapping,
        (cells ?? []).map((name) => name.trim()),
      );
      return;
    }
    const row = csv.rowLine;
    if (cells === null) parsed.push(faulty(row, text, 'the quotes do not match'));
    else if (cells.length !== this.#header.length) {
      const counts = `${cells.length} columns, the header has ${this.#header.length}`;
      parsed.push(faulty(row, text, counts));
    } else parsed.push({ line: row, text, cells, json: undefined, fault: undefined });
  }

  #jsonLine(line: number, text: string, parsed: Parsed[]): void {
    if (text.trim() === '') return;
    let json: unknown;
    try {
      json = JSON.parse(text);
    } catch {
      parsed.push(faulty(line, text, 'not JSON'));
      return;
    }
    const cells =
      this.#reader === undefined ? undefined : this.#header.map((path) => cellAt(json, path));
    parsed.push({ line, text, cells, json, fault: undefined });
  }

  #skips(row: Parsed): boolean {
    return row.cells !== undefined && this.#reader?.skips(row.cells) === true;
  }

  #time(row: Parsed): CellTime | null {
    if (row.cells !== undefined) return (this.#reader as RowReader).time(row.cells);
    if (row.json === undefined) return null;
    const result = transactionFromJson(row.json);
    const instantMs = result.ok ? result.value.eventTimeMs : undefined;
    return instantMs === undefined ? null : { day: 0, timeMs: 0, instantMs };
  }

  /** The latest that a row of this time can come to lie. */
  #latest(time: CellTime, spread: boolean): number {
    if (!spread) return instantOf(time, 0, this.#zone);
    return bankDayStartMs(time.day + 1, this.#zone);
  }

  #row(row: Parsed, plan: FilePlan, placeOnDay: Map<number, number>): FileRow {
    if (row.fault !== undefined) return refusedRow(row, 'malformed', row.fault);
    if (this.#skips(row)) return undefined;
    const result =
      row.cells === undefined ? jsonRow(row, plan) : this.#mapped(row, plan, placeOnDay);
    if (!result.ok) return refusedRow(row, result.reason, result.detail);
    return { bytes: encodeTransaction(result.value) };
  }

  #mapped(row: Parsed, plan: FilePlan, placeOnDay: Map<number, number>): RowResult {
    const cells = row.cells as string[];
    const reader = this.#reader as RowReader;
    const time = reader.time(cells);
    if (time === null) {
      return { ok: false, reason: 'bad_event_time', detail: 'eventTime: not in the given format' };
    }
    const rows = plan.rowsOfDay.get(time.day);
    if (rows === undefined) return reader.read(cells, instantOf(time, plan.shiftDays, this.#zone));
    const place = placeOnDay.get(time.day) ?? 0;
    placeOnDay.set(time.day, place + 1);
    const day = time.day + plan.shiftDays;
    const startMs = bankDayStartMs(day, this.#zone);
    const lengthMs = bankDayStartMs(day + 1, this.#zone) - startMs;
    return reader.read(cells, startMs + Math.floor(((place + 0.5) * lengthMs) / rows));
  }
}

function jsonRow(row: Parsed, plan: FilePlan): RowResult {
  const result = transactionFromJson(row.json);
  if (result.ok && result.value.eventTimeMs !== undefined) {
    result.value.eventTimeMs += plan.shiftDays * DAY_MS;
  }
  return result;
}

function faulty(line: number, text: string, fault: string): Parsed {
  return { line, text, cells: undefined, json: undefined, fault };
}

function refusedRow(row: Parsed, reason: string, detail: string): FileRow {
  return {
    bytes: encoder.encode(row.text),
    reject: { reason, detail: `line ${row.line}: ${detail}` },
  };
}

/** Text of the value at a dotted path; '' when there is none. */
function cellAt(json: unknown, path: string): string {
  let value = json;
  for (const key of path.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return '';
    value = (value as Record<string, unknown>)[key];
  }
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : '';
}

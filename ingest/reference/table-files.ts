/** Tables of reference data: parties, accounts and lists, each from a CSV or a YAML file. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { normalizeId } from '../../schemas/identity.js';
import { accountSchema, listEntrySchema, partySchema } from '../../schemas/reference.js';
import { parseCsv } from '../sources/csv.js';
import { FileError, readText, readYaml } from '../yaml-file.js';

/** A row and the line that it stands on (1 for YAML: its messages name the row). */
export interface Row<T> {
  file: string;
  line: number;
  value: T;
}

/** Collects problems; at the end all of them are shown at once. */
export class Problems {
  readonly #found: string[] = [];
  static readonly SHOWN_MAX = 20;

  add(file: string, line: number, what: string): void {
    this.#found.push(`${file}:${line}: ${what}`);
  }

  throwIfAny(): void {
    if (this.#found.length === 0) return;
    const shown = this.#found.slice(0, Problems.SHOWN_MAX);
    const more = this.#found.length - shown.length;
    if (more > 0) shown.push(`and ${more} more problems in these files`);
    throw new FileError(shown);
  }
}

const LIST_SEPARATOR = /[\s;|]+/;

/** How a cell becomes a value; all others stay text. */
const CELLS: Record<string, (cell: string) => unknown> = {
  riskClass: (cell) => Number(cell),
  watch: (cell) => cell.split(LIST_SEPARATOR).filter((word) => word !== ''),
};

/** `texts` are shown to people as they are. */
export const TABLES = {
  parties: {
    schema: partySchema,
    keys: ['party'],
    ids: ['party'],
    texts: ['name', 'manager', 'branch'],
  },
  accounts: { schema: accountSchema, keys: ['account'], ids: ['account', 'party'], texts: [] },
  lists: { schema: listEntrySchema, keys: ['list', 'key'], ids: ['key'], texts: [] },
} as const;
const TEXT_CHARACTERS_MAX = 200;
/** Control characters, and marks with which a name reads as another. */
const NOT_SHOWN = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/;
export type TableName = keyof typeof TABLES;
type RowOf<N extends TableName> = z.output<(typeof TABLES)[N]['schema']>;

/** Rows of `name`.csv or `name`.yaml; none when there is no such file. */
export function readTable<N extends TableName>(
  folder: string,
  name: N,
  problems: Problems,
): Row<RowOf<N>>[] {
  const csv = join(folder, `${name}.csv`);
  const yaml = join(folder, `${name}.yaml`);
  if (existsSync(csv) && existsSync(yaml)) {
    problems.add(yaml, 1, `there is a ${name}.csv too; keep one of them`);
    return [];
  }
  const rows = existsSync(csv)
    ? readCsvTable(csv, name, problems)
    : existsSync(yaml)
      ? readYamlTable(yaml, name)
      : [];
  checkRows(rows as Row<Record<string, string>>[], name, problems);
  return rows;
}

function readYamlTable<N extends TableName>(path: string, name: N): Row<RowOf<N>>[] {
  const schema = z.array(TABLES[name].schema as unknown as z.ZodType<RowOf<N>>);
  return readYaml(path, schema).map((value) => ({ file: path, line: 1, value }));
}

function readCsvTable<N extends TableName>(
  path: string,
  name: N,
  problems: Problems,
): Row<RowOf<N>>[] {
  const { schema } = TABLES[name];
  const { header, rows } = parseCsv(readText(path));
  const columns = header.map((column) => column.trim());
  const known = Object.keys(schema.shape);
  for (const column of columns) {
    if (known.includes(column)) continue;
    problems.add(path, 1, `unknown column "${column}"; take it out, or name one of ${known}`);
  }
  for (const key of TABLES[name].ids) {
    if (!columns.includes(key)) problems.add(path, 1, `no column "${key}"; add it`);
  }
  const found: Row<RowOf<N>>[] = [];
  for (const { line, cells } of rows) {
    if (cells === null || cells.length !== columns.length) {
      const count = cells === null ? 'its quotes do not match' : `${cells.length} cells`;
      problems.add(path, line, `${count}; the header has ${columns.length} columns`);
      continue;
    }
    const row: Record<string, unknown> = {};
    columns.forEach((column, i) => {
      const cell = cells[i].trim();
      if (cell !== '') row[column] = CELLS[column]?.(cell) ?? cell;
    });
    const parsed = schema.safeParse(row);
    if (parsed.success) found.push({ file: path, line, value: parsed.data as RowOf<N> });
    else {
      const { path: at, message } = parsed.error.issues[0];
      problems.add(path, line, `${at.join('.')}: ${message}; mend the cell`);
    }
  }
  return found;
}

function textProblem(text: string): string | undefined {
  if (text.length > TEXT_CHARACTERS_MAX) return `longer than ${TEXT_CHARACTERS_MAX} characters`;
  if (!NOT_SHOWN.test(text)) return undefined;
  return 'control characters, or marks that turn the direction of text';
}

/** Identifiers in their one form, texts that can be shown, and no key twice. */
function checkRows(
  rows: readonly Row<Record<string, string>>[],
  name: TableName,
  problems: Problems,
): void {
  const seen = new Map<string, number>();
  for (const { file, line, value } of rows) {
    for (const id of TABLES[name].ids) {
      const normal = normalizeId(value[id]);
      if (normal === null) {
        problems.add(file, line, `${id}: not an identifier of 1 to 64 bytes; mend it`);
      } else value[id] = normal;
    }
    for (const text of TABLES[name].texts) {
      const problem = textProblem(value[text]);
      if (problem !== undefined) problems.add(file, line, `${text}: ${problem}; mend the cell`);
    }
    const key = TABLES[name].keys.map((k) => value[k]).join('\u0000');
    const before = seen.get(key);
    if (before !== undefined) {
      problems.add(file, line, `the same ${TABLES[name].keys.join(' and ')} as line ${before}`);
    }
    seen.set(key, line);
  }
}

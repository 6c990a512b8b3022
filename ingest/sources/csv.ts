/**
 * Rows of delimited text (RFC 4180: fields in double quotes may hold the delimiter, quotes doubled,
 * and line ends). Its one trick: a line without a quote is split as it is.
 */

export class CsvRows {
  readonly #delimiter: string;
  readonly #charactersMax: number;
  /** A row whose quoted field goes on in the next line. */
  #open: string | undefined;
  #openLine = 0;

  constructor(delimiter: string, charactersMax: number) {
    this.#delimiter = delimiter;
    this.#charactersMax = charactersMax;
  }

  /** Line that the row returned last began at. */
  rowLine = 0;

  /** Cells of the row that ends here; undefined while a quote is open; null when broken. */
  take(line: string, lineNumber: number): string[] | null | undefined {
    if (this.#open === undefined) {
      this.rowLine = lineNumber;
      if (!line.includes('"')) return line.split(this.#delimiter);
      this.#openLine = lineNumber;
      this.#open = line;
    } else {
      this.#open += `\n${line}`;
      this.rowLine = this.#openLine;
    }
    const cells = splitQuoted(this.#open, this.#delimiter);
    if (cells === undefined && this.#open.length <= this.#charactersMax) return undefined;
    this.#open = undefined;
    return cells ?? null;
  }

  /** Line of a quote that was never closed, at the end of the text. */
  openLine(): number | undefined {
    return this.#open === undefined ? undefined : this.#openLine;
  }
}

/** undefined: a quote is open; null: text behind a closing quote. */
function splitQuoted(text: string, delimiter: string): string[] | null | undefined {
  const cells: string[] = [];
  let at = 0;
  for (;;) {
    if (text[at] !== '"') {
      const end = text.indexOf(delimiter, at);
      cells.push(text.slice(at, end < 0 ? text.length : end));
      if (end < 0) return cells;
      at = end + delimiter.length;
      continue;
    }
    let cell = '';
    for (at++; ; ) {
      const quote = text.indexOf('"', at);
      if (quote < 0) return undefined;
      cell += text.slice(at, quote);
      at = quote + 1;
      if (text[at] !== '"') break;
      cell += '"';
      at++;
    }
    cells.push(cell);
    if (at >= text.length) return cells;
    if (!text.startsWith(delimiter, at)) return null;
    at += delimiter.length;
  }
}

/** A whole small file: header and rows with their lines. */
export function parseCsv(
  text: string,
  delimiter = ',',
): { header: string[]; rows: { line: number; cells: string[] | null }[] } {
  const reader = new CsvRows(delimiter, text.length + 1);
  const rows: { line: number; cells: string[] | null }[] = [];
  const lines = text.split(/\r?\n/);
  lines.forEach((line, i) => {
    if (line === '' && reader.openLine() === undefined) return;
    const cells = reader.take(line, i + 1);
    if (cells !== undefined) rows.push({ line: reader.rowLine, cells });
  });
  const open = reader.openLine();
  if (open !== undefined) rows.push({ line: open, cells: null });
  const header = rows.shift()?.cells ?? [];
  return { header, rows };
}

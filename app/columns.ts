/** Text in columns on a terminal, where a Chinese character takes two places. */

/** Han, kana, Hangul and their punctuation, and full-width forms. */
const WIDE =
  /[\u1100-\u115f\u2e80-\u33ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\uf900-\ufaff\ufe30-\uff60]/g;

/** Places that a text takes on a terminal. */
export function widthOf(text: string): number {
  return text.length + (text.match(WIDE)?.length ?? 0);
}

function padded(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - widthOf(text)));
}

/** Columns as wide as their widest cell; the last one is left open. */
export function table(rows: readonly (readonly string[])[], indent = ''): string {
  const columns = Math.max(0, ...rows.map((r) => r.length));
  const widths = Array.from({ length: columns }, (_, i) =>
    Math.max(...rows.map((r) => widthOf(r[i] ?? ''))),
  );
  const line = (row: readonly string[]): string =>
    row.map((cell, i) => (i === row.length - 1 ? cell : padded(cell, widths[i] ?? 0))).join('  ');
  return rows.map((r) => `${indent}${line(r)}\n`).join('');
}

/** A plain table from columns. */
import type { ComponentChildren } from 'preact';
import { ScrollX } from '../scroll-x.js';

export interface Column<T> {
  head: string;
  number?: boolean;
  cell: (row: T) => ComponentChildren;
}

interface Props<T> {
  /** What it is a table of. */
  label: string;
  columns: readonly Column<T>[];
  rows: readonly T[];
  keyOf: (row: T) => string;
  /** Said instead of a table without rows. */
  empty: string;
}

export function Table<T>({ label, columns, rows, keyOf, empty }: Props<T>) {
  if (rows.length === 0) return <p class="panel-empty">{empty}</p>;
  return (
    <ScrollX label={label}>
      <table class="data">
        <thead>
          <tr>
            {columns.map((column) => (
              <th scope="col" class={column.number ? 'number' : ''} key={column.head}>
                {column.head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={keyOf(row)}>
              {columns.map((column) => (
                <td class={column.number ? 'number' : ''} key={column.head}>
                  {column.cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </ScrollX>
  );
}

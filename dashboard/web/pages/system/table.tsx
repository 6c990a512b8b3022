/** A plain table from columns. */
import type { ComponentChildren } from 'preact';

export interface Column<T> {
  head: string;
  number?: boolean;
  cell: (row: T) => ComponentChildren;
}

interface Props<T> {
  columns: readonly Column<T>[];
  rows: readonly T[];
  keyOf: (row: T) => string;
  /** Said instead of a table without rows. */
  empty: string;
}

export function Table<T>({ columns, rows, keyOf, empty }: Props<T>) {
  if (rows.length === 0) return <p class="panel-empty">{empty}</p>;
  return (
    <div class="scroll-x">
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
    </div>
  );
}

/** What admission needs of a journal; an LMDB log fits, and one that keeps nothing for replays. */
import type { AlsoCommit, AppendResult, LogRecord, SideTable } from '../../schemas/ports.js';

export interface Journal {
  readonly nextPosition: number;
  first(): number;
  end(): number;
  read(from: number, limit: number, maxBytes?: number): LogRecord[];
  append(records: readonly Uint8Array[], also?: AlsoCommit): Promise<AppendResult>;
  table(name: string): SideTable;
  getMeta(key: string): string | number | Uint8Array | undefined;
  bytesUsed(): number;
}

/** Side tables that the journal's file must have. */
export const JOURNAL_TABLES = ['dead-letters', 'control'] as const;

/**
 * A journal that counts positions and keeps no records: `weir replay` reads a file that is there
 * already. Side tables are kept in memory, so that dead letters can be shown afterwards.
 */
export function createNullJournal(): Journal {
  let next = 0;
  const tables = new Map<string, MemoryTable>();
  const tableOf = (name: string) => {
    const table = tables.get(name) ?? new MemoryTable();
    tables.set(name, table);
    return table;
  };
  return {
    get nextPosition() {
      return next;
    },
    first: () => next,
    end: () => next,
    read: () => [],
    append: (records, also) => {
      const first = next;
      next += records.length;
      for (const { table, key, value } of also?.put ?? []) tableOf(table).put(key, value);
      return Promise.resolve({ first, end: next });
    },
    table: tableOf,
    getMeta: () => undefined,
    bytesUsed: () => 0,
  };
}

/** Keys are put in ascending order, which is all that admission does. */
class MemoryTable implements SideTable {
  readonly #values = new Map<string | number, Uint8Array>();

  put(key: string | number, value: Uint8Array | null): void {
    if (value === null) this.#values.delete(key);
    else this.#values.set(key, value);
  }

  get(key: string | number): Uint8Array | undefined {
    return this.#values.get(key);
  }

  has(key: string | number): boolean {
    return this.#values.has(key);
  }

  range(options: { from?: string | number; limit?: number; reverse?: boolean }) {
    const { from, limit = Infinity, reverse = false } = options;
    let entries = [...this.#values].map(([key, value]) => ({ key, value }));
    if (reverse) entries.reverse();
    if (from !== undefined) {
      entries = entries.filter(({ key }) => (reverse ? key <= from : key >= from));
    }
    return entries.slice(0, limit);
  }

  count(): number {
    return this.#values.size;
  }
}

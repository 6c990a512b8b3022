/**
 * An ordered log in memory for tests, with side tables and a crash: what was appended and not yet
 * flushed is gone, as after a kill.
 */
import type {
  AlsoCommit,
  AppendResult,
  LogRecord,
  OrderedLog,
  SideTable,
} from '../../../schemas/ports.js';

interface Disk {
  identity: string;
  /** Position of the first record kept. */
  first: number;
  dropped: Uint8Array[];
  records: Uint8Array[];
  meta: Map<string, string | number | Uint8Array>;
  tables: Map<string, Map<string | number, Uint8Array>>;
}

let made = 0;

export class MemoryLog implements OrderedLog {
  private disk: Disk = {
    identity: `memory-${made++}`,
    first: 0,
    dropped: [],
    records: [],
    meta: new Map(),
    tables: new Map(),
  };
  private listeners = new Set<() => void>();
  /** While held, appends wait for `flush` or `crash`. */
  hold = false;
  private held: { records: readonly Uint8Array[]; also?: AlsoCommit; done: () => void }[] = [];

  get identity(): string {
    return this.disk.identity;
  }
  get nextPosition(): number {
    return this.end() + this.held.reduce((n, h) => n + h.records.length, 0);
  }
  get durableEnd(): number {
    return this.end();
  }
  first(): number {
    return this.disk.first;
  }
  end(): number {
    return this.disk.first + this.disk.records.length;
  }
  bytesUsed(): number {
    return this.disk.records.reduce((sum, record) => sum + record.length, 0);
  }

  read(from: number, limit: number, maxBytes = Number.POSITIVE_INFINITY): LogRecord[] {
    if (from < this.disk.first) throw new Error('log_truncated');
    const out: LogRecord[] = [];
    let bytes = 0;
    for (let position = from; position < this.end() && out.length < limit; position++) {
      const record = this.disk.records[position - this.disk.first]!;
      bytes += record.length;
      if (bytes > maxBytes && out.length > 0) break;
      out.push({ position, bytes: Uint8Array.from(record) });
    }
    return out;
  }

  append(records: readonly Uint8Array[], also?: AlsoCommit): Promise<AppendResult> {
    const first = this.nextPosition;
    return new Promise((resolve) => {
      const done = (): void => resolve({ first, end: first + records.length });
      this.held.push({ records, ...(also && { also }), done });
      if (!this.hold) queueMicrotask(() => this.flush());
    });
  }

  flush(): void {
    for (const { records, also, done } of this.held.splice(0)) {
      this.disk.records.push(...records);
      for (const [key, value] of Object.entries(also?.meta ?? {})) {
        if (value === null) this.disk.meta.delete(key);
        else this.disk.meta.set(key, value);
      }
      for (const { table, key, value } of also?.put ?? []) {
        if (value === null) this.tableMap(table).delete(key);
        else this.tableMap(table).set(key, value);
      }
      done();
    }
    for (const listener of this.listeners) listener();
  }

  /** What is on the disk, opened again; the old handle is dead. */
  crash(): MemoryLog {
    const log = new MemoryLog();
    log.disk = this.disk;
    this.held = [];
    this.hold = true;
    return log;
  }

  private tableMap(name: string): Map<string | number, Uint8Array> {
    let table = this.disk.tables.get(name);
    if (table === undefined) {
      table = new Map();
      this.disk.tables.set(name, table);
    }
    return table;
  }

  table(name: string): SideTable {
    const map = this.tableMap(name);
    return {
      get: (key) => map.get(key),
      has: (key) => map.has(key),
      range: ({ from, limit = map.size }) =>
        [...map]
          .filter(([key]) => from === undefined || key >= from)
          .sort(([a], [b]) => (a < b ? -1 : 1))
          .slice(0, limit)
          .map(([key, value]) => ({ key, value })),
      count: () => map.size,
    };
  }

  getMeta(key: string): string | number | Uint8Array | undefined {
    return this.disk.meta.get(key);
  }

  onAppend(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Also what was dropped. */
  everything(): Uint8Array[] {
    return [...this.disk.dropped, ...this.disk.records];
  }

  async truncate(position: number): Promise<void> {
    this.disk.dropped.push(...this.disk.records.slice(0, position - this.disk.first));
    this.disk.records.splice(0, position - this.disk.first);
    this.disk.first = position;
  }
  async close(): Promise<void> {
    this.listeners.clear();
  }
}

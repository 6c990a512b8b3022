/**
 * Every alert that the page knows, by id. Its one trick: the map is always complete and newest;
 * pausing freezes only the *order* of ids that the table shows. So resuming cannot lose a row,
 * and a row that arrives twice is still one row.
 */
import type { AlertRow } from '../../../schemas/protocol.js';
import { type Filter, matches } from './filter.js';
import { isDueSoon, type Sort, sortRows } from './order.js';

export const ROWS_MAX = 10_000;
/** Above the limit this many go at once: 3,000 alerts a second sort about once a second. */
const EVICT_BATCH = 2_500;
/** While paused the shown rows stay and as many again may gather. */
const FROZEN_ROOM = 2;

/** True when `next` says more than, or as much as, `known`. Rows come whole, in any order. */
export function isNewer(next: AlertRow, known: AlertRow): boolean {
  if (next.updatedMs !== known.updatedMs) return next.updatedMs > known.updatedMs;
  return next.hitCount >= known.hitCount;
}

export interface Counts {
  all: number;
  mine: number;
  unassigned: number;
  dueSoon: number;
  byFamily: Record<string, number>;
}

export class AlertStore {
  readonly rows = new Map<string, AlertRow>();
  /** What the table shows. */
  order: string[] = [];
  /** Rows that match now but are not in a frozen order. */
  waiting = 0;
  /** Counts upward with every change that a view could show. */
  version = 0;
  private shown = new Set<string>();
  private readonly patches = new Map<string, { token: number; patch: Partial<AlertRow> }>();
  private tokens = 0;
  /** Hits added since the officer last looked, for "+n". */
  private readonly added = new Map<string, number>();
  private touched: Set<string> | null = null;
  /** Open rows that the server has and this store has not. */
  private elsewhere = 0;
  private frozen = false;
  private arrangedMs = 0;

  constructor(private readonly rowsMax = ROWS_MAX) {}

  get truncated(): boolean {
    return this.elsewhere > 0;
  }

  /** Takes rows of a push; returns those that were not known before and are open. */
  apply(rows: readonly AlertRow[]): AlertRow[] {
    const fresh: AlertRow[] = [];
    for (const row of rows) {
      this.touched?.add(row.id);
      const known = this.rows.get(row.id);
      if (known === undefined) {
        this.rows.set(row.id, row);
        if (row.state !== 'closed') fresh.push(row);
      } else if (isNewer(row, known)) {
        const more = row.hitCount - known.hitCount;
        if (more > 0) this.added.set(row.id, (this.added.get(row.id) ?? 0) + more);
        this.rows.set(row.id, row);
      }
    }
    if (rows.length > 0) this.version += 1;
    this.evict();
    return fresh;
  }

  /** From now on remember what pushes bring, for `replaceOpen`. */
  beginReload(): void {
    this.touched = new Set();
  }

  /** The first screen read over HTTP replaces all open rows but those pushed meanwhile. */
  replaceOpen(rows: readonly AlertRow[], total = rows.length): void {
    this.elsewhere = Math.max(0, total - rows.length);
    const keep = new Set(rows.map((row) => row.id));
    for (const [id, row] of this.rows) {
      if (row.state === 'closed' || keep.has(id) || this.touched?.has(id)) continue;
      this.rows.delete(id);
    }
    this.touched = null;
    this.apply(rows);
    this.added.clear();
    this.version += 1;
  }

  row(id: string): AlertRow | undefined {
    const row = this.rows.get(id);
    const expected = this.patches.get(id);
    return row !== undefined && expected !== undefined ? { ...row, ...expected.patch } : row;
  }

  /** Shows a command's expected result at once; `settle` with the token ends it either way. */
  expect(id: string, patch: Partial<AlertRow>): number {
    this.tokens += 1;
    this.patches.set(id, { token: this.tokens, patch });
    this.version += 1;
    return this.tokens;
  }

  settle(id: string, token: number): void {
    if (this.patches.get(id)?.token !== token) return;
    this.patches.delete(id);
    this.version += 1;
  }

  addedHits(id: string): number {
    return this.added.get(id) ?? 0;
  }

  seen(id: string): void {
    if (this.added.delete(id)) this.version += 1;
  }

  /**
   * Brings the view up to date. Frozen: the order stays, rows of it that no longer match stay
   * too (nothing moves), and matching rows outside it are counted as waiting.
   */
  arrange(filter: Filter, sort: Sort, nowMs: number, frozen: boolean): void {
    this.frozen = frozen;
    this.arrangedMs = nowMs;
    if (frozen) {
      let waiting = 0;
      for (const [id] of this.rows) {
        if (this.shown.has(id)) continue;
        const row = this.row(id);
        if (row !== undefined && matches(row, filter, nowMs)) waiting += 1;
      }
      this.waiting = waiting;
      return;
    }
    const list: AlertRow[] = [];
    for (const [id] of this.rows) {
      const row = this.row(id);
      if (row !== undefined && matches(row, filter, nowMs)) list.push(row);
    }
    this.order = sortRows(list, sort, nowMs).map((row) => row.id);
    this.shown = new Set(this.order);
    this.waiting = 0;
  }

  counts(user: string, nowMs: number): Counts {
    const counts: Counts = { all: 0, mine: 0, unassigned: 0, dueSoon: 0, byFamily: {} };
    for (const [id, base] of this.rows) {
      const row = this.patches.has(id) ? (this.row(id) as AlertRow) : base;
      if (row.state === 'closed') continue;
      counts.all += 1;
      if (row.owner === user) counts.mine += 1;
      if (row.owner === null) counts.unassigned += 1;
      if (isDueSoon(row, nowMs)) counts.dueSoon += 1;
      counts.byFamily[row.family] = (counts.byFamily[row.family] ?? 0) + 1;
    }
    return counts;
  }

  /**
   * A frozen order keeps its rows: none may vanish under the pointer. What stays is put back in
   * the order of urgency, so that later sorts meet one long run that is sorted already, and new
   * rows behind it: a third of the work of a sort from scratch, several times a second.
   */
  private evict(): void {
    if (this.rows.size <= this.rowsMax * (this.frozen ? FROZEN_ROOM : 1)) return;
    const sort: Sort = { key: 'urgency', ascending: false };
    const open: AlertRow[] = [];
    const closed: AlertRow[] = [];
    for (const row of this.rows.values()) (row.state === 'closed' ? closed : open).push(row);
    const now = this.arrangedMs;
    const all = [...sortRows(open, sort, now), ...sortRows(closed, sort, now)];
    const keep = Math.max(1, this.rowsMax - Math.min(EVICT_BATCH, this.rowsMax >> 1));
    for (let i = all.length - 1; i >= 0 && this.rows.size > keep; i -= 1) {
      const row = all[i] as AlertRow;
      if (this.frozen && this.shown.has(row.id)) continue;
      this.rows.delete(row.id);
      this.added.delete(row.id);
      if (row.state !== 'closed') this.elsewhere += 1;
    }
    const left = all.filter((row) => this.rows.has(row.id));
    this.rows.clear();
    for (const row of left) this.rows.set(row.id, row);
  }
}

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AlertRow } from '../../../schemas/protocol.js';
import { makeRow, seeded } from '../testing/alerts.js';
import type { Filter } from './filter.js';
import type { Sort } from './order.js';
import { AlertStore } from './store.js';

const OPEN: Filter = { state: 'open', who: 'all', family: null, rule: null, q: '', user: 'li' };
const URGENCY: Sort = { key: 'urgency', ascending: false };
const NOW = 1_800_000_000_000;

function rows(count: number, from = 1): AlertRow[] {
  const random = seeded(from);
  return Array.from({ length: count }, (_, i) => makeRow(from + i, random, NOW));
}

describe('AlertStore', () => {
  it('holds each alert once and newest, in whatever order and how often it arrives', () => {
    const versions = fc.array(
      fc.record({ alert: fc.nat({ max: 4 }), version: fc.nat({ max: 9 }) }),
      { minLength: 1, maxLength: 60 },
    );
    fc.assert(
      fc.property(versions, (arrivals) => {
        const base = rows(5);
        const store = new AlertStore();
        const newest = new Map<string, number>();
        for (const { alert, version } of arrivals) {
          const row = base[alert] as AlertRow;
          store.apply([{ ...row, updatedMs: NOW + version, hitCount: 1 + version }]);
          newest.set(row.id, Math.max(newest.get(row.id) ?? 0, version));
        }
        store.arrange(OPEN, URGENCY, NOW, false);
        expect(new Set(store.order).size).toBe(store.order.length);
        expect([...store.order].sort()).toEqual([...newest.keys()].sort());
        for (const [id, version] of newest) expect(store.row(id)?.hitCount).toBe(1 + version);
      }),
    );
  });

  it('freezes the order while paused, counts what waits, and loses nothing on resuming', () => {
    const store = new AlertStore();
    store.apply(rows(20));
    store.arrange(OPEN, URGENCY, NOW, false);
    const before = [...store.order];
    store.apply(rows(37, 100));
    store.arrange(OPEN, URGENCY, NOW, true);
    expect(store.order).toEqual(before);
    expect(store.waiting).toBe(37);
    store.arrange(OPEN, URGENCY, NOW, false);
    expect(store.order.length).toBe(57);
    expect(store.waiting).toBe(0);
  });

  it('keeps a row in its frozen place when it is closed meanwhile', () => {
    const store = new AlertStore();
    const [first] = rows(3);
    store.apply(rows(3));
    store.arrange(OPEN, URGENCY, NOW, false);
    store.apply([{ ...(first as AlertRow), state: 'closed', updatedMs: NOW + 1 }]);
    store.arrange(OPEN, URGENCY, NOW, true);
    expect(store.order).toContain(first?.id);
    store.arrange(OPEN, URGENCY, NOW, false);
    expect(store.order).not.toContain(first?.id);
  });

  it('shows an expected change at once and takes it back', () => {
    const store = new AlertStore();
    const [row] = rows(1) as [AlertRow];
    store.apply([row]);
    const token = store.expect(row.id, { owner: 'li', state: 'taken' });
    expect(store.row(row.id)?.owner).toBe('li');
    store.settle(row.id, token);
    expect(store.row(row.id)?.owner).toBeNull();
  });

  it('lets only the newest of two expected changes be settled away', () => {
    const store = new AlertStore();
    const [row] = rows(1) as [AlertRow];
    store.apply([row]);
    const take = store.expect(row.id, { owner: 'li' });
    store.expect(row.id, { owner: 'li', state: 'closed' });
    store.settle(row.id, take);
    expect(store.row(row.id)?.state).toBe('closed');
  });

  it('stays within its limit and gives up the closed and the least urgent first', () => {
    const store = new AlertStore(100);
    const many = rows(150).map(
      (row, i): AlertRow =>
        i < 10
          ? { ...row, severity: 'critical' }
          : { ...row, severity: 'low', state: i < 40 ? 'closed' : 'open' },
    );
    store.apply(many);
    expect(store.rows.size).toBeLessThanOrEqual(100);
    expect(store.truncated).toBe(true);
    for (const row of many.slice(0, 10)) expect(store.rows.has(row.id)).toBe(true);
    expect([...store.rows.values()].some((row) => row.state === 'closed')).toBe(false);
  });

  it('gives up no row of a frozen order', () => {
    const store = new AlertStore(100);
    const shown = rows(90).map((row): AlertRow => ({ ...row, severity: 'info' }));
    store.apply(shown);
    store.arrange(OPEN, URGENCY, NOW, false);
    store.arrange(OPEN, URGENCY, NOW, true);
    store.apply(rows(300, 1_000).map((row): AlertRow => ({ ...row, severity: 'critical' })));
    for (const id of store.order) expect(store.row(id)).toBeDefined();
    expect(store.rows.size).toBeLessThanOrEqual(200);
  });

  it('knows that a first screen was not all', () => {
    const store = new AlertStore();
    store.replaceOpen(rows(5), 12);
    expect(store.truncated).toBe(true);
    store.replaceOpen(rows(5), 5);
    expect(store.truncated).toBe(false);
  });

  it('replaces the open rows on a reload, but keeps what a push brought meanwhile', () => {
    const store = new AlertStore();
    const [gone, stays, pushed] = rows(3) as [AlertRow, AlertRow, AlertRow];
    store.apply([gone, stays]);
    store.beginReload();
    store.apply([pushed]);
    store.replaceOpen([stays]);
    expect([...store.rows.keys()].sort()).toEqual([stays.id, pushed.id].sort());
  });

  it('sums added hits until the alert is looked at', () => {
    const store = new AlertStore();
    const [row] = rows(1) as [AlertRow];
    store.apply([{ ...row, hitCount: 2 }]);
    store.apply([{ ...row, hitCount: 3, updatedMs: NOW + 1 }]);
    store.apply([{ ...row, hitCount: 5, updatedMs: NOW + 2 }]);
    store.apply([{ ...row, hitCount: 3, updatedMs: NOW + 1 }]);
    expect(store.addedHits(row.id)).toBe(3);
    store.seen(row.id);
    expect(store.addedHits(row.id)).toBe(0);
  });

  it('counts by owner, deadline and family', () => {
    const store = new AlertStore();
    const [a, b, c, d] = rows(4) as [AlertRow, AlertRow, AlertRow, AlertRow];
    store.apply([
      { ...a, owner: 'li', family: 'aml', dueMs: NOW + 60_000 },
      { ...b, owner: null, family: 'aml', dueMs: null },
      { ...c, owner: 'wang', family: 'outflow', dueMs: NOW + 86_400_000 },
      { ...d, state: 'closed' },
    ]);
    expect(store.counts('li', NOW)).toEqual({
      all: 3,
      mine: 1,
      unassigned: 1,
      dueSoon: 1,
      byFamily: { aml: 2, outflow: 1 },
    });
  });
});

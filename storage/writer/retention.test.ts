/** What retention drops: by age first, then what is missed least, never what is being shown. */
import { describe, expect, it } from 'vitest';
import { type Partition, partitionsToDrop, readId } from './retention.js';

const nowMs = Date.parse('2026-03-10T13:30:00Z');
const part = (table: string, id: string, bytes = 10): Partition => ({
  table,
  id,
  bytes,
  ...readId(id),
});
const dropped = (partitions: Partition[], bytesMax = 1_000, historyDays = 30): string[] =>
  partitionsToDrop(partitions, { nowMs, historyDays, bytesMax }).map(
    ({ table, id }) => `${table} ${id}`,
  );

describe('retention', () => {
  it('drops days and months that are wholly older than historyDays', () => {
    const partitions = [
      part('transactions', '0-2026020700'),
      part('transactions', '0-2026020800'),
      part('transactions', '1-2026020720'),
      part('transactions', '1-2026020800'),
      part('legs', '0-2026010100'),
      part('hits', '202601'),
      part('hits', '202602'),
      part('alert_events', '202512'),
    ];
    const expected = [
      'alert_events 202512',
      'hits 202601',
      'legs 0-2026010100',
      'transactions 0-2026020700',
      'transactions 1-2026020720',
    ];
    expect(dropped(partitions).sort()).toEqual(expected);
  });

  it('keeps sums five times as long', () => {
    const partitions = [part('account_days', '202509'), part('account_days', '202510')];
    expect(dropped(partitions)).toEqual(['account_days 202509']);
  });

  it('never drops what has no partitions', () => {
    expect(dropped([part('cursors', 'all'), part('logs', 'all', 10_000)], 1)).toEqual([]);
  });

  it('makes room tier by tier, the oldest of each first', () => {
    const partitions = [
      part('legs', '0-2026030900'),
      part('legs', '0-2026031000'),
      part('transactions', '0-2026030900'),
      part('transactions', '0-2026031000'),
      part('account_hours', '202602'),
      part('account_hours', '202603'),
      part('account_days', '202510'),
      part('account_days', '202512'),
      part('legs', '1-2026031012'),
      part('transactions', '1-2026031008'),
      part('legs', '1-2026030920'),
      part('hits', '202602'),
    ];
    const inOrder = [
      'legs 1-2026030920',
      'transactions 1-2026031008',
      'account_hours 202602',
      'transactions 0-2026030900',
      'legs 0-2026030900',
      'account_days 202510',
      'legs 1-2026031012',
    ];
    const wanted = { nowMs, historyDays: 300 };
    for (let count = 0; count <= inOrder.length; count++) {
      const bytesMax = 120 - 10 * count;
      const found = partitionsToDrop(partitions, { ...wanted, bytesMax });
      expect(found.map(({ table, id }) => `${table} ${id}`)).toEqual(inOrder.slice(0, count));
    }
    // Today's payments, this month's hours, the days that a page shows, hits: they stay.
    expect(dropped(partitions, 1, 300)).toEqual(inOrder);
  });
});

/** What retention drops: by age first, then the oldest days of transactions, never today's. */
import { describe, expect, it } from 'vitest';
import { type Partition, partitionsToDrop } from './retention.js';

const nowMs = Date.parse('2026-03-10T12:00:00Z');
const part = (table: string, partition: string, bytes = 10): Partition => ({
  table,
  partition,
  bytes,
});
const dropped = (partitions: Partition[], bytesMax = 1_000, historyDays = 30): string[] =>
  partitionsToDrop(partitions, { nowMs, historyDays, bytesMax }).map(
    ({ table, partition }) => `${table} ${partition}`,
  );

describe('retention', () => {
  it('drops days and months that are wholly older than historyDays', () => {
    const partitions = [
      part('transactions', '20260207'),
      part('transactions', '20260208'),
      part('legs', '20260101'),
      part('hits', '202601'),
      part('hits', '202602'),
      part('alert_events', '202512'),
    ];
    const expected = [
      'alert_events 202512',
      'hits 202601',
      'legs 20260101',
      'transactions 20260207',
    ];
    expect(dropped(partitions).sort()).toEqual(expected);
  });

  it('keeps sums five times as long', () => {
    const partitions = [part('account_days', '202509'), part('account_days', '202510')];
    expect(dropped(partitions)).toEqual(['account_days 202509']);
  });

  it('never drops what has no partitions', () => {
    expect(dropped([part('cursors', ''), part('logs', '', 10_000)], 1)).toEqual([]);
  });

  it('makes room with the oldest days of transactions and legs, never with today', () => {
    const partitions = [
      part('account_hours', '202603', 40),
      part('legs', '20260308'),
      part('legs', '20260309'),
      part('transactions', '20260308'),
      part('transactions', '20260310'),
      part('legs', '20260310'),
    ];
    expect(dropped(partitions, 90)).toEqual([]);
    expect(dropped(partitions, 75)).toEqual(['legs 20260308', 'transactions 20260308']);
    expect(dropped(partitions, 1)).toEqual([
      'legs 20260308',
      'transactions 20260308',
      'legs 20260309',
    ]);
  });
});

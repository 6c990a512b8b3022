import { describe, expect, it } from 'vitest';
import { zoneTableOf } from './reference/defaults.js';
import { WatermarkKeeper, type WatermarkRecord } from './watermark.js';

const LATENESS = 600_000;
const IDLE = 10_000;
const DAY = 86_400_000;
const T = Date.parse('2026-03-02T00:00:00+08:00');
const zoneTable = zoneTableOf('Asia/Shanghai');

const keeper = () =>
  new WatermarkKeeper({
    latenessMs: LATENESS,
    idleAfterMs: IDLE,
    intervalMs: 1000,
    zoneTable,
  });
function take(k: WatermarkKeeper, nowMs: number): WatermarkRecord {
  const record = k.take(nowMs);
  if (record === undefined) throw new Error('no source was used');
  return record;
}

describe('WatermarkKeeper', () => {
  it('says nothing before a source was used', () => {
    const k = keeper();
    expect(k.due(T)).toBe(false);
    expect(k.take(T)).toBeUndefined();
  });

  it('is the highest event time less the lateness, and does not follow late events back', () => {
    const k = keeper();
    k.observe(1, 0, T, T, false);
    expect(take(k, T).watermarkMs).toBe(T - LATENESS);
    k.observe(1, 0, T - 3600_000, T, false);
    expect(take(k, T).watermarkMs).toBe(T - LATENESS);
    k.observe(1, 0, T + 5, T, false);
    expect(take(k, T).watermarkMs).toBe(T + 5 - LATENESS);
  });

  it('follows the slowest partition in use; one never used holds nobody back', () => {
    const k = keeper();
    k.observe(1, 0, T, T, false);
    k.observe(1, 1, T - 5000, T, false);
    expect(take(k, T).watermarkMs).toBe(T - 5000 - LATENESS);
    k.observe(1, 1, T + 1, T, false);
    expect(take(k, T).watermarkMs).toBe(T - LATENESS);
  });

  it('lets an idle source go after a while, and follows ingest time when all are idle', () => {
    const k = keeper();
    k.observe(1, 0, T, T, false);
    k.observe(2, 0, T - 5000, T - 5000, false);
    k.observe(1, 0, T + 6000, T + 6000, false);
    const one = take(k, T + 6000);
    expect(one.sources.map((s) => s.state)).toEqual(['active', 'idle']);
    expect(one.watermarkMs).toBe(T + 6000 - LATENESS);
    const all = take(k, T + 20_000);
    expect(all.sources.map((s) => s.state)).toEqual(['idle', 'idle']);
    expect(all.watermarkMs).toBe(T + 20_000 - LATENESS);
    k.observe(1, 0, T + 20_500, T + 20_500, false);
    expect(k.due(T + 20_500)).toBe(true);
    expect(take(k, T + 20_500).sources[0].state).toBe('active');
  });

  it('waits for history as long as it runs, not once it has ended', () => {
    const k = keeper();
    k.observe(1, 0, T - 100 * DAY, T, true);
    k.observe(2, 0, T, T, false);
    expect(take(k, T).watermarkMs).toBe(T - 100 * DAY - LATENESS);
    k.observe(2, 0, T + 60_000, T + 60_000, false);
    expect(take(k, T + 60_000).watermarkMs).toBe(T - 100 * DAY - LATENESS);
    k.ended(1);
    expect(k.due(T + 60_000)).toBe(true);
    const record = take(k, T + 60_000);
    expect(record.sources[0].state).toBe('ended');
    expect(record.watermarkMs).toBe(T + 60_000 - LATENESS);
  });

  it('is due once an interval, and at once when history goes on by a quarter of an hour', () => {
    const k = keeper();
    k.observe(1, 0, T, T, true);
    take(k, T);
    expect(k.due(T + 999)).toBe(false);
    expect(k.due(T + 1000)).toBe(true);
    k.observe(1, 0, T + 899_999, T, true);
    expect(k.due(T)).toBe(false);
    k.observe(1, 0, T + 900_000, T, true);
    expect(k.due(T)).toBe(true);
  });

  it('never goes back, whatever the sources do', () => {
    const k = keeper();
    let before = -Infinity;
    for (let i = 0; i < 2000; i++) {
      const nowMs = T + i * 700;
      const source = (i * 7) % 3;
      k.observe(source, 0, nowMs + ((i * 7919) % 900_000) - 800_000, nowMs, source === 2);
      if (i % 37 === 0) k.idle(source);
      if (i % 91 === 0) k.ended(2);
      const { watermarkMs } = take(k, nowMs);
      expect(watermarkMs).toBeGreaterThanOrEqual(before);
      before = watermarkMs;
    }
  });

  /** `counts[i]` transactions on day i, of source 1; then the day after the last begins. */
  function days(counts: number[], k = keeper()): WatermarkRecord {
    counts.forEach((count, day) => {
      for (let i = 0; i < count; i++) {
        const ms = T + day * DAY + Math.floor((i * DAY) / count);
        k.observe(1, 0, ms, ms, true);
      }
      take(k, T + (day + 1) * DAY);
    });
    k.observe(2, 0, T + counts.length * DAY + LATENESS, T, false);
    k.observe(1, 0, T + counts.length * DAY + LATENESS, T, true);
    return take(k, T + counts.length * DAY + LATENESS);
  }

  it('names a source whose day was below half of the mean of seven days before', () => {
    const week = [100, 120, 110, 100, 130, 140, 100]; // 800: half of the mean is 57.1
    expect(days([...week, 58]).silentSources).toEqual([]);
    expect(days([...week, 57]).silentSources).toEqual([1]);
    expect(days([...week, 0]).silentSources).toEqual([1]);
  });

  it('says nothing before there are seven days of 100 transactions', () => {
    expect(days([100, 100, 100, 100, 100, 100, 0]).silentSources).toEqual([]);
    expect(days([100, 100, 100, 99, 100, 100, 100, 0]).silentSources).toEqual([]);
  });

  it('does not miss a source that has ended', () => {
    const k = keeper();
    days([100, 100, 100, 100, 100, 100, 100], k);
    k.ended(1);
    k.observe(2, 0, T + 9 * DAY, T + 9 * DAY, false);
    expect(take(k, T + 9 * DAY).silentSources).toEqual([]);
  });

  it('goes on from its records and counts as if it had never stopped', () => {
    const whole = keeper();
    const half = keeper();
    const week = [100, 100, 100, 100, 100, 100, 100];
    days(week, whole);
    const last = days(week, half);
    const again = keeper();
    again.restoreVolumes(half.volumes());
    again.restore(last, T);
    again.restored(T + 8 * DAY);
    for (const k of [whole, again]) {
      k.observe(1, 0, T + 9 * DAY, T + 9 * DAY, false);
      k.observe(2, 0, T + 9 * DAY, T + 9 * DAY, false);
    }
    expect(again.take(T + 9 * DAY)).toEqual(whole.take(T + 9 * DAY));
    expect(again.silentSources).toEqual([1]);
  });

  it('after a restart, history that does not come back holds nobody', () => {
    const k = keeper();
    k.observe(1, 0, T, T, true);
    const again = keeper();
    again.restore(take(k, T), T);
    again.restored(T + 1000);
    expect(take(again, T + 1000 + IDLE).sources[0].state).toBe('idle');
  });
});

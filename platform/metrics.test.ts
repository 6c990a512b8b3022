import { describe, expect, it } from 'vitest';
import { Durations } from './durations.js';
import { createMetrics, seriesOf } from './metrics.js';

const quiet = { processMetrics: false, version: '1.2.3' };

describe('metrics', () => {
  it('starts every known series at 0', async () => {
    const metrics = createMetrics('engine', quiet);
    const letters = metrics.counter({
      name: 'dead_letters_total',
      help: 'h',
      labels: { reason: ['malformed', 'oversized'] },
    });
    letters.inc({ reason: 'oversized' });
    const text = await metrics.text();
    expect(text).toContain('weir_dead_letters_total{reason="malformed",role="engine"} 0');
    expect(text).toContain('weir_dead_letters_total{reason="oversized",role="engine"} 1');
  });

  it('reads counters kept elsewhere at every scrape, as absolute values', async () => {
    const metrics = createMetrics('engine', quiet);
    let shared = 5;
    metrics.counter({
      name: 'rule_hits_total',
      help: 'h',
      labels: { rule: ['a', 'b'] },
      collect: (set) => set(shared, { rule: 'a' }),
    });
    await metrics.text();
    shared = 7;
    const text = await metrics.text();
    expect(text).toContain('weir_rule_hits_total{rule="a",role="engine"} 7');
    expect(text).toContain('weir_rule_hits_total{rule="b",role="engine"} 0');
  });

  it('has gauges, histograms and build information', async () => {
    const metrics = createMetrics('dashboard', quiet);
    metrics.gauge({ name: 'ws_connections', help: 'h', collect: (set) => set(3) });
    metrics.histogram({ name: 'x_seconds', help: 'h', buckets: [0.001, 0.1] }).observe(0.05);
    const text = await metrics.text();
    expect(text).toContain('weir_ws_connections{role="dashboard"} 3');
    expect(text).toContain('weir_x_seconds_bucket{le="0.1",role="dashboard"} 1');
    expect(text).toMatch(/weir_build_info\{version="1\.2\.3",node="[^"]+",role="dashboard"\} 1/);
  });

  it('shows counts kept elsewhere as a histogram, every series from the start', async () => {
    const metrics = createMetrics('engine', quiet);
    const read = [new Durations([0.001, 0.1]), new Durations([0.001, 0.1])];
    metrics.countedHistogram({
      name: 'y_seconds',
      help: 'h',
      buckets: [0.001, 0.1],
      labels: { thread: ['0', '1'] },
      read: ({ thread }) => (read[Number(thread)] as Durations).read(),
    });
    for (const seconds of [0.001, 0.05, 0.0999, 7]) read[1]?.observe(seconds);
    const text = await metrics.text();
    const of = (thread: string, le: string) =>
      text.match(`weir_y_seconds_bucket{thread="${thread}",le="${le}",role="engine"} (\\d+)`)?.[1];
    expect(['0.001', '0.1', '+Inf'].map((le) => of('0', le.replace('+', '\\+')))).toEqual([
      '0',
      '0',
      '0',
    ]);
    expect(['0.001', '0.1', '+Inf'].map((le) => of('1', le.replace('+', '\\+')))).toEqual([
      '1',
      '3',
      '4',
    ]);
    expect(text).toContain('weir_y_seconds_count{thread="1",role="engine"} 4');
    expect(text).toMatch(/weir_y_seconds_sum\{thread="1",role="engine"\} 7\.15/);
    expect(text).toContain('# TYPE weir_y_seconds histogram');
  });

  it('refuses a label set that is not closed', () => {
    const many = Array.from({ length: 3_000 }, (_, i) => `v${i}`);
    expect(() => seriesOf({ account: many })).toThrow(/not a closed set/);
  });
});

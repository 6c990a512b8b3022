/**
 * Metrics of a role for Prometheus. Names get the prefix `weir_`; label sets are closed: every
 * series is known when the metric is made and starts at 0, so that a rate can be taken from the
 * first event. What scoring threads count in shared memory is read in `collect`.
 */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { HistogramCounts } from '../schemas/stats.js';
import { DELAY_BOUNDS, eventLoopDelay } from './process-figures.js';

/** Above this a label set is not closed any more. */
const SERIES_MAX = 2_000;

/** Each label with all its values. */
export type LabelSets<L extends string> = Record<L, readonly string[]>;
type SetValue<L extends string> = (value: number, labels?: Record<L, string>) => void;

export interface MetricDefinition<L extends string> {
  /** Without the prefix: `dead_letters_total`. Base units; counters end in `_total`. */
  name: string;
  help: string;
  labels?: LabelSets<L>;
  /** Called at every scrape with the way to set the absolute value of a series. */
  collect?: (set: SetValue<L>) => void;
}
export interface HistogramDefinition<L extends string>
  extends Omit<MetricDefinition<L>, 'collect'> {
  /** Upper bounds in base units, ascending. */
  buckets: readonly number[];
}

/** A histogram that is counted elsewhere: each series is read at every scrape. */
export interface CountedHistogramDefinition<L extends string> extends HistogramDefinition<L> {
  read(labels: Record<L, string>): HistogramCounts;
}

export interface Metrics {
  readonly role: string;
  readonly registry: Registry;
  counter<L extends string = never>(definition: MetricDefinition<L>): Counter<L>;
  gauge<L extends string = never>(definition: MetricDefinition<L>): Gauge<L>;
  histogram<L extends string = never>(definition: HistogramDefinition<L>): Histogram<L>;
  countedHistogram<L extends string = never>(definition: CountedHistogramDefinition<L>): void;
  /** The exposition text. */
  text(): Promise<string>;
  readonly contentType: string;
}

export interface MetricsOptions {
  version?: string;
  /** Event-loop, memory and GC metrics of the process; on by default. */
  processMetrics?: boolean;
}

export function createMetrics(role: string, options: MetricsOptions = {}): Metrics {
  const registry = new Registry();
  registry.setDefaultLabels({ role });
  if (options.processMetrics !== false) collectDefaultMetrics({ register: registry });
  const metrics: Metrics = {
    role,
    registry,
    contentType: registry.contentType,
    counter: (definition) => makeCounter(registry, definition),
    gauge: (definition) => makeGauge(registry, definition),
    histogram: (definition) => makeHistogram(registry, definition),
    countedHistogram: (definition) => void new CountedHistogram(registry, definition),
    text: () => registry.metrics(),
  };
  metrics
    .gauge({
      name: 'build_info',
      help: 'Always 1; the labels say what runs.',
      labels: { version: [options.version ?? 'unknown'], node: [process.versions.node] },
    })
    .set({ version: options.version ?? 'unknown', node: process.versions.node }, 1);
  if (options.processMetrics !== false) {
    metrics.countedHistogram({
      name: 'event_loop_delay_seconds',
      help: 'How late the event loop of the main thread is, each 5 ms of the time counted once.',
      buckets: DELAY_BOUNDS,
      read: eventLoopDelay,
    });
  }
  return metrics;
}

function makeCounter<L extends string>(registry: Registry, d: MetricDefinition<L>): Counter<L> {
  const { collect } = d;
  const counter = new Counter<L>({
    name: `weir_${d.name}`,
    help: d.help,
    labelNames: labelNames(d),
    registers: [registry],
    ...(collect && {
      collect() {
        this.reset();
        for (const s of seriesOf(d.labels)) this.inc(s, 0);
        collect((value, labels) => (labels ? this.inc(labels, value) : this.inc(value)));
      },
    }),
  });
  for (const s of seriesOf(d.labels)) counter.inc(s, 0);
  return counter;
}

function makeGauge<L extends string>(registry: Registry, d: MetricDefinition<L>): Gauge<L> {
  const { collect } = d;
  const gauge = new Gauge<L>({
    name: `weir_${d.name}`,
    help: d.help,
    labelNames: labelNames(d),
    registers: [registry],
    ...(collect && {
      collect() {
        collect((value, labels) => (labels ? this.set(labels, value) : this.set(value)));
      },
    }),
  });
  for (const s of seriesOf(d.labels)) gauge.set(s, 0);
  return gauge;
}

function makeHistogram<L extends string>(
  registry: Registry,
  d: HistogramDefinition<L>,
): Histogram<L> {
  const histogram = new Histogram<L>({
    name: `weir_${d.name}`,
    help: d.help,
    labelNames: labelNames(d),
    buckets: [...d.buckets],
    registers: [registry],
  });
  for (const s of seriesOf(d.labels)) histogram.zero(s);
  return histogram;
}

class CountedHistogram<L extends string> extends Histogram<L> {
  readonly #definition: CountedHistogramDefinition<L>;

  constructor(registry: Registry, d: CountedHistogramDefinition<L>) {
    super({
      name: `weir_${d.name}`,
      help: d.help,
      labelNames: labelNames(d),
      buckets: [...d.buckets],
      registers: [registry],
    });
    this.#definition = d;
  }

  /** What the exposition asks for; prom-client's types do not know it. */
  getForPromString() {
    const d = this.#definition;
    const name = `weir_${d.name}`;
    const values = seriesOf(d.labels).flatMap((labels) => {
      const { counts, sumSeconds } = d.read(labels);
      let below = 0;
      const buckets = [...d.buckets, '+Inf'].map((le, i) => {
        below += counts[i] ?? 0;
        return { metricName: `${name}_bucket`, labels: { ...labels, le }, value: below };
      });
      return [
        ...buckets,
        { metricName: `${name}_sum`, labels, value: sumSeconds },
        { metricName: `${name}_count`, labels, value: below },
      ];
    });
    return { name, help: d.help, type: 'histogram', values };
  }
}

function labelNames<L extends string>(d: { labels?: LabelSets<L> }): L[] {
  return Object.keys(d.labels ?? {}) as L[];
}

/** Every combination of label values; one empty one when there are no labels. */
export function seriesOf<L extends string>(labels?: LabelSets<L>): Record<L, string>[] {
  let all = [{} as Record<L, string>];
  for (const name of Object.keys(labels ?? {}) as L[]) {
    all = all.flatMap((s) => (labels as LabelSets<L>)[name].map((v) => ({ ...s, [name]: v })));
    if (all.length > SERIES_MAX) {
      throw new Error(`metric with more than ${SERIES_MAX} series: "${name}" is not a closed set`);
    }
  }
  return all;
}

/** Metrics of the dashboard role (names: screens.md). */
import type { Metrics } from '../../platform/index.js';
import type { AlertBook } from './alert-book.js';
import { SIGN_IN_RESULTS, type SignInResult } from './auth/accounts.js';
import type { HubEvents } from './hub.js';
import { LATENCY_BUCKETS, type LatencyCounts } from './own-stats.js';

export interface ServerCounters extends HubEvents {
  signIn(result: SignInResult): void;
}

export function addMetrics(
  metrics: Metrics | undefined,
  book: AlertBook,
  connections: () => number,
  counts: LatencyCounts,
): ServerCounters {
  const nothing = (): void => undefined;
  if (metrics === undefined) {
    return {
      latency: (seconds) => counts.add(seconds),
      slowDisconnect: nothing,
      resumed: nothing,
      signIn: nothing,
    };
  }
  const gauge = (name: string, help: string, value: () => number): void => {
    metrics.gauge({ name, help, collect: (set) => set(value()) });
  };
  gauge('ws_connections', 'Open connections of the live hub.', connections);
  gauge('alerts_open', 'Open alerts.', () => book.store.openCount);
  gauge(
    'alerts_spilled',
    'Alerts whose row is not kept in memory (limit alertsInMemoryMax).',
    () => book.store.spilledCount,
  );
  metrics.counter({
    name: 'hits_unreadable_total',
    help: 'Records of the hits log that were passed over.',
    collect: (set) => set(book.broken),
  });
  metrics.gauge({
    name: 'log_cursor_lag_records',
    help: 'Records of a log that a reader has not taken yet.',
    labels: { reader: ['dashboard'] },
    collect: (set) => set(book.hitsWaiting, { reader: 'dashboard' }),
  });
  const latency = metrics.histogram({
    name: 'end_to_end_latency_seconds',
    help: 'From the ingest stamp to the socket write.',
    buckets: LATENCY_BUCKETS,
  });
  const slow = metrics.counter({
    name: 'ws_slow_disconnects_total',
    help: 'Connections closed with 4008.',
  });
  const resumes = metrics.counter({
    name: 'ws_resumes_total',
    help: 'Subscriptions with a cursor, by what became of them.',
    labels: { result: ['recovered', 'reload'] },
  });
  const signIns = metrics.counter({
    name: 'sign_ins_total',
    help: 'Attempts to sign in, by what became of them.',
    labels: { result: SIGN_IN_RESULTS },
  });
  return {
    signIn: (result) => signIns.inc({ result }),
    latency: (seconds) => {
      latency.observe(seconds);
      counts.add(seconds);
    },
    slowDisconnect: () => slow.inc(),
    resumed: (recovered) => resumes.inc({ result: recovered ? 'recovered' : 'reload' }),
  };
}

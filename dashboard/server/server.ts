/**
 * The dashboard server put together: alert book, live hub, API, page, on one port. It owns no
 * logs: the role opens them and hands them in.
 */
import {
  createTransport,
  type LmdbLog,
  type Metrics,
  type StatsBoard,
  type TransportLogger,
  type UpgradeDecision,
} from '../../platform/index.js';
import type { Configuration } from '../../schemas/configuration.js';
import type { History, HistoryStatus } from '../../schemas/history.js';
import type { LogReader } from '../../schemas/ports.js';
import { CloseCode, SUBPROTOCOL } from '../../schemas/protocol.js';
import { AlertBook } from './alert-book.js';
import { Api } from './api.js';
import { Accounts } from './auth/accounts.js';
import { createSignInLink, signInUrl } from './auth/sign-in-links.js';
import { type BankDirectory, JournalDirectory } from './directory.js';
import { LiveHub } from './hub.js';
import { LatencyWindow, MinuteRate } from './latency.js';
import { originCheck } from './origins.js';
import { addMetrics, type ServerCounters } from './server-metrics.js';
import { StaticFiles } from './static-files.js';
import { StatsSource } from './stats.js';
import type { WorkLog } from './work-tables.js';

const REFRESH_MS = 1_000;
const NO_HISTORY: HistoryStatus = {
  state: 'off',
  detail: 'no history store; set clickhouse in weir.yaml to embedded or to a server',
  writtenToMs: null,
};

export interface DashboardServerOptions {
  dir: string;
  configuration: Configuration;
  nowMs: () => number;
  logger: TransportLogger;
  hits: LogReader;
  work: WorkLog;
  /** For rules and names; tests hand in a directory of their own. */
  journal?: LmdbLog;
  directory?: BankDirectory;
  stats: StatsBoard;
  /** Without one, pages say that there is no history. */
  history?: History;
  /** Folder of the built page. */
  webDir: string;
  transport?: 'uws' | 'ws';
  metrics?: Metrics;
  onTurn?: () => void;
  /** The work log cannot be written any more. */
  onFatal: (error: unknown) => void;
}

export interface DashboardServer {
  readonly url: string;
  readonly port: number;
  readonly transport: 'uws' | 'ws';
  readonly book: AlertBook;
  /** Clients closed with 4008 so far. */
  readonly slowDisconnects: number;
  /** A one-time link for this server. */
  signInLink(): string;
  stop(deadlineMs: number): Promise<void>;
}

export async function startDashboardServer(o: DashboardServerOptions): Promise<DashboardServer> {
  const { configuration, logger, nowMs, hits, work } = o;
  const directory = o.directory ?? journalDirectory(o);
  const book = new AlertBook({
    hits,
    work,
    directory,
    nowMs,
    logger,
    alertsInMemoryMax: configuration.alertsInMemoryMax,
    ...(o.onTurn && { onTurn: o.onTurn }),
  });
  await book.rebuild();
  const transport = createTransport({ logger, ...(o.transport && { prefer: o.transport }) });
  const accounts = new Accounts(o.dir, configuration.sessionMs);
  const latency = new LatencyWindow();
  const alertRate = new MinuteRate();
  const historyStatus = (): HistoryStatus => o.history?.status() ?? NO_HISTORY;
  const stats = new StatsSource(o.stats, book, latency, alertRate, historyStatus, nowMs);
  const counters: ServerCounters = addMetrics(o.metrics, book, () => hub.connections);
  const shared = { book, directory, nowMs, logger, stats: () => stats.current() };
  const hub = new LiveHub({
    ...shared,
    hitsIdentity: () => hits.identity,
    workIdentity: () => work.identity,
    workFirst: () => work.first(),
    isLive: (session) => accounts.isLive(session),
    latency,
    alertRate,
    events: counters,
    transportKind: transport.kind,
    bufferBytesMax: configuration.socketBufferBytesMax,
    connectionsPerUserMax: configuration.connectionsPerUserMax,
    resumeRecordsMax: configuration.alertsInMemoryMax,
  });
  let port = configuration.dashboardPort;
  let isOurOrigin: (origin: string | undefined) => boolean = () => false;
  const api = new Api({
    ...shared,
    accounts,
    // Cookies know no ports: two Weirs on one machine must not overwrite each other's.
    cookieName: () => `weir_${port}`,
    sessionMs: configuration.sessionMs,
    isOurOrigin: (origin) => isOurOrigin(origin),
    cursor: () => hub.cursor(),
    signIn: counters.signIn,
  });
  api.addTo(transport);
  transport.socket('/ws', (head) => decideUpgrade(head, api, hub, isOurOrigin));
  const files = new StaticFiles(o.webDir);
  transport.route('GET', '/*', (exchange) => files.serve(exchange));
  const host = configuration.dashboardHost;
  ({ port } = await transport.listen({ host, port, setting: 'dashboardPort' }));
  isOurOrigin = originCheck(host, port, configuration.allowedOrigins);
  const running = book.run().catch(o.onFatal);
  const timers = keepUp(o, book, directory, stats);
  const url = `http://${shownHost(host)}:${port}`;
  return {
    url,
    port,
    transport: transport.kind,
    book,
    get slowDisconnects() {
      return hub.slowDisconnects;
    },
    signInLink: () => signInUrl(url, createSignInLink(o.dir, Date.now()).token),
    async stop(deadlineMs) {
      for (const timer of timers) clearInterval(timer);
      hub.close();
      // Commands under way still get their answer.
      await transport.close(deadlineMs);
      book.stop();
      await running;
    },
  };
}

function journalDirectory(o: DashboardServerOptions): BankDirectory {
  if (o.journal === undefined) throw new Error('a journal or a directory is needed');
  return new JournalDirectory(o.journal, o.configuration, (text) => o.logger.warn({}, text));
}

/** New names and rules once a second; our own record on the stats board. */
function keepUp(
  o: DashboardServerOptions,
  book: AlertBook,
  directory: BankDirectory,
  stats: StatsSource,
): NodeJS.Timeout[] {
  let openedAt = book.workPosition;
  book.onPublished(() => {
    const changes = book.changesFrom(openedAt, book.workPosition - openedAt);
    openedAt = book.workPosition;
    if (changes.some((change) => change.opened)) stats.lastAlertMs = o.nowMs();
  });
  let told = false;
  const publish = (own: object): void => {
    try {
      o.stats.publish('dashboard', own);
      told = false;
    } catch (err) {
      // A full disk, most likely: the queue must stay usable, for what is there can be worked on.
      if (!told) o.logger.warn({ err }, 'statistics cannot be written');
      told = true;
    }
  };
  const refresh = setInterval(() => {
    if (directory.refresh()) book.store.rename();
    const { alertsPerMinute, openAlerts, latencyP50Ms, latencyP99Ms } = stats.current();
    const own = { alertsPerMinute, openAlerts, latencyP50Ms, latencyP99Ms };
    publish({ ...own, hitsWaiting: book.hitsWaiting });
  }, REFRESH_MS);
  return [refresh];
}

function decideUpgrade(
  head: {
    header(name: string): string | undefined;
    protocols: readonly string[];
  },
  api: Api,
  hub: LiveHub,
  isOurOrigin: (origin: string | undefined) => boolean,
): UpgradeDecision {
  if (!isOurOrigin(head.header('origin'))) {
    return { accept: false, status: 403, body: 'this page may not open the socket\n' };
  }
  if (hub.full) {
    return { accept: false, status: 503, body: 'too many connections\n' };
  }
  // A browser never sees the status of a refused upgrade, so what a page must know is said with
  // a close code instead.
  if (!head.protocols.includes(SUBPROTOCOL)) {
    const other = head.protocols.find((protocol) => protocol.startsWith('weir.'));
    if (other === undefined) return { accept: false, status: 400, body: 'subprotocol\n' };
    const listener = LiveHub.refuse(CloseCode.protocolVersion, `this server speaks ${SUBPROTOCOL}`);
    return { accept: true, protocol: other, listener };
  }
  const who = api.signedIn(head);
  const listener =
    who === undefined
      ? LiveHub.refuse(CloseCode.unauthorised, 'sign in first')
      : hub.accept(who.user, who.session);
  return { accept: true, protocol: SUBPROTOCOL, listener };
}

/** An address that a browser on this machine can open. */
function shownHost(host: string): string {
  if (host === '0.0.0.0' || host === '::') return 'localhost';
  return host.includes(':') ? `[${host}]` : host;
}

/**
 * The dashboard server put together: alert book, live hub, API, page, on one port. It owns no
 * logs: the role opens them and hands them in.
 */
import {
  createTransport,
  type LmdbLog,
  type Metrics,
  type StatsBoard,
  type Transport,
  type TransportLogger,
  type UpgradeDecision,
} from '../../platform/index.js';
import type { Configuration } from '../../schemas/configuration.js';
import type { Explainer } from '../../schemas/explanation.js';
import type { History } from '../../schemas/history.js';
import type { LogReader } from '../../schemas/ports.js';
import { CloseCode, type Stats, SUBPROTOCOL } from '../../schemas/protocol.js';
import { AlertBook } from './alert-book.js';
import { Api } from './api.js';
import { Accounts } from './auth/accounts.js';
import { createSignInLink, signInUrl } from './auth/sign-in-links.js';
import { type BankDirectory, JournalDirectory } from './directory.js';
import { HistoryBlocks } from './history-blocks.js';
import { Doors, fail } from './http.js';
import { LiveHub } from './hub.js';
import { LatencyWindow, MinuteRate } from './latency.js';
import { LogKeeper } from './log-keeper.js';
import { originCheck } from './origins.js';
import { LatencyCounts, OwnStats } from './own-stats.js';
import { CustomerRoutes } from './routes/customers.js';
import { type DemoPort, DemoRoutes } from './routes/demo.js';
import { ExplainRoutes } from './routes/explain.js';
import { ExportRoutes } from './routes/export.js';
import { HistoryRoutes } from './routes/history.js';
import { type DeadLetterPort, SystemRoutes } from './routes/system.js';
import { addMetrics, type ServerCounters } from './server-metrics.js';
import { StaticFiles } from './static-files.js';
import { StatsSource } from './stats.js';
import type { WorkLog } from './work-tables.js';

const REFRESH_MS = 1_000;

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
  /** Without one, an alert tells of its own rule alone. */
  explainer?: Explainer;
  deadLetters?: DeadLetterPort;
  demo?: DemoPort;
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
  const { configuration, logger, nowMs, work } = o;
  const directory = o.directory ?? journalDirectory(o);
  const book = openBook(o, directory);
  await book.rebuild();
  const transport = createTransport({ logger, ...(o.transport && { prefer: o.transport }) });
  const accounts = new Accounts(o.dir, configuration.sessionMs);
  const latency = new LatencyWindow();
  const alertRate = new MinuteRate();
  const history = new HistoryBlocks(o.history, (fields, text) => logger.warn(fields, text));
  const stats = new StatsSource(o.stats, book, latency, alertRate, () => history.status(), nowMs);
  const connections = (): number => hub.connections;
  const counts = new LatencyCounts();
  const counters: ServerCounters = addMetrics(o.metrics, book, connections, counts);
  const shared = { book, directory, nowMs, logger, stats: () => stats.current() };
  const hub = new LiveHub({
    ...shared,
    ...logPositions(o),
    isLive: (session) => accounts.isLive(session),
    latency,
    alertRate,
    events: counters,
    transportKind: transport.kind,
  });
  let port = configuration.dashboardPort;
  let isOurOrigin: (origin: string | undefined) => boolean = () => false;
  const doors = new Doors({
    accounts,
    cookieName: () => cookieName(port),
    isOurOrigin: (origin) => isOurOrigin(origin),
  });
  const api = new Api({
    ...shared,
    accounts,
    doors,
    cookieName: () => cookieName(port),
    sessionMs: configuration.sessionMs,
    cursor: () => hub.cursor(),
    signIn: counters.signIn,
  });
  const own = new OwnStats({
    ...{ book, work, foot: shared.stats, latency: counts, connections },
    startedMs: nowMs(),
  });
  const system = addRoutes(transport, o, api, { ...shared, doors, history, own });
  transport.socket('/ws', (head) => decideUpgrade(head, doors, hub, isOurOrigin));
  const files = new StaticFiles(o.webDir);
  transport.route('GET', '/*', (exchange) => files.serve(exchange));
  const host = configuration.dashboardHost;
  ({ port } = await transport.listen({ host, port, setting: 'dashboardPort' }));
  isOurOrigin = originCheck(host, port, configuration.allowedOrigins);
  const running = book.run().catch(o.onFatal);
  const timers = keepUp({ nowMs, logger, board: o.stats, book, directory, stats, own, system });
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

function openBook(o: DashboardServerOptions, directory: BankDirectory): AlertBook {
  const { dir, hits, work, nowMs, logger, configuration, onTurn } = o;
  const { alertsInMemoryMax } = configuration;
  const book: AlertBook = new AlertBook({
    ...{ hits, work, directory, nowMs, logger, alertsInMemoryMax },
    tend: () => keeper.tend(),
    ...(onTurn && { onTurn }),
  });
  const keeper = new LogKeeper({ dir, hits, work, book, logger });
  return book;
}

/** What the groups of routes are made from. */
interface RouteParts {
  book: AlertBook;
  directory: BankDirectory;
  doors: Doors;
  history: HistoryBlocks;
  own: OwnStats;
  stats: () => Stats;
  logger: TransportLogger;
  nowMs: () => number;
}

function journalDirectory(o: DashboardServerOptions): BankDirectory {
  if (o.journal === undefined) throw new Error('a journal or a directory is needed');
  return new JournalDirectory(
    o.journal,
    o.configuration,
    (text) => o.logger.warn({}, text),
    o.nowMs,
  );
}

function logPositions(o: DashboardServerOptions) {
  const { hits, work, configuration } = o;
  return {
    hitsIdentity: () => hits.identity,
    workIdentity: () => work.identity,
    workFirst: () => work.first(),
    bufferBytesMax: configuration.socketBufferBytesMax,
    connectionsPerUserMax: configuration.connectionsPerUserMax,
    resumeRecordsMax: configuration.alertsInMemoryMax,
  };
}

/** The first route that fits answers: names stand before parameters. */
function addRoutes(
  transport: Transport,
  { configuration, stats: board, deadLetters, demo: port, explainer }: DashboardServerOptions,
  api: Api,
  shared: RouteParts,
): SystemRoutes {
  new HistoryRoutes(shared).addTo(transport);
  new ExportRoutes(shared).addTo(transport);
  new ExplainRoutes({ ...shared, explainer }).addTo(transport);
  new CustomerRoutes(shared).addTo(transport);
  new DemoRoutes({ ...shared, port }).addTo(transport);
  const system = new SystemRoutes({ ...shared, board, configuration, deadLetters });
  system.addTo(transport);
  api.addTo(transport);
  transport.route('*', '/api/*', (x) => fail(x, 404, 'not-found', 'there is no such address'));
  return system;
}

/** New names and rules once a second; our own record on the stats board. */
function keepUp(o: {
  nowMs: () => number;
  logger: TransportLogger;
  board: StatsBoard;
  book: AlertBook;
  directory: BankDirectory;
  stats: StatsSource;
  own: OwnStats;
  system: SystemRoutes;
}): NodeJS.Timeout[] {
  const { book, directory, stats, own, system } = o;
  let openedAt = book.workPosition;
  book.onPublished(() => {
    const changes = book.changesFrom(openedAt, book.workPosition - openedAt);
    openedAt = book.workPosition;
    if (changes.some((change) => change.opened)) stats.lastAlertMs = o.nowMs();
  });
  let told = false;
  const publish = async (): Promise<void> => {
    try {
      await o.board.publish('dashboard', own.take());
      told = false;
    } catch (err) {
      // A full disk, most likely: the queue must stay usable, for what is there can be worked on.
      if (!told) o.logger.warn({ err }, 'statistics cannot be written');
      told = true;
    }
  };
  const refresh = setInterval(() => {
    if (directory.refresh()) book.store.rename();
    system.watch();
    void publish();
  }, REFRESH_MS);
  return [refresh];
}

function decideUpgrade(
  head: {
    header(name: string): string | undefined;
    protocols: readonly string[];
  },
  doors: Doors,
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
  const who = doors.signedIn(head);
  const listener =
    who === undefined
      ? LiveHub.refuse(CloseCode.unauthorised, 'sign in first')
      : hub.accept(who.user, who.session);
  return { accept: true, protocol: SUBPROTOCOL, listener };
}

/** Cookies know no ports: two Weirs on one machine must not overwrite each other's. */
function cookieName(port: number): string {
  return `weir_${port}`;
}

/** An address that a browser on this machine can open. */
function shownHost(host: string): string {
  if (host === '0.0.0.0' || host === '::') return 'localhost';
  return host.includes(':') ? `[${host}]` : host;
}

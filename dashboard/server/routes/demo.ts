/** The demonstration bank's switchboard: what it does, and commands to it through its log. */
import type { Exchange, Transport, TransportLogger } from '../../../platform/index.js';
import {
  CASE_KINDS,
  DEMO_RATE_MAX,
  type DemoRecord,
  demoCommandSchema,
} from '../../../schemas/demo.js';
import type { DemoReply, Stats } from '../../../schemas/protocol.js';
import { RateLimit } from '../auth/rate-limit.js';
import { type Doors, fail, json, readJson } from '../http.js';

const COMMANDS_MAX = 5;
const WINDOW_MS = 1_000;

/** The log of commands and what the program knows of the demonstration. */
export interface DemoPort {
  /** Resolves once flushed. */
  append(record: DemoRecord): Promise<void>;
  /** A line that raises an alert; it carries the ingest key. Null when there is none. */
  curl(): string | null;
}

export interface DemoRoutesOptions {
  doors: Doors;
  port: DemoPort | undefined;
  stats: () => Stats;
  logger: TransportLogger;
  nowMs: () => number;
}

export class DemoRoutes {
  private readonly pace = new RateLimit(COMMANDS_MAX, WINDOW_MS, () => performance.now());

  constructor(private readonly options: DemoRoutesOptions) {}

  addTo(transport: Transport): void {
    transport.route('GET', '/api/demo', (x) => this.get(x));
    transport.route('POST', '/api/demo/commands', (x) => this.post(x));
  }

  private get(exchange: Exchange): void {
    const { doors, stats, port } = this.options;
    const who = doors.require(exchange, 'alerts.read');
    if (who === undefined) return;
    const { demo } = stats();
    if (demo === null) {
      json(exchange, 200, null);
      return;
    }
    const mayHaveKey = who.user.role === 'administrator' && demo.what === 'bank';
    const curl = mayHaveKey ? (port?.curl() ?? null) : null;
    const reply: DemoReply = { demo, kinds: CASE_KINDS, rateMax: DEMO_RATE_MAX, curl };
    json(exchange, 200, reply);
  }

  private async post(exchange: Exchange): Promise<void> {
    const { doors, stats, port, logger, nowMs } = this.options;
    if (!doors.fromUs(exchange)) return;
    const who = doors.require(exchange);
    if (who === undefined) return;
    if (who.user.role !== 'administrator') {
      return fail(exchange, 403, 'forbidden', 'only administrators steer the demonstration');
    }
    const command = await readJson(exchange, demoCommandSchema);
    if (command === undefined) return;
    if (port === undefined || stats().demo === null) return noDemo(exchange);
    const waitMs = this.pace.attempt('');
    if (waitMs > 0) {
      const headers = { 'retry-after': String(Math.ceil(waitMs / 1_000)) };
      const message = `at most ${COMMANDS_MAX} commands a second`;
      return fail(exchange, 429, 'too-many-commands', message, headers);
    }
    const user = who.user.name;
    try {
      await port.append({ atMs: nowMs(), user, command });
    } catch (err) {
      logger.error({ err }, 'demonstration: a command cannot be written');
      return fail(exchange, 503, 'busy', 'the command cannot be written now');
    }
    logger.info({ user, command: command.type }, 'demonstration: a command');
    json(exchange, 202, {});
  }
}

function noDemo(exchange: Exchange): void {
  fail(exchange, 404, 'no-demo', 'no demonstration bank runs here');
}

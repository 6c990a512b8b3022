/** The system page: what every role says of itself, and what somebody should look at now. */
import { z } from 'zod';
import type { Exchange, StatsBoard, Transport } from '../../../platform/index.js';
import type { Configuration } from '../../../schemas/configuration.js';
import {
  type Aged,
  type DeadLetterList,
  type DeadLetterView,
  LATENCY_TARGET_MS,
  type SystemPage,
} from '../../../schemas/protocol.js';
import { DEAD_LETTER_REASONS } from '../../../schemas/reasons.js';
import type { DemoStats, DiskStats, EngineStats, StorageStats } from '../../../schemas/stats.js';
import { alarmsOf } from '../alarms.js';
import type { BankDirectory } from '../directory.js';
import type { HistoryBlocks } from '../history-blocks.js';
import { type Doors, fail, json, readQuery } from '../http.js';
import { maskDetail, maskMessage } from '../masking.js';
import type { OwnStats } from '../own-stats.js';
import { AWAY_MS, DISK_OLD_MS } from '../stats.js';
import { Trend } from '../trend.js';

const TREND_MS = 5 * 60_000;
const LETTERS_DEFAULT = 50;
const LETTERS_MAX = 500;

const lettersQuery = z.strictObject({
  reason: z.enum(['', ...DEAD_LETTER_REASONS]).default(''),
  limit: z.coerce.number().int().min(1).max(LETTERS_MAX).default(LETTERS_DEFAULT),
});

/** One message that was refused, as ingest keeps it. */
export interface RefusedMessage {
  id: string;
  reason: string;
  detail: string;
  source: string;
  atMs: number;
  /** Length of the message; `raw` may hold only its beginning. */
  bytes: number;
  raw: Uint8Array;
}

/** The dead letters; the program wires what ingest keeps. */
export interface DeadLetterPort {
  /** Newest first. `truncated`: there may be more. */
  list(
    reason: string | undefined,
    limit: number,
  ): { letters: RefusedMessage[]; truncated: boolean };
  show(id: string): RefusedMessage | undefined;
}

export interface SystemRoutesOptions {
  doors: Doors;
  board: StatsBoard;
  own: OwnStats;
  directory: BankDirectory;
  history: HistoryBlocks;
  configuration: Configuration;
  deadLetters: DeadLetterPort | undefined;
  nowMs: () => number;
}

export class SystemRoutes {
  private readonly deadLetters = new Trend(TREND_MS);
  private readonly snapshotFailures = new Trend(TREND_MS);

  constructor(private readonly options: SystemRoutesOptions) {}

  addTo(transport: Transport): void {
    transport.route('GET', '/api/system', (x) => this.getSystem(x));
    transport.route('GET', '/api/dead-letters', (x) => this.getDeadLetters(x));
    transport.route('GET', '/api/dead-letters/:id', (x) => this.getDeadLetter(x));
  }

  /** Once a second: what only grows is watched for growing. */
  watch(): void {
    const engine: Partial<EngineStats> | undefined = this.engine()?.value;
    if (engine === undefined) return;
    const now = this.options.nowMs();
    if (engine.deadLetters !== undefined) {
      const total = Object.values(engine.deadLetters).reduce((sum, n) => sum + n, 0);
      this.deadLetters.add(total, now);
    }
    if (engine.snapshots !== undefined) this.snapshotFailures.add(engine.snapshots.failed, now);
  }

  page(): SystemPage {
    const { own, directory, history, configuration, nowMs } = this.options;
    const atMs = nowMs();
    const roles = {
      engine: this.engine(),
      dashboard: { atMs, value: own.newest() },
      storage: this.aged<StorageStats>('storage', AWAY_MS),
      disk: this.aged<DiskStats>('disk', DISK_OLD_MS),
      demo: this.aged<DemoStats>('demo', AWAY_MS)?.value ?? null,
    };
    const alarms = alarmsOf({
      nowMs: atMs,
      configuration,
      system: roles,
      history: history.status(),
      newDeadLetters: this.deadLetters.growth(),
      newSnapshotFailures: this.snapshotFailures.growth(),
    });
    return {
      ...{ atMs, ...roles, alarms, latencyTargetMs: LATENCY_TARGET_MS },
      rules: Object.fromEntries(
        directory.rulesInForce().map(({ id, names, state }) => [id, { names, state }]),
      ),
      operations: operationsOf(configuration),
    };
  }

  private engine(): Aged<EngineStats> | null {
    return this.aged<EngineStats>('engine', AWAY_MS);
  }

  private aged<T>(role: string, oldMs: number): Aged<T> | null {
    const { board, nowMs } = this.options;
    const entry = board.read(role);
    if (entry === undefined || nowMs() - entry.atMs > oldMs) return null;
    return { atMs: entry.atMs, value: entry.value as T };
  }

  private getSystem(exchange: Exchange): void {
    if (this.options.doors.require(exchange, 'system.read') === undefined) return;
    json(exchange, 200, this.page());
  }

  private getDeadLetters(exchange: Exchange): void {
    const { doors, deadLetters } = this.options;
    if (doors.require(exchange, 'system.read') === undefined) return;
    const query = readQuery(exchange, lettersQuery);
    if (query === undefined) return;
    const { reason, limit } = query;
    const found = deadLetters?.list(reason === '' ? undefined : reason, limit);
    const rows = (found?.letters ?? []).map((letter) => headOf(letter));
    const reply: DeadLetterList = {
      rows: rows.map((head, i) => ({ ...head, bytes: found?.letters[i]?.bytes ?? 0 })),
      truncated: found?.truncated ?? false,
    };
    json(exchange, 200, reply);
  }

  private getDeadLetter(exchange: Exchange): void {
    const { doors, deadLetters } = this.options;
    if (doors.require(exchange, 'system.read') === undefined) return;
    const letter = deadLetters?.show(exchange.params['id'] ?? '');
    if (letter === undefined) {
      fail(exchange, 404, 'unknown-dead-letter', 'there is no such dead letter, or no more');
      return;
    }
    const reply: DeadLetterView = { ...headOf(letter), text: maskMessage(letter.raw) };
    json(exchange, 200, reply);
  }
}

function headOf({
  id,
  reason,
  detail,
  source,
  atMs,
}: RefusedMessage): Omit<DeadLetterView, 'text'> {
  return { id, reason, detail: maskDetail(detail), source, atMs };
}

function operationsOf(configuration: Configuration): SystemPage['operations'] {
  const { operationsHost, engineOperationsPort, dashboardOperationsPort } = configuration;
  const url = (port: number): string => `http://${operationsHost}:${port}`;
  return [
    { role: 'engine', url: url(engineOperationsPort) },
    { role: 'dashboard', url: url(dashboardOperationsPort) },
    { role: 'storage', url: url(configuration.storageOperationsPort) },
  ];
}

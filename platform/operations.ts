/**
 * The operations port of a role: /metrics, /healthz and /readyz. Alive means that the role's
 * loops ticked lately and asks nobody else (restarting does not mend what we depend on); ready
 * means running and every named condition met.
 */
import type { Metrics } from './metrics.js';
import type { Exchange, Transport } from './transport/types.js';

export const ROLE_STATES = ['starting', 'running', 'draining', 'stopped', 'failed'] as const;
export type RoleState = (typeof ROLE_STATES)[number];

const LOOP_SILENT_MS_MAX = 5_000;

export interface HealthOptions {
  /** Monotonic milliseconds. */
  nowMs?: () => number;
  loopSilentMsMax?: number;
}

export interface Health {
  readonly state: RoleState;
  /** `why`: what it is doing there, for whoever asks why it is not ready. */
  set(state: RoleState, why?: string): void;
  /** Says that the named loop ticked; its first call registers it. */
  beat(loop: string): void;
  /** A condition of readiness: true, or what is missing. */
  condition(name: string, check: () => true | string): void;
  /** Empty when alive, else why not. */
  deadReasons(): string[];
  /** Empty when ready, else why not. */
  unreadyReasons(): string[];
}

export function createHealth(options: HealthOptions = {}): Health {
  const nowMs = options.nowMs ?? (() => performance.now());
  const silentMsMax = options.loopSilentMsMax ?? LOOP_SILENT_MS_MAX;
  const beats = new Map<string, number>();
  const conditions = new Map<string, () => true | string>();
  let state: RoleState = 'starting';
  let doing: string | undefined;
  return {
    get state() {
      return state;
    },
    set(next, why) {
      state = next;
      doing = why;
    },
    beat(loop) {
      beats.set(loop, nowMs());
    },
    condition(name, check) {
      conditions.set(name, check);
    },
    deadReasons() {
      if (state === 'failed') return ['the role has failed'];
      const silent = [...beats].filter(([, at]) => nowMs() - at > silentMsMax);
      return silent.map(([loop, at]) => `loop ${loop} silent for ${Math.round(nowMs() - at)} ms`);
    },
    unreadyReasons() {
      const why = doing === undefined ? '' : `: ${doing}`;
      if (state !== 'running') return [`state is ${state}${why}`];
      return [...conditions].flatMap(([name, check]) => {
        const answer = check();
        return answer === true ? [] : [`${name}: ${answer}`];
      });
    },
  };
}

export interface OperationsOptions {
  transport: Transport;
  metrics: Metrics;
  health: Health;
  host: string;
  port: number;
  /** The setting that changes the port. */
  setting: string;
}

/** Adds the routes and listens. The role beats a loop of its own here: the event loop. */
export async function startOperations(options: OperationsOptions): Promise<{
  port: number;
  close(deadlineMs: number): Promise<void>;
}> {
  const { transport, metrics, health } = options;
  metrics.gauge({
    name: 'role_state',
    help: '1 for the state that the role is in.',
    labels: { state: ROLE_STATES },
    collect: (set) => {
      for (const s of ROLE_STATES) set(s === health.state ? 1 : 0, { state: s });
    },
  });
  transport.route('GET', '/metrics', async (exchange) => {
    const text = await metrics.text();
    if (!exchange.aborted) exchange.reply(200, { 'content-type': metrics.contentType }, text);
  });
  transport.route('GET', '/healthz', (exchange) => {
    answer(exchange, health.state, health.deadReasons());
  });
  transport.route('GET', '/readyz', (exchange) => {
    answer(exchange, health.state, health.unreadyReasons());
  });
  const { host, port, setting } = options;
  const listening = await transport.listen({ host, port, setting });
  health.beat('event-loop');
  const timer = setInterval(() => health.beat('event-loop'), 1_000);
  timer.unref();
  return {
    port: listening.port,
    close: (deadlineMs) => {
      clearInterval(timer);
      return transport.close(deadlineMs);
    },
  };
}

function answer(exchange: Exchange, state: RoleState, reasons: string[]): void {
  const body = JSON.stringify({ ok: reasons.length === 0, state, reasons });
  exchange.reply(
    reasons.length === 0 ? 200 : 503,
    { 'content-type': 'application/json', 'cache-control': 'no-store' },
    `${body}\n`,
  );
}

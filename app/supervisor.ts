/**
 * Keeps the roles of one machine alive: forks them, restarts one that died with a back-off, and
 * stops them with a deadline. Its one trick: children leave by themselves when the IPC channel
 * closes, so that not even kill -9 of the supervisor leaves an orphan.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { ExitCode } from './exit-codes.js';
import { type ChildMessage, isChildMessage, type ParentMessage } from './ipc.js';

export interface ChildSpec {
  name: string;
  module: string;
  args: readonly string[];
}

export interface BackOff {
  firstMs: number;
  maxMs: number;
  /** Alive this long counts as healthy: the next death starts again at `firstMs`. */
  resetAfterMs: number;
  /** This many deaths in a row are a crash loop, said loudly. */
  crashLoopDeaths: number;
}

export const BACK_OFF: BackOff = {
  firstMs: 100,
  maxMs: 10_000,
  resetAfterMs: 30_000,
  crashLoopDeaths: 5,
};

interface SupervisorLogger {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface SupervisorOptions {
  children: readonly ChildSpec[];
  logger: SupervisorLogger;
  stopDeadlineMs: number;
  backOff?: Partial<BackOff>;
  env?: NodeJS.ProcessEnv;
  onMessage?: (child: string, message: ChildMessage) => void;
  /** All children are ready for the first time. */
  onReady?: () => void;
}

export interface Supervisor {
  /** Stops the children; resolves with `done`. A second call kills at once. */
  stop(): Promise<number>;
  /** Asks the children to read their files again; one that is down reads them when it starts. */
  reload(): void;
  /** Exit code, once everything is over. */
  readonly done: Promise<number>;
  /** Pids by child name, of those that run. */
  pids(): Record<string, number>;
}

interface Child {
  spec: ChildSpec;
  process: ChildProcess | undefined;
  ready: boolean;
  everReady: boolean;
  deathsInARow: number;
  startedMs: number;
  restartTimer: NodeJS.Timeout | undefined;
}

export function startSupervisor(options: SupervisorOptions): Supervisor {
  return new RunningSupervisor(options);
}

class RunningSupervisor implements Supervisor {
  readonly done: Promise<number>;
  private finish: (code: number) => void = () => undefined;
  private readonly children: Child[];
  private readonly backOff: BackOff;
  private stopping = false;
  private killTimer: NodeJS.Timeout | undefined;
  private exitCode: number = ExitCode.ok;
  private announced = false;

  constructor(private readonly options: SupervisorOptions) {
    this.backOff = { ...BACK_OFF, ...options.backOff };
    this.done = new Promise((resolve) => {
      this.finish = resolve;
    });
    this.children = options.children.map((spec) => ({
      spec,
      process: undefined,
      ready: false,
      everReady: false,
      deathsInARow: 0,
      startedMs: 0,
      restartTimer: undefined,
    }));
    for (const child of this.children) this.launch(child);
  }

  pids(): Record<string, number> {
    const running = this.children.filter((c) => c.process?.pid !== undefined);
    return Object.fromEntries(running.map((c) => [c.spec.name, c.process?.pid as number]));
  }

  stop(): Promise<number> {
    if (this.stopping) {
      this.killAll('stopped a second time');
      return this.done;
    }
    this.stopping = true;
    const { stopDeadlineMs } = this.options;
    for (const child of this.children) clearTimeout(child.restartTimer);
    this.tell({ type: 'stop' });
    this.killTimer = setTimeout(
      () => this.killAll(`not stopped within ${stopDeadlineMs} ms`),
      stopDeadlineMs,
    );
    this.endWhenAllGone();
    return this.done;
  }

  reload(): void {
    if (!this.stopping) this.tell({ type: 'reload' });
  }

  private tell(message: ParentMessage): void {
    for (const child of this.children) {
      if (child.process?.connected) child.process.send(message, () => undefined);
    }
  }

  private launch(child: Child): void {
    const { spec } = child;
    const started = fork(spec.module, spec.args, {
      env: { ...(this.options.env ?? process.env), WEIR_SUPERVISED: '1' },
      execArgv: [],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    child.process = started;
    child.ready = false;
    child.startedMs = performance.now();
    started.on('message', (message) => this.heard(child, started, message));
    started.on('error', (error) => {
      this.options.logger.error({ child: spec.name, err: error }, 'child process error');
      if (started.pid === undefined) this.died(child, started, 'not started');
    });
    started.on('exit', (code, signal) => this.died(child, started, signal ?? code ?? 'unknown'));
  }

  private heard(child: Child, from: ChildProcess, message: unknown): void {
    if (child.process !== from || !isChildMessage(message)) return;
    if (message.type === 'ready') {
      child.ready = true;
      child.everReady = true;
    }
    this.options.onMessage?.(child.spec.name, message);
    if (!this.announced && this.children.every((c) => c.ready)) {
      this.announced = true;
      this.options.onReady?.();
    }
  }

  private died(child: Child, from: ChildProcess, how: string | number): void {
    if (child.process !== from) return;
    child.process = undefined;
    child.ready = false;
    if (this.stopping) {
      this.endWhenAllGone();
      return;
    }
    if (!child.everReady && (how === ExitCode.usage || how === ExitCode.busy)) {
      // Restarting mends neither a wrong setting nor a busy port; the child has said which.
      this.exitCode = how;
      const { name } = child.spec;
      const message = `${name} cannot start; its own line above says why. Stopping the others`;
      this.options.logger.error({ child: name }, message);
      void this.stop();
      return;
    }
    this.restartLater(child, how);
  }

  private restartLater(child: Child, how: string | number): void {
    const { logger } = this.options;
    const { firstMs, maxMs, resetAfterMs, crashLoopDeaths } = this.backOff;
    const aliveMs = performance.now() - child.startedMs;
    child.deathsInARow = aliveMs >= resetAfterMs ? 1 : child.deathsInARow + 1;
    const waitMs = Math.min(maxMs, firstMs * 2 ** Math.min(child.deathsInARow - 1, 20));
    const fields = { child: child.spec.name, how, waitMs, deathsInARow: child.deathsInARow };
    if (child.deathsInARow >= crashLoopDeaths) {
      logger.error(
        fields,
        `CRASH LOOP: ${child.spec.name} died ${child.deathsInARow} times in a row; its own lines ` +
          'above say why. Nothing is lost: the logs keep what is not processed',
      );
    } else logger.warn(fields, `${child.spec.name} died, restarting`);
    child.restartTimer = setTimeout(() => this.launch(child), waitMs);
  }

  private killAll(why: string): void {
    for (const child of this.children) {
      if (child.process === undefined) continue;
      this.exitCode ||= ExitCode.failure;
      this.options.logger.error({ child: child.spec.name }, `killing ${child.spec.name}: ${why}`);
      child.process.kill('SIGKILL');
    }
  }

  private endWhenAllGone(): void {
    if (this.children.some((c) => c.process !== undefined)) return;
    clearTimeout(this.killTimer);
    this.finish(this.exitCode);
  }
}

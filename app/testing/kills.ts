/** Kill -9 of parts of a running Weir, in an order that the seed decides. */
import { existsSync, readFileSync } from 'node:fs';
import type { Random } from '../demo/random.js';
import {
  childPid,
  childPids,
  isAlive,
  type Ports,
  type Program,
  startRun,
  status,
  until,
} from './program.js';

export const VICTIMS = ['engine', 'dashboard', 'everything'] as const;
export type Victim = (typeof VICTIMS)[number];

/** As many of each, shuffled. */
export function killPlan(count: number, random: Random): Victim[] {
  const plan = Array.from({ length: count }, (_, i) => VICTIMS[i % VICTIMS.length] as Victim);
  for (let i = plan.length - 1; i > 0; i--) {
    const j = random.between(0, i);
    [plan[i], plan[j]] = [plan[j] as Victim, plan[i] as Victim];
  }
  return plan;
}

/** A Weir that may die and be started again on the same folder and ports. */
export class Mortal {
  program: Program;

  constructor(
    readonly dir: string,
    readonly ports: Ports,
    readonly flags: readonly string[],
  ) {
    this.program = startRun(dir, ports, flags);
  }

  /** Both roles answer that they are ready; how long that took, ms. */
  async ready(): Promise<number> {
    const from = performance.now();
    const { engineOperations, dashboardOperations } = this.ports;
    for (const port of [engineOperations, dashboardOperations]) {
      await until(
        async () => (await status(`http://127.0.0.1:${port}/readyz`)) === 200,
        () => `not ready: ${this.program.err().slice(-4_000)}`,
      );
    }
    return performance.now() - from;
  }

  /** Pid and start of a role, waiting for it to exist. */
  async identity(role: 'engine' | 'dashboard'): Promise<{ pid: number; started: string }> {
    await until(
      () => childPid(this.program.pid, role) !== undefined,
      () => `no ${role}: ${this.program.err().slice(-4_000)}`,
    );
    const pid = childPid(this.program.pid, role) as number;
    return { pid, started: startOf(pid) };
  }

  async kill(victim: Victim): Promise<void> {
    if (victim !== 'everything') {
      process.kill((await this.identity(victim)).pid, 'SIGKILL');
      return;
    }
    const { program } = this;
    for (const pid of [...childPids(program.pid), program.pid]) killQuietly(pid);
    await program.ended;
    this.start();
  }

  /** Kill -9 of the supervisor alone, and the next start at once; the pids that it left behind. */
  async behead(): Promise<number[]> {
    const { pid } = this.program;
    const children = childPids(pid);
    killQuietly(pid);
    await until(() => !isAlive(pid));
    this.start();
    return children;
  }

  /** Again on the same folder and ports. */
  start(): void {
    this.program = startRun(this.dir, this.ports, this.flags);
  }

  /** SIGTERM; exit code and the pids that were its children. */
  async stop(): Promise<{ code: number | string; orphans: number[] }> {
    const children = childPids(this.program.pid);
    this.program.process.kill('SIGTERM');
    const code = await this.program.ended;
    return { code, orphans: children.filter(isAlive) };
  }
}

export function killQuietly(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // died in this moment
  }
}

/** When a process started, in ticks since boot: with the pid it names one life. */
function startOf(pid: number): string {
  const path = `/proc/${pid}/stat`;
  if (!existsSync(path)) return '';
  return readFileSync(path, 'latin1').split(') ')[1]?.split(' ')[19] ?? '';
}

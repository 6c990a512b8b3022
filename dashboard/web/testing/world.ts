/**
 * What a dashboard server would know, without a server: alerts, their changes in one numbered log,
 * and commands. Outlives the test server, so that a restart can be tested.
 */
import type { DemoCommand } from '../../../schemas/demo.js';
import type { AlertCommand, AlertRow, Channel } from '../../../schemas/protocol.js';
import { UNDO_MS } from '../../../schemas/protocol.js';
import type { DemoStats } from '../../../schemas/stats.js';
import { makeRow, seeded } from './alerts.js';
import { MemoryHistory } from './history.js';

export interface Change {
  channel: Extract<Channel, 'alerts' | 'alert-updates'>;
  row: AlertRow;
}

export class World {
  readonly identity = 'test';
  readonly log: Change[] = [];
  readonly rows = new Map<string, AlertRow>();
  readonly trails = new Map<
    string,
    { atMs: number; what: string; user: string; detail: string }[]
  >();
  readonly commands = new Map<string, AlertRow>();
  readonly sessions = new Map<string, string>();
  readonly links = new Map<string, 'fresh' | 'used' | 'expired'>();
  readonly passwords = new Map<string, string>();
  readonly changed = new Set<() => void>();
  /** Positions below this are forgotten: resuming from them answers recovered: false. */
  keepFrom = 0;
  /** The next command is refused with this status. */
  refuseNext = 0;
  engine: 'running' | 'away' = 'running';
  /** Null: no demonstration runs. */
  demo: DemoStats | null = null;
  /** What becomes of a question for the other rules. */
  explain: 'ok' | 'busy' | 'out-of-time' | 'never-scored' = 'ok';
  readonly demoCommands: DemoCommand[] = [];
  readonly history = new MemoryHistory(() => this.rows.values());
  private made = 0;
  private readonly random = seeded(7);

  open(count: number, change: Partial<AlertRow> = {}): AlertRow[] {
    const fresh: AlertRow[] = [];
    for (let i = 0; i < count; i += 1) {
      this.made += 1;
      const row = { ...makeRow(this.made, this.random, Date.now()), ...change };
      this.put('alerts', row);
      fresh.push(row);
    }
    for (const wake of this.changed) wake();
    return fresh;
  }

  update(id: string, change: Partial<AlertRow>): AlertRow {
    const row = { ...(this.rows.get(id) as AlertRow), ...change, updatedMs: Date.now() };
    this.put('alert-updates', row);
    for (const wake of this.changed) wake();
    return row;
  }

  private put(channel: Change['channel'], row: AlertRow): void {
    this.rows.set(row.id, row);
    this.log.push({ channel, row });
  }

  demoCommand(command: DemoCommand): void {
    if (this.demo === null) return;
    this.demoCommands.push(command);
    const demo = { ...this.demo, commandsTaken: this.demo.commandsTaken + 1 };
    if (command.type === 'pause') demo.phase = 'paused';
    if (command.type === 'resume') demo.phase = 'live';
    if (command.type === 'rate') demo.ratePerSecond = command.ratePerSecond;
    if (command.type === 'plant') {
      const [row] = this.open(1);
      const planted = { kind: command.kind, subject: row?.subject ?? '', atMs: Date.now() };
      demo.planted = [planted, ...demo.planted].slice(0, 20);
    }
    this.demo = demo;
  }

  /** Row after the command, or the status that refuses it. Same key: same answer, nothing done. */
  command(id: string, user: string, command: AlertCommand): AlertRow | number {
    const done = this.commands.get(command.command);
    if (done !== undefined) return done;
    const row = this.rows.get(id);
    if (row === undefined) return 404;
    if (this.refuseNext !== 0) {
      const status = this.refuseNext;
      this.refuseNext = 0;
      return status;
    }
    const change = this.changeOf(row, user, command);
    if (change === null) return 409;
    const trail = this.trails.get(id) ?? [];
    const detail = command.type === 'close' ? `${command.reason}: ${command.note}` : '';
    trail.push({ atMs: Date.now(), what: command.type, user, detail });
    this.trails.set(id, trail);
    if (command.type === 'close') this.beforeClose.set(id, { row, user });
    const after = this.update(id, change);
    this.commands.set(command.command, after);
    return after;
  }

  private readonly beforeClose = new Map<string, { row: AlertRow; user: string }>();

  /** Null: not possible now. */
  private changeOf(row: AlertRow, user: string, command: AlertCommand): Partial<AlertRow> | null {
    if (command.type === 'undo-close') {
      const before = this.beforeClose.get(row.id);
      const late = Date.now() - row.updatedMs > UNDO_MS;
      if (row.state !== 'closed' || before?.user !== user || late) return null;
      const { state, owner } = before.row;
      return { state, owner, closeReason: null, closeNote: null };
    }
    if (row.state === 'closed' || (row.owner !== null && row.owner !== user)) return null;
    switch (command.type) {
      case 'take':
        return { owner: user, state: 'taken' };
      case 'release':
        return { owner: null, state: 'open' };
      case 'close':
        return {
          state: 'closed',
          owner: user,
          closeReason: command.reason,
          closeNote: command.note,
        };
    }
  }
}

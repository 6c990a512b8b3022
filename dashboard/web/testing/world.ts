/**
 * What a dashboard server would know, without a server: alerts, their changes in one numbered log,
 * and commands. Outlives the test server, so that a restart can be tested.
 */
import type { AlertCommand, AlertRow, Channel } from '../../../schemas/protocol.js';
import { makeRow, seeded } from './alerts.js';

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
    if (row.state === 'closed' || (row.owner !== null && row.owner !== user)) return 409;
    const trail = this.trails.get(id) ?? [];
    const detail = command.type === 'close' ? `${command.reason}: ${command.note}` : '';
    trail.push({ atMs: Date.now(), what: command.type, user, detail });
    this.trails.set(id, trail);
    const after =
      command.type === 'take'
        ? this.update(id, { owner: user, state: 'taken' })
        : command.type === 'release'
          ? this.update(id, { owner: null, state: 'open' })
          : this.update(id, {
              state: 'closed',
              owner: user,
              closeReason: command.reason,
              closeNote: command.note,
            });
    this.commands.set(command.command, after);
    return after;
  }
}

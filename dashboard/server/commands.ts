/** What people may do to an alert, decided as a pure function of its state. */
import type { AlertCommand, AlertRow } from '../../schemas/protocol.js';
import type { WorkRecord } from '../../schemas/work-log.js';
import type { AlertEntry } from './alert-entry.js';

export type CommandOutcome =
  | { ok: true; row: Pick<AlertRow, 'id'> }
  | { ok: false; status: 404 | 409 | 503; code: string; message: string };

export interface Decision {
  outcome: CommandOutcome;
  /** Missing when nothing changes: a refusal, or a command that was done already. */
  record?: WorkRecord;
}

function conflict(code: string, message: string): Decision {
  return { outcome: { ok: false, status: 409, code, message } };
}

export function decideCommand(
  entry: AlertEntry | undefined,
  command: AlertCommand,
  user: string,
  atMs: number,
): Decision {
  if (entry === undefined) {
    const message = 'there is no such alert';
    return { outcome: { ok: false, status: 404, code: 'unknown-alert', message } };
  }
  const done: Decision = { outcome: { ok: true, row: { id: entry.id } } };
  const earlier = entry.acts.find((act) => act.command === command.command);
  if (earlier !== undefined) {
    if (earlier.type === command.type && earlier.user === user) return done;
    return conflict('command-reused', 'this command id was used for something else');
  }
  if (entry.state === 'closed') return conflict('closed', `already closed by ${entry.owner}`);
  const others = entry.owner !== null && entry.owner !== user;
  if (others) return conflict('taken', `already taken by ${entry.owner}`);
  const base = { atMs, alertId: entry.id, user, command: command.command };
  switch (command.type) {
    case 'take':
      if (entry.owner === user) return done;
      return { ...done, record: { ...base, type: 'take' } };
    case 'release':
      if (entry.owner === null) return conflict('not-taken', 'nobody has taken this alert');
      return { ...done, record: { ...base, type: 'release' } };
    case 'close':
      return {
        ...done,
        record: { ...base, type: 'close', reason: command.reason, note: command.note },
      };
  }
}

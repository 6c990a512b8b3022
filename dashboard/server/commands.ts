/** What people may do to an alert, decided as a pure function of its state. */
import { type AlertCommand, type AlertRow, UNDO_MS } from '../../schemas/protocol.js';
import type { WorkRecord } from '../../schemas/work-log.js';
import type { AlertEntry } from './alert-entry.js';

export type CommandOutcome =
  | { ok: true; row: Pick<AlertRow, 'id'> }
  | { ok: false; status: 403 | 404 | 409 | 503; code: string; message: string };

export interface Decision {
  outcome: CommandOutcome;
  /** Missing when nothing changes: a refusal, or a command that was done already. */
  record?: WorkRecord;
}

export interface WaitingCommand {
  alertId: string;
  command: AlertCommand;
  user: string;
  resolve(outcome: CommandOutcome): void;
}

export function busyOutcome(message: string): CommandOutcome {
  return { ok: false, status: 503, code: 'busy', message };
}

function conflict(code: string, message: string): Decision {
  return { outcome: { ok: false, status: 409, code, message } };
}

export function decideCommand(
  entry: AlertEntry | undefined,
  command: AlertCommand,
  user: string,
  atMs: number,
  /** A later alert of the same rule and subject, if one has opened. */
  followedBy: string | null,
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
  const base = { atMs, alertId: entry.id, user, command: command.command };
  if (command.type === 'undo-close') {
    const refusal = cannotUndo(entry, user, atMs, followedBy);
    return refusal ?? { ...done, record: { ...base, type: 'undo-close' } };
  }
  if (entry.state === 'closed') return conflict('closed', `already closed by ${entry.owner}`);
  const others = entry.owner !== null && entry.owner !== user;
  if (others) return conflict('taken', `already taken by ${entry.owner}`);
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

function cannotUndo(
  entry: AlertEntry,
  user: string,
  atMs: number,
  followedBy: string | null,
): Decision | undefined {
  if (entry.state !== 'closed') return conflict('not-closed', 'this alert is not closed');
  if (entry.owner !== user) {
    const message = `closed by ${entry.owner}, who alone can take that back`;
    return { outcome: { ok: false, status: 403, code: 'not-yours', message } };
  }
  if (followedBy !== null) return conflict('superseded', `alert ${followedBy} has followed it`);
  // Closing is the last act of a closed alert.
  const closedMs = entry.acts.at(-1)?.atMs ?? Number.NEGATIVE_INFINITY;
  if (atMs - closedMs <= UNDO_MS) return undefined;
  return conflict('too-late', `a close can be taken back within ${UNDO_MS / 1_000} s`);
}

/** How commands end: one table for the code, the help texts and the supervisor. */
import { CommanderError } from 'commander';

export const ExitCode = { ok: 0, failure: 1, usage: 2, busy: 3 } as const;

/** A mistake in how the command was called; the message says how to mend it. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Errors that a person mends, by name or code: rooms are loaded on demand, so no `instanceof`. */
const exitCodes: Record<string, number> = {
  UsageError: ExitCode.usage,
  ConfigurationError: ExitCode.usage,
  CatalogueError: ExitCode.usage,
  FileError: ExitCode.usage,
  ListenError: ExitCode.busy,
  folder_locked: ExitCode.busy,
};

function knownCode(error: unknown): number | undefined {
  if (!(error instanceof Error)) return undefined;
  return exitCodes[error.name] ?? exitCodes[String((error as { code?: unknown }).code)];
}

export function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) {
    return error.exitCode === 0 ? ExitCode.ok : ExitCode.usage;
  }
  return knownCode(error) ?? ExitCode.failure;
}

/** True when the message alone tells what to do, so that a stack would only hide it. */
export function isForOperators(error: unknown): boolean {
  return knownCode(error) !== undefined;
}

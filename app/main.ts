#!/usr/bin/env node
/** The `weir` command: one file per subcommand, each loading its rooms only when it runs. */
import { realpathSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { Command, CommanderError } from 'commander';
import { addDashboardCommand } from './commands/dashboard.js';
import { addDeadLettersCommand } from './commands/dead-letters.js';
import { addEngineCommand } from './commands/engine.js';
import { addExplainCommand } from './commands/explain.js';
import { addGenerateCommand } from './commands/generate.js';
import { addReplayCommand } from './commands/replay.js';
import { addRulesCommand } from './commands/rules.js';
import { addRunCommand } from './commands/run.js';
import { addSignInLinkCommand } from './commands/sign-in-link.js';
import { addStorageCommand } from './commands/storage.js';
import { exitCodeOf, isForOperators } from './exit-codes.js';
import { packageVersion } from './package.js';

const footer = `
Exit codes: 0 done, 1 failed, 2 wrong call or configuration, 3 port or data folder in use.
"weir <command> --help" shows the flags and an example of each command.`;

export function buildProgram(): Command {
  const program = new Command('weir')
    .description(
      "Watches a bank's transactions as they happen and puts alerts on officers' screens.",
    )
    .version(packageVersion(), '--version', 'print the version')
    .helpOption('-h, --help', 'show this help')
    .configureHelp({ showGlobalOptions: false })
    .addHelpText('after', footer)
    .showSuggestionAfterError()
    .showHelpAfterError('(add --help for the flags and examples)')
    .exitOverride();
  addRunCommand(program);
  addEngineCommand(program);
  addDashboardCommand(program);
  addStorageCommand(program);
  addReplayCommand(program);
  addGenerateCommand(program);
  addDeadLettersCommand(program);
  addRulesCommand(program);
  addExplainCommand(program);
  addSignInLinkCommand(program);
  return program;
}

/** Runs one command line; returns the exit code. */
export async function main(argv: readonly string[]): Promise<number> {
  const program = buildProgram();
  try {
    await program.parseAsync(argv, { from: 'user' });
    return Number(process.exitCode ?? 0);
  } catch (error) {
    if (error instanceof CommanderError) return exitCodeOf(error);
    const text = isForOperators(error)
      ? (error as Error).message
      : ((error as Error | undefined)?.stack ?? String(error));
    process.stderr.write(`weir: ${text}\n`);
    return exitCodeOf(error);
  }
}

const entry = process.argv[1];
if (entry !== undefined && import.meta.url === pathToFileURL(realpathSync(entry)).href) {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    // `weir rules list | head` closes the pipe: that is no failure.
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
  process.exitCode = await main(process.argv.slice(2));
}

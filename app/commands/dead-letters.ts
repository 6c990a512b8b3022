/** `weir dead-letters list|show`: what admission refused, with the reason and the raw bytes. */
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { addDir, countNumber, wholeNumber } from '../options.js';

const help = `
Examples:
  weir dead-letters list                        the newest 50
  weir dead-letters list --reason too_old --limit 500 --json
  weir dead-letters show 17                     one of them with its bytes
  weir dead-letters show 17 --raw > message.bin`;

export interface DeadLetterListFlags {
  dir: string;
  reason?: string;
  limit: number;
  json?: boolean;
}

export function addDeadLettersCommand(program: Command): void {
  const letters = program
    .command('dead-letters')
    .description('look at what was refused, and why')
    .addHelpText('after', help);
  addDir(letters.command('list').description('newest first, one a line'))
    .option('--reason <code>', 'only this reason')
    .option('--limit <n>', 'at most this many', countNumber, 50)
    .option('--json', 'one JSON object a line')
    .addHelpText('after', help)
    .action(async (flags: DeadLetterListFlags) => {
      const { listDeadLetters } = await import('../dead-letters-text.js');
      process.stdout.write(await listDeadLetters({ ...flags, dir: resolve(flags.dir) }));
    });
  addDir(letters.command('show').description('one in full'))
    .argument('<number>', 'as in the list', wholeNumber)
    .option('--raw', 'only the bytes as they came')
    .addHelpText('after', help)
    .action(async (number: number, flags: { dir: string; raw?: boolean }) => {
      const { showDeadLetter } = await import('../dead-letters-text.js');
      process.stdout.write(await showDeadLetter(number, { ...flags, dir: resolve(flags.dir) }));
    });
}

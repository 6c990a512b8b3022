/** `weir rules apply|pending|cancel`: another catalogue at a stated time, while everything runs. */
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { addDir } from '../options.js';

const help = `
Examples:
  weir rules apply --catalogue rules/                   checks it, then as soon as the engine looks
  weir rules apply --catalogue rules/ --at 2026-03-02T18:00:00+08:00
  weir rules pending                                    what waits, and what became of the last one
  weir rules cancel                                     takes back what waits`;

export interface ApplyFlags {
  dir: string;
  catalogue?: string;
  at?: string;
}

export interface PendingFlags {
  dir: string;
  json?: boolean;
}

export function addRulesApplyCommands(rules: Command): void {
  addDir(rules.command('apply').description('another catalogue, now or at a time'))
    .option('--catalogue <path>', 'a file or folder instead of the shipped')
    .option('--at <time>', 'ISO 8601 with offset: not before this')
    .addHelpText('after', help)
    .action(async (flags: ApplyFlags) => {
      const { applyRules } = await import('../rules-apply.js');
      process.stdout.write(await applyRules({ ...flags, dir: resolve(flags.dir) }));
    });
  addDir(rules.command('pending').description('what waits, and how the rules stand'))
    .option('--json', 'as JSON')
    .addHelpText('after', help)
    .action(async (flags: PendingFlags) => {
      const { pendingRules } = await import('../rules-apply.js');
      process.stdout.write(pendingRules({ ...flags, dir: resolve(flags.dir) }));
    });
  addDir(rules.command('cancel').description('takes back what waits'))
    .addHelpText('after', help)
    .action(async (flags: { dir: string }) => {
      const { cancelRules } = await import('../rules-apply.js');
      process.stdout.write(await cancelRules(resolve(flags.dir)));
    });
}

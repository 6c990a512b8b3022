/** `weir sign-in-link`: another one-time link, for somebody who may read the data folder. */
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { addDir } from '../options.js';

const help = `
Example:
  weir sign-in-link --dir /srv/weir     prints a link that works once`;

export function addSignInLinkCommand(program: Command): void {
  const command = program.command('sign-in-link').description('print a new one-time sign-in link');
  addDir(command)
    .addHelpText('after', help)
    .action(async (flags: { dir: string }) => {
      const { requestSignInLink } = await import('../sign-in-link.js');
      process.stdout.write(`${await requestSignInLink(resolve(flags.dir))}\n`);
    });
}

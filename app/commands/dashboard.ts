/** `weir dashboard`: the page, its API and its socket, one process. */
import type { Command } from 'commander';
import { prepareDataFolder } from '../data-folder.js';
import { addRoleFlags, type RoleFlags } from '../options.js';

const help = `
Example:
  weir dashboard --dir /srv/weir        the page alone; "weir run" starts it for you`;

export function addDashboardCommand(program: Command): void {
  const command = program.command('dashboard').description('run the page and its API alone');
  addRoleFlags(command)
    .addHelpText('after', help)
    .action(async (flags: RoleFlags) => {
      const { startDashboardProcess } = await import('../dashboard-process.js');
      const dir = prepareDataFolder(flags.dir);
      await startDashboardProcess({ ...flags, dir });
    });
}

/** `weir storage`: keeps transactions, hits and alerts in ClickHouse, one process. */
import type { Command } from 'commander';
import { prepareDataFolder } from '../data-folder.js';
import { addRoleFlags, type RoleFlags } from '../options.js';

const help = `
Example:
  weir storage --dir /srv/weir --set clickhouse=http://clickhouse:8123
                                        history alone; "weir run" starts it for you`;

export function addStorageCommand(program: Command): void {
  const command = program.command('storage').description('keep history in ClickHouse, alone');
  addRoleFlags(command)
    .addHelpText('after', help)
    .action(async (flags: RoleFlags) => {
      const { startStorageProcess } = await import('../storage-process.js');
      const dir = prepareDataFolder(flags.dir);
      await startStorageProcess({ ...flags, dir });
    });
}

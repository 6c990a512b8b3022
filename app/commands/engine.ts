/** `weir engine`: ingest and scoring, one process. */
import type { Command } from 'commander';
import { prepareDataFolder } from '../data-folder.js';
import { addEngineFlags, type EngineFlags } from '../options.js';

const help = `
Example:
  weir engine --dir /srv/weir           the engine alone; "weir run" starts it for you

kill -HUP PID loads --catalogue and --reference again while it runs.`;

export function addEngineCommand(program: Command): void {
  const command = program.command('engine').description('run ingest and scoring alone');
  addEngineFlags(command)
    .addHelpText('after', help)
    .action(async (flags: EngineFlags) => {
      const { startEngineProcess } = await import('../engine-process.js');
      const dir = prepareDataFolder(flags.dir);
      await startEngineProcess({ ...flags, dir });
    });
}

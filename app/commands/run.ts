/** `weir run`: the whole of Weir on one machine, supervised. */
import type { Command } from 'commander';
import { prepareDataFolder } from '../data-folder.js';
import { addEngineFlags, type EngineFlags } from '../options.js';

const help = `
Examples:
  weir run                              serve on the default ports, data in ./weir-data
  weir run --demo sample                play the labelled sample beside it
  weir run --dir /srv/weir --threads 2 --set idleAfterMs=5000

kill -HUP PID loads --catalogue and --reference again while it runs. Files that are broken or have
suspiciously shrunk are refused with a line in the log; the version in force stays.`;

export function addRunCommand(program: Command): void {
  const command = program.command('run').description('run engine and dashboard, supervised');
  addEngineFlags(command)
    .addHelpText('after', help)
    .action(async (flags: EngineFlags) => {
      const { runEverything } = await import('../run-everything.js');
      const dir = prepareDataFolder(flags.dir);
      process.exitCode = await runEverything({ ...flags, dir });
    });
}

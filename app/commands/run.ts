/** `weir run`: the whole of Weir on one machine, supervised. */
import type { Command } from 'commander';
import { prepareDataFolder } from '../data-folder.js';
import { addEngineFlags, type RunFlags } from '../options.js';

const help = `
Examples:
  weir run                              serve on the default ports, data in ./weir-data
  weir run --demo bank                  play the demonstration bank (npm start does)
  weir run --demo bank --reset          the same, begun afresh
  weir run --demo sample --rate 50      play the labelled sample
  weir run --dir /srv/weir --threads 2 --set idleAfterMs=5000

kill -HUP PID loads --catalogue and --reference again while it runs. Files that are broken or have
suspiciously shrunk are refused with a line in the log; the version in force stays.`;

export function addRunCommand(program: Command): void {
  const command = program
    .command('run')
    .description('run everything, supervised: engine, page, history');
  addEngineFlags(command)
    .option('--reset', 'remove what a demonstration left in the data folder, and begin afresh')
    .addHelpText('after', help)
    .action(async (flags: RunFlags) => {
      const { runEverything } = await import('../run-everything.js');
      const dir = prepareDataFolder(flags.dir);
      process.exitCode = await runEverything({ ...flags, dir });
    });
}

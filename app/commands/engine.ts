/** `weir engine`: ingest and scoring, one process. */
import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { addEngineFlags, type EngineFlags } from '../options.js';

const help = `
Example:
  weir engine --dir /srv/weir           the engine alone; "weir run" starts it for you`;

export function addEngineCommand(program: Command): void {
  const command = program.command('engine').description('run ingest and scoring alone');
  addEngineFlags(command)
    .addHelpText('after', help)
    .action(async (flags: EngineFlags) => {
      const { startEngineProcess } = await import('../engine-process.js');
      const dir = resolve(flags.dir);
      mkdirSync(dir, { recursive: true });
      await startEngineProcess({ ...flags, dir });
    });
}

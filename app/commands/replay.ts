/** `weir replay FILE`: scores a file as fast as possible, without a server. */
import type { Command } from 'commander';
import { Option } from 'commander';
import { countNumber } from '../options.js';

const help = `
Writes one JSON object per hit to --out (or stdout), and a summary to stderr.

Examples:
  weir replay day.ndjson --out hits.ndjson
  weir replay transactions.csv.gz --mapping bank.yaml --reference ./reference --threads 2
  weir replay day.ndjson --catalogue my-rules.yaml --evidence all | head`;

export interface ReplayFlags {
  mapping?: string;
  catalogue?: string;
  reference?: string;
  out?: string;
  evidence: 'newest' | 'all';
  threads: number;
}

export function addReplayCommand(program: Command): void {
  program
    .command('replay')
    .description('score a file as fast as possible and write the hits')
    .argument('<files...>', 'NDJSON or CSV, plain or gzip')
    .option('--mapping <file>', 'YAML: which column is which field; needed for CSV')
    .option('--catalogue <path>', 'rules to use instead of the shipped ones')
    .option('--reference <folder>', 'reference data: parties, accounts, lists, rates, calendar')
    .option('--out <file>', 'where the hits go (default: stdout)')
    .addOption(
      new Option('--evidence <how>', 'transactions kept in a hit')
        .choices(['newest', 'all'])
        .default('newest'),
    )
    .option('--threads <n>', 'scoring threads', countNumber, 1)
    .addHelpText('after', help)
    .action(async (files: string[], flags: ReplayFlags) => {
      const { replay } = await import('../replay.js');
      process.exitCode = await replay(files, flags);
    });
}

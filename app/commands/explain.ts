/** `weir explain`: why a rule hit, and why another did not. */
import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import type { SentenceLanguage } from '../../schemas/sentence.js';
import { countNumber, DEFAULT_DIR } from '../options.js';

const help = `
Scores the subject's own transactions once more, as the engine did, and asks every rule and typology
at its newest transaction at or before --at (and at the last close of a day). Reads beside a running
engine and disturbs nothing. The subject is the customer, or the account where the bank's reference
data names no customer.

Examples:
  weir explain --subject C-1001 --at 2026-03-02T20:05:00+08:00
  weir explain --subject C-1001 --at 2026-03-02T20:05:00+08:00 --lang zh --dir ./weir-data
  weir explain --subject C-1001 --at 2026-03-02T20:05:00+08:00 --catalogue new-rules/ --json
  weir explain --subject A00403 --at 2024-02-24T23:59:00+08:00 \\
    --file transactions.csv.gz --mapping labelled-sample`;

export interface ExplainFlags {
  subject: string;
  at: string;
  side?: 'debit' | 'credit';
  dir: string;
  file?: string[];
  mapping?: string;
  reference?: string;
  catalogue?: string;
  lang: SentenceLanguage;
  json?: boolean;
  seconds: number;
}

const collect = (value: string, before: string[] = []): string[] => [...before, value];

export function addExplainCommand(program: Command): void {
  program
    .command('explain')
    .description('tell why rules did or did not hit')
    .requiredOption('--subject <id>', 'customer, or account where no customer is known')
    .requiredOption('--at <time>', 'ISO 8601 with offset: the moment to ask about')
    .addOption(
      new Option('--side <side>', 'its newest transaction of one side').choices([
        'debit',
        'credit',
      ]),
    )
    .option('--dir <folder>', 'data folder of a Weir, running or not', DEFAULT_DIR)
    .option('--file <file>', 'transactions of a file instead; may be repeated', collect)
    .option('--mapping <file>', 'with --file: which column is which field')
    .option('--reference <folder>', 'with --file: reference data')
    .option('--catalogue <path>', 'ask these rules instead of those that were in force')
    .addOption(new Option('--lang <language>', 'of the text').choices(['zh', 'en']).default('en'))
    .option('--json', 'as one JSON object')
    .option('--seconds <n>', 'give up reading the journal after so long', countNumber, 600)
    .addHelpText('after', help)
    .action(async (flags: ExplainFlags) => {
      const { explain } = await import('../explain-command.js');
      process.stdout.write(await explain({ ...flags, dir: resolve(flags.dir) }));
    });
}

/** `weir replay FILE`: scores a file as fast as possible, without a server. */
import type { Command } from 'commander';
import { Option } from 'commander';
import { countNumber } from '../options.js';

const help = `
Writes one JSON object per hit to --out (or stdout), and a summary to stderr.

Examples:
  weir replay day.ndjson --out hits.ndjson
  weir replay transactions.csv.gz --mapping bank.yaml --reference ./reference --threads 2
  weir replay day.ndjson --catalogue my-rules.yaml --evidence all | head
  weir replay year.csv.gz --mapping bank.yaml --report --catalogue new/ --against old/
  weir replay sample.csv.gz --mapping labelled-sample --report --labels labels_patterns.csv`;

const reportHelp = `
With --report the hits are counted instead: alerts (one a rule and subject) per 1,000 customers and
30 days, overlaps between rules; with --labels recall, precision and days to detection; with
--against what is new and gone. What lies outside --from and --to is scored, but not counted.`;

export interface ReplayFlags {
  mapping?: string;
  catalogue?: string;
  reference?: string;
  out?: string;
  evidence: 'newest' | 'all';
  threads: number;
  report?: boolean;
  labels?: string;
  against?: string;
  from?: string;
  to?: string;
  closeAfterDays?: number;
  json?: boolean;
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
    .option('--report', 'count hits and alerts instead of writing hits to stdout')
    .option('--labels <csv>', 'with --report: patterns that are known to be there')
    .option('--against <path>', 'with --report: another catalogue to compare with')
    .option('--from <time>', 'with --report: count from here on, ISO 8601 with offset')
    .option('--to <time>', 'with --report: count what is before')
    .option('--close-after-days <n>', 'with --report: an alert is closed by then', countNumber)
    .option('--json', 'with --report: as one JSON object')
    .addHelpText('after', `${reportHelp}\n${help}`)
    .action(async (files: string[], flags: ReplayFlags) => {
      const { replay } = await import('../replay.js');
      process.exitCode = await replay(files, flags);
    });
}

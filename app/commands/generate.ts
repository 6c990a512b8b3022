/** `weir generate --out FOLDER`: a synthetic bank as files, with labels. */
import type { Command } from 'commander';
import { Option } from 'commander';
import { countNumber, wholeNumber } from '../options.js';

const help = `
Writes transactions, and the reference data that belongs to them, into an empty folder:
  transactions.ndjson | .csv | .bin   in order of event time (.bin: FlatBuffers in envelopes)
  reference/                          parties, accounts, lists, rates, calendar
  labels.ndjson, labels.csv           with --labels: patterns, and the transactions of each
The same seed and flags write the same bytes. docs/bank.md tells what lives in this bank.

Examples:
  weir generate --out ./bank --days 130 --until 2026-03-02 --labels
  weir replay ./bank/transactions.ndjson --reference ./bank/reference --out hits.ndjson
  weir generate --out ./small --customers 500 --merchants 100 --format csv
  weir replay ./small/transactions.csv --mapping generated --reference ./small/reference`;

export const GENERATE_FORMATS = ['ndjson', 'csv', 'flatbuffers'] as const;

export interface GenerateFlags {
  out: string;
  format: (typeof GENERATE_FORMATS)[number];
  days: number;
  customers: number;
  merchants: number;
  receiptsPerDay: number;
  seed: number;
  until?: string;
  labels?: boolean;
}

export function addGenerateCommand(program: Command): void {
  program
    .command('generate')
    .description('write a synthetic bank: transactions, reference data, labels')
    .requiredOption('--out <folder>', 'where the files go; made when missing, else empty')
    .addOption(
      new Option('--format <name>', 'of the transactions')
        .choices(GENERATE_FORMATS)
        .default('ndjson'),
    )
    .option('--days <n>', 'days to write', countNumber, 30)
    .option('--customers <n>', 'customers with a life, at least 100', countNumber, 5_000)
    .option('--merchants <n>', 'merchant companies with card receipts', wholeNumber, 2_000)
    .option('--receipts-per-day <n>', 'card receipts of all merchants', wholeNumber, 10_000)
    .option('--seed <n>', 'another seed is another bank', wholeNumber, 1)
    .option('--until <iso>', 'end, not included: a date of the bank or a time (default: today)')
    .option('--labels', 'write which transactions belong to which pattern')
    .addHelpText('after', help)
    .action(async (flags: GenerateFlags) => {
      const { generate } = await import('../generate.js');
      process.exitCode = generate(flags);
    });
}

/** Flags that several commands share, and how they become configuration and back into flags. */
import { resolve } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { parse } from 'yaml';
import type { LogLevel } from '../platform/index.js';
import { DEMO_RATE_MAX } from '../schemas/demo.js';
import { BANK_SIZE } from './demo/bank-state.js';
import { UsageError } from './exit-codes.js';

/** Written out here, so that a command's help loads no log and no web server. */
const logLevels: readonly LogLevel[] = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'];

export const DEFAULT_DIR = './weir-data';

export interface RoleFlags {
  dir: string;
  logLevel: LogLevel;
  set?: string[];
  threads?: number;
  dashboardPort?: number;
  ingestPort?: number;
  engineOperationsPort?: number;
  dashboardOperationsPort?: number;
  storageOperationsPort?: number;
  clockStart?: string;
  clockAnchorMs?: number;
}

export interface EngineFlags extends RoleFlags {
  demo: 'bank' | 'sample' | 'none';
  rate?: number;
  demoCustomers: number;
  demoMerchants: number;
  demoDays: number;
  catalogue?: string;
  reference?: string;
}

export interface RunFlags extends EngineFlags {
  reset?: boolean;
}

const settingFlags = [
  'threads',
  'dashboardPort',
  'ingestPort',
  'engineOperationsPort',
  'dashboardOperationsPort',
  'storageOperationsPort',
] as const;

export function wholeNumber(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isInteger(value)) {
    throw new InvalidArgumentError('Write a whole number.');
  }
  return value;
}

export function countNumber(text: string): number {
  const value = wholeNumber(text);
  if (value < 1) throw new InvalidArgumentError('Write a whole number above 0.');
  return value;
}

function rate(text: string): number {
  const value = Number(text);
  if (!(value > 0) || value > DEMO_RATE_MAX) {
    throw new InvalidArgumentError(`Write a number above 0, at most ${DEMO_RATE_MAX}.`);
  }
  return value;
}

/** The size of the demonstration bank: for tests, which have no time. */
function hiddenCount(flags: string, ofBank: number): Option {
  return new Option(flags, 'tests only').argParser(countNumber).default(ofBank).hideHelp();
}

const collect = (value: string, before: string[] = []): string[] => [...before, value];

export function addDir(command: Command): Command {
  return command.option('--dir <folder>', 'data folder', DEFAULT_DIR);
}

export function addRoleFlags(command: Command): Command {
  return addDir(command)
    .option('--threads <n>', 'scoring threads (1)', wholeNumber)
    .option('--dashboard-port <port>', 'port of the page (8480)', wholeNumber)
    .option('--ingest-port <port>', 'port that transactions are posted to (8481)', wholeNumber)
    .option('--engine-operations-port <port>', 'its metrics and health (8482)', wholeNumber)
    .option('--dashboard-operations-port <port>', 'its metrics and health (8483)', wholeNumber)
    .option('--storage-operations-port <port>', 'its metrics and health (8484)', wholeNumber)
    .option('--set <name=value>', 'any setting of weir.yaml; may be repeated', collect)
    .addOption(
      new Option('--log-level <level>', 'what the log tells').choices(logLevels).default('info'),
    )
    .addOption(new Option('--clock-start <iso>', 'tests only').hideHelp())
    .addOption(new Option('--clock-anchor-ms <ms>').argParser(wholeNumber).hideHelp());
}

export function addEngineFlags(command: Command): Command {
  return addRoleFlags(command)
    .addOption(
      new Option(
        '--demo <what>',
        'a demonstration: a bank that lives (as npm start does), or a labelled sample',
      )
        .choices(['bank', 'sample', 'none'])
        .default('none'),
    )
    .option(
      '--rate <n>',
      'a second: card receipts of the bank (200), rows of the sample (20)',
      rate,
    )
    .addOption(hiddenCount('--demo-customers <n>', BANK_SIZE.customers))
    .addOption(hiddenCount('--demo-merchants <n>', BANK_SIZE.merchants))
    .addOption(hiddenCount('--demo-days <n>', BANK_SIZE.historyDays))
    .option('--catalogue <path>', 'rules to use instead of the shipped ones')
    .option('--reference <folder>', 'reference data: parties, accounts, lists, rates, calendar');
}

/** What the flags say about settings; undefined where they say nothing. */
export function overridesOf(flags: RoleFlags): Record<string, unknown> {
  const overrides: Record<string, unknown> = {};
  for (const text of flags.set ?? []) {
    const at = text.indexOf('=');
    if (at < 1) throw new UsageError(`--set "${text}": write name=value, for example threads=2`);
    overrides[text.slice(0, at)] = parse(text.slice(at + 1));
  }
  for (const name of settingFlags) {
    if (flags[name] !== undefined) overrides[name] = flags[name];
  }
  return overrides;
}

/** The same flags again, for a child process, which works in the same folder. */
export function roleArguments(flags: RoleFlags): string[] {
  const args = ['--dir', resolve(flags.dir), '--log-level', flags.logLevel];
  for (const [name, value] of Object.entries(overridesOf(flags))) {
    args.push('--set', `${name}=${JSON.stringify(value)}`);
  }
  if (flags.clockStart !== undefined) {
    const anchorMs = flags.clockAnchorMs ?? Date.now();
    args.push('--clock-start', flags.clockStart, '--clock-anchor-ms', String(anchorMs));
  }
  return args;
}

export function engineArguments(flags: EngineFlags): string[] {
  const args = [...roleArguments(flags), '--demo', flags.demo];
  if (flags.rate !== undefined) args.push('--rate', String(flags.rate));
  args.push('--demo-customers', String(flags.demoCustomers));
  args.push('--demo-merchants', String(flags.demoMerchants));
  args.push('--demo-days', String(flags.demoDays));
  if (flags.catalogue !== undefined) args.push('--catalogue', resolve(flags.catalogue));
  if (flags.reference !== undefined) args.push('--reference', resolve(flags.reference));
  return args;
}

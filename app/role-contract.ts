/** What the program hands to a role and gets back from it. */
import type { Logger } from '../platform/index.js';
import type { Configuration } from '../schemas/configuration.js';
import type { Clock } from '../schemas/ports.js';
import type { BankState } from './demo/bank-state.js';

export interface RoleOptions {
  dir: string;
  configuration: Configuration;
  clock: Clock;
  logger: Logger;
}

export interface DemoChoice {
  what: 'bank' | 'sample' | 'none';
  /** Undefined: as the demonstration has it. */
  ratePerSecond: number | undefined;
  /** Of the bank, as prepared. */
  state?: BankState | undefined;
}

export interface EngineRoleOptions extends RoleOptions {
  demo: DemoChoice;
  /** Rules instead of the shipped ones: a file or a folder. */
  cataloguePath?: string;
  /** Folder with reference data. */
  referenceDir?: string;
}

export interface RunningRole {
  /** Reads catalogue and reference data again; never rejects for what stands in them. */
  reload?(): Promise<void>;
  stop(): Promise<void>;
}

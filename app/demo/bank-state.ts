/**
 * What the demonstration bank must remember in a data folder. Its one trick is what it leaves out:
 * how far the customers' lives were played stands in the journal, as offsets of the sources, in
 * the same commit as the transactions themselves.
 */
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CaseKind } from '../../schemas/demo.js';
import { UsageError } from '../exit-codes.js';

/** Beside the sample's state, which has format 1. */
const FORMAT = 2;
export const DEMO_FILE = 'demo.json';
const DAY_MS = 86_400_000;
/** The bank lives in China: its days begin at midnight there. */
const BANK_OFFSET_MS = 8 * 3_600_000;
const SEED = 20_260;

export interface BankSize {
  customers: number;
  merchants: number;
  historyDays: number;
}
export const BANK_SIZE: BankSize = { customers: 5_000, merchants: 2_000, historyDays: 130 };

/** A case that was begun; known until all of it is on disk, so that a restart finishes it. */
export interface BegunCase {
  kind: CaseKind;
  n: number;
  startMs: number;
}

export interface BankState extends BankSize {
  format: typeof FORMAT;
  seed: number;
  /** Start of the bank day of the first start. */
  anchorMs: number;
  /** How many cases of each kind were begun. */
  cases: Partial<Record<CaseKind, number>>;
  begun: BegunCase[];
  /** Set by a command; a flag at the start goes first. */
  ratePerSecond: number | null;
  commands: { identity: string; position: number; taken: number };
}

/** The state of the folder's bank; made and written when there is none. */
export function openBankState(dir: string, nowMs: number, size: BankSize): BankState {
  const path = join(dir, DEMO_FILE);
  if (existsSync(path)) return JSON.parse(readFileSync(path, 'utf8')) as BankState;
  const day = Math.floor((nowMs + BANK_OFFSET_MS) / DAY_MS);
  const state: BankState = {
    format: FORMAT,
    seed: SEED,
    anchorMs: day * DAY_MS - BANK_OFFSET_MS,
    ...size,
    cases: {},
    begun: [],
    ratePerSecond: null,
    commands: { identity: '', position: 0, taken: 0 },
  };
  writeBankState(dir, state);
  return state;
}

export function writeBankState(dir: string, state: BankState): void {
  const path = join(dir, DEMO_FILE);
  writeFileSync(`${path}.new`, JSON.stringify(state));
  renameSync(`${path}.new`, path);
}

/** Throws when the folder holds another demonstration, or data that are none. */
export function checkDemoFolder(dir: string, what: 'bank' | 'sample' | 'none'): void {
  if (what === 'none') return;
  const path = join(dir, DEMO_FILE);
  if (existsSync(path)) {
    const { format } = JSON.parse(readFileSync(path, 'utf8')) as { format?: number };
    const holds = format === FORMAT ? 'bank' : 'sample';
    if (holds === what) return;
    throw new UsageError(
      `data folder ${dir} holds the demonstration "${holds}": start it with --demo ${holds}, ` +
        `take another --dir, or begin afresh with --demo ${what} --reset`,
    );
  }
  if (what === 'bank' && existsSync(join(dir, 'journal.mdb'))) {
    throw new UsageError(
      `data folder ${dir} holds transactions that are no demonstration: take another --dir, ` +
        'or start it with --demo none',
    );
  }
}

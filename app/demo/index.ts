/** The demonstrations' door: a bank that lives, or the labelled sample, into the engine. */
import { existsSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createBank } from '../../ingest/index.js';
import type { DemoChoice } from '../role-contract.js';
import { type BankHost, BankPlayer, type BankPlayerOptions } from './bank-player.js';
import { type BankSize, checkDemoFolder, openBankState } from './bank-state.js';
import { DEMO_SOURCES as SAMPLE_SOURCES, startDemo as startSample } from './player.js';
import { demoReferenceDir } from './reference.js';
import { BANK_SOURCES } from './sources.js';

/** Names of all sources that a demonstration may bring. */
export const DEMO_SOURCES: readonly string[] = [
  ...Object.values(SAMPLE_SOURCES),
  ...Object.values(BANK_SOURCES),
];

export interface Demo {
  stop(): Promise<void>;
}

const SAMPLE_RATE = 20;

/** What must stand before the engine starts: seed and anchor are fixed, reference data written. */
export function prepareDemo(
  what: DemoChoice['what'],
  dir: string,
  nowMs: number,
  size: BankSize,
): { state?: DemoChoice['state']; referenceDir?: string } {
  checkDemoFolder(dir, what);
  if (what === 'none') return {};
  if (what === 'sample') return { referenceDir: demoReferenceDir() };
  const state = openBankState(dir, nowMs, size);
  const referenceDir = join(dir, 'demo-reference');
  if (!existsSync(referenceDir)) {
    const fresh = `${referenceDir}.new`;
    rmSync(fresh, { recursive: true, force: true });
    const { seed, customers, merchants, anchorMs, historyDays } = state;
    createBank({ seed, customers, merchants, anchorMs, historyDays }).writeReference(fresh);
    renameSync(fresh, referenceDir);
  }
  return { state, referenceDir };
}

export function startDemo(
  host: BankHost,
  { what, ratePerSecond, state }: DemoChoice,
  options: Pick<BankPlayerOptions, 'dir' | 'clock' | 'logger'>,
): Demo | undefined {
  if (what === 'sample') {
    return startSample(host, { ...options, ratePerSecond: ratePerSecond ?? SAMPLE_RATE });
  }
  if (what === 'none' || state === undefined) return undefined;
  return new BankPlayer(host, { ...options, state, ratePerSecond });
}

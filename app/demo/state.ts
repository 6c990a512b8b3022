/** How far the demo has come in a data folder, so that a second start goes on. */
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface DemoState {
  format: 1;
  /** Where the end of the sample's last day lies: fixed at the first start. */
  endMs: number;
  /** Next row of the past, and of the sample's last days. */
  pastNext: number;
  liveNext: number;
  pastEnded: boolean;
}

const FILE = 'demo.json';

export function readState(dir: string, nowMs: number): DemoState {
  const path = join(dir, FILE);
  if (existsSync(path)) {
    const state = JSON.parse(readFileSync(path, 'utf8')) as DemoState;
    if (state.format === 1) return state;
  }
  return { format: 1, endMs: nowMs, pastNext: 0, liveNext: 0, pastEnded: false };
}

/** Loss of the newest version is harmless: what is sent again is recognised by its ids. */
export function writeState(dir: string, state: DemoState): void {
  const path = join(dir, FILE);
  writeFileSync(`${path}.new`, JSON.stringify(state));
  renameSync(`${path}.new`, path);
}

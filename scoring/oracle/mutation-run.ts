/**
 * Runs in a copy of the program with a bug planted in its kernel: scores a few logs and compares
 * the hits with what the oracle said, which the parent asked once and wrote into a file. Its exit
 * code is the answer; any code but these three means that the run itself failed.
 */
import { readFileSync } from 'node:fs';
import { deserialize } from 'node:v8';
import { BREAKER_MS, Breaker } from '../breaker.js';
import { SHANGHAI } from '../testing/feeder.js';
import { compare, expectedHits } from './compare.js';
import { randomLog } from './random-log.js';
import { RATES, syntheticCatalogue } from './synthetic.js';
import type { OracleHit } from './types.js';

/** Exit codes: hits as the oracle's; others; the kernel threw. */
export const ANSWERS = { same: 0, differs: 3, threw: 4 } as const;

const LOGS = [
  { seed: 1, transactions: 400, subjects: 8, days: 250 },
  { seed: 2, transactions: 300, subjects: 2, days: 25, historyEvery: 15 },
];
const bank = { zoneTable: SHANGHAI, rates: RATES };
const FLOOD_HITS_MAX = 2;
/** In tenths of the breaker's time: four within it, one late, then two in the next. */
const FLOOD: readonly number[] = [10, 12, 15, 19, 9, 20, 25];

/** For the parent: what the oracle says of each log. */
export function expectedOfLogs(): OracleHit[][] {
  const catalogue = syntheticCatalogue();
  return LOGS.map((log) => expectedHits(randomLog(log), catalogue, bank));
}

/** Whether the breaker flags what is more than it takes within its time, and then no longer. */
function breakerHolds(): boolean {
  const breaker = new Breaker();
  const flagged = FLOOD.map((tenths) =>
    breaker.takes('rule', (tenths * BREAKER_MS) / 10, true, FLOOD_HITS_MAX),
  );
  return flagged.join() === 'false,false,true,true,true,false,false';
}

function answer(expectedFile: string): number {
  const catalogue = syntheticCatalogue();
  const expected: OracleHit[][] = deserialize(readFileSync(expectedFile));
  const logs = LOGS.map((log) => randomLog(log));
  if (expected.length !== logs.length) throw new Error('other logs than were expected');
  try {
    const isSame = logs.every(
      (log, i) => compare(log, catalogue, bank, expected[i]).differences.length === 0,
    );
    return isSame && breakerHolds() ? ANSWERS.same : ANSWERS.differs;
  } catch {
    return ANSWERS.threw;
  }
}

export function exit(expectedFile: string): never {
  process.exit(answer(expectedFile));
}

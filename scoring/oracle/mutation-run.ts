/**
 * A short comparison of the kernel beside it with the oracle, for copies of the kernel with a bug
 * planted in them: `node -e "import('.../mutation-run.js').then((m) => m.exit())"`.
 */
import { SHANGHAI } from '../testing/feeder.js';
import { compare } from './compare.js';
import { randomLog } from './random-log.js';
import { RATES, syntheticCatalogue } from './synthetic.js';

const LOGS = [
  { seed: 1, transactions: 400, subjects: 8, days: 250 },
  { seed: 2, transactions: 300, subjects: 2, days: 25, historyEvery: 15 },
];
/** Exit code of a copy that differs from the oracle. */
const DIFFERS = 3;

/** How many hits differ. */
function differences(): number {
  const catalogue = syntheticCatalogue();
  const bank = { zoneTable: SHANGHAI, rates: RATES };
  const found = LOGS.map((log) => compare(randomLog(log), catalogue, bank).differences.length);
  return found.reduce((a, b) => a + b, 0);
}

export function exit(): never {
  process.exit(differences() === 0 ? 0 : DIFFERS);
}

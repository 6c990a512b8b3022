/** Child of the peers bench: runs the job once on the core that it was put on, prints JSON. */
import { fileURLToPath } from 'node:url';
import { runJob } from './job.js';
import { VARIANTS } from './stream.js';

const [name, count] = process.argv.slice(2);
const variant = Object.values(VARIANTS).find((v) => v.name === name);
const transactions = Number(count);
if (variant === undefined || !(transactions > 1)) {
  const names = Object.values(VARIANTS).map((v) => v.name);
  process.stderr.write(`run.js VARIANT TRANSACTIONS: a variant is ${names.join(' or ')}\n`);
  process.exit(2);
}
// From dist/bench/peers, where this runs.
const rules = fileURLToPath(new URL('../../../bench/peers/rules.yaml', import.meta.url));
process.stdout.write(`${JSON.stringify(runJob(variant, transactions, rules))}\n`);

/**
 * `npm run bench`: asks each question, prints question, load, N, method, machine and a table.
 * One after another, in this process: two at once would measure each other.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { parseArgs } from 'node:util';
import { admissionBench } from './admission.js';
import { endToEndBench } from './end-to-end.js';
import { firstAlertBench } from './first-alert.js';
import { ingestHttpBench } from './ingest-http.js';
import { peersBench } from './peers/index.js';
import type { Bench } from './question.js';
import { answerText, machineText } from './report.js';
import { scoringBench } from './scoring.js';
import { scoringLimitsBench } from './scoring-limits.js';

const benches: readonly Bench[] = [
  scoringBench,
  scoringLimitsBench,
  peersBench,
  admissionBench,
  ingestHttpBench,
  endToEndBench,
  firstAlertBench,
];
const names = benches.map((b) => b.name).join(', ');

const help = `npm run bench -- [--only NAME] [--quick] [--out FILE]

  --only NAME   one question: ${names}; may be repeated
  --quick       seconds instead of minutes; the figures mean nothing
  --out FILE    writes what was printed as Markdown too
`;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      only: { type: 'string', multiple: true },
      quick: { type: 'boolean', default: false },
      out: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(help);
    return 0;
  }
  const unknown = values.only?.find((name) => benches.every((b) => b.name !== name));
  if (unknown !== undefined) {
    process.stderr.write(`bench "${unknown}": there is none of that name; take one of ${names}\n`);
    return 2;
  }
  const machine = machineText();
  const title = values.quick ? '# Bench (smoke run: the figures mean nothing)' : '# Bench';
  const text: string[] = [title, '', `Printed by \`npm run bench\` on ${today()}.`, ''];
  process.stdout.write(`${text.join('\n')}\n`);
  for (const bench of benches) {
    if (values.only !== undefined && !values.only.includes(bench.name)) continue;
    const answer = await bench.run({
      quick: values.quick,
      progress: (what) => process.stderr.write(`bench ${bench.name}: ${what}\n`),
    });
    const part = answerText(bench.name, answer, machine);
    process.stdout.write(`${part}\n`);
    text.push(part);
    // After each question: what was measured stays when a later one fails.
    if (values.out !== undefined) write(values.out, text);
  }
  return 0;
}

function write(path: string, text: readonly string[]): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${text.join('\n').trimEnd()}\n`);
}

function today(): string {
  return new Date().toISOString().slice(0, 10);
}

process.exitCode = await main();

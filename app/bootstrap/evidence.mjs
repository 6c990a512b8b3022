/**
 * What `npm run test:deep` leaves behind: machine, commit, every suite with its result, and the
 * figures that tests told with `recordEvidence` (schemas/testing/evidence.ts).
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { arch, cpus, platform, release, totalmem } from 'node:os';
import { join, relative } from 'node:path';
import { root } from './setup.mjs';

const folder = join(root, 'docs', 'evidence');
const report = join(root, 'dist', 'deep-report.json');

/** Further arguments for vitest. */
export function evidenceArguments() {
  mkdirSync(folder, { recursive: true });
  return ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
}

export function writeEvidence() {
  const result = JSON.parse(readFileSync(report, 'utf8'));
  rmSync(report);
  const commit = spawnSync('git', ['rev-parse', '--short=12', 'HEAD'], {
    cwd: root,
    encoding: 'utf8',
  });
  const suites = result.testResults
    .map((suite) => ({
      path: relative(root, suite.name),
      tests: suite.assertionResults.length,
      seconds: (suite.endTime - suite.startTime) / 1000,
    }))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
  const [cpu] = cpus();
  const lines = [
    '# Deep tests',
    '',
    'Written by `npm run test:deep`: the suites with their large numbers.',
    '',
    `- date: ${new Date().toISOString().slice(0, 10)}, ` +
      `commit ${commit.stdout?.trim() || 'unknown'}`,
    `- machine: ${cpus().length} x ${cpu?.model.trim() ?? 'unknown'}, ` +
      `${Math.round(totalmem() / 2 ** 30)} GiB, ${platform()} ${release()} ${arch()}, ` +
      `Node ${process.versions.node}`,
    `- ${result.numPassedTests} of ${result.numTotalTests} tests passed`,
    '',
    '| suite | tests | seconds |',
    '| --- | ---: | ---: |',
    ...suites.map((s) => `| ${s.path} | ${s.tests} | ${s.seconds.toFixed(1)} |`),
    '',
    ...figuresTold(result),
  ];
  writeFileSync(join(folder, 'deep-tests.md'), lines.join('\n'));
}

/** Tables of what tests counted, suite by suite. */
function figuresTold(result) {
  const told = result.testResults.flatMap((suite) =>
    suite.assertionResults
      .filter((test) => test.meta?.figures !== undefined)
      .flatMap((test) =>
        Object.entries(test.meta.figures).map(([name, value]) => [
          relative(root, suite.name),
          test.title,
          name,
          typeof value === 'number' ? value.toLocaleString('en-US') : value,
        ]),
      ),
  );
  if (told.length === 0) return [];
  told.sort((a, b) => (a[0] < b[0] ? -1 : Number(a[0] > b[0])));
  return [
    '## Figures',
    '',
    '| suite | test | figure | value |',
    '| --- | --- | --- | ---: |',
    ...told.map((cells) => `| ${cells.join(' | ')} |`),
    '',
  ];
}

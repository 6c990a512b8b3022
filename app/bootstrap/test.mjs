/**
 * `npm test`: set-up, build, every check and every suite. `--deep` runs the large numbers and
 * writes them to docs/evidence. In CI nothing may be left out: a suite that cannot run fails it.
 * Further arguments go to vitest (`npm test -- platform`) and leave out the checks.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { build } from './build.mjs';
import { evidenceArguments, writeEvidence } from './evidence.mjs';
import { fail, root, runTool, say, seconds, setUp } from './setup.mjs';
import { chromiumPath, ensureSystemPackages } from './system-packages.mjs';

const given = process.argv.slice(2);
const deep = given.includes('--deep');
const filters = given.filter((a) => a !== '--deep');
const inCi = process.env.CI === 'true';
const started = performance.now();

/** One line a step with its time, so that a slow one is seen. */
function step(name, work) {
  const from = performance.now();
  work();
  say(`${name}: ok, ${seconds(from)}`);
}

setUp();
const missing = ensureSystemPackages();
for (const p of missing) {
  const what = p.suites === '' ? '' : `suites left out: ${p.suites}; `;
  say(`${what}${p.why}`);
}
if (inCi && missing.length > 0) fail('in CI nothing may be left out; install what is named above.');
const withoutBrowser = missing.some((p) => p.suites === 'browser');

build();
const env = { ...process.env, WEIR_CHROMIUM: chromiumPath() ?? '' };
if (deep) env.WEIR_DEEP = '1';
if (filters.length === 0) {
  step('biome', () => runTool('@biomejs/biome/bin/biome', ['check', '.', '--error-on-warnings']));
  step('tsc', () => runTool('typescript/bin/tsc', ['-p', '.', '--noEmit']));
  if (existsSync(join(root, 'dashboard/web/tsconfig.json'))) {
    step('tsc, page', () => runTool('typescript/bin/tsc', ['-p', 'dashboard/web', '--noEmit']));
  }
  step('knip', () => runTool('knip/bin/knip.js', ['--no-progress']));
}
step('vitest', () => {
  const projects = withoutBrowser ? ['--project=unit', '--project=integration'] : [];
  const more = deep ? evidenceArguments() : [];
  runTool('vitest/vitest.mjs', ['run', ...projects, ...more, ...filters], { env });
});
if (deep) writeEvidence();
say(
  `everything passed in ${seconds(started)}${withoutBrowser ? ', without the browser suite' : ''}`,
);

/**
 * Builds the server (tsc) and the page (vite), each only when its inputs changed since the last
 * build that worked.
 */
import { cpSync, existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import {
  fingerprint,
  readStamp,
  root,
  run,
  runTool,
  say,
  seconds,
  setUp,
  writeStamp,
} from './setup.mjs';

const lockStamp = 'node_modules/.weir-lock-sha256';
/** Files that the built program reads beside its code. */
const assets = ['scoring/catalogue/rules', 'schemas/clickhouse'];

const steps = [
  {
    name: 'server',
    inputs: ['schemas', 'platform', 'ingest', 'scoring', 'storage', 'dashboard', 'app', 'bench'],
    more: ['tsconfig.json', lockStamp],
    leaveOut: [join('dashboard', 'web')],
    output: 'dist/app/main.js',
    build() {
      runTool('typescript/bin/tsc', ['-p', '.']);
      for (const path of assets) {
        if (existsSync(join(root, path))) {
          cpSync(join(root, path), join(root, 'dist', path), { recursive: true });
        }
      }
      run(process.execPath, [join('dist', 'app', 'prepare-catalogue.js')]);
    },
  },
  {
    name: 'page',
    inputs: ['dashboard/web', 'schemas'],
    more: [lockStamp],
    leaveOut: [],
    needs: 'dashboard/web/vite.config.ts',
    output: 'dist/dashboard/web/index.html',
    build() {
      const config = 'dashboard/web/vite.config.ts';
      runTool('vite/bin/vite.js', ['build', '-c', config, '--logLevel', 'warn']);
    },
  },
];

export function build() {
  mkdirSync(join(root, 'dist'), { recursive: true });
  for (const step of steps) {
    if (step.needs !== undefined && !existsSync(join(root, step.needs))) continue;
    const stampPath = join('dist', `.stamp-${step.name}`);
    const stamp = fingerprint([...step.inputs, ...step.more], step.leaveOut);
    if (readStamp(stampPath) === stamp && existsSync(join(root, step.output))) continue;
    const from = performance.now();
    step.build();
    writeStamp(stampPath, stamp);
    say(`${step.name} built in ${seconds(from)}`);
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  setUp();
  build();
}
